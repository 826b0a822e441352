//! What is known of the tables that flows train on.

use super::{TrainedOn, TrainingData};
use crate::config::Config;
use crate::training::{Finding, LikelihoodTables, TrialTables};
use crate::transform::{Cells, DataSpan, DataTransform, ParameterTransform};
use crate::turn::Turn;
use crate::view::View;
use freeform_simulators::DataLayout;

impl TrainingData {
    /// Number of parameters D.
    #[must_use]
    pub fn theta_dim(&self) -> usize {
        self.parameters.scaler().columns()
    }

    /// Numbers of x that the networks see.
    #[must_use]
    pub fn context_dim(&self) -> usize {
        self.data.kept().len()
    }

    /// Number of simulations.
    #[must_use]
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there are none (never, after [`prepare`](Self::prepare)).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The parameter map learnt here.
    #[must_use]
    pub fn parameters(&self) -> &ParameterTransform {
        &self.parameters
    }

    /// Where circles are cut, where θ has angles.
    pub(crate) fn turn(&self) -> Option<&Turn> {
        self.turn.as_ref()
    }

    /// Which of θ are categories, where any are.
    pub(crate) fn cells(&self) -> Option<&Cells> {
        self.cells.as_ref()
    }

    /// The data map learnt here.
    #[must_use]
    pub fn data(&self) -> &DataTransform {
        &self.data
    }

    /// What of x the networks are given.
    pub(crate) fn view(&self) -> &View {
        &self.view
    }

    /// What is to be said of it, where it is not x as it is.
    #[must_use]
    pub fn view_remark(&self) -> Option<&str> {
        self.remark.as_deref()
    }

    /// What the numbers of x are to each other, as the settings say or as was found.
    #[must_use]
    pub fn layout(&self, config: &Config) -> DataLayout {
        self.view.layout_of_x(&config.transform)
    }

    /// Where x of the simulations lies.
    #[must_use]
    pub fn span(&self) -> &DataSpan {
        &self.span
    }

    /// The simulations, to be known again.
    pub(crate) fn trained_on(&self) -> &TrainedOn {
        &self.trained_on
    }

    /// What a user should know of the simulations.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// All points of the flow's space whose simulations succeeded `[n, D]`, and those whose failed.
    pub(crate) fn outcomes(&self) -> (&[f32], &[f32]) {
        (&self.theta, &self.failed)
    }

    /// Of a simulation, log|det ∂(flow space)/∂θ| and the log-density of the law of its θ.
    pub(crate) fn log_terms(&self, row: u32) -> (f64, f64) {
        (self.log_dets[row as usize], self.log_priors[row as usize])
    }

    /// What likelihoods learn from; `None` where none is to be learnt.
    #[must_use]
    pub fn likelihood(&self) -> Option<&LikelihoodTables> {
        self.likelihood.as_ref()
    }

    /// What the likelihood of one trial learns from; `None` where none is to be learnt.
    pub(crate) fn trials(&self) -> Option<&TrialTables> {
        self.trials.as_ref()
    }

    /// What a likelihood, or that of one trial, describes of some simulations: rows of equal length.
    pub(crate) fn described(&self, of_trials: bool, rows: &[u32]) -> Vec<f32> {
        if of_trials {
            return self.trials().map_or(Vec::new(), |trials| trials.sets(rows));
        }
        let Some(tables) = self.likelihood() else { return Vec::new() };
        let width = tables.data.kept().len();
        let row = |row: &u32| &tables.targets[*row as usize * width..][..width];
        rows.iter().flat_map(row).copied().collect()
    }
}
