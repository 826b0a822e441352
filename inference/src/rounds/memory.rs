//! Rounds in memory, in one call.

use super::{Locality, Round, RoundPlan, RoundReport, RoundStage, Simulated, infer};
use crate::config::{Overrides, Preset, Problem};
use crate::engine::EngineKind;
use crate::fit::{Fit, FitError};
use crate::posterior::{Asking, Posterior, PosteriorError, check_observation};
use crate::training::check_layout;
use freeform_simulators::{Precision, Proposed, SimulatedBatch, SimulationSource, SourceError};
use ndarray::{Array2, Axis, concatenate};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// How to infer the posterior of one observation in rounds of simulations.
///
/// ```
/// use freeform_inference::Rounds;
/// use freeform_simulators::Task;
///
/// let task = Task::by_name("two_moons")?;
/// let x = task.observation(1)?.x;
/// let rounds = Rounds::new(&task, &x).simulations(300).rounds(2).seed(1);
/// // A short training for a short example.
/// let rounds = rounds.set("training.max_epochs=3")?.set("training.members=1")?;
/// let (posterior, reports) = rounds.set("whitening.steps=100")?.run()?;
/// assert_eq!(reports.len(), 2);
/// assert_eq!(posterior.sample(&x, 100, 1)?.theta.dim(), (100, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Rounds<'a> {
    source: &'a dyn SimulationSource,
    x: &'a [f64],
    budget: usize,
    rounds: Option<usize>,
    seed: u64,
    preset: Preset,
    settings: Overrides,
    device: EngineKind,
    anyway: bool,
    interrupt: Option<&'a AtomicBool>,
}

/// An inference in rounds that gave no posterior.
#[derive(Debug, thiserror::Error)]
pub enum RoundsError {
    /// The observation is not one of the simulator's.
    #[error(
        "the observation has {found} numbers, a simulation of `{simulator}` {expected}: give the \
         observed data in the order of the simulator's"
    )]
    Observation {
        /// Numbers given.
        found: usize,
        /// Numbers of a simulation.
        expected: usize,
        /// The simulator.
        simulator: String,
    },
    /// Simulating.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Training.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// A question to a round's posterior.
    #[error(transparent)]
    Posterior(#[from] PosteriorError),
}

impl<'a> Rounds<'a> {
    /// Rounds for the observation `x` `[C]` (with NaN where a number was not measured, if the simulator says so or
    /// `transform.missing=allowed` is among the settings): 10,000 simulations, as many rounds as suit them, seed 1, the
    /// recommended settings, the CPU.
    #[must_use]
    pub fn new(source: &'a dyn SimulationSource, x: &'a [f64]) -> Self {
        Self {
            source,
            x,
            budget: 10_000,
            rounds: None,
            seed: 1,
            preset: Preset::default(),
            settings: Overrides::default(),
            device: EngineKind::default(),
            anyway: false,
            interrupt: None,
        }
    }

    /// Simulations of all rounds together.
    #[must_use]
    pub fn simulations(self, budget: usize) -> Self {
        Self { budget, ..self }
    }

    /// How many rounds there are; without this, as many as suit the budget, fewer where the posterior
    /// stands still.
    #[must_use]
    pub fn rounds(self, rounds: usize) -> Self {
        Self { rounds: Some(rounds), ..self }
    }

    /// Seed of everything random: the same seed gives the same posterior, whatever the thread count.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The settings to start from.
    #[must_use]
    pub fn preset(self, preset: Preset) -> Self {
        Self { preset, ..self }
    }

    /// One more setting of each round's training, `section.key=value`.
    ///
    /// # Errors
    /// [`FitError::Config`] where it is none.
    pub fn set(mut self, assignment: &str) -> Result<Self, FitError> {
        self.settings.set(assignment)?;
        Ok(self)
    }

    /// Who does the arithmetic.
    #[must_use]
    pub fn device(self, device: EngineKind) -> Self {
        Self { device, ..self }
    }

