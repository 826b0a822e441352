//! Amortised posteriors by free-form flows (Draxler, Sorrenson et al. 2024).
//!
//! You have a simulator x ~ p(x | θ) and a prior p(θ), and want the posterior p(θ | x) of any
//! observation x; there is no likelihood. From simulations, [`Fit`] learns it: an encoder f(θ; x) and
//! a decoder g(z; x), any dimension-preserving networks, trained by maximum likelihood with an
//! estimated change of variables and a reconstruction term (the paper's Algorithm 1). The
//! [`Posterior`] that comes out draws and evaluates log p(θ | x) for any x, at once.
//!
//! ```
//! use freeform_inference::Fit;
//! use freeform_simulators::{Marginal, Prior, SimulationError, SimulationRng, Simulator, simulate};
//! use rand_distr::{Distribution, Poisson};
//!
//! /// Counts of a source of unknown rate in five equal intervals.
//! struct Counter(Prior);
//!
//! impl Simulator for Counter {
//!     fn prior(&self) -> &Prior {
//!         &self.0
//!     }
//!     fn data_dim(&self) -> usize {
//!         5
//!     }
//!     fn simulate(
//!         &self,
//!         theta: &[f64],
//!         rng: &mut SimulationRng,
//!         x: &mut [f64],
//!     ) -> Result<(), SimulationError> {
//!         let counts = Poisson::new(theta[0]).map_err(SimulationError::new)?;
//!         x.fill_with(|| counts.sample(rng));
//!         Ok(())
//!     }
//! }
//!
//! let prior = Prior::independent([("rate", Marginal::Gamma { shape: 4.0, rate: 0.5 })])?;
//! let simulator = Counter(prior.clone());
//! let simulations = simulate(&simulator, 500, 1)?.simulations;
//! let fit = Fit::new(&prior).seed(1);
//! // A short training for a short example.
//! let fit = fit.set("training.max_epochs=3")?.set("training.members=1")?;
//! let posterior = fit.set("whitening.steps=100")?.run(simulations)?;
//!
//! let x = [6.0, 9.0, 7.0, 8.0, 10.0];
//! let draws = posterior.sample(&x, 1000, 1)?;
//! assert_eq!(draws.theta.dim(), (1000, 1));
//! let log_prob = posterior.log_prob(&draws.theta.view(), &x, 1)?;
//! assert_eq!(log_prob.len(), 1000);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The names
//! - **Learning**: [`Fit`] with its [`Overrides`] over a [`Preset`] (all settings: [`Config`]),
//!   [`FitProgress`], [`FitError`].
//! - **Asking**: [`Posterior`], its [`Draws`] and [`LogProb`], the observation's [`Distance`] from the
//!   simulations, [`Asking`] in other ways, [`PosteriorError`].
//! - **Checking**: [`rank_simulations`], for calibration and coverage.
//! - **Weighing**: [`effective_number`] and [`pareto_k`] of importance weights.
//! - **Keeping**: [`Model`], a folder that the command line and the Python package read and write too.
//! - **Devices**: [`EngineKind`], [`DeviceError`].
//!
//! For those who build on it: [`engine`] is the arithmetic (with a network of one's own over `Dual`,
//! feature `burn`), [`network`] the description that engines share, [`flow`] a flow's exact
//! densities, [`training`] the loop with its checkpoints and hosts.
//!
//! Nothing here knows a screen, the layout of a run's folder, or a signal: a caller hands in a flag
//! that interrupts, and a function that is told of progress.

mod classifier;
mod config;
pub mod engine;
mod fit;
pub mod flow;
mod gain;
mod law;
mod masks;
mod model;
pub mod network;
mod perceptron;
mod posterior;
mod random;
mod rounds;
mod summary;
pub mod training;
mod transform;
mod trials;
mod turn;
mod typical;
mod view;
mod whitening;
mod work;

pub use config::{
    Config, ConfigError, Correction, DataTransform, LogDetChoice, LossConfig, NetworkConfig,
    OptimizerConfig, Overrides, Place, PosteriorConfig, Preset, Problem, Schedule, Setting,
    ThetaTransform, TrainingConfig, TransformConfig, WhiteningConfig, WhiteningKind,
};
pub use engine::{DeviceError, EngineKind, EngineNameError, Gpu, GraphicsApi, guarded};
pub use fit::{Fit, FitError, FitProgress, OnProgress, assemble, failed_rows, fingerprint};
pub use masks::Masks;
pub use model::{
    CorrectionSummary, FORMAT_VERSION, LearntSummary, LocalSummary, MemberSummary, Model,
    ModelError, TrainingSummary,
};
pub use posterior::{
    Asking, DrawProgress, Draws, EdgeMass, LogProb, Posterior, PosteriorError, RANKED_DRAWS,
    RANKED_WORTH, Ranked, Ranks, check_observation, effective_number, pareto_k, rank_simulation,
    rank_simulations, rank_with_draws,
};
pub use rounds::{
    Locality, Outlook, Proposals, ProposedBy, Region, Round, RoundPlan, RoundReport, RoundStage,
    Rounds, RoundsError, RoundsLaw, Simulated, infer, simulate_round,
};
pub use transform::{Beyond, Distance};
pub use typical::{Misfit, Outlyingness, Standing};
pub use view::GapsStanding;
pub use work::{Halt, Saver, Unwatched, Work};
