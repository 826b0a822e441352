//! The paper's examples: the linear model's gradients (figure 2), solutions for a mixture (figure 4), and
//! the losses of encoders that use latent codes more than once (figure 5, theorem 7.6).

mod mixture;

pub use mixture::{Solution, solve};

/// Gradient of the loss of f(x) = ax, g(z) = bz on N(0, s²) with weight β, `[∂a, ∂b]`, where the
/// encoder's change of variables is exact: ½a²s² − ln|a| + βs²(ab − 1)².
#[must_use]
pub fn linear_gradient_exact([a, b]: [f64; 2], s: f64, beta: f64) -> [f64; 2] {
    let pull = 2.0 * beta * s * s * (a * b - 1.0);
    [a * s * s - 1.0 / a + pull * b, pull * a]
}

/// The same where the change of variables is −SG(b)·a, as the free-form loss has it.
#[must_use]
pub fn linear_gradient([a, b]: [f64; 2], s: f64, beta: f64) -> [f64; 2] {
    let pull = 2.0 * beta * s * s * (a * b - 1.0);
    [a * s * s - b + pull * b, pull * a]
}

/// One component of a mixture on the line, N(mean, deviation²), with its share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Component {
    /// Share of the mixture.
    pub share: f64,
    /// Mean.
    pub mean: f64,
    /// Standard deviation, far below the distance to other components.
    pub deviation: f64,
}

/// What an encoder gains and loses that maps each element of a partition of the components onto the
/// whole latent law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reuse {
    /// H: entropy of the elements' shares, by which the negative log-likelihood is lower.
    pub entropy: f64,
    /// R: the least reconstruction error.
    pub reconstruction: f64,
}

impl Reuse {
    /// β_crit = H/R, above which the invertible encoder has the lower loss.
    #[must_use]
    pub fn critical_beta(&self) -> f64 {
        self.entropy / self.reconstruction
    }

    /// The loss above the invertible encoder's, −H + βR.
    #[must_use]
    pub fn loss(&self, beta: f64) -> f64 {
        -self.entropy + beta * self.reconstruction
    }
}

/// Theorem 7.6 for a partition of components into elements, each a list of components. Each
/// element is mapped by its own quantiles, upward; the best decoder answers with the mean over
/// elements.
#[must_use]
pub fn reuse(elements: &[&[Component]]) -> Reuse {
    const NODES: usize = 2000;
    let shares: Vec<f64> =
        elements.iter().map(|e| e.iter().map(|component| component.share).sum()).collect();
    let entropy = -shares.iter().map(|p| p * p.ln()).sum::<f64>();
    let variance = |k: usize| {
        let level = (k as f64 + 0.5) / NODES as f64;
        let places: Vec<f64> = elements.iter().map(|e| quantile(e, level)).collect();
        let mean: f64 = places.iter().zip(&shares).map(|(x, p)| p * x).sum();
        places.iter().zip(&shares).map(|(x, p)| p * (x - mean).powi(2)).sum::<f64>()
    };
    let reconstruction = (0..NODES).map(variance).sum::<f64>() / NODES as f64;
    Reuse { entropy, reconstruction }
}

