//! The rounds themselves, wherever their simulations and models are kept.

use super::propose::Proposer;
use super::stage::{Round, RoundReport, RoundStage, Simulated};
use super::{Locality, Outlook, ProposedBy, Region, RoundPlan, RoundsLaw};
use crate::posterior::{Posterior, PosteriorError};
use crate::training::Choice;
use freeform_simulators::{Prior, Simulations};
use ndarray::{Array2, Axis, concatenate};
use std::sync::Arc;

/// Standard deviations that no parameter's quantiles move by, on average, in a posterior that stands still, and
/// nats by which it diverges; and the rounds in which it must.
const STILL: f64 = 0.05;
const STILL_FOR: usize = 2;
/// Share of the posterior's draws outside the region of its simulations from which on that was too
/// narrow.
const MOST_OUTSIDE: f64 = 0.1;

/// Runs the rounds of `plan` for the observation `x`; the last round's posterior and all reports. With
/// `stop_early` rounds end once the posterior has stood still for two of them.
///
/// # Errors
/// The stage's; [`PosteriorError::FarAway`] and [`PosteriorError::Unlike`] after the first round, where x is
/// far from everything simulated. What it keeps lets the same call go on where it ended.
pub fn infer<S: RoundStage>(
    (prior, x): (&Prior, &[f64]),
    plan: &RoundPlan,
    stop_early: bool,
    seed: u64,
    stage: &S,
) -> Result<(Arc<Posterior>, Vec<RoundReport>), S::Error> {
    let mut region = Region::everything();
    let mut all: Vec<Made> = Vec::new();
    let mut reports: Vec<RoundReport> = Vec::new();
    let mut last: Option<(Arc<Posterior>, Outlook)> = None;
    for (index, &size) in plan.sizes.iter().enumerate() {
        let (number, own_seed) = (index + 1, round_seed(seed, index));
        let mut remarks = Vec::new();
        let proposals = match &last {
            None => None,
            Some((posterior, outlook)) => {
                region = next_region(region, posterior, outlook, x, &mut remarks);
                let (draws, fall) = (outlook.theta(), outlook.fall);
                let (asking, all) = (stage.asking(), region.clone());
                let proposer = Proposer { prior, draws, fall, seed: own_seed, asking };
                let proposals = stage.proposals(number, &|| proposer.propose(&all, size))?;
                for _ in 0..proposals.widened {
                    region = region.outer();
                    remarks.push(EMPTY.to_owned());
                }
                remarks.extend(proposals.remark());
                Some(proposals)
            }
        };
        let round = Round { number, size, seed: own_seed, proposals: proposals.as_ref() };
        let simulated = stage.simulate(&round)?;
        let failed = simulated.failed.nrows();
        let share = proposals.as_ref().map_or(1.0, |made| made.prior_share);
        all.push(Made { region: region.clone(), share, simulated });
        // A round whose region was too narrow has put more into a part of this one than into the rest.
        let around: Vec<&Made> =
            all.iter().filter(|made| region.is_part_of(&made.region)).collect();
        let law = law_of(&around, prior.dim());
        let mut used = gather(&around, &law.within)?;
        // What the observation lacks and no simulation does is hidden from them all.
        if all[0].simulated.simulations.rows_with_gaps() == 0 {
            used.simulations = used.simulations.hidden_like(x);
        }
        let trained_on = used.simulations.len();
        let interim = plan.is_interim(number, stop_early && reports.last().is_some_and(is_still));
        let keeps = keeps_whitenings(number, interim) && number < plan.sizes.len();
        let before = last.as_ref().filter(|_| keeps);
        let whitenings = before.map(|(posterior, _)| chosen_by(posterior));
        let local = Locality { observation: x.to_vec(), round: number, law, whitenings, interim };
        let posterior = Arc::new(stage.train(&round, used, &local)?);
        let own = round_seed(own_seed, DRAWS);
        let before = last.as_ref().map(|(posterior, outlook)| (&**posterior, outlook.fall));
        let outlook = Outlook::of(&posterior, x, &region, before, own, &stage.asking())?;
        let theta = outlook.theta();
        remarks.extend(outlook.draws.warnings());
        let (by, acceptance, prior_share) = match &proposals {
            None => (ProposedBy::Prior, 1.0, 1.0),
            Some(made) => (made.by, made.acceptance, made.prior_share),
        };
        let moved =
            last.as_ref().and_then(|(_, before)| outlook.moved(prior, &before.theta().view()));
        let diverged = match &last {
            Some((before, _)) if moved.is_some_and(|moved| moved < STILL) => {
                outlook.divergence(&posterior, before, x, own, &stage.asking())?
            }
            _ => None,
        };
        let report = RoundReport {
            round: number,
            interim,
            simulations: size,
            failed,
            trained_on,
            proposed_by: by,
            acceptance,
            prior_share,
            mean: theta.columns().into_iter().map(mean).collect(),
            std: theta.columns().into_iter().map(|c| c.std(0.0)).collect(),
            probabilities: prior.probabilities(theta.view()),
            effective: outlook.draws.effective,
            fall: outlook.fall,
            outside: outlook.outside,
            moved,
            diverged,
            remarks,
        };
        stage.finished(&report, &outlook)?;
        reports.push(report);
        // What lies far from all that the prior gives is in other units, or not the simulator's: more of
        // its simulations would be spent on nothing.
        if number == 1 && number < plan.sizes.len() && !stage.asking().anyway {
            outlook.draws.out_of_reach().map_or(Ok(()), Err)?;
        }
        last = Some((posterior, outlook));
        if stop_early && stands_still(&reports) {
            break;
        }
    }
    // A plan has a round at least.
    let (posterior, _) = last.expect("a plan without rounds");
    Ok((posterior, reports))
}

