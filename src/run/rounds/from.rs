//! Rounds that go on from what is there: a finished inference, or a model of every observation.

use super::record::{InferenceRecord, ROUNDS};
use crate::run::clear::gone;
use crate::run::directory::{CONFIG, STATUS, create_folder, read_status};
use crate::run::scored::SCORES;
use crate::run::sealed::Sealed;
use crate::run::{Owned, RunError, open_origin, own};
use freeform_inference::{EngineKind, Model, Overrides, Preset, RoundPlan};
use freeform_simulators::{
    AnySimulator, SetRecord, Simulations, SourceError, write_bytes_atomically,
};
use std::path::{Path, PathBuf};

const SIMULATIONS: &str = "simulations.npz";
/// The share of a set's simulations that a model remembers, if it was trained on it.
const ALL_KNOWN: f64 = 0.99;

/// A finished inference that is given more rounds.
pub struct Continued {
    /// The simulator, as it was.
    pub simulator: AnySimulator,
    /// The name that it was opened by.
    pub name: String,
    /// The observation, `[C]`.
    pub x: Vec<f64>,
    /// The rounds that there are, and those to come.
    pub plan: RoundPlan,
    /// Preset beneath the settings.
    pub preset: Preset,
    /// The settings of every round.
    pub overrides: Overrides,
    /// Seed of everything random.
    pub seed: u64,
    /// Who does the arithmetic.
    pub engine: EngineKind,
    /// The folder, until its rounds are made.
    pub own: Owned,
}

impl Continued {
    /// The inference in `folder`, whose record then plans more rounds, `rounds` if that is chosen, until
    /// `budget` simulations are spent in all. Of one that is planned so already, it is that plan.
    ///
    /// # Errors
    /// [`RunError::NoMoreRounds`] where it is not finished, or has spent as many;
    /// [`RunError::Origin`] where its simulator is not to be had as it was.
    pub fn of(folder: &Path, budget: usize, rounds: Option<usize>) -> Result<Self, RunError> {
        let refuse = |reason: String| {
            Err(RunError::NoMoreRounds { path: folder.display().to_string(), reason })
        };
        let own = own(folder)?;
        let Some(mut record) = InferenceRecord::read(folder)? else {
            return refuse("its inference.toml is damaged".to_owned());
        };
        let first = folder.join(ROUNDS).join("01");
        let model = Model::load(&first)?;
        let simulator = open_origin(&model, None, "it cannot be simulated again")?;
        // Rounds that ended early, with some of the budget left, are given more too.
        let mut plan = record.plan();
        if plan.total() != budget || record.may_end_early() {
            let Some(done) = rounds_done(folder) else {
                return refuse(
                    "its inference is not finished: the command that began it goes on with it"
                        .to_owned(),
                );
            };
            plan.sizes.truncate(done.len());
            plan.interim = done;
            let spent = plan.total();
            let more = budget.saturating_sub(spent);
            if more < RoundPlan::LEAST {
                return refuse(format!(
                    "its rounds have made {spent} simulations: --simulations {budget} are to be so many in \
                     all, and a round needs at least {} more",
                    RoundPlan::LEAST
                ));
            }
            let like_before = more.div_ceil(plan.sizes.last().copied().unwrap_or(more).max(1));
            let rounds = rounds.unwrap_or(like_before.min(MOST_MORE)).min(more / RoundPlan::LEAST);
            plan.extend(more, rounds.max(1));
            record.plan_anew(&plan);
            record.write(folder)?;
            // What they say is of fewer rounds than are planned.
            for file in [SCORES, STATUS] {
                gone(std::fs::remove_file(folder.join(file)))?;
            }
        }
        Ok(Self {
            name: named(&first).unwrap_or_else(|| simulator.source().name().to_owned()),
            simulator,
            x: record.observation().to_vec(),
            plan,
            preset: record.preset()?,
            overrides: record.overrides()?,
            seed: record.seed()?,
            engine: record.engine()?,
            own,
        })
    }
}

/// Rounds that nobody chose, at most.
const MOST_MORE: usize = 4;

/// The rounds of a finished inference: whether each was interim.
fn rounds_done(folder: &Path) -> Option<Vec<bool>> {
    let status = Sealed::read(&folder.join(STATUS)).value()?;
    let interim = |round: &serde_json::Value| round["interim"].as_bool().unwrap_or(false);
    Some(status.get("rounds")?.as_array()?.iter().map(interim).collect())
}

