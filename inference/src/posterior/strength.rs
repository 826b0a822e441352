//! How far the learnt likelihood is trusted: as far as held-out simulations gain from it.

use super::correction::Corrected;
use super::draws::Asking;
use super::held_out::HeldOutRatios;
use super::judges::Judges;
use super::proposal::Proposal;
use crate::config::Correction;
use crate::engine::EngineKind;
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

/// The strength α of `model`'s likelihood whose mean gain in log p(θ | x) over held-out
/// simulations is largest, or 1 where the settings ask for it. Each simulation is judged by the one pair
/// of flows that did not train on it; the average of all pairs is better than each of them, and bears a
/// greater strength, so that a share of what is judged is left uncorrected.
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
    let mut all = HeldOutRatios { ratios: Vec::new(), trials: Vec::new() };
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
        all.trials.extend(judged.trials);
    }
    // A flow that is alone has no others to fall back on.
    let left = if members > 1 { LEFT } else { 0.0 };
    let gains_of = |strength: f64| all.gains(|trials| likelihood.scaled(strength, trials), left);
    let mean = |strength: f64| {
        let gains = gains_of(strength);
        gains.iter().sum::<f64>() / gains.len().max(1) as f64
    };
    let strength = match model.config.posterior.correction {
        Correction::Off => 0.0,
        Correction::On => 1.0,
        Correction::Auto => best(mean),
    };
    let gains = gains_of(strength);
    let (n, gain) = (gains.len().max(1) as f64, mean(strength));
    let variance = gains.iter().map(|g| (g - gain).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
    Ok(CorrectionSummary { strength, gain, error: (variance / n).sqrt() })
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
    use super::best;

    #[test]
    fn the_maximum_of_a_parabola_and_the_ends() {
        assert!((best(|a| -(a - 0.3).powi(2)) - 0.3).abs() < 1e-3);
        assert_eq!(best(|a| a), 1.0);
        assert_eq!(best(|a| -a), 0.0);
    }
}
