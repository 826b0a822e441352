//! Checks of posteriors at their nominal rates, and what each notices.

mod models;
mod peer;

use models::{Posterior, Verdicts};
use rayon::prelude::*;
use std::ops::Range;

/// How often each check, in the order of [`Verdicts`], finds something at the 1% level.
fn found(posterior: Posterior, n: usize, seeds: Range<u64>, null: Option<usize>) -> [usize; 4] {
    let verdicts: Vec<Verdicts> =
        seeds.into_par_iter().map(|seed| posterior.verdicts(n, seed, null)).collect();
    let count = |p: &dyn Fn(&Verdicts) -> f64| verdicts.iter().filter(|v| p(v) < 0.01).count();
    [
        count(&|v| v.ranks),
        count(&|v| v.coverage),
        count(&|v| v.tarp),
        count(&|v| v.local.unwrap_or(1.0)),
    ]
}

/// Of 100 right posteriors each check finds fault with at most 5: more than that come of a level of 1%
/// less than once in a thousand times (binomial law).
#[test]
fn right_posteriors_pass_at_the_nominal_rate() {
    let [ranks, coverage, tarp, _] = found(Posterior::Right, 300, 0..100, None);
    assert!(ranks <= 5 && coverage <= 5 && tarp <= 5, "{ranks} {coverage} {tarp}");
    let [.., local] = found(Posterior::Right, 120, 100..200, Some(100));
    assert!(local <= 5, "{local}");
}

/// Of 20 wrong posteriors a check notices at least so many, or, where it is blind by construction, at
/// most so many: docs/trust.md has the table.
#[test]
fn wrong_posteriors_are_noticed_by_the_checks_that_should() {
    let blind = 0..=3;
    let table = [
        (Posterior::Narrow, [18..=20, 18..=20, 18..=20, 5..=20]),
        (Posterior::Shifted, [18..=20, 18..=20, 0..=12, 18..=20]),
        (Posterior::OneModeLost, [18..=20, 18..=20, 18..=20, 18..=20]),
        (Posterior::Uncorrelated, [blind.clone(), 16..=20, 0..=12, 10..=20]),
        (Posterior::Prior, [blind.clone(), blind.clone(), blind, 18..=20]),
    ];
    for (posterior, expected) in table {
        let counts = found(posterior, 500, 0..20, Some(100));
        let fits = counts.iter().zip(&expected).all(|(count, range)| range.contains(count));
        assert!(fits, "{posterior:?}: {counts:?}, expected {expected:?}");
    }
}
