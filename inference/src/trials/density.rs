//! The density of all trials of a set.

use super::{Choices, TrialForm};
use crate::engine::EngineKind;
use crate::flow::ConditionalFlow;

/// Rows that a flow is asked at a time, about.
const AT_ONCE: usize = 8192;

/// What of a likelihood of one trial is no flow.
#[derive(Clone, Debug)]
pub(crate) struct Trials {
    pub form: TrialForm,
    /// One for each flow; none where trials have no category.
    pub choices: Vec<Choices>,
}

/// Trials of one class.
struct Class {
    class: usize,
    /// Quantities, `[n, targets]`.
    quantities: Vec<f32>,
    count: usize,
}

impl Trials {
    /// Numbers in a row of trials as [`TrialForm::row`] makes them.
    fn width(flow: &ConditionalFlow) -> usize {
        1 + flow.network.theta_dim
    }

    /// Trials of each class; those that are missing (NaN) are left out.
    fn by_class(&self, flow: &ConditionalFlow, trials: &[f32]) -> Vec<Class> {
        let mut classes: Vec<Class> = (0..self.form.classes())
            .map(|class| Class { class, quantities: Vec::new(), count: 0 })
            .collect();
        for trial in trials.chunks_exact(Self::width(flow)).filter(|trial| !trial[0].is_nan()) {
            let class = &mut classes[trial[0] as usize];
            class.quantities.extend_from_slice(&trial[1..]);
            class.count += 1;
        }
        classes.retain(|class| class.count > 0);
        classes
    }

    /// What a flow is given of some θ, `[n, inputs]`, and a class.
    fn contexts(&self, seen: &[f32], inputs: usize, class: usize) -> Vec<f32> {
        let indicator = |at: usize| f32::from(u8::from(at == class));
        let own: Vec<f32> = (0..self.form.indicators()).map(indicator).collect();
        seen.chunks_exact(inputs).flat_map(|theta| theta.iter().chain(&own)).copied().collect()
    }

    /// log p(trials | θ) by flow `index` for rows of θ as it sees them, `[n, inputs]`; `go_on` is asked now
    /// and then, and what comes after a no is of no use.
    pub fn log_density(
        &self,
        (index, flow, kind): (usize, &ConditionalFlow, EngineKind),
        trials: &[f32],
        (seen, inputs): (&[f32], usize),
        go_on: &dyn Fn() -> bool,
    ) -> Vec<f64> {
        let mut out = vec![0.0; seen.len() / inputs];
        let mut evaluator = flow.evaluator(kind);
        for Class { class, quantities, count } in self.by_class(flow, trials) {
            let each = (AT_ONCE / count).max(1);
            for (rows, out) in seen.chunks(each * inputs).zip(out.chunks_mut(each)) {
                if !go_on() {
                    return vec![f64::NAN; seen.len() / inputs];
                }
                let contexts = self.contexts(rows, inputs, class);
                let densities = evaluator.log_density_of_each(&quantities, &contexts);
                let sums = densities.chunks_exact(count).map(|own| own.iter().sum::<f64>());
                out.iter_mut().zip(sums).for_each(|(out, sum)| *out += sum);
            }
            if let Some(choices) = self.choices.get(index) {
                let log_probs = choices.log_probs(seen);
                let own = log_probs.chunks_exact(self.form.classes()).map(|logs| logs[class]);
                out.iter_mut().zip(own).for_each(|(out, log)| *out += count as f64 * log);
            }
        }
        out
    }

    /// Mean square of the quantities of trials, whitened by what flow `index` takes for their mean and
    /// covariance at rows of θ; `None` without a whitening.
    pub fn mean_squares(
        &self,
        flow: &ConditionalFlow,
        trials: &[f32],
        (seen, inputs): (&[f32], usize),
    ) -> Option<Vec<f64>> {
        let whitening = flow.whitening.as_ref()?;
        let (mut squares, mut numbers) = (vec![0.0; seen.len() / inputs], 0);
        for Class { class, quantities, .. } in self.by_class(flow, trials) {
            let contexts = self.contexts(seen, inputs, class);
            let (white, _) = whitening.apply_each(&quantities, &contexts);
            numbers += quantities.len();
            for (square, own) in squares.iter_mut().zip(white.chunks_exact(quantities.len())) {
                *square += own.iter().map(|z| f64::from(*z).powi(2)).sum::<f64>();
            }
        }
        squares.iter_mut().for_each(|square| *square /= numbers.max(1) as f64);
        Some(squares)
    }
}
