//! Learning a posterior from simulations, in one call.

mod assemble;
mod error;
mod identity;
mod judge;
mod watch;

pub use assemble::assemble;
pub use error::FitError;
pub use identity::fingerprint;
pub use watch::{FitProgress, OnProgress};

use crate::config::{Config, Overrides, Preset, Problem};
use crate::engine::{EngineKind, guarded};
use crate::posterior::Posterior;
use crate::rounds::Locality;
use crate::training::{CheckpointFolder, EnsemblePlan, ThetaOrigin, TrainingData, train_ensemble};
use freeform_simulators::{DataLayout, Missing, Prior, Simulations};
use ndarray::{Array2, Axis, concatenate};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use watch::Watcher;

/// How to learn a posterior: a prior, and what differs from the defaults.
///
/// ```
/// use freeform_inference::Fit;
/// use freeform_simulators::{Task, simulate};
///
/// let task = Task::by_name("two_moons")?;
/// let simulations = simulate(task.simulator(), 500, 1)?.simulations;
/// let posterior = Fit::new(task.prior())
///     .seed(1)
///     // A short training for a short example.
///     .set("training.max_epochs=3")?
///     .set("training.members=1")?
///     .set("whitening.steps=100")?
///     .run(simulations)?;
/// let draws = posterior.sample(&[0.1, -0.2], 100, 1)?;
/// assert_eq!(draws.theta.dim(), (100, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Fit<'a> {
    prior: &'a Prior,
    theta_from: Option<&'a Prior>,
    failed_theta: Option<Array2<f64>>,
    local: Option<&'a Locality>,
    task: Option<String>,
    layout: Option<DataLayout>,
    missing: Missing,
    seed: u64,
    preset: Preset,
    settings: Overrides,
    device: EngineKind,
    checkpoints: Option<PathBuf>,
    interrupt: Option<&'a AtomicBool>,
    progress: Option<OnProgress<'a>>,
}

impl<'a> Fit<'a> {
    /// A fit under `prior`, from which the simulations' parameters were drawn: seed 1, the
    /// recommended settings, the CPU.
    #[must_use]
    pub fn new(prior: &'a Prior) -> Self {
        Self {
            prior,
            theta_from: None,
            failed_theta: None,
            local: None,
            task: None,
            layout: None,
            missing: Missing::Failed,
            seed: 1,
            preset: Preset::default(),
            settings: Overrides::default(),
            device: EngineKind::default(),
            checkpoints: None,
            interrupt: None,
            progress: None,
        }
    }

    /// The law that the simulations' parameters were drawn from, where it is not the prior: the
    /// posterior is still the one under the prior. Simulations outside the prior's support are left
    /// out.
    #[must_use]
    pub fn theta_from(self, law: &'a Prior) -> Self {
        Self { theta_from: Some(law), ..self }
    }

    /// Parameters `[m, D]` whose simulations failed. Where failing depends on them, simulations that
    /// succeeded follow another law than the prior: P(success | θ) is learnt and counted in, as for an
    /// observation whose being there says that it succeeded. Rows whose x is not finite count too,
    /// without being given here.
    #[must_use]
    pub fn failed_theta(self, theta: Array2<f64>) -> Self {
        Self { failed_theta: Some(theta), ..self }
    }

    /// The simulations were made for one observation, in the part of the prior's support that this
    /// says.
    #[must_use]
    pub fn local(self, local: &'a Locality) -> Self {
        Self { local: Some(local), ..self }
    }

    /// What the numbers of x are to each other, as the simulations' arrays say; settings have the last
    /// word.
    #[must_use]
    pub fn layout(self, layout: DataLayout) -> Self {
        Self { layout: Some(layout), ..self }
    }

