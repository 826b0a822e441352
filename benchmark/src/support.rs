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
    pub value: f64,
}

/// Rows of `theta` `[n, D]` outside the prior's support, if there are any. A number of
/// single precision that rounding may have moved over a bound counts as inside.
#[must_use]
pub fn outside<T: Copy + Into<f64>>(prior: &Prior, theta: ArrayView2<T>) -> Option<Outside> {
    let wrong = |row: usize| {
        let pairs =
            theta.row(row).into_iter().map(|v| (*v).into()).zip(prior.support()).enumerate();
        pairs.filter(|(_, (value, support))| !holds(**support, *value)).map(|(j, _)| j).next()
    };
    let mut found = (0..theta.nrows()).filter_map(|row| wrong(row).map(|column| (row, column)));
    let (first, column) = found.next()?;
    let (name, value) = (prior.names()[column].clone(), theta[[first, column]].into());
    Some(Outside { rows: 1 + found.count(), first, name, value })
}

fn holds(support: Support, value: f64) -> bool {
    let single = value as f32;
    let rounded = || f64::from(single) == value;
    let near = || [single.next_up(), single.next_down()];
    value.is_finite()
        && (support.contains(value)
            || rounded() && near().iter().any(|v| support.contains(f64::from(*v))))
}
