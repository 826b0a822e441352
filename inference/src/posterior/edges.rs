//! How much of a posterior lies at the edges of its prior.

use freeform_simulators::{Prior, Support};
use ndarray::ArrayView2;
use serde::Serialize;
use std::fmt;

/// The outer part of the prior that is looked at, at either end of each parameter.
const OUTER: f64 = 0.01;
/// A share of the draws that does not lie by chance in so thin a strip as is looked at then: of a
/// calibrated posterior's mass, a strip holds as much as of the prior's on average, so at least half of
/// it at most twice as often (Markov). All strips together hold [`OUTER`] of the prior.
const PILED: f64 = 0.5;

/// The edge of the prior that most of the draws lie at.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EdgeMass {
    /// The parameter.
    pub parameter: String,
    /// Whether it is the prior's lower end.
    pub lower: bool,
    /// Share of the draws among the outer 1% of the prior at that end.
    pub share: f64,
    /// Whether half of the draws lie so far out, at some end, as chance does not explain: in the outer
    /// 0.5% of the prior over the number of parameters.
    pub piled: bool,
}

impl EdgeMass {
    /// Of draws `[n, D]`; of equal shares, the first parameter's lower end.
    pub(super) fn of(prior: &Prior, draws: ArrayView2<f64>) -> Option<Self> {
        let n = draws.nrows().max(1) as f64;
        let thin = OUTER / (2 * prior.dim()) as f64;
        let mut most: Option<Self> = None;
        for (d, column) in draws.columns().into_iter().enumerate() {
            // A circle has no edge, nor has a category.
            if matches!(prior.support()[d], Support::Circle { .. } | Support::Category { .. }) {
                continue;
            }
            for lower in [true, false] {
                let share = |strip: f64| {
                    let end = prior.quantile(d, if lower { strip } else { 1.0 - strip });
                    let beyond = |v: &&f64| if lower { **v <= end } else { **v >= end };
                    column.iter().filter(beyond).count() as f64 / n
                };
                let (wide, piled) = (share(OUTER), share(thin) >= PILED);
                let more = |m: &Self| (piled, wide) > (m.piled, m.share);
                if most.as_ref().is_none_or(more) {
                    let parameter = prior.names()[d].clone();
                    most = Some(Self { parameter, lower, share: wide, piled });
                }
            }
        }
        most
    }

    /// What a user should know of it, where anything.
    pub(super) fn warning(&self) -> Option<String> {
        let end = if self.lower { "lower" } else { "upper" };
        self.piled.then(|| {
            format!(
                "the posterior piles up at the prior's {end} end of {}: {:.0}% of the draws lie in the \
                 outer 1% of the prior there. Prior and observation disagree: widen the prior if values \
                 beyond are possible, and simulate anew",
                self.parameter,
                100.0 * self.share
            )
        })
    }
}

impl fmt::Display for EdgeMass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (share, name) = (100.0 * self.share, &self.parameter);
        let end = if self.lower { "lower" } else { "upper" };
        write!(f, "at most {share:.1}% of the draws at an edge of the prior ({name}, {end} 1%)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use freeform_simulators::Marginal;
    use ndarray::Array2;

    #[test]
    fn mass_at_an_edge_is_counted_in_shares_of_the_prior() {
        let law = Marginal::Uniform { low: 0.0, high: 10.0 };
        let prior = Prior::independent([("a", law), ("b", law)]).unwrap();
        let at = |b: f64| Array2::from_shape_fn((100, 2), |(i, j)| [0.05 + 0.1 * i as f64, b][j]);
        let spread = EdgeMass::of(&prior, at(5.0).view()).unwrap();
        // One draw of a hundred below 0.1, one above 9.9.
        assert_eq!((spread.parameter.as_str(), spread.lower, spread.share), ("a", true, 0.01));
        assert_eq!((spread.piled, spread.warning()), (false, None));
        // In the outer 1%, but not in the outer 0.25%.
        let near = EdgeMass::of(&prior, at(9.93).view()).unwrap();
        assert_eq!((near.parameter.as_str(), near.lower, near.share), ("b", false, 1.0));
        assert!(!near.piled);
        let piled = EdgeMass::of(&prior, at(9.99).view()).unwrap();
        assert!(piled.piled && piled.warning().unwrap().contains("upper end of b: 100%"));
    }
}
