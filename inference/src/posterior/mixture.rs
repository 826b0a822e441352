//! A mixture of Student's laws that follows weighted points: what is proposed from where the flows'
//! own draws have next to no weight (adaptive importance sampling by EM, Cappé et al. 2008).

use super::proposal::log_sum;
use super::spread::{moments, spread};
use rand::{Rng, RngExt};
use rand_distr::{ChiSquared, Distribution, StandardNormal};
use statrs::function::gamma::ln_gamma;

/// Degrees of freedom: tails heavier than what they follow keep weights bounded.
const FREEDOM: f64 = 8.0;
/// Most components, and points' worth that each should have for every number of its mean.
const MOST_COMPONENTS: usize = 40;
const WORTH: f64 = 5.0;
const ITERATIONS: usize = 12;
/// Points' worth that the overall covariance speaks for in each component's, beside one a dimension.
const PRIOR_WORTH: f64 = 2.0;

/// Equal-tailed components of their own places and shapes in R^D.
pub(super) struct Mixture {
    dim: usize,
    components: Vec<Component>,
}

struct Component {
    share: f64,
    mean: Vec<f64>,
    /// Lower Cholesky factor of the scale matrix, row after row `[D, D]`, and its inverse.
    factor: Vec<f64>,
    inverse: Vec<f64>,
    /// log of the share over the factor's determinant.
    log_height: f64,
}

impl Mixture {
    /// Follows points `[n, D]` with weights that sum to 1, worth `effective` independent ones. `None`
    /// where these are too few for a covariance, or have none.
    pub fn fit(
        dim: usize,
        points: &[f64],
        weights: &[f64],
        effective: f64,
        rng: &mut impl Rng,
    ) -> Option<Self> {
        let all = vec![1.0; weights.len()];
        let (mean, overall) = moments(dim, points, weights, &all)?;
        let count = (effective / (WORTH * (dim + 1) as f64)) as usize;
        let count = count.clamp(1, MOST_COMPONENTS);
        // As if the space had been shared out among them.
        let shrunk = (count as f64).powf(-2.0 / dim as f64);
        let narrow: Vec<f64> = overall.iter().map(|v| v * shrunk).collect();
        let centres = if count == 1 {
            vec![mean]
        } else {
            spread(dim, points, weights, count, &overall, rng)
        };
        let share = 1.0 / centres.len() as f64;
        let component = |mean| Component::new(dim, share, mean, &narrow);
        let components = centres.into_iter().map(component).collect::<Option<Vec<_>>>()?;
        let mut mixture = Self { dim, components };
        for _ in 0..if count == 1 { 1 } else { ITERATIONS } {
            mixture = mixture.improved(points, weights, effective, &narrow)?;
        }
        Some(mixture)
    }

    /// One step of EM.
    fn improved(
        &self,
        points: &[f64],
        weights: &[f64],
        effective: f64,
        narrow: &[f64],
    ) -> Option<Self> {
        let (dim, count) = (self.dim, self.components.len());
        let mut owned = vec![vec![0.0; weights.len()]; count];
        let mut logs = vec![0.0; count];
        for (row, point) in points.chunks_exact(dim).enumerate() {
            let each = logs.iter_mut().zip(&self.components);
            each.for_each(|(log, component)| *log = component.log_density(point));
            let total = log_sum(&logs);
            if total.is_finite() {
                logs.iter().zip(&mut owned).for_each(|(log, own)| own[row] = (log - total).exp());
            }
        }
        let prior_worth = PRIOR_WORTH + dim as f64;
        let mut components = Vec::with_capacity(count);
        for own in &owned {
            let share: f64 = own.iter().zip(weights).map(|(o, w)| o * w).sum();
            // One that nothing is left to is dropped.
            let worth = share * effective;
            if worth < 1.0 {
                continue;
            }
            let (mean, mut matrix) = moments(dim, points, weights, own)?;
            for (value, narrow) in matrix.iter_mut().zip(narrow) {
                *value = (worth * *value + prior_worth * narrow) / (worth + prior_worth);
            }
            components.push(Component::new(dim, share, mean, &matrix)?);
        }
        let total: f64 = components.iter().map(|c| c.share).sum();
        components.iter_mut().for_each(|c| {
            c.share /= total;
            c.log_height -= total.ln();
        });
        (!components.is_empty()).then_some(Self { dim, components })
    }

    /// A draw into `out` `[D]`.
    pub fn draw(&self, rng: &mut impl Rng, out: &mut [f64]) {
        let mut left: f64 = rng.random_range(0.0..1.0);
        let mut chosen = &self.components[0];
        for component in &self.components {
            chosen = component;
            left -= component.share;
            if left < 0.0 {
                break;
            }
        }
        let square: f64 = ChiSquared::new(FREEDOM).expect("positive").sample(rng);
        let stretch = (FREEDOM / square).sqrt();
        let noise: Vec<f64> =
            (0..self.dim).map(|_| stretch * rng.sample::<f64, _>(StandardNormal)).collect();
        for (i, (out, row)) in out.iter_mut().zip(chosen.factor.chunks_exact(self.dim)).enumerate()
        {
            let sum: f64 = row[..=i].iter().zip(&noise).map(|(l, n)| l * n).sum();
            *out = chosen.mean[i] + sum;
        }
    }

