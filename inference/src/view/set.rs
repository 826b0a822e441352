//! Statistics of a set of trials: quantiles and spreads of each feature, shares of categories, the
//! others' quantiles within each, and correlations. None depends on the trials' order.

use super::channel::{Channel, log_variance, mean, ratio, spaced};
use super::present::{is_present, present};
use super::quantile::{quantile, sorted, variance};
use freeform_simulators::written;
use serde::{Deserialize, Serialize};

/// Levels of quantiles; few and many.
const FEW_LEVELS: [f64; 9] = [0.05, 0.15, 0.25, 0.35, 0.5, 0.65, 0.75, 0.85, 0.95];
const MANY_LEVELS: [f64; 17] =
    [0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.98];
/// Within a category there are fewer trials.
const LEVELS_WITHIN: [f64; 5] = [0.1, 0.3, 0.5, 0.7, 0.9];
/// Pairs of levels whose distance is a spread.
const SPREADS: [[f64; 2]; 3] = [[0.15, 0.85], [0.25, 0.75], [0.35, 0.65]];
/// A feature of no more different values than these is a category.
const MOST_CATEGORIES: usize = 5;
/// Values that tell.
const MOST_VALUES: usize = 100_000;

/// A feature of a trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Feature {
    /// A quantity.
    Quantity(Channel),
    /// One of a few values, ascending.
    Category(Vec<f64>),
}

/// A set of N trials of some features, `[N, features]` row after row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Set {
    /// N.
    trials: usize,
    /// Whether more quantiles and moments come along.
    detailed: bool,
    /// Whether the smallest and largest numbers come along, which tell of bounds: of each quantity, and the
    /// smallest within each category.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    extremes: bool,
    features: Vec<Feature>,
}

impl Set {
    /// Of rows of x, each of N × `features` numbers.
    pub fn fit(x: &[f64], columns: usize, features: usize, detailed: bool) -> Self {
        let feature = |index: usize| {
            let values = || x.iter().skip(index).step_by(features).copied();
            // What was measured nowhere is no category.
            match categories(values()).filter(|values| !values.is_empty()) {
                Some(values) => Feature::Category(values),
                None => Feature::Quantity(Channel::fit(values())),
            }
        };
        let trials = columns / features;
        let features = (0..features).map(feature).collect();
        Self { trials, detailed, extremes: false, features }
    }

    /// With the smallest and the largest numbers.
    pub fn with_extremes(self) -> Self {
        Self { extremes: true, ..self }
    }

    /// How many trials, and of how many numbers each.
    pub fn sizes(&self) -> (usize, usize) {
        (self.trials, self.features.len())
    }

    pub fn is_whole(&self, columns: usize) -> bool {
        let whole = |feature: &Feature| match feature {
            Feature::Quantity(channel) => channel.is_whole(),
            Feature::Category(values) => {
                !values.is_empty()
                    && values.len() <= MOST_CATEGORIES
                    && values.iter().all(|v| v.is_finite())
            }
        };
        self.trials.checked_mul(self.features.len()) == Some(columns)
            && columns > 0
            && self.features.iter().all(whole)
    }

