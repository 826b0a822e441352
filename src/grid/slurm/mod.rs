//! The Slurm scheduler: arrays of `freeform grid task`, submitted, watched and cancelled through
//! Slurm's own commands. Its accounting database is not needed.

mod array;
mod commands;
mod queue;
mod script;
mod submission;

pub use array::SubmittedArray;
pub use queue::{Queue, QueuedTask, cancel_jobs, queue_of};
pub use submission::{Submission, SubmitOptions, submit};
