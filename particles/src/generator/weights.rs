//! Importance weights w = e^(−u(x)) / q(x) of a flow's draws.

use crate::reference::{Estimate, FreeEnergy, free_energy_difference};
use freeform_inference::{effective_number, pareto_k};
use serde::Serialize;

/// What weights are worth, and what they say of the target.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Weighed {
    /// Draws.
    pub draws: usize,
    /// Of these, without a finite weight: their energy or density is not finite. They count as
    /// weight 0.
    pub worthless: usize,
    /// Kish's effective number of draws, a draw.
    pub effective_share: f64,
    /// Pareto's k̂ of the largest weights: above 0.7, means of them do not settle.
    pub pareto_k: Option<f64>,
    /// Share of the largest weight.
    pub largest: f64,
    /// ln Z as the logarithm of the mean weight; the error is that of the mean.
    pub ln_z: Estimate,
}

/// A mean over the target, by weights.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Reweighted {
    /// Σ wᵢoᵢ / Σ wᵢ, with its standard error.
    pub reweighted: Estimate,
    /// The plain mean over the draws.
    pub plain: Estimate,
}

/// Weighs draws by their log-weights −u − log q.
#[must_use]
pub fn weigh(log_weights: &[f64]) -> Weighed {
    let weights = normalised(log_weights);
    let most = most(log_weights);
    let n = weights.len() as f64;
    let mean = weights.iter().sum::<f64>() / n;
    let square = weights.iter().map(|w| (w / mean - 1.0).powi(2)).sum::<f64>() / n;
    let finite: Vec<f64> = log_weights.iter().copied().filter(|w| w.is_finite()).collect();
    Weighed {
        draws: weights.len(),
        worthless: weights.len() - finite.len(),
        effective_share: effective_number(&weights) / n,
        pareto_k: pareto_k(&finite),
        largest: 1.0 / (mean * n),
        ln_z: Estimate { value: most + mean.ln(), error: (square / n).sqrt() },
    }
}

impl Reweighted {
    /// Of an observable's values at the draws.
    #[must_use]
    pub fn of(log_weights: &[f64], values: &[f64]) -> Self {
        let weights = normalised(log_weights);
        let sum: f64 = weights.iter().sum();
        let pairs = || weights.iter().zip(values).filter(|(w, _)| **w > 0.0);
        let value = pairs().map(|(w, o)| w * o).sum::<f64>() / sum;
        let square: f64 = pairs().map(|(w, o)| (w * (o - value)).powi(2)).sum();
        let finite: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
        let reweighted = Estimate { value, error: square.sqrt() / sum };
        Self { reweighted, plain: Estimate::of(&finite) }
    }
}

/// KL(target ‖ model) = ⟨−u − ln Z − log q⟩ over draws from the target, whose noise in u and in log q
/// mostly cancels.
#[must_use]
pub fn kullback_leibler(energy: &[f64], log_q: &[f64], ln_z: f64) -> Estimate {
    let of = |(u, q): (&f64, &f64)| -u - ln_z - q;
    Estimate::of(&energy.iter().zip(log_q).map(of).collect::<Vec<_>>())
}

/// ln Z by Bennett's acceptance ratio between model and target: of log-weights at draws from the
/// model and at draws from the target.
#[must_use]
pub fn bennett_ln_z(of_model: &[f64], of_target: &[f64]) -> Option<FreeEnergy> {
    let work = |weights: &[f64]| -> Vec<f64> {
        // A draw without a weight is one that cannot be in the target.
        weights.iter().map(|w| if w.is_nan() { f64::INFINITY } else { -w }).collect()
    };
    let found = free_energy_difference(&work(of_model), &work(of_target))?;
    Some(FreeEnergy { difference: -found.difference, ..found })
}

fn most(log_weights: &[f64]) -> f64 {
    log_weights.iter().copied().filter(|w| w.is_finite()).fold(f64::NEG_INFINITY, f64::max)
}

/// Weights over the largest one.
fn normalised(log_weights: &[f64]) -> Vec<f64> {
    let most = most(log_weights);
    log_weights.iter().map(|w| if w.is_finite() { (w - most).exp() } else { 0.0 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, stream};
    use rand_distr::{Distribution, StandardNormal};
    use std::f64::consts::TAU;

    /// Target N(0, 1) without its normaliser, model N(0, s²): E\[w\] = √2π, the effective share is
    /// E\[w\]²/E\[w²\] = √(2s² − 1)/s², KL = ln s + 1/(2s²) − ½.
    #[test]
    fn a_normal_from_a_wider_one() {
        let (n, s) = (200_000, 1.5_f64);
        let mut rng = stream(5, Purpose::Latent, 0);
        let x: Vec<f64> =
            StandardNormal.sample_iter(&mut rng).take(n).map(|z: f64| s * z).collect();
        let log_q = |x: f64| -0.5 * (x / s).powi(2) - 0.5 * TAU.ln() - s.ln();
        let log_weight = |x: &f64| -0.5 * x * x - log_q(*x);
        let of_model: Vec<f64> = x.iter().map(log_weight).collect();
        let weighed = weigh(&of_model);
        let share = (2.0 * s * s - 1.0).sqrt() / (s * s);
        assert!((weighed.effective_share - share).abs() < 0.005, "{weighed:?}");
        assert!((weighed.ln_z.value - 0.5 * TAU.ln()).abs() < 4.0 * weighed.ln_z.error);
        assert!(weighed.pareto_k.unwrap() < 0.3, "{weighed:?}");
        let squares: Vec<f64> = x.iter().map(|x| x * x).collect();
        let found = Reweighted::of(&of_model, &squares);
        assert!((found.reweighted.value - 1.0).abs() < 4.0 * found.reweighted.error, "{found:?}");
        assert!((found.plain.value - s * s).abs() < 4.0 * found.plain.error, "{found:?}");
        let target: Vec<f64> = StandardNormal.sample_iter(&mut rng).take(n).collect();
        let energy: Vec<f64> = target.iter().map(|x| 0.5 * x * x).collect();
        let densities: Vec<f64> = target.iter().map(|x| log_q(*x)).collect();
        let kl = kullback_leibler(&energy, &densities, 0.5 * TAU.ln());
        let expected = s.ln() + 0.5 / (s * s) - 0.5;
        assert!((kl.value - expected).abs() < 4.0 * kl.error, "{kl:?} {expected}");
        let of_target: Vec<f64> = target.iter().map(log_weight).collect();
        let bennett = bennett_ln_z(&of_model, &of_target).unwrap();
        assert!((bennett.difference - 0.5 * TAU.ln()).abs() < 4.0 * bennett.error, "{bennett:?}");
    }

    #[test]
    fn worthless_draws_count_as_nothing() {
        let weighed = weigh(&[0.0, 0.0, f64::NAN, f64::NEG_INFINITY]);
        assert_eq!((weighed.worthless, weighed.effective_share, weighed.largest), (2, 0.5, 0.5));
        assert!((weighed.ln_z.value - 0.5_f64.ln()).abs() < 1e-12);
    }
}
