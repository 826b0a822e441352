//! Rounds for one observation. The rounds run on a thread of their own; where the simulator is a Python
//! callable, that thread asks the interpreter's for each round's simulations.

use crate::arrays::{table, to_numpy};
use crate::errors::Raise;
use crate::fit::{overrides, preset};
use crate::posterior::{Posterior, open_device};
use crate::prior::Prior;
use crate::work::run;
use freeform_inference as inference;
use freeform_inference::{
    Asking, EngineKind, Fit, Locality, Overrides, PosteriorError, Preset, Round, RoundPlan,
    RoundStage, RoundsError, Simulated, check_observation, fingerprint, infer as infer_in_rounds,
    simulate_round,
};
use freeform_simulators::{AnySimulator, Missing, Simulations};
use ndarray::{Array2, Axis};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

/// Parameters to simulate at `[n, D]`, with a seed.
type Question = (Array2<f64>, u64);
/// Data of each `[n, C]`; a row that is not finite is a failure.
type Answer = Array2<f64>;

/// Who simulates.
enum Simulator {
    Library(Box<AnySimulator>),
    Python(Mutex<(Sender<Question>, Receiver<Answer>)>),
}

/// Rounds whose simulations stay in memory.
struct Stage<'a> {
    name: Option<String>,
    simulator: &'a Simulator,
    prior: &'a freeform_simulators::Prior,
    x: &'a [f64],
    preset: Preset,
    settings: Overrides,
    device: EngineKind,
    checkpoints: Option<PathBuf>,
    anyway: bool,
    stop: &'a AtomicBool,
    /// The round under way, and how many simulations there are in all.
    standing: &'a Mutex<(usize, usize)>,
}

impl Simulator {
    fn missing(&self) -> Missing {
        match self {
            Self::Library(simulator) => simulator.missing(),
            Self::Python(_) => Missing::Failed,
        }
    }
}

impl Stage<'_> {
    /// What a NaN in x means.
    fn missing(&self) -> Missing {
        self.settings.missing().unwrap_or(self.simulator.missing())
    }

    /// Asks the interpreter's thread.
    fn ask(
        &self,
        channels: &Mutex<(Sender<Question>, Receiver<Answer>)>,
        round: &Round,
    ) -> Result<Simulated, RoundsError> {
        let theta = match round.proposals {
            Some(made) => made.theta.clone(),
            None => self.prior.sample_n(round.seed, round.size),
        };
        let channels = channels.lock().unwrap_or_else(PoisonError::into_inner);
        let gone = || RoundsError::Posterior(PosteriorError::Interrupted);
        channels.0.send((theta.clone(), round.seed)).map_err(|_| gone())?;
        // No answer comes where the simulator raised.
        let x = channels.1.recv().map_err(|_| gone())?;
        let missing = self.missing();
        let succeeded = |row: &usize| missing.is_success(&x.row(*row).to_vec());
        let (good, bad): (Vec<usize>, Vec<usize>) = (0..x.nrows()).partition(succeeded);
        let simulations =
            Simulations { theta: theta.select(Axis(0), &good), x: x.select(Axis(0), &good) };
        Ok(Simulated { simulations, failed: theta.select(Axis(0), &bad) })
    }
}

impl RoundStage for Stage<'_> {
    type Error = RoundsError;

    fn simulate(&self, round: &Round<'_>) -> Result<Simulated, RoundsError> {
        *self.standing.lock().unwrap_or_else(PoisonError::into_inner) = (round.number, round.size);
        let made = match self.simulator {
            Simulator::Library(simulator) => simulate_round(simulator.source(), round, self.stop)?,
            Simulator::Python(channels) => self.ask(channels, round)?,
        };
        let (found, expected) = (self.x.len(), made.simulations.data_dim());
        if found != expected {
            let simulator = self.name.clone().unwrap_or_else(|| "the simulator".to_owned());
            return Err(RoundsError::Observation { found, expected, simulator });
        }
        Ok(made)
    }

    fn train(
        &self,
        round: &Round<'_>,
        simulated: Simulated,
        local: &Locality,
    ) -> Result<inference::Posterior, RoundsError> {
        let fit = Fit::new(self.prior).seed(round.seed).preset(self.preset);
        let fit = fit.settings(self.settings.clone()).device(self.device).interrupt(self.stop);
        let mut fit = fit.failed_theta(simulated.failed).local(local).missing(self.missing());
        if let Simulator::Library(simulator) = self.simulator
            && let Some(layout) = simulator.layout()
        {
            fit = fit.layout(layout);
        }
        if let Some(folder) = &self.checkpoints {
            // Another simulator's rounds may have been stopped before.
            let data = fingerprint(self.prior, &simulated.simulations);
            fit = fit.checkpoints(folder.join(format!("{:02}-{data}", round.number)));
        }
        if let Some(name) = &self.name {
            fit = fit.task(name.clone());
        }
        Ok(fit.run(simulated.simulations)?)
    }

    fn asking(&self) -> Asking<'_> {
        Asking { anyway: self.anyway, ..Asking::until(self.stop) }
    }
}

