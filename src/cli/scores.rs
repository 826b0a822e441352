//! The table of a run's scores, and which measures it has.

use crate::run::{MoreMetrics, mean_c2st};
use freeform_benchmark::ObservationScore;

/// Measures beside the C2ST.
#[derive(clap::Args)]
pub(super) struct MoreArgs {
    /// Also the maximum mean discrepancy (unbiased MMD², median-distance bandwidth).
    #[arg(long)]
    mmd: bool,
    /// Also the median distance of posterior-predictive simulations from the observation.
    #[arg(long)]
    median_distance: bool,
}

impl MoreArgs {
    /// The options given, as a user writes them.
    pub(super) fn given(&self) -> Vec<&'static str> {
        let all = [(self.mmd, "--mmd"), (self.median_distance, "--median-distance")];
        all.into_iter().filter(|(given, _)| *given).map(|(_, name)| name).collect()
    }

    pub(super) fn metrics(&self) -> MoreMetrics {
        MoreMetrics { mmd: self.mmd, median_distance: self.median_distance }
    }
}

/// A line an observation, then the mean C2ST.
pub(super) fn table(scores: &[ObservationScore]) -> String {
    let mmd = scores.iter().all(|s| s.mmd.is_some());
    let distance = scores.iter().all(|s| s.median_distance.is_some());
    let mut text = "observation   C2ST".to_owned();
    text += if mmd { "      MMD" } else { "" };
    text += if distance { "  median distance" } else { "" };
    text += "\n";
    for score in scores {
        text += &format!("{:>11}  {:.3}", score.num_observation, score.c2st);
        if let (true, Some(value)) = (mmd, score.mmd) {
            text += &format!("  {value:>7.4}");
        }
        if let (true, Some(value)) = (distance, score.median_distance) {
            text += &format!("  {value:>15.4}");
        }
        text += "\n";
    }
    text + &format!("{:>11}  {:.3}\n", "mean", mean_c2st(scores))
}
