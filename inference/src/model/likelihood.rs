//! A learnt likelihood, as a model holds it.

use crate::classifier::Classifier;
use crate::engine::EngineKind;
use crate::flow::ConditionalFlow;
use crate::summary::Summary;
use crate::training::{LikelihoodTables, TrialTables};
use crate::transform::{DataTransform, ParameterTransform};
use crate::trials::Trials;
use freeform_simulators::Prior;

/// A learnt likelihood, and how far it is trusted.
#[derive(Clone, Debug)]
pub(crate) struct LikelihoodModel {
    /// Flows for p(x | θ), or of a summary of x, or of the quantities of a trial; their average counts.
    pub flows: Vec<ConditionalFlow>,
    /// What is described of an x too wide to describe itself.
    pub summary: Option<Summary>,
    /// Where the likelihood is that of one trial, multiplied: what a trial is.
    pub trials: Option<Trials>,
    /// x, or its summary, to what these flows describe.
    pub data: DataTransform,
    /// θ to what these flows see.
    pub regressors: ParameterTransform,
    /// Places among the numbers that the posterior's networks see that tell of gaps, which they see beside.
    pub conditions: Vec<usize>,
    /// α: the posterior is q^(1 − α) · (p(x | θ) p(θ))^α, q the average of the posterior flows. Of trials, for
    /// a typical number of them.
    pub strength: f64,
    /// s: all that is learnt, that corrected density over p, counts to this power, so that what flows are too sure
    /// of by chance is widened; 1 leaves it as it is.
    pub power: f64,
}

impl LikelihoodModel {
    /// Flows that learnt from these tables, trusted.
    pub fn of(flows: Vec<ConditionalFlow>, tables: &LikelihoodTables) -> Self {
        Self {
            flows,
            summary: tables.summary.clone(),
            trials: None,
            data: tables.data.clone(),
            regressors: tables.transform.clone(),
            conditions: tables.conditions.clone(),
            strength: 1.0,
            power: 1.0,
        }
    }

    /// Flows for the quantities of a trial, and classifiers, one for each, where it has categories.
    pub fn of_trials(
        flows: Vec<ConditionalFlow>,
        choices: Vec<Classifier>,
        tables: &TrialTables,
    ) -> Self {
        let typical = tables.mean_count();
        let trials = Some(Trials { form: tables.form.clone(), choices, typical });
        Self { trials, conditions: Vec::new(), ..Self::of(flows, &tables.tables) }
    }

    /// α for a target.
    pub fn strength_at(&self, target: &[f32]) -> f64 {
        self.scaled(self.strength, self.count(target))
    }

    /// The α that a strength means for so many trials; itself where these do not matter.
    pub fn scaled(&self, strength: f64, trials: usize) -> f64 {
        self.trials.as_ref().map_or(strength, |own| own.strength(strength, trials))
    }

    /// Trials of a target; 0 where it is not one of trials.
    pub fn count(&self, target: &[f32]) -> usize {
        let targets = self.data.kept().len();
        self.trials.as_ref().map_or(0, |trials| trials.count(target, targets))
    }

    /// log p(x | θ) by flow `index`, up to a constant that depends on x alone, for rows of θ as
    /// [`seen`](Self::seen); `go_on` is asked now and then, and what comes after a no is of no use.
    pub fn log_density(
        &self,
        (index, kind): (usize, EngineKind),
        target: &[f32],
        seen: &[f32],
        go_on: &dyn Fn() -> bool,
    ) -> Vec<f64> {
        let (flow, inputs) = (&self.flows[index], self.inputs());
        match &self.trials {
            Some(trials) => trials.log_density((index, flow, kind), target, (seen, inputs), go_on),
            None => {
                let target = target.repeat(seen.len() / inputs);
                flow.evaluator(kind).log_density(&target, seen)
            }
        }
    }

    /// Mean square of the numbers of a target, whitened by what flow `index` takes for their mean and
    /// covariance at rows of θ as seen; `None` without a whitening.
    pub fn mean_squares(&self, index: usize, target: &[f32], seen: &[f32]) -> Option<Vec<f64>> {
        let (flow, inputs) = (&self.flows[index], self.inputs());
        if let Some(trials) = &self.trials {
            return trials.mean_squares(flow, target, (seen, inputs));
        }
        let mut white = target.repeat(seen.len() / inputs);
        flow.whitening.as_ref()?.apply(&mut white, seen);
        let mean = |row: &[f32]| {
            row.iter().map(|z| f64::from(*z).powi(2)).sum::<f64>() / target.len() as f64
        };
        Some(white.chunks_exact(target.len()).map(mean).collect())
    }

    /// Numbers in a row of θ as seen.
    fn inputs(&self) -> usize {
        self.regressors.outputs() + self.conditions.len()
    }

    /// θ of these rows, `[n, D]`, as these flows see it, beside the gaps of an x that the posterior's
    /// networks see as `context`.
    pub fn seen<'a>(
        &self,
        prior: &Prior,
        theta: impl Iterator<Item = &'a [f64]>,
        context: &[f32],
    ) -> Vec<f32> {
        let mut own = vec![0.0; self.regressors.outputs()];
        let mut seen = Vec::new();
        for row in theta {
            self.regressors.apply(prior, row, &mut own);
            seen.extend(own.iter().copied().chain(self.conditions.iter().map(|at| context[*at])));
        }
        seen
    }

    /// An observation as these flows see it, from its raw numbers, its view `x` and from that as the
    /// posterior's networks see it.
    pub fn target(&self, raw: &[f64], x: &[f64], context: &[f32]) -> Vec<f32> {
        if let Some(Trials { form, .. }) = &self.trials {
            return form.whole_trials(raw).flat_map(|t| form.row(t, &self.data)).collect();
        }
        let mut target = vec![0.0; self.data.kept().len()];
        match &self.summary {
            None => self.data.apply(x, &mut target),
            Some(summary) => {
                let known: Vec<f64> = summary.of(context).into_iter().map(f64::from).collect();
                self.data.apply(&known, &mut target);
            }
        }
        target
    }
}
