//! What can be wrong with two sets of draws.

use freeform_simulators::{counted, written};

/// Two sets that cannot be tested.
#[derive(Debug, thiserror::Error)]
pub enum C2stError {
    /// Different dimensions, or none.
    #[error("X has {}, Y has {y}: both must hold the same parameters, at least one", counted(*.x, "column"))]
    Columns {
        /// Columns of X.
        x: usize,
        /// Columns of Y.
        y: usize,
    },
    /// Nothing to learn from.
    #[error(
        "{set} has {}; at least {least} are needed for {least} folds",
        counted(*.rows, "row")
    )]
    TooFewRows {
        /// Which set.
        set: &'static str,
        /// Its rows.
        rows: usize,
        /// The least number.
        least: usize,
    },
    /// A hole, or a number beyond single precision.
    #[error(
        "row {}, column {} of {set} holds {value:?}: all numbers must be finite, and within single \
         precision (3.4e38)", row + 1, column + 1
    )]
    NotFinite {
        /// Which set.
        set: &'static str,
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        column: usize,
        /// What stands there.
        value: f64,
    },
    /// No scale to divide by.
    #[error("column {} of X is constant ({}), so it gives no scale: leave it out", column + 1, written(*value))]
    Constant {
        /// Column, from 0.
        column: usize,
        /// Its value.
        value: f64,
    },
    /// A z-score that the classifier cannot work with.
    #[error(
        "row {}, column {} of {set} lies {z:.1e} standard deviations of X from its mean: the \
         classifier cannot be trained on such numbers; leave the row out or rescale the column",
        row + 1, column + 1
    )]
    TooFar {
        /// Which set.
        set: &'static str,
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        column: usize,
        /// Standard deviations.
        z: f64,
    },
    /// Fewer than two folds.
    #[error("{folds} folds are too few: cross-validation needs at least 2")]
    Folds {
        /// Folds asked for.
        folds: usize,
    },
    /// The logistic regression failed.
    #[error("logistic regression: {0}")]
    Logistic(String),
    /// What was done so far could not be kept.
    #[error("a state of the classifier cannot be kept: {0}")]
    Pieces(String),
    /// The caller asked to stop.
    #[error("interrupted")]
    Interrupted,
}
