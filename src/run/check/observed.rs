//! Checks at one observation: is it like the simulations, is the posterior right there, and can the
//! simulator explain it?

use super::pairs::Pair;
use super::says::{explained, is_unlike, local, not_local, standing};
use super::{CheckJob, Finding, PairJob};
use crate::report::ParameterSummary;
use crate::run::directory::create_folder;
use crate::run::interruptible::interruptible;
use crate::run::{RunError, failure_warning, plot as draw};
use freeform_benchmark::{
    Lc2st, Lc2stPairs, Lc2stScore, Lc2stSettings, PairPlot, Predictive, pair_plot,
};
use freeform_inference::{Asking, Draws, Posterior, PosteriorError};
use freeform_simulators::{AnySimulator, Simulations, simulate_at};
use ndarray::{Array2, ArrayView2, Axis};
use serde::{Deserialize, Serialize};
use std::sync::atomic::Ordering;

/// Posterior draws at an observation.
const DRAWS: usize = 2000;
/// Of them, those that are simulated.
const SIMULATED: usize = 500;
/// Fewer simulations that have what was measured are not compared with it.
const LEAST_COMPARED: usize = 100;
/// Wider data are replaced by the learnt summary in the local test: classifiers see more in few
/// numbers that say much.
const WIDEST: usize = 20;

/// An observation to look at.
#[derive(Clone, Debug, PartialEq)]
pub struct ToCheck {
    /// What it is called: `observation 3`, `x.csv`.
    pub name: String,
    /// `[C]`.
    pub x: Vec<f64>,
    /// True parameters where they are known, `[D]`.
    pub truth: Option<Vec<f64>>,
}

/// What was found at one observation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObservedCheck {
    /// What it is called.
    pub name: String,
    /// The posterior's marginals.
    pub marginals: Vec<ParameterSummary>,
    /// Its pair plot, in the folder `plots`.
    pub plot: String,
    /// What is unusual about it and its draws, in words.
    pub warnings: Vec<String>,
    /// How many independent draws the draws are worth.
    pub effective: f64,
    /// Shape of the weights' tail.
    pub pareto_k: Option<f64>,
    /// The local classifier test; `None` where there were too few pairs.
    pub lc2st: Option<Lc2stScore>,
    /// Simulations at the posterior's parameters; `None` where there is nothing to simulate with.
    pub predictive: Option<Predictive>,
    /// What that means.
    pub findings: Vec<Finding>,
}

/// Looks at the observations, one after the other.
pub(super) struct Observing<'a> {
    job: &'a CheckJob<'a>,
    local: Option<Lc2st>,
}

impl<'a> Observing<'a> {
    /// Trains the local test's classifiers, if there is any observation to use them at.
    pub fn new(job: &'a CheckJob, pairs: &[Pair]) -> Result<Self, RunError> {
        if job.observations.is_empty() || pairs.len() < Lc2st::LEAST {
            return Ok(Self { job, local: None });
        }
        let PairJob { posterior, simulations, interrupt, reporter, seed, .. } = &job.pairs;
        reporter.say("training the classifiers of the local test (L-C2ST)");
        let features = features(posterior, simulations.x.view())?;
        let draws: Vec<f64> = pairs.iter().flat_map(|pair| pair.draw.iter().copied()).collect();
        let draws = ArrayView2::from_shape(simulations.theta.dim(), &draws);
        let draws = draws.map_err(std::io::Error::other)?;
        let given = Lc2stPairs { theta: simulations.theta.view(), draws, x: features.view() };
        let settings = Lc2stSettings { seed: *seed, ..Lc2stSettings::default() };
        match Lc2st::train(&given, &settings, interrupt) {
            Ok(local) => Ok(Self { job, local: Some(local) }),
            Err(freeform_benchmark::Lc2stError::Interrupted) => Err(stopped(job)),
            Err(error) => Err(error.into()),
        }
    }

    /// All observations.
    pub fn observe(mut self) -> Result<Vec<ObservedCheck>, RunError> {
        self.job.observations.iter().map(|observation| self.at(observation)).collect()
    }

    fn at(&mut self, observation: &ToCheck) -> Result<ObservedCheck, RunError> {
        let job = self.job;
        if job.pairs.interrupt.load(Ordering::Relaxed) {
            return Err(stopped(job));
        }
        job.pairs.reporter.say(&format!("looking at {}", observation.name));
        let posterior = job.pairs.posterior;
        let asking = Asking { anyway: true, ..Asking::until(job.pairs.interrupt) };
        let draws = match posterior.sample_as(&observation.x, DRAWS, job.pairs.seed, &asking) {
            Err(PosteriorError::Interrupted) => return Err(stopped(job)),
            draws => draws?,
        };
        let warnings = draws.warnings();
        for warning in &warnings {
            job.pairs.reporter.warn(&format!("{}: {warning}", observation.name));
        }
        let lc2st = match &mut self.local {
            None => None,
            Some(local) => {
                let x = ArrayView2::from_shape((1, observation.x.len()), &observation.x);
                let features = features(posterior, x.map_err(std::io::Error::other)?)?;
                Some(local.at(draws.theta.view(), &features.row(0).to_vec())?)
            }
        };
        let predictive = self.predictive(observation, &draws)?;
        let (plot, marginals) = self.picture(observation, &draws)?;
        let mut findings = vec![standing(&draws, &warnings)];
        findings.extend(lc2st.as_ref().map(|score| match is_unlike(&draws) {
            true => not_local(),
            false => local(score),
        }));
        let layout = posterior.model().layout();
        findings.extend(predictive.as_ref().map(|p| explained(p, &layout)));
        Ok(ObservedCheck {
            name: observation.name.clone(),
            effective: draws.effective,
            pareto_k: draws.pareto_k,
            marginals,
            plot,
            findings: findings.into_iter().map(|f| f.at(&observation.name)).collect(),
            warnings,
            lc2st,
            predictive,
        })
    }

