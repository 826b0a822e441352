//! What is remembered of a submission.

use serde::{Deserialize, Serialize};

/// An array in Slurm's hands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmittedArray {
    /// Slurm's id.
    pub job: String,
    /// Plan indices, in the order of the array's.
    pub indices: Vec<usize>,
}