/// x with F(x) = level, for the components of an element, by bisection.
fn quantile(element: &[Component], level: f64) -> f64 {
    let total: f64 = element.iter().map(|c| c.share).sum();
    let below = |x: f64| -> f64 {
        element.iter().map(|c| c.share / total * normal((x - c.mean) / c.deviation)).sum()
    };
    let ends = |c: &Component, side: f64| c.mean + side * 9.0 * c.deviation;
    let mut low = element.iter().map(|c| ends(c, -1.0)).fold(f64::INFINITY, f64::min);
    let mut high = element.iter().map(|c| ends(c, 1.0)).fold(f64::NEG_INFINITY, f64::max);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if below(middle) < level { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// Φ(t), by Abramowitz & Stegun 7.1.26 (within 1.5·10⁻⁷).
fn normal(t: f64) -> f64 {
    let x = t.abs() / std::f64::consts::SQRT_2;
    let k = 1.0 / (1.0 + 0.327_591_1 * x);
    let series = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
    let sum = series.iter().fold(0.0, |sum, c| (sum + c) * k);
    let tail = 0.5 * sum * (-x * x).exp();
    if t < 0.0 { tail } else { 1.0 - tail }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The paper's: minima (±2/3, ±3/2) of both, and a saddle in the origin of the free-form one.
    #[test]
    fn critical_points_of_the_linear_model() {
        let (s, beta) = (1.5, 1.0);
        for sign in [1.0, -1.0] {
            let at = [sign * 2.0 / 3.0, sign * 1.5];
            for gradient in [linear_gradient_exact(at, s, beta), linear_gradient(at, s, beta)] {
                assert!(gradient.iter().all(|g| g.abs() < 1e-12), "{gradient:?}");
            }
            // A minimum: the field's derivative has positive trace and determinant.
            assert!(derivative(at, s, beta).1 > 0.0 && derivative(at, s, beta).0 > 0.0);
        }
        assert_eq!(linear_gradient([0.0, 0.0], s, beta), [0.0, 0.0]);
        // [[s², −1 − 2βs²], [−2βs², 0]].
        let (trace, determinant) = derivative([0.0, 0.0], s, beta);
        assert!((trace - 2.25).abs() < 1e-6);
        assert!((determinant + 5.5 * 4.5).abs() < 1e-6, "{determinant}");
    }

    fn derivative(at: [f64; 2], s: f64, beta: f64) -> (f64, f64) {
        let h = 1e-5;
        let column = |axis: usize| {
            let along = |by: f64| {
                let mut moved = at;
                moved[axis] += by;
                linear_gradient(moved, s, beta)
            };
            let (up, down) = (along(h), along(-h));
            [0, 1].map(|i| (up[i] - down[i]) / (2.0 * h))
        };
        let [p, q] = [column(0), column(1)];
        (p[0] + q[1], p[0] * q[1] - p[1] * q[0])
    }

    /// Components of the same width go onto each other: R is the variance of their means, whatever
    /// the width; H that of their shares.
    #[test]
    fn critical_betas() {
        let component = |share: f64, mean: f64| Component { share, mean, deviation: 0.1 };
        let third = 1.0 / 3.0;
        let [a, b, c] = [-3.0, 0.0, 3.0].map(|mean| component(third, mean));
        let all = reuse(&[&[a], &[b], &[c]]);
        assert!((all.entropy - 3.0_f64.ln()).abs() < 1e-12);
        assert!((all.reconstruction - 6.0).abs() < 1e-6, "{all:?}");
        assert!((all.critical_beta() - 3.0_f64.ln() / 6.0).abs() < 1e-7);
        // One element is invertible: nothing gained, nothing lost.
        let one = reuse(&[&[a, b, c]]);
        assert!(one.entropy.abs() < 1e-12 && one.reconstruction < 1e-12);
        // {a}, {b, c}: the lower half of the second element is b, the upper c; from a they are 3 and 6
        // away, but for the mean of half a normal, 0.1·√(2/π), toward each other.
        let two = reuse(&[&[a], &[b, c]]);
        let half = 0.1 * (2.0 / std::f64::consts::PI).sqrt();
        let expected = 2.0 / 9.0 * 0.5 * ((3.0 + half).powi(2) + (6.0 - half).powi(2));
        assert!((two.reconstruction / expected - 1.0).abs() < 1e-3, "{two:?} {expected}");
        let uneven = reuse(&[&[component(0.25, 0.0)], &[component(0.75, 2.0)]]);
        assert!((uneven.reconstruction - 0.25 * 0.75 * 4.0).abs() < 1e-6);
        assert!(all.loss(all.critical_beta()).abs() < 1e-12);
    }
}
