//! The best encoder and decoder of a mixture on the line for a given β (figure 4), as free functions on a
//! grid.

use super::Component;

/// Nodes a component.
const NODES: usize = 1000;
/// Nodes of the decoder: several codes of each component lie between two, or it would tell them apart by
/// their places on the grid.
const LATENT: usize = 240;
/// The decoder is on [−WIDTH, WIDTH].
const WIDTH: f64 = 6.0;
/// Density is zero farther from a mean, in standard deviations.
const REACH: f64 = 5.0;

/// f on the support of the mixture and g on the latent line.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// (x, f(x)) of each component.
    pub encoder: Vec<Vec<(f64, f64)>>,
    /// (z, g(z)).
    pub decoder: Vec<(f64, f64)>,
    /// E|g(f(x)) − x|².
    pub reconstruction: f64,
    /// −E ln p(f(x))|f′(x)|.
    pub nll: f64,
}

/// An encoder that rises in each component: its value at the first node and logarithms of its slopes.
struct Branch {
    component: Component,
    x: Vec<f64>,
    weight: Vec<f64>,
    /// Start, then slopes; `[NODES]`.
    values: Vec<f64>,
}

/// Minimises ½E f² − E ln f′ + β E|g(f(x)) − x|² by `steps` steps of Adam from an encoder that maps
/// each component onto the latent law shifted by `start` times its place among them (0: all onto the same).
#[must_use]
pub fn solve(mixture: &[Component], beta: f64, start: f64, steps: usize) -> Solution {
    let middle = mixture.iter().map(|c| c.share * c.mean).sum::<f64>();
    let far = mixture.iter().map(|c| (c.mean - middle).abs()).fold(1e-9, f64::max);
    let mut branches: Vec<Branch> = mixture
        .iter()
        .map(|component| Branch::new(*component, start * (component.mean - middle) / far))
        .collect();
    let mut decoder: Vec<f64> = (0..LATENT).map(|k| middle + far / 3.0 * place(k)).collect();
    let sizes = mixture.len() * NODES + LATENT;
    let (mut first, mut second) = (vec![0.0; sizes], vec![0.0; sizes]);
    let mut gradient = vec![0.0; sizes];
    for step in 0..steps {
        gradient.fill(0.0);
        let (of_encoder, of_decoder) = gradient.split_at_mut(mixture.len() * NODES);
        for (branch, gradient) in branches.iter().zip(of_encoder.chunks_exact_mut(NODES)) {
            branch.add_gradient(beta, &decoder, gradient, of_decoder);
        }
        // A little smoothness where no code lands.
        for k in 1..LATENT - 1 {
            let bend = decoder[k - 1] - 2.0 * decoder[k] + decoder[k + 1];
            for (at, by) in [(k - 1, 1.0), (k, -2.0), (k + 1, 1.0)] {
                of_decoder[at] += 1e-4 * bend * by;
            }
        }
        let t = step as f64 / steps as f64;
        let rate = 2e-2 * (1.0 + (std::f64::consts::PI * t).cos()) / 2.0;
        let values = branches.iter_mut().flat_map(|b| &mut b.values).chain(&mut decoder);
        for (((value, g), m), v) in values.zip(&gradient).zip(&mut first).zip(&mut second) {
            *m = 0.9 * *m + 0.1 * g;
            *v = 0.999 * *v + 0.001 * g * g;
            let corrected =
                [1.0 - 0.9_f64.powi(step as i32 + 1), 1.0 - 0.999_f64.powi(step as i32 + 1)];
            *value -= rate * (*m / corrected[0]) / ((*v / corrected[1]).sqrt() + 1e-9);
        }
    }
    let (mut reconstruction, mut nll) = (0.0, 0.0);
    let mut encoder = Vec::new();
    for branch in &branches {
        let f = branch.encoded();
        for (k, f) in f.iter().enumerate() {
            let (g, _) = decoded(&decoder, *f);
            reconstruction += branch.weight[k] * (g - branch.x[k]).powi(2);
            nll += branch.weight[k]
                * (0.5 * f * f + 0.5 * std::f64::consts::TAU.ln() - branch.log_slope(k));
        }
        encoder.push(branch.x.iter().copied().zip(f).collect());
    }
    let decoder = decoder.iter().enumerate().map(|(k, g)| (place(k), *g)).collect();
    Solution { encoder, decoder, reconstruction, nll }
}

fn place(k: usize) -> f64 {
    WIDTH * (2.0 * k as f64 / (LATENT - 1) as f64 - 1.0)
}

/// g(z), and the node before z with z's share of the way to the next.
fn decoded(decoder: &[f64], z: f64) -> (f64, (usize, f64)) {
    let at = ((z / WIDTH + 1.0) / 2.0 * (LATENT - 1) as f64).clamp(0.0, (LATENT - 2) as f64);
    let node = at.floor().min((LATENT - 2) as f64);
    let (k, share) = (node as usize, at - node);
    (decoder[k] * (1.0 - share) + decoder[k + 1] * share, (k, share))
}