    /// Go on where the first round finds the observation far from everything simulated.
    #[must_use]
    pub fn anyway(self, anyway: bool) -> Self {
        Self { anyway, ..self }
    }

    /// A flag that stops everything when it is set.
    #[must_use]
    pub fn interrupt(self, flag: &'a AtomicBool) -> Self {
        Self { interrupt: Some(flag), ..self }
    }

    /// Simulates and trains; the last round's posterior, and each round in short.
    ///
    /// # Errors
    /// [`RoundsError`].
    pub fn run(&self) -> Result<(Arc<Posterior>, Vec<RoundReport>), RoundsError> {
        let (found, expected) = (self.x.len(), self.source.data_dim());
        if found != expected {
            let simulator = self.source.name().to_owned();
            return Err(RoundsError::Observation { found, expected, simulator });
        }
        let missing = self.settings.missing().unwrap_or(self.source.missing());
        check_observation(self.x, missing)?;
        let plan = RoundPlan::of(self.budget, self.rounds);
        // Wrong settings are refused before the first simulation, which may be dear.
        let problem = Problem::of_source(self.source, plan.sizes[0]);
        let config = self.settings.resolve(self.preset, &problem).map_err(FitError::from)?;
        check_layout(expected, &config.transform).map_err(FitError::from)?;
        let asked = (self.source.prior(), self.x);
        infer(asked, &plan, self.rounds.is_none(), self.seed, self)
    }
}

impl RoundStage for Rounds<'_> {
    type Error = RoundsError;

    fn simulate(&self, round: &Round<'_>) -> Result<Simulated, RoundsError> {
        let never = AtomicBool::new(false);
        Ok(simulate_round(self.source, round, self.interrupt.unwrap_or(&never))?)
    }

    fn train(
        &self,
        round: &Round<'_>,
        simulated: Simulated,
        local: &Locality,
    ) -> Result<Posterior, RoundsError> {
        let mut fit = Fit::new(self.source.prior())
            .seed(round.seed)
            .preset(self.preset)
            .settings(self.settings.clone())
            .device(self.device)
            .task(self.source.name())
            .failed_theta(simulated.failed)
            .missing(self.source.missing())
            .local(local);
        if let Some(layout) = self.source.layout() {
            fit = fit.layout(layout);
        }
        if let Some(flag) = self.interrupt {
            fit = fit.interrupt(flag);
        }
        Ok(fit.run(simulated.simulations)?)
    }

    fn asking(&self) -> Asking<'_> {
        Asking { anyway: self.anyway, interrupt: self.interrupt, ..Asking::default() }
    }
}

/// Simulates a round in memory: at its proposals, or at the prior's draws.
///
/// # Errors
/// The source's; [`SourceError::Interrupted`] soon after `stop` is set.
pub fn simulate_round(
    source: &dyn SimulationSource,
    round: &Round<'_>,
    stop: &AtomicBool,
) -> Result<Simulated, SourceError> {
    let mut batches: Vec<SimulatedBatch> = Vec::new();
    let mut take = |batch| {
        batches.push(batch);
        Ok(())
    };
    let range = 0..round.size as u64;
    let (precision, seed) = (Precision::Double, round.seed);
    match round.proposals {
        None => source.run(precision, seed, range, stop, &mut take)?,
        Some(made) => {
            Proposed::new(source, made.theta.view()).run(precision, seed, range, stop, &mut take)?
        }
    }
    let join = |of: &dyn Fn(&SimulatedBatch) -> &Array2<f64>| {
        let tables: Vec<_> = batches.iter().map(|batch| of(batch).view()).collect();
        // All batches have the same columns.
        concatenate(Axis(0), &tables).unwrap_or_default()
    };
    let simulations = freeform_simulators::Simulations {
        theta: join(&|batch| &batch.simulations.theta),
        x: join(&|batch| &batch.simulations.x),
    };
    Ok(Simulated { simulations, failed: join(&|batch| &batch.theta_failed) })
}
