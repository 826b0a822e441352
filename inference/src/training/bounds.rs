//! θ against the prior's bounds.

use super::DataError;
use super::rows::TableRows;
use freeform_simulators::{Prior, Support, counted, written};
use std::fmt;

/// Share of an interval's width, or the distance, that stands in where no row lies off the bound.
const SMALL: f64 = 1e-3;

/// Moves values that lie exactly on a bound (rounded ones, the ends of a grid) off it, by half the
/// least distance that another row of the column has: in coordinates without bounds they would lie
/// at infinity.
pub(super) fn move_off(theta: &mut [f64], prior: &Prior) {
    let dim = prior.dim();
    for (column, support) in prior.support().iter().enumerate() {
        match *support {
            // A circle has no end: its cut is an ordinary place; a category is no number.
            Support::Real | Support::Circle { .. } | Support::Category { .. } => {}
            Support::Positive { lower } => move_off_one(theta, (column, dim), lower, 1.0, None),
            Support::Below { upper } => move_off_one(theta, (column, dim), upper, -1.0, None),
            Support::Interval { lower, upper } | Support::LogInterval { lower, upper } => {
                let width = Some(upper - lower);
                move_off_one(theta, (column, dim), lower, 1.0, width);
                move_off_one(theta, (column, dim), upper, -1.0, width);
            }
        }
    }
}

/// Moves values on `bound` in the direction of `sign`.
fn move_off_one(
    theta: &mut [f64],
    (column, dim): (usize, usize),
    bound: f64,
    sign: f64,
    width: Option<f64>,
) {
    let distance = |value: f64| sign * (value - bound);
    let values = || theta.iter().skip(column).step_by(dim).map(|v| distance(*v));
    if values().all(|d| d != 0.0) {
        return;
    }
    let least = values().filter(|d| *d > 0.0).fold(f64::INFINITY, f64::min);
    let step = if least.is_finite() { 0.5 * least } else { SMALL * width.unwrap_or(1.0) };
    let mut inside = bound + sign * step;
    // Where rounding would put it back.
    while distance(inside) <= 0.0 {
        inside = if sign > 0.0 { inside.next_up() } else { inside.next_down() };
    }
    let on = |v: &&mut f64| distance(**v) == 0.0;
    theta.iter_mut().skip(column).step_by(dim).filter(on).for_each(|v| *v = inside);
}

/// Refuses θ outside the prior's support.
pub(super) fn check_support(
    theta: &[f64],
    prior: &Prior,
    table: &TableRows,
) -> Result<(), DataError> {
    let rows = || theta.chunks_exact(prior.dim());
    let Some((first, row)) = rows().enumerate().find(|(_, row)| !prior.contains(row)) else {
        return Ok(());
    };
    let wrong = |(d, support): (usize, Support)| (prior.names()[d].clone(), row[d], support);
    Err(DataError::OutsidePrior(Box::new(OutsideRows {
        count: rows().filter(|row| !prior.contains(row)).count(),
        of: rows().len(),
        first: table.row_of(first),
        theta: row.to_vec(),
        wrong: prior.outside(row).map(wrong),
    })))
}

/// Rows of θ outside a law's support.
#[derive(Clone, Debug, PartialEq)]
pub struct OutsideRows {
    /// How many.
    pub count: usize,
    /// Of how many, those whose simulation failed not counted.
    pub of: usize,
    /// The first of them in their table, from 0.
    pub first: usize,
    /// Its parameters.
    pub theta: Vec<f64>,
    /// Its first parameter outside its support, given the other parameters: name, value, support; `None`
    /// where each lies inside.
    pub wrong: Option<(String, f64, Support)>,
}

impl fmt::Display for OutsideRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, of, first, theta, wrong } = self;
        write!(f, "{count} of {}, first in row {}, ", counted(*of, "usable row"), first + 1)?;
        match wrong {
            None => write!(f, "{theta:?}"),
            Some((name, value, support)) => {
                write!(f, "where `{name}` is {}", written(*value))?;
                if let Support::Category { count } = support {
                    let between = match *count {
                        2 => " or ",
                        3 => ", 1 or ",
                        _ => ", 1, …, ",
                    };
                    return write!(
                        f,
                        " and must be 0{between}{}: categories are counted from 0",
                        count - 1
                    );
                }
                let (lower, upper) = support.bounds();
                let finite = (lower.is_finite(), upper.is_finite());
                let (lower, upper) = (written(lower), written(upper));
                match finite {
                    (false, false) => Ok(()),
                    (true, false) => write!(f, " and must be above {lower}"),
                    (false, true) => write!(f, " and must be below {upper}"),
                    (true, true) => write!(f, " and must be from {lower} to {upper}"),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use freeform_simulators::Marginal;

    #[test]
    fn values_on_a_bound_move_half_way_to_the_nearest_other() {
        let prior = Prior::independent([
            ("share", Marginal::Uniform { low: 1.0, high: 2.0 }),
            ("rate", Marginal::Exponential { rate: 1.0 }),
        ])
        .unwrap();
        let mut theta = [1.0, 0.5, 1.2, 0.0, 1.6, 3.0, 2.0, 0.1_f64];
        move_off(&mut theta, &prior);
        let expected = [1.1, 0.5, 1.2, 0.05, 1.6, 3.0, 1.8, 0.1_f64];
        for (found, expected) in theta.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{theta:?}");
        }
        let check = |theta: &[f64], rows: Option<&[usize]>| {
            check_support(theta, &prior, &TableRows::of(rows))
        };
        assert!(check(&theta, None).is_ok());
        let said = check(&[1.5, 1.0, 1.5, -1.0, 2.5, 1.0], None).unwrap_err().to_string();
        assert!(
            said.contains("2 of 3 usable rows, first in row 2, where `rate` is -1")
                && said.contains("above 0"),
            "{said}"
        );
        let said = check(&[2.5, 1.0], Some(&[40])).unwrap_err().to_string();
        assert!(said.contains("row 41, where `share` is 2.5 and must be from 1 to 2"), "{said}");
        // The nearest other is the next number: half of that would be the bound itself.
        let mut theta = [1.0, 1.0, 1.0_f64.next_up(), 1.0];
        move_off(&mut theta, &prior);
        assert_eq!(theta, [1.0_f64.next_up(), 1.0, 1.0_f64.next_up(), 1.0]);
        // Off every bound nothing moves.
        let mut theta = [1.5, 1e-30, 1.9, 7.0_f64];
        let before = theta;
        move_off(&mut theta, &prior);
        assert_eq!(theta, before);
    }
}