/// Whether a round that is not the last works over the kinds of whitening of the one before, without flows to
/// choose them by: the second, whose simulations are mostly those of the first, and those after the third, whose
/// regions hardly differ, unless they may be the answer.
fn keeps_whitenings(round: usize, interim: bool) -> bool {
    round == 2 || round > 3 && interim
}

/// The whitenings that a round's training chose.
fn chosen_by(posterior: &Posterior) -> Choice {
    let members = &posterior.model().training.members;
    Choice::of_names(&members.iter().map(|member| member.name.as_str()).collect::<Vec<_>>())
}

/// How many times as wide as the region of a round, in each parameter, one may be whose simulations
/// it learns from.
const WIDEST: f64 = 3.0;

/// A round's simulations, its region, and what that holds of the prior.
struct Made {
    region: Region,
    share: f64,
    simulated: Simulated,
}

/// The law of the simulations that the last of these rounds learns from: those in the widest region that
/// is not much wider than its own.
fn law_of(all: &[&Made], dim: usize) -> RoundsLaw {
    let most = all.last().map_or(1.0, |own| own.share * WIDEST.powi(dim as i32));
    let within = all.iter().find(|made| made.share <= most).map(|made| made.region.clone());
    let step = |made: &&Made| {
        let Simulated { simulations, failed } = &made.simulated;
        let size = (simulations.len() + failed.nrows()) as f64;
        (made.region.clone(), size / made.share.max(f64::MIN_POSITIVE))
    };
    RoundsLaw { within: within.unwrap_or_default(), rounds: all.iter().map(step).collect() }
}

const EMPTY: &str = "no draw of the prior was found in the region: the one before it was taken";
/// Apart from all indices of rounds.
const DRAWS: usize = 1 << 32;

/// The seed of a round, from 0; the first has the inference's own, and so the simulations of an
/// amortised training with that seed.
fn round_seed(seed: u64, index: usize) -> u64 {
    if index == 0 {
        return seed;
    }
    let hash = blake3::hash(format!("round {index} of {seed}").as_bytes());
    // Models keep it as a signed number.
    u64::from_le_bytes(std::array::from_fn(|k| hash.as_bytes()[k])) >> 1
}

/// The region of the round after one whose simulations were made in `region`.
fn next_region(
    region: Region,
    posterior: &Arc<Posterior>,
    outlook: &Outlook,
    x: &[f64],
    remarks: &mut Vec<String>,
) -> Region {
    let too_narrow = outlook.outside > MOST_OUTSIDE && !region.is_everything();
    let around = if too_narrow { region.outer() } else { region };
    if too_narrow {
        remarks.push(format!(
            "{:.0}% of the posterior's draws lay outside the region of the round before, which was too \
             narrow: this one's is not bounded by it, and its simulations are not trained on",
            100.0 * outlook.outside
        ));
    }
    around.within(posterior.clone(), x, outlook.threshold)
}

/// The simulations of all rounds in a region.
fn gather(all: &[&Made], region: &Region) -> Result<Simulated, PosteriorError> {
    let rows = |table: &Array2<f64>| -> Result<Vec<usize>, PosteriorError> {
        let inside = region.contains(&table.view())?;
        Ok((0..table.nrows()).filter(|row| inside[*row]).collect())
    };
    let (mut theta, mut x, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for made in all {
        let Simulated { simulations, failed: lost } = &made.simulated;
        let kept = rows(&simulations.theta)?;
        theta.push(simulations.theta.select(Axis(0), &kept));
        x.push(simulations.x.select(Axis(0), &kept));
        failed.push(lost.select(Axis(0), &rows(lost)?));
    }
    let join = |tables: &[Array2<f64>]| {
        let views: Vec<_> = tables.iter().map(|table| table.view()).collect();
        // All rounds have the same columns.
        concatenate(Axis(0), &views).unwrap_or_default()
    };
    let simulations = Simulations { theta: join(&theta), x: join(&x) };
    Ok(Simulated { simulations, failed: join(&failed) })
}

fn is_still(report: &RoundReport) -> bool {
    let under = |distance: Option<f64>| distance.is_some_and(|distance| distance < STILL);
    under(report.moved) && under(report.diverged)
}

fn stands_still(reports: &[RoundReport]) -> bool {
    reports.len() >= STILL_FOR && reports.iter().rev().take(STILL_FOR).all(is_still)
}

/// Of differences from the first, which keeps their digits.
fn mean(column: ndarray::ArrayView1<f64>) -> f64 {
    column[0] + column.iter().map(|v| v - column[0]).sum::<f64>() / column.len() as f64
}
