//! How far the learnt likelihood is trusted, and how far all that is learnt: as held-out simulations gain from it.

use super::correction::Corrected;
use super::draws::Asking;
use super::held_out::{HeldOutRatios, Trust};
use super::judges::Judges;
use super::proposal::Proposal;
use crate::config::Correction;
use crate::engine::EngineKind;
use crate::gain::Gain;
use crate::model::{CorrectionSummary, LikelihoodModel, Model};
use crate::training::TrainingData;
use crate::work::{Halt, Part};

/// Held-out simulations that judge, over all members, and proposals for each.
const JUDGES: usize = 400;
const PROPOSALS: usize = 255;
/// Share of a posterior that is judged as if it were not corrected: a likelihood flow that says nothing
/// of a simulation is one of several, and costs the average of all pairs no more.
const LEFT: f64 = 0.25;
/// Strengths that are tried, evenly spaced, before the best is improved on by thirds.
const TRIED: usize = 20;
const THIRDS: usize = 16;
/// Powers that are tried: 1, less by steps, to the least.
const POWERS: (f64, usize) = (0.025, 20);

/// The strength α of `model`'s likelihood whose mean gain in log p(θ | x) over held-out simulations is
/// largest, or 1 where the settings ask for it; and the power s of all that was learnt. Each simulation is
/// judged by the one pair of flows that did not train on it; the average of all pairs is better than each of
/// them, and bears a greater strength, so that a share of what is judged is left uncorrected. It is wider,
/// too, so that a power less than 1 must gain more than chance.
///
/// # Errors
/// [`Halt`] where the work is to stop; what was judged is kept as pieces of `part`.
pub(crate) fn correction_strength(
    model: &Model,
    likelihood: &LikelihoodModel,
    data: &TrainingData,
    kind: EngineKind,
    part: &Part,
) -> Result<CorrectionSummary, Halt> {
    let members = model.posterior.len().min(likelihood.flows.len());
    let mut all = HeldOutRatios { ratios: Vec::new(), learnt: Vec::new(), trials: Vec::new() };
    for index in 0..members {
        let flows = &model.posterior[index..=index];
        let proposal = Proposal { model, flows, kind, asking: Asking::default(), folds: false };
        let (known, member) = (Some(likelihood), Some(index));
        let corrected = Corrected { proposal, likelihood: known, member, as_simulated: true };
        let judges = Judges::of(model, known, data, (index, JUDGES.div_ceil(members)));
        let (points, at) = (&judges.points[..], judges.at());
        let seed = model.training.seed.wrapping_add(index as u64);
        let part = part.part(&format!("member-{index}"));
        let judged = HeldOutRatios::of(&corrected, points, at, PROPOSALS, seed, &part)?;
        all.ratios.extend(judged.ratios);
        all.learnt.extend(judged.learnt);
        all.trials.extend(judged.trials);
    }
    // A flow that is alone has no others to fall back on.
    let left = if members > 1 { LEFT } else { 0.0 };
    let gains_of = |strength: f64, power: f64| {
        all.gains(Trust { strength, power, left }, |strength, n| likelihood.scaled(strength, n))
    };
    let best_at = |power: f64| match model.config.posterior.correction {
        Correction::Off => 0.0,
        Correction::On => 1.0,
        Correction::Auto => best(|strength| gain(&gains_of(strength, power)).nats),
    };
    let whole = best_at(1.0);
    // Of rounds, whose simulations lie where the posterior does, no power has been shown to be of use.
    let judged = whole > 0.0 && model.training.local.is_none();
    let power = if judged { power(|power| gains_of(whole, power)) } else { 1.0 };
    let strength = if power < 1.0 { best_at(power) } else { whole };
    let Gain { nats, error } = gain(&gains_of(strength, power));
    Ok(CorrectionSummary { strength, power, gain: nats, error })
}

/// The power, 1 or less, by which gains rise most beyond chance: by a standard error.
fn power(gains_of: impl Fn(f64) -> Vec<f64>) -> f64 {
    let plain = gains_of(1.0);
    let rise = |power: f64| {
        let Gain { nats, error } = Gain::of(&gains_of(power), &plain);
        nats - error
    };
    let tried = (1..=POWERS.1).map(|step| 1.0 - POWERS.0 * step as f64);
    let better = |best: (f64, f64), power| match rise(power) {
        rise if rise > best.1 => (power, rise),
        _ => best,
    };
    tried.fold((1.0, 0.0), better).0
}

/// Of gains over nothing.
fn gain(gains: &[f64]) -> Gain {
    Gain::of(gains, &vec![0.0; gains.len()])
}

/// The maximum of a function on [0, 1] with one peak, or of its highest; an end where that is as good.
fn best(f: impl Fn(f64) -> f64) -> f64 {
    let at = |k: usize| k as f64 / TRIED as f64;
    let values: Vec<f64> = (0..=TRIED).map(|k| f(at(k))).collect();
    let peak = (0..=TRIED).fold(0, |peak, k| if values[k] > values[peak] { k } else { peak });
    let (mut low, mut high) = (at(peak.saturating_sub(1)), at((peak + 1).min(TRIED)));
    for _ in 0..THIRDS {
        let third = (high - low) / 3.0;
        if f(low + third) < f(high - third) { low += third } else { high -= third }
    }
    let inner = 0.5 * (low + high);
    let candidates = [1.0, 0.0, inner];
    candidates.into_iter().fold(1.0, |best, c| if f(c) > f(best) + 1e-6 { c } else { best })
}

#[cfg(test)]
mod tests {
    use super::{best, power};
    use statrs::distribution::{ContinuousCDF, Normal};

    #[test]
    fn the_maximum_of_a_parabola_and_the_ends() {
        assert!((best(|a| -(a - 0.3).powi(2)) - 0.3).abs() < 1e-3);
        assert_eq!(best(|a| a), 1.0);
        assert_eq!(best(|a| -a), 0.0);
    }

    /// Truths 1.3 times as far out as a normal law says ask for the power 1/1.3², a little less to be sure; those of the law
    /// itself none.
    #[test]
    fn a_power_where_truths_lie_too_far_out() {
        let of = |spread: f64| {
            power(|power| {
                let truths = (0..400)
                    .map(|k| spread * Normal::standard().inverse_cdf((k as f64 + 0.5) / 400.0));
                truths.map(|x| 0.5 * power.ln() - 0.5 * (power - 1.0) * x * x).collect()
            })
        };
        assert!((of(1.3) - 1.0 / 1.69).abs() < 0.08, "{}", of(1.3));
        assert_eq!(of(1.0), 1.0);
    }
}
