//! Any program as a simulator, described by `simulator.toml`.
//!
//! # The line protocol (`protocol = "lines"`)
//! A worker is started once and serves until its standard input ends. It is sent simulations, one
//! a line, and an empty line after each batch:
//!
//! ```text
//! INDEX SEED θ1 θ2 … θD
//! ```
//!
//! For each it writes one line to standard output, in any order, flushed at the empty line at the
//! latest:
//!
//! ```text
//! INDEX x1 x2 … xC          or          INDEX error MESSAGE
//! ```
//!
//! INDEX says which simulation an answer belongs to, so that nothing a program prints beside its
//! answers is taken for data: such lines are passed over and counted ([`Noise`](crate::Noise)), unless
//! they consist of numbers. SEED, a whole number below 2⁵³, belongs to that simulation: a worker
//! that draws all its randomness from it gives the same table whatever the number of workers, the
//! batches and the interruptions. Standard error is free for messages; its end is kept for error
//! reports.
//!
//! # Files (`protocol = "files"`)
//! The command is run once for each batch, with `{theta}` and `{x}` replaced by paths: it reads
//! `[k, D]` float64 from the first and writes `[k, C]` to the second, both `.npy`. `{seeds}`, if
//! mentioned, names an `.npy` of k int64 seeds; `{seed}`, with `batch = 1`, is the seed itself.

mod answers;
mod batch;
mod conversation;
mod error;
mod files;
mod function;
mod pool;
mod process;
mod runner;
mod settings;
mod simulator;
mod start;
mod watcher;
mod worker;

pub(crate) use conversation::Conversation;
pub use error::ExternalError;
pub use function::ExternalFunction;
pub use settings::{ExternalSettings, Protocol};
pub use simulator::ExternalSimulator;
pub(crate) use simulator::named_file;
