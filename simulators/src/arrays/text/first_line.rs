//! What the first line of a text file is: names of the columns, or numbers.

use std::path::Path;

use csv::StringRecord;
use ndarray::{ArrayView1, ArrayView2};

use super::field;
use crate::arrays::error::shorten;
use crate::arrays::{ArrayError, FirstLine};

/// Whether the first line has names.
///
/// # Errors
/// [`ArrayError::FirstLine`] where it has some of either, or names that may be none.
pub(super) fn is_names(
    fields: &StringRecord,
    rule: FirstLine,
    path: &Path,
    line: u64,
) -> Result<bool, ArrayError> {
    match rule {
        FirstLine::Names => return Ok(true),
        FirstLine::Numbers => return Ok(false),
        FirstLine::Auto => {}
    }
    let refuse = |reason: String| {
        let fix = "say which it is with --header yes or --header no, or mend the line";
        Err(ArrayError::FirstLine { path: path.to_owned(), line, reason, fix })
    };
    let Some(odd) = fields.iter().position(|field| !field::is_number(field)) else {
        return Ok(false);
    };
    let shown = |at: usize| format!("field {}, \"{}\"", at + 1, shorten(&fields[at], 40));
    if fields[odd].is_empty() {
        let field = odd + 1;
        return refuse(format!(
            "field {field} is empty: the name of pandas' row index (leave it out with to_csv(…, \
             index=False)), or a missing number (write nan)"
        ));
    }
    if let Some(at) = fields.iter().position(field::has_decimal_comma) {
        let reason = format!("{} has a decimal comma", shown(at));
        let fix = "write decimals with a point";
        return Err(ArrayError::FirstLine { path: path.to_owned(), line, reason, fix });
    }
    if let Some(number) = fields.iter().position(field::is_number) {
        let (odd, number) = (shown(odd), shown(number));
        return refuse(format!("{odd}, is not a number, but {number}, is"));
    }
    if let Some(empty) = fields.iter().position(str::is_empty) {
        return refuse(format!("field {} is empty, which is no name", empty + 1));
    }
    if let Some(at) = fields.iter().position(field::is_mistyped) {
        return refuse(format!("{} may be a name or a mistyped number", shown(at)));
    }
    Ok(true)
}

/// Refuses numbers that may be names: 0, 1, 2, … as pandas names columns, or other evenly spaced
/// ones, such as points in time, above rows that are not so.
pub(super) fn refuse_labels(
    first: &StringRecord,
    values: ArrayView2<'_, f64>,
    path: &Path,
) -> Result<(), ArrayError> {
    let even = is_evenly_spaced(values.row(0));
    if values.nrows() == 1 || !(counts(first) || even) {
        return Ok(());
    }
    if values.rows().into_iter().skip(1).any(is_evenly_spaced) {
        return Ok(());
    }
    let line = first.position().map_or(0, csv::Position::line);
    let shown = shorten(&first.iter().collect::<Vec<_>>().join(","), 40);
    let reason = format!("\"{shown}\" may be the columns' names or the first row of numbers");
    let fix = "say which it is with --header yes or --header no, put a # before names, or write \
               the numbers as 0.0, 1.0, …";
    let fix = if even {
        "say which it is with --header yes or --header no, or put a # before names"
    } else {
        fix
    };
    Err(ArrayError::FirstLine { path: path.to_owned(), line, reason, fix })
}

/// Whether the fields are 0, 1, 2, …, or 1, 2, …, without a decimal point. One column whose first
/// number is 1 is more likely counts.
fn counts(fields: &StringRecord) -> bool {
    let from = |start: usize| fields.iter().enumerate().all(|(i, f)| f == (start + i).to_string());
    from(0) || (fields.len() > 1 && from(1))
}

/// Whether three or more numbers go up or down in equal steps.
fn is_evenly_spaced(row: ArrayView1<'_, f64>) -> bool {
    let (first, last) = (row[0], row[row.len() - 1]);
    let step = (last - first) / (row.len().max(2) - 1) as f64;
    let tolerance = 1e-9 * (first.abs() + last.abs());
    row.len() > 2
        && step.abs() > tolerance
        && row.iter().enumerate().all(|(i, v)| (v - (first + i as f64 * step)).abs() <= tolerance)
}