/// What the simulator of the training in `folder` was called.
fn named(folder: &Path) -> Option<String> {
    let text = std::fs::read_to_string(folder.join(CONFIG)).ok()?;
    let record: toml::Table = text.parse().ok()?;
    Some(record.get("run")?.get("task")?.as_str()?.to_owned())
}

/// The simulations of an amortised model, as the first round of an inference.
pub struct FirstRound {
    /// The simulator.
    pub simulator: AnySimulator,
    /// How many there are, failed ones included.
    pub size: usize,
    /// The seed that they were made with: the inference's own.
    pub seed: u64,
    /// Where they are, unless they are made again.
    pub set: Option<PathBuf>,
}

impl FirstRound {
    /// Those of the model in `folder`.
    ///
    /// # Errors
    /// [`RunError::NoMoreRounds`] where they are not kept there; [`RunError::Origin`].
    pub fn of(folder: &Path, trained: &Model) -> Result<Self, RunError> {
        let model = &trained.training;
        let refuse = |reason: &str| {
            let (path, reason) = (folder.display().to_string(), reason.to_owned());
            Err(RunError::NoMoreRounds { path, reason })
        };
        if model.local.is_some() {
            return refuse(
                "its model is of one round of an inference; name the folder of that inference",
            );
        }
        let simulator = open_origin(trained, None, "there is nothing to simulate")?;
        let kept = folder.join(SIMULATIONS);
        let set = match (&simulator, table_of(folder)) {
            (_, Some(table)) if !kept.exists() => table,
            // Made again in a moment.
            (AnySimulator::Task(_), _) => {
                return Ok(Self {
                    simulator,
                    size: model.simulations,
                    seed: model.seed,
                    set: None,
                });
            }
            (AnySimulator::External(_), _) => kept,
        };
        let shown = set.display();
        let Some(record) = SetRecord::read(&set).map_err(SourceError::from)? else {
            return refuse(&format!(
                "its model was trained on {shown}, which is not to be had, or not a set that `freeform \
                 simulate` made: put it there, or infer without --from"
            ));
        };
        if let Some(differs) = record.differs_from(simulator.source()) {
            return refuse(&format!("{shown} {differs}"));
        }
        let simulations = Simulations::read(&set)?;
        let others = trained.share_trained_on(&simulations).is_some_and(|share| share < ALL_KNOWN);
        if others || simulations.len() != model.simulations {
            return refuse(&format!(
                "{shown} holds {} simulations, and not the {} that its model was trained on",
                simulations.len(),
                model.simulations
            ));
        }
        let seed = record.seed().unwrap_or(model.seed);
        Ok(Self { simulator, size: record.simulations() as usize, seed, set: Some(set) })
    }

    /// The rounds of `budget` simulations that begin with these.
    ///
    /// # Errors
    /// [`RunError::NoMoreRounds`] where nothing is left of it for another round.
    pub fn plan(
        &self,
        from: &Path,
        budget: usize,
        rounds: Option<usize>,
    ) -> Result<RoundPlan, RunError> {
        let more = budget.saturating_sub(self.size);
        if more < RoundPlan::LEAST {
            let reason = format!(
                "its model was trained on {} simulations: --simulations {budget} are to be so many in all, \
                 and a round needs at least {} more",
                self.size,
                RoundPlan::LEAST
            );
            return Err(RunError::NoMoreRounds { path: from.display().to_string(), reason });
        }
        let later = rounds.map(|rounds| rounds.saturating_sub(1).max(1)).unwrap_or(MOST_MORE - 1);
        let mut plan = RoundPlan { sizes: vec![self.size], ..RoundPlan::default() };
        plan.extend(more, later.min(more / RoundPlan::LEAST).max(1));
        Ok(plan)
    }
}

/// The file that the model in `folder` was trained on, where a user named one.
fn table_of(folder: &Path) -> Option<PathBuf> {
    Some(read_status(folder)?.get("table")?.as_str()?.into())
}

/// Copies the simulations of a model to where the first round of the inference in `folder` looks for them.
pub(super) fn hand_over(set: &Path, folder: &Path) -> Result<(), RunError> {
    let there = folder.join(ROUNDS).join("01");
    let copy = there.join(SIMULATIONS);
    if !copy.exists() {
        create_folder(&there)?;
        write_bytes_atomically(&copy, &std::fs::read(set)?)?;
    }
    Ok(())
}
