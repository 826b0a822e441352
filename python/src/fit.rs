//! Learning a posterior.

use crate::arrays::table;
use crate::errors::Raise;
use crate::posterior::{Posterior, open_device};
use crate::prior::Prior;
use crate::work::run;
use freeform_inference as inference;
use freeform_inference::{Fit, FitError, FitProgress, Overrides, Preset};
use freeform_simulators::{AnySimulator, DataLayout, Missing, Simulations};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where all flows of a fit stand.
#[derive(Default)]
struct Standing {
    /// Steps done, planned, and validation NLL, by flow.
    flows: BTreeMap<String, (usize, usize, Option<f64>)>,
    /// Flows in all.
    members: usize,
}

impl Standing {
    fn hear(&mut self, progress: &FitProgress) {
        self.members = progress.members;
        let now = (progress.step, progress.total_steps, progress.validation_nll);
        self.flows.insert(progress.member.to_string(), now);
    }

    /// Steps done and planned over all flows, those not begun included; flows begun; flows in all;
    /// the mean validation NLL of the posterior's flows.
    fn report(&self) -> (usize, usize, usize, usize, Option<f64>) {
        let done = self.flows.values().map(|flow| flow.0).sum();
        let longest = self.flows.values().map(|flow| flow.1).max().unwrap_or(0);
        let known: usize = self.flows.values().map(|flow| flow.1).sum();
        let planned = known + longest * (self.members - self.flows.len());
        let posterior = self.flows.iter().filter(|(name, _)| name.starts_with("posterior"));
        let judged: Vec<f64> = posterior.filter_map(|(_, flow)| flow.2).collect();
        let mean = judged.iter().sum::<f64>() / judged.len() as f64;
        (done, planned, self.flows.len(), self.members, (!judged.is_empty()).then_some(mean))
    }
}

fn locked(standing: &Mutex<Standing>) -> MutexGuard<'_, Standing> {
    standing.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Settings as a user gives them.
pub fn overrides(file: Option<PathBuf>, settings: &[String]) -> PyResult<Overrides> {
    let mut overrides = match file {
        Some(path) => Overrides::read(&path).map_err(Raise::raise)?,
        None => Overrides::default(),
    };
    for assignment in settings {
        overrides.set(assignment).map_err(Raise::raise)?;
    }
    Ok(overrides)
}

pub fn preset(name: &str) -> PyResult<Preset> {
    match name {
        "recommended" => Ok(Preset::Recommended),
        "paper" => Ok(Preset::Paper),
        other => {
            let text = format!("preset: \"{other}\" is none; choose \"recommended\" or \"paper\"");
            Err(PyValueError::new_err(text))
        }
    }
}

/// Learns a posterior from theta `[n, D]` and x `[n, C]`. `settings` are `section.key=value`;
/// `task` is the simulator's name, or a `simulator.toml`, whose layout of x holds; `shape` is what the rows of x were in
/// an array of more dimensions, `missing` what NaN in x means; `progress` is told where the fit stands, every 50 ms.
#[pyfunction]
#[pyo3(signature = (prior, theta, x, *, seed, preset, file, settings, device, checkpoints, task, shape, missing, progress))]
#[expect(clippy::too_many_arguments, reason = "Python names them")]
pub fn fit(
    py: Python<'_>,
    prior: &Prior,
    theta: &Bound<'_, PyAny>,
    x: &Bound<'_, PyAny>,
    seed: u64,
    preset: &str,
    file: Option<PathBuf>,
    settings: Vec<String>,
    device: &str,
    checkpoints: Option<PathBuf>,
    task: Option<String>,
    shape: Option<Vec<usize>>,
    missing: &str,
    progress: Option<Bound<'_, PyAny>>,
) -> PyResult<Posterior> {
    let (overrides, preset) = (overrides(file, &settings)?, self::preset(preset)?);
    let device = open_device(device)?;
    let simulations = Simulations::new(table(theta, "theta")?, table(x, "x")?);
    let simulations = simulations.map_err(Raise::raise)?;
    let prior = prior.0.clone();
    let missing = Missing::by_name(missing)
        .ok_or_else(|| PyValueError::new_err("missing: write \"failed\" or \"allowed\""))?;
    let named = task.as_deref().filter(|name| Path::new(name).exists());
    let simulator = named.map(AnySimulator::open).transpose().map_err(Raise::raise)?;
    let stated = simulator.as_ref().and_then(AnySimulator::layout);
    let layout = stated.or_else(|| DataLayout::of_lengths(&shape?));
    let standing = Arc::new(Mutex::new(Standing::default()));
    let heard = Arc::clone(&standing);
    let work = move |stop: &_| -> Result<inference::Posterior, FitError> {
        let hear = |progress: &FitProgress| locked(&heard).hear(progress);
        let mut fit = Fit::new(&prior).seed(seed).preset(preset).settings(overrides);
        fit = fit.device(device).interrupt(stop).progress(&hear).missing(missing);
        if let Some(folder) = checkpoints {
            fit = fit.checkpoints(folder);
        }
        if let Some(task) = task {
            fit = fit.task(task);
        }
        if let Some(layout) = layout {
            fit = fit.layout(layout);
        }
        fit.run(simulations)
    };
    let news = |_: Python<'_>| match &progress {
        None => Ok(()),
        Some(progress) => {
            let report = locked(&standing).report();
            progress.call1(report).map(drop)
        }
    };
    let fitted = run(py, news, work)?.map_err(Raise::raise)?;
    Ok(Posterior(Arc::new(fitted)))
}