    /// Draws the posterior; the name of the plot, and the marginals in numbers.
    fn picture(
        &self,
        observation: &ToCheck,
        draws: &Draws,
    ) -> Result<(String, Vec<ParameterSummary>), RunError> {
        let prior = &self.job.pairs.posterior.model().prior;
        let truth = observation.truth.as_deref();
        // Observations of one name are told apart by what they are.
        let bytes: Vec<u8> = observation.x.iter().flat_map(|v| v.to_le_bytes()).collect();
        let name = format!("checked-{}.svg", &blake3::hash(&bytes).to_hex()[..8]);
        let folder = self.job.pairs.folder.join("plots");
        create_folder(&folder)?;
        let plot = PairPlot {
            title: &observation.name,
            names: prior.names(),
            posterior: draws.theta.view(),
            reference: None,
            truth,
            prior: Some(prior),
        };
        draw(&folder.join(&name), |path| pair_plot(path, &plot))?;
        Ok((name, ParameterSummary::of(prior, draws.theta.view(), truth)))
    }

    /// Simulates at some of the draws, or reads what an earlier call simulated.
    fn predictive(
        &self,
        observation: &ToCheck,
        draws: &Draws,
    ) -> Result<Option<Predictive>, RunError> {
        let job = self.job;
        let Some(open) = job.simulator else { return Ok(None) };
        let step = DRAWS / SIMULATED;
        let rows: Vec<usize> = (0..SIMULATED).map(|i| i * step).collect();
        let theta = draws.theta.select(Axis(0), &rows);
        let simulator = open()?;
        let mut hasher = blake3::Hasher::new();
        hasher.update(format!("{} {}", simulator.source().identity(), job.pairs.seed).as_bytes());
        theta.iter().for_each(|v| {
            hasher.update(&v.to_le_bytes());
        });
        let name = format!("predictive-{}.npz", &hasher.finalize().to_hex()[..16]);
        let path = job.pairs.folder.join("calibration").join(name);
        let width = simulator.source().data_dim();
        let known = Simulations::read(&path).ok().filter(|known| known.x.ncols() == width);
        let simulated = match known {
            Some(known) => known.x,
            None => {
                let seed = job.pairs.seed;
                let work = move || simulated(&simulator, &theta, seed);
                let batch =
                    interruptible(job.pairs.interrupt, work).ok_or_else(|| stopped(job))??;
                let failed = failure_warning(&batch.failures);
                failed.iter().for_each(|failed| job.pairs.reporter.warn(failed));
                batch.simulations.write(&path)?;
                batch.simulations.x
            }
        };
        let Some((simulated, places)) = compared(simulated, &observation.x) else {
            return Ok(None);
        };
        let x: Vec<f64> = places.iter().map(|at| observation.x[*at]).collect();
        let mut predictive = Predictive::of(simulated.view(), &x);
        predictive.columns.iter_mut().for_each(|c| c.column = places[c.column - 1] + 1);
        Ok(Some(predictive))
    }
}

fn simulated(
    simulator: &AnySimulator,
    theta: &Array2<f64>,
    seed: u64,
) -> Result<freeform_simulators::SimulatedBatch, RunError> {
    Ok(match simulator {
        AnySimulator::Task(task) => simulate_at(task.simulator(), theta.view(), seed)?,
        AnySimulator::External(program) => program.simulate_at(theta.view(), seed)?,
    })
}

fn stopped(job: &CheckJob) -> RunError {
    let path = job.pairs.folder.join("calibration").display().to_string();
    RunError::CalibrationInterrupted { path }
}

/// Simulations in the numbers of an observation that were measured, and which these are, where enough
/// simulations have all of them: of an observation without gaps, all. A set's trials are any: those of a smaller one are compared
/// with the first ones of a larger.
fn compared(simulated: Array2<f64>, x: &[f64]) -> Option<(Array2<f64>, Vec<usize>)> {
    let present: Vec<usize> = (0..x.len()).filter(|at| !x[*at].is_nan()).collect();
    if present.len() == simulated.ncols() && simulated.iter().all(|v| !v.is_nan()) {
        return Some((simulated, present));
    }
    if present.last().is_none_or(|last| *last >= simulated.ncols()) {
        return None;
    }
    let simulated = simulated.select(Axis(1), &present);
    let whole = |row: &usize| simulated.row(*row).iter().all(|v| !v.is_nan());
    let rows: Vec<usize> = (0..simulated.nrows()).filter(whole).collect();
    (rows.len() >= LEAST_COMPARED).then(|| (simulated.select(Axis(0), &rows), present))
}

/// What the classifiers see of x.
fn features(posterior: &Posterior, x: ArrayView2<f64>) -> Result<Array2<f64>, RunError> {
    let gaps = posterior.model().config.transform.missing.is_allowed();
    if x.ncols() <= WIDEST && !gaps {
        return Ok(x.to_owned());
    }
    let mut rows = Vec::new();
    for row in x.rows() {
        match posterior.summary(&row.to_vec())? {
            Some(summary) => rows.extend(summary),
            // What is missing says nothing then.
            None => return Ok(x.mapv(|v| if v.is_nan() { 0.0 } else { v })),
        }
    }
    let width = rows.len() / x.nrows().max(1);
    Ok(Array2::from_shape_vec((x.nrows(), width), rows).map_err(std::io::Error::other)?)
}
