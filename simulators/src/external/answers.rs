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

/// Enters an answer line into the batch; `expected` are the rows that wait for one, ascending.
///
/// # Errors
/// What is wrong with a line that answers none of them.
pub(super) fn accept(
    batch: &mut Batch,
    expected: &[usize],
    line: &str,
    values: &mut Vec<f64>,
) -> Result<(), String> {
    let mut fields = line.split_ascii_whitespace();
    let unreadable = || {
        let shown: String = line.chars().take(200).collect();
        format!(
            "the output line \"{shown}\" is not \"INDEX x1 x2 …\" (messages belong on standard error)"
        )
    };
    let index: u64 = fields.next().and_then(|field| field.parse().ok()).ok_or_else(unreadable)?;
    let row = index.checked_sub(batch.start).and_then(|row| usize::try_from(row).ok());
    let row = row.filter(|row| expected.binary_search(row).is_ok()).ok_or_else(unreadable)?;
    if batch.verdicts[row].is_some() {
        return Err(unreadable());
    }
    let mut rest = fields.peekable();
    if rest.peek() == Some(&"error") {
        let at = line.find("error").map_or(line.len(), |at| at + "error".len());
        let message = line[at..].trim().to_owned();
        batch.verdicts[row] = Some(Verdict::Failed(FailureKind::Reported, message));
        return Ok(());
    }
    values.clear();
    for field in rest {
        values.push(number(field).ok_or_else(unreadable)?);
    }
    batch.answer(row, values);
    Ok(())
}

/// Numbers as the common languages print them; R's missing value is not finite.
fn number(field: &str) -> Option<f64> {
    field.parse().ok().or((field == "NA").then_some(f64::NAN))
}
