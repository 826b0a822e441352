//! Judging posteriors: exact reference draws, the classifier two-sample test, plots and tables.

mod c2st;
mod calibration;
mod checks;
mod distances;
mod median;
mod pieces;
mod plots;
mod published;
mod random;
mod reference;
mod results;
mod scores;
mod sealed;
mod support;

pub use c2st::{C2stError, C2stScore, C2stSettings, Classifier, c2st, c2st_in_pieces};
pub use calibration::{
    SIGNIFICANCE, UniformityTest, coverage_band, coverage_p_value, expected_coverage, least_ranks,
    uniformity,
};
pub use checks::{
    ColumnPrediction, EcdfEnvelope, Lc2st, Lc2stError, Lc2stPairs, Lc2stScore, Lc2stSettings,
    Predictive, Recovery, conformal_level, tarp_share,
};
pub use distances::{DistanceError, median_distance, mmd};
pub use pieces::{NoPieces, Pieces};
pub use plots::{
    BudgetCurve, CalibrationPlot, ChecksPlot, CurvePoint, FlowCurve, Line, LinePanel, PairPlot,
    ParameterPanel, PlotError, RoundInterval, budget_figure, budget_figures, calibration_plot,
    checks_plot, line_panels, pair_plot, rounds_plot, training_curves,
};
pub use published::{PublishedScore, published_c2st, published_scores};
pub use reference::{
    Diagnostics, Imported, ReferenceDraws, ReferenceError, ReferenceSource, ReferenceStore,
    import_released, reference_draws,
};
pub use results::{CellSummary, ResultRow, read_results, summarize, write_results};
pub use scores::{ObservationScore, TableError, read_scores, scores_text, write_scores};
pub use support::{Outside, outside};
