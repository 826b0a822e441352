//! Simulators, priors and the benchmark tasks of simulation-based inference.
//!
//! A [`Simulator`] draws data from parameters under a [`Prior`]; [`simulate`] runs it in parallel
//! into [`Simulations`], the same table whatever the thread count; [`Task`] holds the benchmark's
//! simulators with their official observations; [`ExternalSimulator`] runs any program, described by
//! `simulator.toml`; [`simulate_set`] makes sets on disk that resume and extend; [`read_table`] and [`write_table`] exchange
//! arrays with numpy.
//!
//! ```
//! use freeform_simulators::{Task, simulate};
//!
//! let task = Task::by_name("two_moons")?;
//! let batch = simulate(task.simulator(), 1000, 1)?;
//! assert_eq!(batch.simulations.theta.dim(), (1000, 2));
//! let observation = task.observation(1)?;
//! assert_eq!(observation.x.len(), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod any;
mod arrays;
mod draws;
mod external;
mod files;
mod layout;
mod missing;
mod nearest;
mod prior;
mod simulation;
mod tasks;
mod words;

pub use any::AnySimulator;
pub use arrays::{
    ArrayError, Expected, FirstLine, NamedSimulations, Number, Orientation, Simulations, Table,
    TableOptions, beyond_single_precision, data_order, prepare_output, prepare_simulations_output,
    read_table, single_precision, write_arrays, write_csv, write_table,
};
pub use draws::{single_holds, write_draws};
pub use external::{
    ExternalError, ExternalFunction, ExternalSettings, ExternalSimulator, Protocol,
};
pub use files::{
    FileOwnership, Holder, Ownership, OwnershipError, STALE, free_space, holder_of, human_bytes,
    memory, memory_limit, write_atomically, write_bytes_atomically,
};
pub use layout::{DataLayout, DataPart, Layout, LayoutMisfit, PartError};
pub use missing::Missing;
pub use prior::{
    Block, Category, CategoryProbabilities, Conditional, Dirichlet, Marginal, MultivariateNormal,
    OwnLaw, Prior, PriorError, Support, Term,
};
pub use simulation::{
    DrawTheta, FailureCount, FailureKind, FailureReport, FirstFailure, InProcess, Noise, Precision,
    Progress, Proposed, SetError, SetJob, SetRecord, SetReport, SimulateError, SimulatedBatch,
    SimulationError, SimulationRng, SimulationSource, Simulator, SimulatorFn, SourceError,
    check_set, read_theta_failed, simulate, simulate_at, simulate_range, simulate_set,
};
pub use tasks::{
    BenchmarkSimulator, BernoulliGlm, BernoulliGlmModel, BernoulliGlmRaw, DistractorMixture,
    GaussianLinear, GaussianLinearUniform, GaussianMixture, LotkaVolterra, Observation, Sir, Slcp,
    SlcpDistractors, Task, TaskError, TaskInfo, TwoMoons, tasks,
};
pub use words::{counted, tenths, written};
