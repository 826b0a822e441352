//! What one trial of a set consists of.

use crate::transform::DataTransform;
use crate::view::{View, is_present};
use freeform_simulators::Layout;
use serde::{Deserialize, Serialize};

/// More combinations of values than these are not told apart.
const MOST_CLASSES: usize = 16;

/// A trial of some numbers, some of which are one of a few values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrialForm {
    /// Numbers in it.
    channels: usize,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    categories: Vec<Category>,
}

/// A number that is one of a few values, ascending.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Category {
    channel: usize,
    values: Vec<f64>,
}

impl TrialForm {
    /// Of the set that a view sees; `None` where it sees none, or its trials have no quantity, whose
    /// categories' shares say everything.
    pub fn of(view: &View) -> Option<Self> {
        if view.layout() != Layout::Set {
            return None;
        }
        let category =
            |(channel, values): (usize, &[f64])| Category { channel, values: values.to_vec() };
        let categories = view.categories().into_iter().map(category).collect();
        let form = Self { channels: view.channels(), categories };
        (!form.quantities().is_empty() && form.is_whole()).then_some(form)
    }

    /// Of so many numbers, none of which is a category.
    #[cfg(test)]
    pub fn of_quantities(channels: usize) -> Self {
        Self { channels, categories: Vec::new() }
    }

    pub fn is_whole(&self) -> bool {
        let whole = |c: &Category| {
            c.channel < self.channels
                && !c.values.is_empty()
                && c.values.iter().all(|v| v.is_finite())
        };
        let classes =
            self.categories.iter().try_fold(1_usize, |n, c| n.checked_mul(c.values.len()));
        self.categories.iter().all(whole) && classes.is_some_and(|n| n <= MOST_CLASSES)
    }

    /// Numbers in a trial.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Its numbers that are no categories.
    pub fn quantities(&self) -> Vec<usize> {
        let is_category = |channel: &usize| self.categories.iter().any(|c| c.channel == *channel);
        (0..self.channels).filter(|channel| !is_category(channel)).collect()
    }

    /// Combinations of its categories' values.
    pub fn classes(&self) -> usize {
        self.categories.iter().map(|c| c.values.len()).product()
    }

    /// Numbers that tell of the combination: an indicator of each, if there are several.
    pub fn indicators(&self) -> usize {
        if self.classes() > 1 { self.classes() } else { 0 }
    }

    /// The combination that a trial has, by the nearest values.
    pub fn class_of(&self, trial: &[f64]) -> usize {
        self.categories.iter().fold(0, |class, category| {
            let distance = |at: &usize| (category.values[*at] - trial[category.channel]).abs();
            let places = 0..category.values.len();
            let nearest = places.min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap_or(0);
            class * category.values.len() + nearest
        })
    }

    /// Trials of x all of whose numbers were measured.
    pub fn whole_trials<'x>(&self, x: &'x [f64]) -> impl Iterator<Item = &'x [f64]> + use<'x> {
        x.chunks_exact(self.channels).filter(|trial| trial.iter().all(is_present))
    }

    /// Whether a trial of x lacks some of its numbers, but not all.
    pub fn has_torn(&self, x: &[f64]) -> bool {
        let torn = |t: &[f64]| t.iter().any(is_present) && !t.iter().all(is_present);
        x.chunks_exact(self.channels).any(torn)
    }

    /// A trial as its density is asked: its class, and its quantities as `data` maps them.
    pub fn row(&self, trial: &[f64], data: &DataTransform) -> Vec<f32> {
        let mut row = vec![self.class_of(trial) as f32; 1 + data.kept().len()];
        data.apply(trial, &mut row[1..]);
        row
    }
}

/// At most `most` of `n` places, evenly spaced.
pub(crate) fn evenly(n: usize, most: usize) -> impl Iterator<Item = usize> {
    let chosen = most.min(n);
    (0..chosen).map(move |at| (2 * at + 1) * n / (2 * chosen))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_lie_evenly() {
        let places = |n, most| evenly(n, most).collect::<Vec<_>>();
        assert_eq!(places(10, 3), [1, 5, 8]);
        assert_eq!((places(3, 5), places(0, 2)), (vec![0, 1, 2], vec![]));
    }

    #[test]
    fn combinations_are_told_apart() {
        let category = |channel, values: &[f64]| Category { channel, values: values.to_vec() };
        let categories = vec![category(0, &[0.0, 1.0]), category(2, &[-1.0, 0.0, 1.0])];
        let form = TrialForm { channels: 4, categories };
        assert!(form.is_whole());
        assert_eq!((form.classes(), form.indicators(), form.quantities()), (6, 6, vec![1, 3]));
        assert_eq!(form.class_of(&[1.0, 9.0, 0.1, 9.0]), 4);
        let nan = f64::NAN;
        let x = [0.0, 1.0, 2.0, 3.0, nan, nan, nan, nan, 1.0, nan, 1.0, 1.0];
        assert_eq!(form.whole_trials(&x).count(), 1);
        assert!(form.has_torn(&x) && !form.has_torn(&x[..8]));
    }
}
