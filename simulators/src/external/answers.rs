//! The text of the line protocol.

use std::fmt::Write;

use super::batch::{Batch, Verdict};
use crate::FailureKind;

/// The request lines of these rows, with the empty line that ends a batch.
pub(super) fn request(batch: &Batch, rows: &[usize]) -> String {
    let mut text = String::with_capacity(rows.len() * (32 + 20 * batch.parameter_dim));
    for &row in rows {
        let (index, seed) = (batch.start + row as u64, batch.seeds[row]);
        // Writing to a String cannot fail.
        let _ = write!(text, "{index} {seed}");
        for value in batch.theta_row(row) {
            let _ = write!(text, " {value}");
        }
        text.push('\n');
    }
    text.push('\n');
    text
}

/// What a line of output is.
#[derive(Debug, PartialEq)]
pub(super) enum Line {
    /// The answer of a simulation that waits for one; it is entered.
    Answer,
    /// Something printed beside the answers.
    Noise,
}

/// Enters an answer line into the batch; `expected` are the rows that wait for one, ascending.
///
/// A line that does not begin with the index of an open simulation is noise, unless it consists
/// of numbers alone: then the simulator may be answering for the wrong simulation.
///
/// # Errors
/// What is wrong with a line that should be an answer and is none.
pub(super) fn accept(
    batch: &mut Batch,
    expected: &[usize],
    line: &str,
    values: &mut Vec<f64>,
) -> Result<Line, String> {
    let mut fields = line.split_ascii_whitespace();
    let unreadable = || {
        let shown: String = line.chars().take(200).collect();
        format!(
            "the output line \"{shown}\" is not \"INDEX x1 x2 …\" (messages belong on standard error)"
        )
    };
    let Some(index) = fields.next().and_then(|field| field.parse::<u64>().ok()) else {
        // An answer between commas is no noise, though nobody would find its end.
        let between: Vec<&str> = line.split(',').map(str::trim).collect();
        let answer = between.len() == batch.data_dim + 1
            && between[0].parse::<u64>().is_ok()
            && between.iter().all(|field| number(field).is_some());
        return if answer { Err(unreadable()) } else { Ok(Line::Noise) };
    };
    let row = index.checked_sub(batch.start).and_then(|row| usize::try_from(row).ok());
    let row = row.filter(|row| expected.binary_search(row).is_ok());
    let Some(row) = row.filter(|&row| batch.verdicts[row].is_none()) else {
        let numbers = fields.clone().next().is_some() && fields.all(|f| number(f).is_some());
        return if numbers { Err(unreadable()) } else { Ok(Line::Noise) };
    };
    let mut rest = fields.peekable();
    if rest.peek() == Some(&"error") {
        let at = line.find("error").map_or(line.len(), |at| at + "error".len());
        let message = line[at..].trim().to_owned();
        batch.verdicts[row] = Some(Verdict::Failed(FailureKind::Reported, message));
        return Ok(Line::Answer);
    }
    values.clear();
    for field in rest {
        values.push(number(field).ok_or_else(unreadable)?);
    }
    batch.answer(row, values);
    Ok(Line::Answer)
}

/// Numbers as the common languages print them; R's missing value is not finite.
pub(super) fn number(field: &str) -> Option<f64> {
    field.parse().ok().or((field == "NA").then_some(f64::NAN))
}
