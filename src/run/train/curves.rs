//! The plot of a training.

use crate::run::directory::create_folder;
use crate::run::{Plots, RunError, plot, plots_wanted};
use freeform_benchmark::{CurvePoint, FlowCurve, training_curves};
use freeform_inference::training::{EpochMetrics, TrainedMember};
use std::path::Path;

/// All flows, a row of panels for each role.
pub(super) fn plot_curves(trained: &[TrainedMember], folder: &Path) -> Result<(), RunError> {
    if plots_wanted() == Plots::None {
        return Ok(());
    }
    let point = |m: &EpochMetrics| CurvePoint {
        epoch: m.epoch,
        training_loss: m.loss,
        validation_nll: m.validation_nll,
        reconstruction: m.validation_reconstruction,
    };
    let flow = |flow: &TrainedMember| FlowCurve {
        // `posterior-1` and its like.
        kind: flow.member.to_string().split('-').next().unwrap_or_default().to_owned(),
        best_epoch: flow.best_epoch,
        points: flow.history.iter().map(point).collect(),
    };
    let flows: Vec<FlowCurve> = trained.iter().map(flow).collect();
    create_folder(&folder.join("plots"))?;
    Ok(plot(&folder.join("plots/training.svg"), |path| training_curves(path, &flows))?)
}