impl Branch {
    fn new(component: Component, shift: f64) -> Self {
        let ends = REACH * component.deviation;
        let step = 2.0 * ends / (NODES - 1) as f64;
        let x: Vec<f64> = (0..NODES).map(|k| component.mean - ends + step * k as f64).collect();
        let density = |x: &f64| (-0.5 * ((x - component.mean) / component.deviation).powi(2)).exp();
        let total: f64 = x.iter().map(density).sum();
        let weight = x.iter().map(|x| component.share * density(x) / total).collect();
        let mut values = vec![-component.deviation.ln(); NODES];
        values[0] = shift - REACH;
        Self { component, x, weight, values }
    }

    fn step(&self) -> f64 {
        2.0 * REACH * self.component.deviation / (NODES - 1) as f64
    }

    fn encoded(&self) -> Vec<f64> {
        let mut f = self.values[0];
        let rise = |k: usize| if k == 0 { 0.0 } else { self.step() * self.values[k].exp() };
        (0..NODES)
            .map(|k| {
                f += rise(k);
                f
            })
            .collect()
    }

    /// ln f′ at a node: the mean of those beside it.
    fn log_slope(&self, k: usize) -> f64 {
        match k {
            0 => self.values[1],
            k if k == NODES - 1 => self.values[k],
            k => 0.5 * (self.values[k] + self.values[k + 1]),
        }
    }

    fn add_gradient(&self, beta: f64, decoder: &[f64], to: &mut [f64], to_decoder: &mut [f64]) {
        let f = self.encoded();
        let mut of_f = vec![0.0; NODES];
        for (k, f) in f.iter().enumerate() {
            let weight = self.weight[k];
            let (g, (node, share)) = decoded(decoder, *f);
            let pull = 2.0 * beta * weight * (g - self.x[k]);
            let slope = (decoder[node + 1] - decoder[node]) / (2.0 * WIDTH / (LATENT - 1) as f64);
            of_f[k] = weight * f + pull * slope;
            to_decoder[node] += pull * (1.0 - share);
            to_decoder[node + 1] += pull * share;
            match k {
                0 => to[1] -= weight,
                k if k == NODES - 1 => to[k] -= weight,
                k => {
                    to[k] -= 0.5 * weight;
                    to[k + 1] -= 0.5 * weight;
                }
            }
        }
        // f at a node is the start and all rises before it.
        let mut after = 0.0;
        for k in (0..NODES).rev() {
            after += of_f[k];
            to[k] += if k == 0 { after } else { after * self.step() * self.values[k].exp() };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mixture() -> [Component; 2] {
        [-1.0, 1.0].map(|side| Component { share: 0.5, mean: 2.0 * side, deviation: 0.3 })
    }

    /// Without reconstruction each component becomes the latent law, f = (x − m)/s, so that the
    /// negative log-likelihood is below the entropy of the data by ln 2, that of the shares; R = m².
    #[test]
    fn little_beta_uses_codes_twice() {
        let found = solve(&mixture(), 1e-3, 0.5, 4000);
        let entropy = 0.5 * (std::f64::consts::TAU * std::f64::consts::E).ln() + 0.3_f64.ln();
        assert!((found.nll - entropy).abs() < 0.02, "{} {entropy}", found.nll);
        assert!((found.reconstruction - 4.0).abs() < 0.2, "{}", found.reconstruction);
        for (x, f) in &found.encoder[1] {
            let inside = (x - 2.0).abs() < 0.6;
            assert!(!inside || (f - (x - 2.0) / 0.3).abs() < 0.15, "f({x}) = {f}");
        }
    }

    /// Below β_crit = ln 2 / m² codes are still used twice: nothing but the nodes of a grid could tell the
    /// components apart, at less than the reconstruction's price.
    #[test]
    fn codes_are_not_told_apart_by_the_grid() {
        let starts = [0.0, 0.7, 1.5, 3.0];
        let losses = starts.map(|start| {
            let found = solve(&mixture(), 0.1, start, 4000);
            found.nll + 0.1 * found.reconstruction
        });
        let entropy = 0.5 * (std::f64::consts::TAU * std::f64::consts::E).ln() + 0.3_f64.ln();
        let best = losses.into_iter().fold(f64::INFINITY, f64::min);
        // With all codes used twice, and R = m² = 4.
        assert!(best < entropy + 0.4 + 0.02, "{losses:?}");
        // In between less can be lost, but not much: 0.19 nats were the grid's.
        assert!(best > entropy + 0.3, "{losses:?}");
    }

    /// With it, the map is the increasing one, f = Φ⁻¹(F(x)): halves of the latent line for the
    /// components, and the negative log-likelihood is the entropy.
    #[test]
    fn much_beta_inverts() {
        let found = solve(&mixture(), 30.0, 2.0, 8000);
        let entropy =
            0.5 * (std::f64::consts::TAU * std::f64::consts::E).ln() + 0.3_f64.ln() + 2.0_f64.ln();
        assert!((found.nll - entropy).abs() < 0.1, "{} {entropy}", found.nll);
        assert!(found.reconstruction < 0.01, "{}", found.reconstruction);
        // The median of the upper component has the upper quartile of the latent law, 0.6745; slopes
        // where the density is small settle slowly.
        let median =
            found.encoder[1].iter().min_by(|a, b| (a.0 - 2.0).abs().total_cmp(&(b.0 - 2.0).abs()));
        assert!((median.unwrap().1 - 0.6745).abs() < 0.3, "{median:?}");
        assert!(found.encoder[0].iter().all(|(_, f)| *f < 0.3));
    }
}