/// The posterior of one observation `[C]` in rounds, and their reports as JSON. Either `source` names a task
/// or a `simulator.toml`, or `simulate` is called with theta `[n, D]` and a seed and returns x `[n, C]`,
/// not finite where a simulation failed. `progress` is told the round and its size, every 50 ms.
#[pyfunction]
#[pyo3(signature = (source, prior, simulate, x, *, budget, rounds, seed, preset, file, settings, device, checkpoints, anyway, progress))]
#[expect(clippy::too_many_arguments, reason = "Python names them")]
pub fn infer(
    py: Python<'_>,
    source: Option<String>,
    prior: Option<&Prior>,
    simulate: Option<Bound<'_, PyAny>>,
    x: Vec<f64>,
    budget: usize,
    rounds: Option<usize>,
    seed: u64,
    preset: &str,
    file: Option<PathBuf>,
    settings: Vec<String>,
    device: &str,
    checkpoints: Option<PathBuf>,
    anyway: bool,
    progress: Option<Bound<'_, PyAny>>,
) -> PyResult<(Posterior, String)> {
    let (settings, preset) = (overrides(file, &settings)?, self::preset(preset)?);
    let device = open_device(device)?;
    if budget < RoundPlan::LEAST {
        return Err(PyValueError::new_err(format!(
            "simulations: {budget} are too few; give at least {}",
            RoundPlan::LEAST
        )));
    }
    let plan = RoundPlan::of(budget, rounds);
    let (ask, questions) = channel();
    let (answer, answers) = channel();
    let simulator = match &source {
        Some(name) => {
            let simulator = AnySimulator::open(name).map_err(Raise::raise)?;
            Simulator::Library(Box::new(simulator.with_missing(settings.missing())))
        }
        None => Simulator::Python(Mutex::new((ask, answers))),
    };
    let missing = settings.missing().unwrap_or(simulator.missing());
    check_observation(&x, missing).map_err(Raise::raise)?;
    let prior = match (&simulator, prior) {
        (Simulator::Library(simulator), _) => simulator.prior().clone(),
        (_, Some(prior)) => prior.0.clone(),
        _ => {
            return Err(PyValueError::new_err(
                "prior: give the prior of the simulator's parameters",
            ));
        }
    };
    let standing = Arc::new(Mutex::new((0, 0)));
    let heard = Arc::clone(&standing);
    let work = move |stop: &AtomicBool| {
        let stage = Stage {
            name: source,
            simulator: &simulator,
            prior: &prior,
            x: &x,
            preset,
            settings,
            device,
            checkpoints,
            anyway,
            stop,
            standing: &heard,
        };
        infer_in_rounds((&prior, &x), &plan, rounds.is_none(), seed, &stage)
    };
    let news = |py: Python<'_>| {
        if let Some(progress) = &progress {
            let (round, size) = *standing.lock().unwrap_or_else(PoisonError::into_inner);
            progress.call1((round, size))?;
        }
        if let (Some(simulate), Ok((theta, seed))) = (&simulate, questions.try_recv()) {
            let made = simulate.call1((to_numpy(py, theta), seed))?;
            // Nobody waits for it where the rounds were stopped.
            let _ = answer.send(table(&made, "x")?);
        }
        Ok(())
    };
    let (posterior, reports) = run(py, news, work)?.map_err(Raise::raise)?;
    let reports =
        serde_json::to_string(&reports).map_err(|e| PyRuntimeError::new_err(e.to_string()))?;
    Ok((Posterior(posterior), reports))
}