    /// Its log-density.
    pub fn log_density(&self, point: &[f64]) -> f64 {
        let (d, nu) = (self.dim as f64, FREEDOM);
        let constant = ln_gamma(0.5 * (nu + d))
            - ln_gamma(0.5 * nu)
            - 0.5 * d * (nu * std::f64::consts::PI).ln();
        let logs: Vec<f64> = self.components.iter().map(|c| c.log_student(point)).collect();
        constant + log_sum(&logs)
    }
}

impl Component {
    /// `None` where the matrix is not positive definite.
    fn new(dim: usize, share: f64, mean: Vec<f64>, matrix: &[f64]) -> Option<Self> {
        let mut factor = vec![0.0; dim * dim];
        for i in 0..dim {
            for j in 0..=i {
                let known: f64 = (0..j).map(|k| factor[i * dim + k] * factor[j * dim + k]).sum();
                let rest = matrix[i * dim + j] - known;
                factor[i * dim + j] = match i == j {
                    true if rest > 1e-12 * matrix[i * dim + i] => rest.sqrt(),
                    true => return None,
                    false => rest / factor[j * dim + j],
                };
            }
        }
        let mut inverse = vec![0.0; dim * dim];
        for i in 0..dim {
            inverse[i * dim + i] = 1.0 / factor[i * dim + i];
            for j in 0..i {
                let known: f64 = (j..i).map(|k| factor[i * dim + k] * inverse[k * dim + j]).sum();
                inverse[i * dim + j] = -known / factor[i * dim + i];
            }
        }
        let log_det: f64 = (0..dim).map(|i| factor[i * dim + i].ln()).sum();
        Some(Self { share, mean, factor, inverse, log_height: share.ln() - log_det })
    }

    /// Mahalanobis' distance, squared.
    fn square(&self, point: &[f64]) -> f64 {
        let dim = self.mean.len();
        let mut square = 0.0;
        for (i, row) in self.inverse.chunks_exact(dim).enumerate() {
            let pairs = point.iter().zip(&self.mean).zip(&row[..=i]);
            let white: f64 = pairs.map(|((p, m), l)| l * (p - m)).sum();
            square += white * white;
        }
        square
    }

    /// Its share of a normal mixture, up to a constant.
    fn log_density(&self, point: &[f64]) -> f64 {
        self.log_height - 0.5 * self.square(point)
    }

    /// Its share of a mixture of Student's laws, up to a constant.
    fn log_student(&self, point: &[f64]) -> f64 {
        let power = 0.5 * (FREEDOM + self.mean.len() as f64);
        self.log_height - power * (self.square(point) / FREEDOM).ln_1p()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, stream};

    /// Two normal laws far from each other, one of them narrow: importance sampling from the mixture
    /// that follows their draws finds the density's integral, 1, with hardly any weight lost.
    #[test]
    fn a_mixture_follows_two_modes() {
        let rng = &mut stream(1, Purpose::Mixture, 0);
        let (n, dim) = (2000, 2);
        let modes = [([-4.0, 0.0], [1.0, 0.5]), ([3.0, 2.0], [0.2, 0.3])];
        let points: Vec<f64> = (0..n)
            .flat_map(|row| {
                let (mean, sd) = modes[row % 2];
                [0, 1].map(|i| mean[i] + sd[i] * rng.sample::<f64, _>(StandardNormal))
            })
            .collect();
        let weights = vec![1.0 / n as f64; n];
        let mixture = Mixture::fit(dim, &points, &weights, n as f64, rng).unwrap();
        let density = |point: &[f64]| -> f64 {
            let of = |(mean, sd): &([f64; 2], [f64; 2])| {
                let square: f64 = (0..2).map(|i| ((point[i] - mean[i]) / sd[i]).powi(2)).sum();
                0.5 * (-0.5 * square).exp() / (std::f64::consts::TAU * sd[0] * sd[1])
            };
            modes.iter().map(of).sum()
        };
        let mut point = [0.0; 2];
        let ratios: Vec<f64> = (0..20_000)
            .map(|_| {
                mixture.draw(rng, &mut point);
                density(&point) / mixture.log_density(&point).exp()
            })
            .collect();
        let sum: f64 = ratios.iter().sum();
        let squares: f64 = ratios.iter().map(|r| r * r).sum();
        assert!((sum / 20_000.0 - 1.0).abs() < 0.02, "{}", sum / 20_000.0);
        assert!(sum * sum / squares > 0.6 * 20_000.0, "{}", sum * sum / squares);
    }

    #[test]
    fn points_without_spread_have_no_mixture() {
        let rng = &mut stream(1, Purpose::Mixture, 0);
        assert!(Mixture::fit(1, &[2.0; 9], &[1.0 / 9.0; 9], 9.0, rng).is_none());
    }
}
