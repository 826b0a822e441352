//! How far true parameters fall below the middle of their posterior: what a region must leave room
//! for.

use super::at::At;
use super::correction::Corrected;
use super::draws::Asking;
use super::effective::weighted_median;
use super::judges::Judges;
use super::proposal::Proposal;
use super::weigh::minus;
use crate::engine::EngineKind;
use crate::model::Model;
use crate::training::TrainingData;
use crate::work::{Halt, Pack, Part, Unpack};
use rayon::prelude::*;

/// Held-out simulations that judge, over all members, and posterior draws for each.
const JUDGES: usize = 400;
const DRAWS: usize = 128;
/// Of them, the share that may fall farther.
const BEYOND: f64 = 0.005;
/// Simulations between two looks at whether the work is to stop.
const AT_ONCE: usize = 32;

/// The fall, in nats, that all but [`BEYOND`] of the held-out simulations (all of them, where they are
/// few) stay within: from the median log-density of a simulation's own posterior to that at its true
/// parameters, by flows that did not train on it. For a Gaussian posterior that is half a χ² less its
/// median, whatever its place and width, so it carries over from one x to another. `None` where there
/// is nothing to judge by.
///
/// # Errors
/// [`Halt`] where the work is to stop.
pub(crate) fn reach(
    model: &Model,
    data: &TrainingData,
    kind: EngineKind,
    part: &Part,
) -> Result<Option<f64>, Halt> {
    let likelihood = model.likelihood.as_ref();
    let members =
        likelihood.map_or(model.posterior.len(), |l| l.flows.len()).min(model.posterior.len());
    let mut falls = Vec::new();
    for index in 0..members {
        let judges = Judges::of(model, likelihood, data, (index, JUDGES.div_ceil(members)));
        let flows = &model.posterior[index..=index];
        let proposal = Proposal { model, flows, kind, asking: Asking::default(), folds: false };
        let member = Some(index);
        let corrected = Corrected { proposal, likelihood, member, as_simulated: true };
        let seed = model.training.seed.wrapping_add(index as u64);
        falls.extend(falls_of(&corrected, &judges, seed, &part.part(&format!("member-{index}")))?);
    }
    falls.retain(|fall| fall.is_finite());
    falls.sort_by(f64::total_cmp);
    let beyond = (falls.len() as f64 * BEYOND) as usize;
    Ok(falls.len().checked_sub(1 + beyond).map(|at| falls[at]))
}

fn falls_of(
    corrected: &Corrected,
    judges: &Judges,
    seed: u64,
    part: &Part,
) -> Result<Vec<f64>, Halt> {
    let (model, at) = (corrected.model(), judges.at());
    let dim = model.theta_dim();
    let contexts: Vec<&[f32]> = at.context.chunks_exact(model.data.kept().len()).collect();
    let targets: Vec<&[f32]> = at.targets(contexts.len()).collect();
    let rows: Vec<(usize, &[f32])> = judges.points.chunks_exact(dim).enumerate().collect();
    let fall = |&(index, point): &(usize, &[f32])| {
        part.go_on()?;
        let at = At::new(contexts[index], targets[index]);
        let mut truth = vec![0.0; dim];
        model.theta_at(point, &model.cuts(at.context), &mut truth);
        let seed = seed.wrapping_mul(1_000_003).wrapping_add(index as u64);
        let drawn = corrected.proposal.sketch(at.context, DRAWS, seed);
        let theta = [&truth[..], &drawn.theta].concat();
        let density = corrected.log_density(&theta, at);
        let weights: Vec<f64> =
            density[1..].iter().zip(&drawn.log_own).map(|(d, own)| minus(*d, *own)).collect();
        let middle = weighted_median(&density[1..], &weights);
        Ok(middle.map_or(f64::NAN, |middle| middle - density[0]))
    };
    let mut falls = Vec::new();
    for (number, rows) in rows.chunks(AT_ONCE).enumerate() {
        let part = part.part(&format!("rows-{number}"));
        let known = part.recall().and_then(|piece| Unpack::new(&piece).doubles());
        let found = match known.filter(|known| known.len() == rows.len()) {
            Some(known) => known,
            None => {
                let found = rows.par_iter().map(fall).collect::<Result<Vec<f64>, Halt>>()?;
                part.keep(|| Pack::default().doubles(&found).finish())?;
                found
            }
        };
        falls.extend(found);
    }
    Ok(falls)
}
