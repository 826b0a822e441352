//! Getting a verdict on every simulation of a batch, whatever the program does.

use super::ExternalError;
use super::batch::{Batch, Verdict};
use crate::FailureKind;

/// Something that runs rows of a batch in a process.
pub(super) trait Runner {
    /// Tries these rows at once; rows answered before a fault keep their answers.
    ///
    /// # Errors
    /// [`ExternalError`] if no process can be started at all.
    fn attempt(
        &mut self,
        batch: &mut Batch,
        rows: &[usize],
        stop: &dyn Fn() -> bool,
    ) -> Result<Attempt, ExternalError>;
}

/// How an attempt ended.
pub(super) enum Attempt {
    /// Every row has its verdict.
    Answered,
    /// The process broke over one of the rows.
    Fault(Fault),
    /// We were asked to stop.
    Stopped,
}

/// How a process broke.
pub(super) struct Fault {
    pub(super) kind: FailureKind,
    pub(super) message: String,
}

/// Brings every row of the batch to its verdict; `false` if we were asked to stop.
///
/// Only a simulation that breaks a process by itself is blamed, so that the table does not depend
/// on what shared a batch with it. A worker that answers in order breaks on its first unanswered
/// row, which is therefore tried alone first; where that works, the others are halved.
pub(super) fn settle(
    runner: &mut dyn Runner,
    batch: &mut Batch,
    stop: &dyn Fn() -> bool,
) -> Result<bool, ExternalError> {
    let mut pending: Vec<Vec<usize>> = vec![(0..batch.len()).collect()];
    while let Some(rows) = pending.pop() {
        if rows.is_empty() {
            continue;
        }
        let fault = match runner.attempt(batch, &rows, stop)? {
            Attempt::Answered => continue,
            Attempt::Stopped => return Ok(false),
            Attempt::Fault(fault) => fault,
        };
        let left = batch.unanswered(&rows);
        match left.as_slice() {
            [] => {}
            [row] if rows.len() == 1 => {
                batch.verdicts[*row] = Some(Verdict::Failed(fault.kind, fault.message));
            }
            [first, others @ ..] => match runner.attempt(batch, &[*first], stop)? {
                Attempt::Stopped => return Ok(false),
                Attempt::Fault(fault) if batch.verdicts[*first].is_none() => {
                    batch.verdicts[*first] = Some(Verdict::Failed(fault.kind, fault.message));
                    pending.push(others.to_vec());
                }
                _ => {
                    let (head, tail) = others.split_at(others.len() / 2);
                    pending.extend([tail.to_vec(), head.to_vec()]);
                }
            },
        }
    }
    Ok(true)
}