    fn levels(&self) -> &'static [f64] {
        if self.detailed { &MANY_LEVELS } else { &FEW_LEVELS }
    }

    pub fn outputs(&self) -> usize {
        let quantities = self.quantities().count();
        let extremes = usize::from(self.extremes);
        let own = self.levels().len() + SPREADS.len() + if self.detailed { 4 } else { 0 };
        let own = own + 2 * extremes;
        let within = LEVELS_WITHIN.len() + 1 + extremes;
        let categories: usize = self.categories().map(|(_, values)| values.len()).sum();
        let pairs = quantities * quantities.saturating_sub(1) / 2;
        own * quantities + categories * (1 + quantities * within) + pairs
    }

    fn quantities(&self) -> impl Iterator<Item = (usize, &Channel)> {
        self.features.iter().enumerate().filter_map(|(index, feature)| match feature {
            Feature::Quantity(channel) => Some((index, channel)),
            Feature::Category(_) => None,
        })
    }

    /// Features that are one of a few values, with these.
    pub fn categories(&self) -> impl Iterator<Item = (usize, &[f64])> {
        self.features.iter().enumerate().filter_map(|(index, feature)| match feature {
            Feature::Quantity(_) => None,
            Feature::Category(values) => Some((index, &values[..])),
        })
    }

    /// What each of them is, in the order of [`apply`](Self::apply).
    pub fn names(&self) -> Vec<String> {
        let of = |index: usize| match self.features.len() {
            1 => String::new(),
            _ => format!(" of channel {}", index + 1),
        };
        let percent = |level: f64| written((100.0 * level).round());
        let mut names = Vec::new();
        for (index, _) in self.quantities() {
            let of = of(index);
            names.extend(self.levels().iter().map(|l| format!("{}% quantile{of}", percent(*l))));
            names.extend(SPREADS.map(|spread| {
                let [low, high] = spread.map(percent);
                format!("log squared distance of the {low}% and {high}% quantiles{of}")
            }));
            let moments = ["mean", "log variance", "skewness", "log kurtosis"];
            names
                .extend(moments.iter().filter(|_| self.detailed).map(|what| format!("{what}{of}")));
            let ends = ["smallest", "largest"];
            names.extend(ends.iter().filter(|_| self.extremes).map(|what| format!("{what}{of}")));
        }
        for (category, values) in self.categories() {
            for value in values.iter().copied().map(written) {
                names.push(format!("share of trials with {value} in channel {}", category + 1));
                for (index, _) in self.quantities() {
                    let within = format!("{} where channel {} is {value}", of(index), category + 1);
                    let quantiles =
                        LEVELS_WITHIN.map(|l| format!("{}% quantile{within}", percent(l)));
                    names.extend(quantiles);
                    names.push(format!("log variance{within}"));
                    names.extend(self.extremes.then(|| format!("smallest{within}")));
                }
            }
        }
        let quantities: Vec<usize> = self.quantities().map(|(index, _)| index + 1).collect();
        for (at, first) in quantities.iter().enumerate() {
            let second = quantities[at + 1..].iter();
            names.extend(second.map(|s| format!("correlation of channels {first} and {s}")));
        }
        names
    }

    pub fn apply(&self, x: &[f64], out: &mut Vec<f64>) {
        let width = self.features.len();
        let column = |index: usize| x.iter().skip(index).step_by(width).copied();
        let scores: Vec<Vec<f64>> = self
            .quantities()
            .map(|(index, channel)| column(index).map(|v| channel.apply(v)).collect())
            .collect();
        for scores in &scores {
            self.own(present(scores.iter().copied()).collect(), out);
        }
        for (index, values) in self.categories() {
            for value in values {
                let within = |v: f64| is_present(&v) && nearest(values, v) == *value;
                let those = present(column(index)).map(|v| f64::from(u8::from(within(v))));
                out.push(mean(those));
                for scores in &scores {
                    let of_trials = scores.iter().zip(column(index));
                    let own = of_trials.filter(|(_, v)| within(*v)).map(|(score, _)| *score);
                    let own = sorted(present(own).collect());
                    // Nobody there: the share says so, and these say nothing.
                    let known = if own.is_empty() { &[0.0][..] } else { &own };
                    out.extend(LEVELS_WITHIN.map(|level| quantile(known, level)));
                    out.push(log_variance(variance(known)));
                    out.extend(self.extremes.then(|| known[0]));
                }
            }
        }
        for (index, first) in scores.iter().enumerate() {
            for second in &scores[index + 1..] {
                let both = first.iter().zip(second).filter(|(a, b)| is_present(a) && is_present(b));
                let (first, second): (Vec<f64>, Vec<f64>) = both.unzip();
                let means = [&first, &second].map(|s| mean(s.iter().copied()));
                let pairs = first.iter().zip(&second);
                let product = mean(pairs.map(|(a, b)| (a - means[0]) * (b - means[1])));
                out.push(ratio(product, (variance(&first) * variance(&second)).sqrt()));
            }
        }
    }

    /// Statistics of one quantity; 0, which is what most say, where too few trials have it.
    fn own(&self, scores: Vec<f64>, out: &mut Vec<f64>) {
        let values = sorted(scores);
        let few = values.len() < 2;
        let values = if values.is_empty() { vec![0.0] } else { values };
        let log_variance = |v: f64| if few { 0.0 } else { log_variance(v) };
        out.extend(self.levels().iter().map(|level| quantile(&values, *level)));
        out.extend(SPREADS.map(|[low, high]| {
            let distance = quantile(&values, high) - quantile(&values, low);
            log_variance(distance * distance)
        }));
        if self.detailed {
            let (level, spread) = (mean(values.iter().copied()), variance(&values));
            let power = |k: i32| mean(values.iter().map(|v| (v - level).powi(k)));
            out.extend([
                level,
                log_variance(spread),
                ratio(power(3), spread * spread.sqrt()),
                log_variance(power(4)) - 2.0 * log_variance(spread),
            ]);
        }
        if self.extremes {
            out.extend([values[0], values[values.len() - 1]]);
        }
    }
}

