//! Judging posteriors: exact reference draws, the classifier two-sample test, plots and tables.

mod c2st;
mod plots;
mod random;
mod reference;
mod scores;

pub use c2st::{C2stError, C2stScore, C2stSettings, Classifier, c2st};
pub use plots::{CurvePoint, PairPlot, PlotError, pair_plot, training_curves};
pub use reference::{Diagnostics, ReferenceDraws, ReferenceError, reference_draws};
pub use scores::{TableError, read_scores, write_scores};
