//! What a user is told of a training.

use crate::run::Reporter;
use freeform_inference::training::TrainingData;
use freeform_inference::{Config, TrainingSummary};
use freeform_simulators::written;

/// Tells what came of a training; what there was to say of its simulations has been said.
pub(super) fn tell(summary: &TrainingSummary, data: &TrainingData, reporter: Reporter) {
    let known: Vec<String> = data.findings().iter().map(ToString::to_string).collect();
    let news = summary.remarks.iter().filter(|remark| !known.contains(remark));
    news.for_each(|remark| reporter.warn(remark));
    let news = summary.notes.iter().filter(|note| data.view_remark() != Some(note));
    news.for_each(|note| reporter.say(&format!("note: {note}")));
}

/// Tells of columns of x that the networks do not see.
pub(super) fn warn_of_columns(data: &TrainingData, config: &Config, reporter: Reporter) {
    let layout = data.layout(config);
    let transform = data.data();
    let plain = data.view_remark().is_none();
    let what = if plain { "column" } else { "statistic" };
    // A statistic that does not vary is no fault of anybody's.
    for &column in transform.scaler().constant_columns().iter().filter(|_| plain) {
        let value = transform.scaler().mean(column);
        reporter.warn(&format!(
            "{} of x is constant ({}) in the training simulations and is ignored",
            layout.column(transform.kept()[column]),
            written(value)
        ));
    }
    let (kept, all) = (transform.kept().len(), transform.columns());
    if kept < all {
        reporter.say(&format!(
            "{} of {all} {what}s of x show no dependence on any parameter and are left out \
             (transform.screening)",
            all - kept
        ));
    }
}