/// The different values, ascending, where there are few.
fn categories(values: impl Iterator<Item = f64> + Clone) -> Option<Vec<f64>> {
    let mut known: Vec<f64> = Vec::new();
    for value in spaced(values, MOST_VALUES) {
        if let Err(place) = known.binary_search_by(|k| k.total_cmp(&value)) {
            if known.len() == MOST_CATEGORIES {
                return None;
            }
            known.insert(place, value);
        }
    }
    Some(known)
}

fn nearest(values: &[f64], value: f64) -> f64 {
    let distance = |v: &&f64| (**v - value).abs();
    values.iter().min_by(|a, b| distance(a).total_cmp(&distance(b))).copied().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statistics(set: &Set, x: &[f64]) -> Vec<f64> {
        let mut out = Vec::new();
        set.apply(x, &mut out);
        assert_eq!(out.len(), set.outputs());
        assert!(out.iter().all(|v| v.is_finite()), "{out:?}");
        out
    }

    /// A feature that was measured nowhere, and a set without any trial.
    #[test]
    fn features_may_be_missing_throughout() {
        let nan = f64::NAN;
        for x in [[1.0, nan, 2.5, nan, 0.3, nan, 7.0, nan], [nan; 8]] {
            let set = Set::fit(&x, 4, 2, true).with_extremes();
            assert!(set.is_whole(4));
            let (one, other) = (statistics(&set, &x[..4]), statistics(&set, &[nan; 4]));
            assert!(!one.is_empty() && one.len() == other.len());
        }
    }

    /// 0, 1, …, 20: quantiles lie evenly, whatever the order.
    #[test]
    fn quantiles_do_not_know_the_order() {
        let x: Vec<f64> = (0..21).map(f64::from).collect();
        let set = Set::fit(&x, 21, 1, true);
        let other: Vec<f64> = (0..21).map(|i| f64::from(i * 8 % 21)).collect();
        assert_eq!(statistics(&set, &x), statistics(&set, &other));
        let out = statistics(&set, &x);
        // Level 0.5 is the middle, whose score is 0; those of 0.25 and 0.75 are 5 away, in units of
        // √((21² − 1)/12).
        let unit = (440.0_f64 / 12.0).sqrt();
        assert!(out[8].abs() < 1e-12);
        assert!((out[11] - 5.0 / unit).abs() < 1e-9, "{out:?}");
        assert!(set.is_whole(21) && !set.is_whole(20));
    }

    /// Reaction times of two choices: the share of each, and its own median.
    #[test]
    fn categories_have_shares_and_quantiles_of_their_own() {
        let x: Vec<f64> = (0..40)
            .flat_map(|i| if i % 4 == 0 { [1.0, f64::from(i)] } else { [0.0, f64::from(-i)] })
            .collect();
        let set = Set::fit(&x, 80, 2, false);
        let out = statistics(&set, &x);
        let own = FEW_LEVELS.len() + SPREADS.len();
        let each = 1 + LEVELS_WITHIN.len() + 1;
        assert_eq!(set.names().len(), out.len());
        assert!((out[own] - 0.75).abs() < 1e-12 && (out[own + each] - 0.25).abs() < 1e-12);
        assert!(out[own + 3] < 0.0 && out[own + each + 3] > 0.0, "{out:?}");
        // One choice never made, and one that nobody has seen.
        let x: Vec<f64> = (0..40).flat_map(|i| [7.0, f64::from(i)]).collect();
        assert!((statistics(&set, &x)[own + each] - 1.0).abs() < 1e-12);
    }
}
