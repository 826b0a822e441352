//! What each member of an ensemble learns from.

use super::TrainingData;
use crate::training::check::held_out;
use crate::training::{Fold, Role};
use std::borrow::Cow;

impl TrainingData {
    /// What member `index` of an ensemble of one role learns from: θ given x or x given θ, the
    /// `index`-th part of the shuffled rows held out.
    ///
    /// # Panics
    /// If no likelihood is to be learnt and `role` asks for one.
    #[must_use]
    pub fn fold(&self, role: Role, index: usize) -> Fold<'_> {
        let (n, held_out) = (self.len(), held_out(self.len(), self.validation_fraction));
        // The last part first: what a single flow holds out.
        let start = (n - held_out) - (index * held_out) % (n - held_out + 1);
        let validation = self.order[start..start + held_out].to_vec();
        let training = self.groups.apart_from(&self.order, start..start + held_out);
        let tables = match role {
            Role::Posterior => None,
            Role::Likelihood => self.likelihood.as_ref(),
            Role::Trials => self.trials.as_ref().map(|trials| &trials.tables),
        };
        let (training, validation) = match (&self.trials, role) {
            (Some(trials), Role::Trials) => (trials.rows(&training), trials.rows(&validation)),
            _ => (training, validation),
        };
        let (target, context, dims, offset) = match (role, tables) {
            (Role::Posterior, _) => {
                let sum: f64 = validation.iter().map(|r| self.log_dets[*r as usize]).sum();
                let dims = (self.theta_dim(), self.context_dim());
                let target = self.turned.as_ref().unwrap_or(&self.theta);
                (target, &self.x, dims, -sum / held_out as f64)
            }
            (_, Some(tables)) => {
                let dims = (tables.data.kept().len(), tables.inputs());
                (&tables.targets, &tables.regressors, dims, 0.0)
            }
            (_, None) => panic!("no likelihood was asked for"),
        };
        let (target, context) = (Cow::Borrowed(&target[..]), Cow::Borrowed(&context[..]));
        Fold { target, context, dims, training, validation, offset }
    }
}
