//! Simulation-based inference with free-form flows (Draxler, Sorrenson et al. 2024): everything a
//! Rust user needs, under one name. The program `freeform` is built from the same parts.
//!
//! ```
//! use freeform_sbi::{Fit, Task, simulate};
//!
//! let task = Task::by_name("two_moons")?;
//! let simulations = simulate(task.simulator(), 500, 1)?.simulations;
//! let fit = Fit::new(task.prior()).seed(1);
//! // A short training for a short example.
//! let fit = fit.set("training.max_epochs=3")?.set("training.members=1")?;
//! let posterior = fit.set("whitening.steps=100")?.run(simulations)?;
//! let draws = posterior.sample(&[0.1, -0.2], 100, 1)?;
//! let log_prob = posterior.log_prob(&draws.theta.view(), &[0.1, -0.2], 1)?;
//! assert_eq!((draws.theta.dim(), log_prob.len()), ((100, 2), 100));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The crates beneath it: `freeform-simulators` (priors, simulators, tables), `freeform-inference`
//! (what learns), `freeform-benchmark` (reference posteriors, C2ST, plots).

#[doc(hidden)]
pub mod cli;
pub mod grid;
pub mod report;
pub mod run;

pub use freeform_benchmark::{C2stSettings, c2st};
pub use freeform_inference::{
    Asking, Distance, DrawProgress, Draws, EngineKind, Fit, FitError, FitProgress, LogProb, Model,
    Overrides, Posterior, PosteriorError, Preset,
};
pub use freeform_simulators::{
    Block, Category, CategoryProbabilities, Conditional, Dirichlet, Marginal, MultivariateNormal,
    OwnLaw, Prior, PriorError, Support, Term,
};
pub use freeform_simulators::{
    SimulationError, SimulationRng, Simulations, Simulator, SimulatorFn, Task, read_table,
    simulate, write_table,
};
pub use ndarray;
