//! SLCP: four points from N((θ₁, θ₂), S) with S a function of η = (θ₃, θ₄, θ₅).
//!
//! Given η, the posterior of the mean is N(x̄, S/4) cut to the prior's box. What remains for η is
//! ∝ |S|^(−3/2) exp(−½ tr S⁻¹A), with the points' scatter A, when the box is left out. So: draw η
//! from that density by rejection from a grid of cells, the mean given η, and reject means outside
//! the box. S does not see the signs of θ₃ and θ₄: they are fair coins.

use super::Sampler;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Half-width of the prior's box.
const BOX: f64 = 3.0;
const POINTS: f64 = 4.0;
/// Added to both variances by the simulator.
const JITTER: f64 = 1e-6;
/// Cells an axis.
const CELLS: usize = 64;
/// A cell's bound is this times the density's maximum over 27 points of the cell.
const MARGIN: f64 = 1.25;

/// Rejection sampling of η from a grid.
pub(super) struct GridRejection {
    mean: [f64; 2],
    /// A₁₁, A₁₂, A₂₂.
    scatter: [f64; 3],
    /// Logarithm of each cell's bound.
    log_bounds: Vec<f64>,
    /// Running sum of the bounds, the last one being their total.
    cumulative: Vec<f64>,
}

/// S₁₁, S₁₂, S₂₂ and |S| at η.
fn covariance(eta: [f64; 3]) -> [f64; 4] {
    let (v1, v2) = (eta[0].powi(4), eta[1].powi(4));
    let (correlation, sech) = (eta[2].tanh(), eta[2].cosh().recip());
    // (v₁+ε)(v₂+ε) − ρ²v₁v₂, arranged so that nothing cancels as |ρ| nears one.
    let det = v1 * v2 * sech * sech + JITTER * (v1 + v2) + JITTER * JITTER;
    [v1 + JITTER, correlation * (v1 * v2).sqrt(), v2 + JITTER, det]
}

impl GridRejection {
    pub(super) fn new(x: &[f64]) -> Self {
        let mean = [0, 1].map(|j| x.iter().skip(j).step_by(2).sum::<f64>() / POINTS);
        let mut scatter = [0.0; 3];
        for point in x.chunks_exact(2) {
            let (a, b) = (point[0] - mean[0], point[1] - mean[1]);
            scatter[0] += a * a;
            scatter[1] += a * b;
            scatter[2] += b * b;
        }
        let mut sampler = Self { mean, scatter, log_bounds: Vec::new(), cumulative: Vec::new() };
        sampler.build_grid();
        sampler
    }

    /// Log-density of η up to a constant.
    fn log_density(&self, eta: [f64; 3]) -> f64 {
        let [s11, s12, s22, det] = covariance(eta);
        let [a11, a12, a22] = self.scatter;
        let trace = (s22 * a11 - 2.0 * s12 * a12 + s11 * a22) / det;
        -1.5 * det.ln() - 0.5 * trace
    }

    fn build_grid(&mut self) {
        // The density on the lattice of cell corners and midpoints.
        let side = 2 * CELLS + 1;
        let at = |i: usize| i as f64 / (side - 1) as f64;
        let mut lattice = Vec::with_capacity(side.pow(3));
        for i in 0..side {
            for j in 0..side {
                for k in 0..side {
                    let eta = [BOX * at(i), BOX * at(j), BOX * (2.0 * at(k) - 1.0)];
                    lattice.push(self.log_density(eta));
                }
            }
        }
        let highest = lattice.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut total = 0.0;
        for cell in 0..CELLS.pow(3) {
            let [i, j, k] = position(cell);
            let mut bound = f64::NEG_INFINITY;
            for offset in 0..27 {
                let (a, b, c) = (offset / 9, offset / 3 % 3, offset % 3);
                let index = ((2 * i + a) * side + 2 * j + b) * side + 2 * k + c;
                bound = bound.max(lattice[index]);
            }
            self.log_bounds.push(bound + MARGIN.ln());
            total += (bound - highest).exp();
            self.cumulative.push(total);
        }
    }

    /// A point of a random cell, and how far the density lies below the cell's bound there.
    fn candidate(&self, rng: &mut ChaCha8Rng) -> ([f64; 3], f64) {
        let total = self.cumulative[self.cumulative.len() - 1];
        let target = total * rng.random::<f64>();
        let cell = self.cumulative.partition_point(|c| *c <= target).min(CELLS.pow(3) - 1);
        let mut within = position(cell).map(|i| (i as f64 + rng.random::<f64>()) / CELLS as f64);
        within[2] = 2.0 * within[2] - 1.0;
        let eta = within.map(|u| BOX * u);
        (eta, self.log_density(eta) - self.log_bounds[cell])
    }
}

/// A cell's place along the three axes.
fn position(cell: usize) -> [usize; 3] {
    [cell / (CELLS * CELLS), cell / CELLS % CELLS, cell % CELLS]
}

impl Sampler for GridRejection {
    fn propose(&self, rng: &mut ChaCha8Rng, theta: &mut [f64]) -> Option<()> {
        let (eta, log_ratio) = self.candidate(rng);
        if rng.random::<f64>().ln() >= log_ratio {
            return None;
        }
        let [s11, s12, _, det] = covariance(eta);
        let (first, second): (f64, f64) = (StandardNormal.sample(rng), StandardNormal.sample(rng));
        let l11 = s11.sqrt();
        theta[0] = self.mean[0] + l11 * first / POINTS.sqrt();
        let spread = s12 / l11 * first + (det / s11).sqrt() * second;
        theta[1] = self.mean[1] + spread / POINTS.sqrt();
        theta[2] = if rng.random() { eta[0] } else { -eta[0] };
        theta[3] = if rng.random() { eta[1] } else { -eta[1] };
        theta[4] = eta[2];
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::stream;
    use freeform_simulators::Task;

    fn samplers() -> impl Iterator<Item = (Vec<f64>, GridRejection)> {
        let task = Task::by_name("slcp").unwrap();
        (1..=10).map(move |number| {
            let x = task.observation(number).unwrap().x;
            let x: Vec<f64> = x.to_vec();
            let sampler = GridRejection::new(&x);
            (x, sampler)
        })
    }

    #[test]
    fn no_point_exceeds_its_cells_bound() {
        for (_, sampler) in samplers() {
            let mut rng = stream(1, "bound", 0);
            let highest =
                (0..100_000).map(|_| sampler.candidate(&mut rng).1).fold(f64::MIN, f64::max);
            assert!(highest <= 0.0, "density over bound: e^{highest}");
        }
    }

    /// The density of η is the likelihood with the mean integrated out: at η and η', its ratio is
    /// that of the task's own likelihood at the best mean, times |S|^½ (Laplace, exact here).
    #[test]
    fn the_density_is_the_tasks_likelihood_without_the_mean() {
        let task = Task::by_name("slcp").unwrap();
        for (x, sampler) in samplers() {
            let log_marginal = |eta: [f64; 3]| {
                let theta = [sampler.mean[0], sampler.mean[1], eta[0], eta[1], eta[2]];
                task.log_likelihood(&theta, &x) + 0.5 * covariance(eta)[3].ln()
            };
            let (a, b) = ([0.7, 1.9, -0.4], [1.3, 0.9, 1.1]);
            let expected = log_marginal(a) - log_marginal(b);
            let found = sampler.log_density(a) - sampler.log_density(b);
            assert!((found - expected).abs() < 1e-8 * expected.abs().max(1.0));
        }
    }
}