    /// What a NaN in x means, as the simulator says; settings have the last word.
    #[must_use]
    pub fn missing(self, missing: Missing) -> Self {
        Self { missing, ..self }
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

    /// Settings that replace the preset's; replaces those given before.
    #[must_use]
    pub fn settings(self, settings: Overrides) -> Self {
        Self { settings, ..self }
    }

    /// One more setting, `section.key=value`.
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

    /// Names the benchmark task, or the `simulator.toml`, whose simulations these are: the model
    /// remembers it.
    #[must_use]
    pub fn task(self, name: impl Into<String>) -> Self {
        Self { task: Some(name.into()), ..self }
    }

    /// A folder for checkpoints: the same fit, interrupted or killed, goes on from there and ends
    /// in the very same posterior.
    #[must_use]
    pub fn checkpoints(self, folder: impl Into<PathBuf>) -> Self {
        Self { checkpoints: Some(folder.into()), ..self }
    }

    /// A flag that stops the fit when it is set, with [`FitError::Interrupted`].
    #[must_use]
    pub fn interrupt(self, flag: &'a AtomicBool) -> Self {
        Self { interrupt: Some(flag), ..self }
    }

    /// Told after every step of every flow, from the threads that train them.
    #[must_use]
    pub fn progress(self, progress: OnProgress<'a>) -> Self {
        Self { progress: Some(progress), ..self }
    }

    /// Trains on simulations; rows that are not finite are left out, but for NaN in x where
    /// `transform.missing` is `allowed`: numbers that were not measured.
    ///
    /// # Errors
    /// [`FitError`]: wrong settings, unusable simulations, a training that diverged or was stopped.
    pub fn run(&self, simulations: Simulations) -> Result<Posterior, FitError> {
        let problem = Problem::of(&simulations).laid_out(self.layout.clone());
        let problem = problem.with_missing(self.missing);
        let config = self.settings.resolve(self.preset, &problem)?;
        let missing = config.transform.missing;
        let failed = self.all_failed(&simulations, missing);
        let rows = simulations.usable_rows(missing);
        let simulations = simulations.rows(&rows);
        let problem = Problem { simulations: simulations.len(), ..problem };
        let config = self.settings.resolve(self.preset, &problem)?;
        let config = Locality::settle(self.local, config, &self.settings);
        config.network_spec(problem.theta_dim, problem.context_dim).validate()?;
        config
            .check_memory(&problem, rayon::current_num_threads(), freeform_simulators::memory())
            .map_err(|error| self.settings.placed(error))?;
        let identity = self.identity(&config, &simulations);
        let checkpoints = match &self.checkpoints {
            None => None,
            Some(path) => {
                let folder = CheckpointFolder::new(path, &identity);
                Some(folder.map_err(crate::training::EnsembleError::from)?)
            }
        };
        let mut watcher = Watcher {
            members: 0,
            checkpoints: checkpoints.as_ref(),
            interrupt: self.interrupt,
            progress: self.progress,
        };
        let origin = ThetaOrigin {
            prior: self.prior,
            drawn_from: self.theta_from,
            failed: failed.as_ref(),
            local: self.local,
            rows: Some(&rows),
        };
        let data = TrainingData::prepare(simulations, &origin, &config, self.seed, &watcher)?;
        watcher.members = EnsemblePlan::of(&config, &data).trainings();
        let trained = train_ensemble(&data, &config, self.seed, self.device, &identity, &watcher)?;
        let trained = trained.ok_or(FitError::Interrupted)?;
        let named = (&origin, self.task.clone());
        let model = guarded(self.device, || {
            assemble(&trained, &data, named, &config, self.seed, self.device, &watcher)
        })??;
        if let Some(checkpoints) = &checkpoints {
            checkpoints.clear_pieces();
        }
        Ok(Posterior::new(model, self.device))
    }

    /// The θ given as failed, and those of rows whose x says so.
    fn all_failed(&self, simulations: &Simulations, missing: Missing) -> Option<Array2<f64>> {
        let found = failed_rows(simulations, missing);
        match &self.failed_theta {
            Some(given) if given.ncols() == found.ncols() => {
                Some(concatenate(Axis(0), &[given.view(), found.view()]).unwrap_or(found))
            }
            _ => (found.nrows() > 0).then_some(found),
        }
    }

    /// Everything that determines the result, hashed; without checkpoints nobody asks.
    fn identity(&self, config: &Config, simulations: &Simulations) -> String {
        if self.checkpoints.is_none() {
            return String::new();
        }
        let data = fingerprint(self.prior, simulations);
        let mut text = format!("{config:?} {data} {}", self.seed);
        if let Some(law) = self.theta_from {
            text += &law.identity();
        }
        if let Some(local) = self.local {
            text += &local.identity();
        }
        blake3::hash(text.as_bytes()).to_hex().to_string()
    }
}

/// θ of the rows whose x holds what `missing` does not admit, `[m, D]`: their simulations failed.
#[must_use]
pub fn failed_rows(simulations: &Simulations, missing: Missing) -> Array2<f64> {
    let finite = |row: usize| simulations.theta.row(row).iter().all(|v| v.is_finite());
    let usable = |row: usize| simulations.x.row(row).iter().all(|v| missing.admits(*v));
    let failed = |row: &usize| finite(*row) && !usable(*row);
    let rows: Vec<usize> = (0..simulations.len()).filter(failed).collect();
    simulations.theta.select(Axis(0), &rows)
}
