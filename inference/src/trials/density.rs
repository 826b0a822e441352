//! The density of all trials of a set.

use super::TrialForm;
use super::nodes::nodes;
use crate::classifier::Classifier;
use crate::engine::EngineKind;
use crate::flow::ConditionalFlow;
use std::cmp::Ordering;

/// Rows that a flow is asked at a time, about.
const AT_ONCE: usize = 8192;

/// What of a likelihood of one trial is no flow.
#[derive(Clone, Debug)]
pub(crate) struct Trials {
    pub form: TrialForm,
    /// One for each flow; none where trials have no category.
    pub choices: Vec<Classifier>,
    /// The number of trials that the strength is meant for.
    pub typical: f64,
}

/// Trials of one class.
struct Class {
    class: usize,
    count: usize,
    /// Quantities, `[n, targets]`, of each trial, or of points that stand for them.
    quantities: Vec<f32>,
    /// How many trials each stands for.
    weights: Vec<f64>,
}

impl Class {
    /// Sums over trials of a function of each, `[m, n]`, for each of m.
    fn sums<'s>(&'s self, values: &'s [f64]) -> impl Iterator<Item = f64> + 's {
        let sum = |own: &[f64]| own.iter().zip(&self.weights).map(|(v, w)| v * w).sum();
        values.chunks_exact(self.weights.len()).map(sum)
    }
}

impl Trials {
    /// The strength that a likelihood deserves of so many trials, from that of a typical number: what is wrong
    /// with the density of one trial is wrong with all, so that their likelihood is worth no more than a
    /// certain number of them, N₀, and is taken to the power N₀ / (N₀ + N). No trial says nothing.
    pub fn strength(&self, strength: f64, trials: usize) -> f64 {
        let times = trials as f64 / self.typical;
        let says = strength > 0.0 && trials > 0;
        if says { strength / (strength + (1.0 - strength) * times) } else { 0.0 }
    }

    /// How many there are among rows as [`TrialForm::row`] makes them.
    pub fn count(&self, trials: &[f32], targets: usize) -> usize {
        trials.chunks_exact(1 + targets).filter(|trial| !trial[0].is_nan()).count()
    }

    /// Numbers in a row of trials as [`TrialForm::row`] makes them.
    fn width(flow: &ConditionalFlow) -> usize {
        1 + flow.network.theta_dim
    }

    /// Trials of each class; those that are missing (NaN) are left out.
    fn by_class(&self, flow: &ConditionalFlow, trials: &[f32]) -> Vec<Class> {
        let mut classes: Vec<Class> = (0..self.form.classes())
            .map(|class| Class { class, count: 0, quantities: Vec::new(), weights: Vec::new() })
            .collect();
        let rows = trials.chunks_exact(Self::width(flow)).filter(|trial| !trial[0].is_nan());
        let mut rows: Vec<&[f32]> = rows.collect();
        // So that sums do not depend on the trials' order.
        rows.sort_unstable_by(|a, b| {
            let pairs = a.iter().zip(*b);
            pairs.fold(Ordering::Equal, |order, (a, b)| order.then_with(|| a.total_cmp(b)))
        });
        for trial in rows {
            let class = &mut classes[trial[0] as usize];
            class.quantities.extend_from_slice(&trial[1..]);
            class.count += 1;
        }
        classes.retain(|class| class.count > 0);
        for class in &mut classes {
            // Of one quantity, a few points stand for many trials.
            let few = (Self::width(flow) == 2).then(|| nodes(&class.quantities)).flatten();
            match few {
                Some(few) => (class.quantities, class.weights) = few,
                None => class.weights = vec![1.0; class.count],
            }
        }
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
        for own in self.by_class(flow, trials) {
            let each = (AT_ONCE / own.weights.len()).max(1);
            for (rows, out) in seen.chunks(each * inputs).zip(out.chunks_mut(each)) {
                if !go_on() {
                    return vec![f64::NAN; seen.len() / inputs];
                }
                let contexts = self.contexts(rows, inputs, own.class);
                let densities = evaluator.log_density_of_each(&own.quantities, &contexts);
                out.iter_mut().zip(own.sums(&densities)).for_each(|(out, sum)| *out += sum);
            }
            if let Some(choices) = self.choices.get(index) {
                let log_probs = choices.log_probs(seen);
                let logs = log_probs.chunks_exact(self.form.classes()).map(|l| l[own.class]);
                out.iter_mut().zip(logs).for_each(|(out, log)| *out += own.count as f64 * log);
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
        let (targets, mut numbers) = (flow.network.theta_dim, 0);
        let mut squares = vec![0.0; seen.len() / inputs];
        for own in self.by_class(flow, trials) {
            let contexts = self.contexts(seen, inputs, own.class);
            let (white, _) = whitening.apply_each(&own.quantities, &contexts);
            let square = |z: &[f32]| z.iter().map(|z| f64::from(*z).powi(2)).sum::<f64>();
            let each: Vec<f64> = white.chunks_exact(targets).map(square).collect();
            squares.iter_mut().zip(own.sums(&each)).for_each(|(square, sum)| *square += sum);
            numbers += own.count * targets;
        }
        squares.iter_mut().for_each(|square| *square /= numbers.max(1) as f64);
        Some(squares)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A strength of 2/3 for 100 trials: 200 of them are all that it is ever worth.
    #[test]
    fn the_likelihood_is_worth_no_more_than_a_number_of_trials() {
        let form = TrialForm::of_quantities(1);
        let trials = Trials { form, choices: Vec::new(), typical: 100.0 };
        let worth = |n: usize| n as f64 * trials.strength(2.0 / 3.0, n);
        assert!((worth(100) - 200.0 / 3.0).abs() < 1e-9 && (worth(200) - 100.0).abs() < 1e-9);
        assert!((worth(1_000_000) - 200.0).abs() < 0.1);
        assert_eq!((trials.strength(1.0, 7), trials.strength(0.5, 0)), (1.0, 0.0));
    }
}
