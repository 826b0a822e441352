//! Parameters that a prior cannot have drawn.

use freeform_simulators::{Prior, Support};
use ndarray::ArrayView2;

/// Rows of parameters outside a prior's support.
#[derive(Clone, Debug, PartialEq)]
pub struct Outside {
    /// How many.
    pub rows: usize,
    /// The first of them, from 0.
    pub first: usize,
    /// Its parameter.
    pub name: String,
    /// That parameter's value.
    pub value: f32,
}

/// Rows of `theta` `[n, D]` outside the prior's support, if there are any. A number that rounding to
/// single precision may have moved over a bound counts as inside.
#[must_use]
pub fn outside(prior: &Prior, theta: ArrayView2<f32>) -> Option<Outside> {
    let wrong = |row: usize| {
        let pairs = theta.row(row).into_iter().copied().zip(prior.support()).enumerate();
        pairs.filter(|(_, (value, support))| !holds(**support, *value)).map(|(j, _)| j).next()
    };
    let mut found = (0..theta.nrows()).filter_map(|row| wrong(row).map(|column| (row, column)));
    let (first, column) = found.next()?;
    let (name, value) = (prior.names()[column].clone(), theta[[first, column]]);
    Some(Outside { rows: 1 + found.count(), first, name, value })
}

fn holds(support: Support, value: f32) -> bool {
    [value, value.next_up(), value.next_down()].iter().any(|v| support.contains(f64::from(*v)))
        && value.is_finite()
}
