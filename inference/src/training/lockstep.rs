//! Many trainings of one shape in step, on one stack.

use super::observer::{MOST_SKIPPED, Observer, Outcome, StepInfo, TrainError, TrainingState};
use super::{Fold, Trainer};
use crate::engine::burn::{ModelStep, RunSums, SharedStack, StackRun, StackTable, lock};
use crate::engine::{LogDet, LossReport};
use crate::random::{Purpose, stream};
use rand::RngExt;

/// Steps between two reports: the device is not asked for anything in between. Counted from the
/// start of the epoch, so that nothing depends on when a training was interrupted.
const INTERVAL: usize = 16;

/// How a training of the stack ended.
pub(super) type Ending = Result<Outcome, TrainError>;

/// Hands the folds to the stack that will train on them.
pub(super) fn load(stack: &SharedStack, folds: &[&Fold]) {
    let tables: Vec<StackTable> = folds
        .iter()
        .map(|fold| StackTable {
            theta: &fold.target,
            x: &fold.context,
            validation: &fold.validation,
        })
        .collect();
    lock(stack).load(&tables);
}

/// Trains all to the end, or until an observer stops one, which stops all. The trainers' engines
/// are the members of the stack, in order, and their folds are those that it was
/// [loaded](load) with, of equal sizes.
///
/// # Errors
/// An I/O error of an observer.
pub(super) fn run(
    trainers: &mut [Trainer],
    stack: &SharedStack,
    observers: &mut [Box<dyn Observer + '_>],
) -> std::io::Result<Vec<Ending>> {
    let mut endings: Vec<Option<Ending>> = trainers.iter().map(|_| None).collect();
    let mut orders: Vec<(usize, Vec<u32>)> = trainers.iter().map(order).collect();
    loop {
        for (trainer, ending) in trainers.iter().zip(&mut endings) {
            if ending.is_none() && trainer.is_finished() {
                *ending = Some(Ok(Outcome::Finished));
            }
        }
        // Trainings that go on from checkpoints of different ages: the latest come first.
        let open = trainers.iter().zip(&endings).filter(|(_, ending)| ending.is_none());
        let Some(at) = open.map(|(trainer, _)| trainer.steps_done()).min() else { break };
        let active: Vec<bool> = trainers
            .iter()
            .zip(&endings)
            .map(|(trainer, ending)| ending.is_none() && trainer.steps_done() == at)
            .collect();
        for (trainer, kept) in trainers.iter().zip(&mut orders) {
            if kept.0 != trainer.history().len() {
                *kept = order(trainer);
            }
        }
        let stopped = interval(trainers, stack, observers, &active, &orders, &mut endings)?;
        let ended = |t: &Trainer| t.step_in_epoch() == t.steps_per_epoch();
        if trainers.iter().zip(&active).any(|(t, active)| *active && ended(t)) {
            end_epoch(trainers, stack, observers, &active)?;
        }
        if stopped {
            break;
        }
    }
    Ok(endings.into_iter().map(|ending| ending.unwrap_or(Ok(Outcome::Interrupted))).collect())
}

/// Up to [`INTERVAL`] steps of the active trainings; says whether an observer stopped them.
fn interval(
    trainers: &mut [Trainer],
    stack: &SharedStack,
    observers: &mut [Box<dyn Observer + '_>],
    active: &[bool],
    orders: &[(usize, Vec<u32>)],
    endings: &mut [Option<Ending>],
) -> std::io::Result<bool> {
    let Some(leader) = active.iter().position(|active| *active) else { return Ok(false) };
    let (first, size) = (trainers[leader].step_in_epoch(), trainers[leader].batch_size());
    let steps = (INTERVAL - first % INTERVAL).min(trainers[leader].steps_per_epoch() - first);
    if steps == 0 {
        return Ok(false);
    }
    let from = first * size;
    let to = (from + steps * size).min(orders[leader].1.len());
    let run = StackRun {
        rows: orders.iter().map(|(_, order)| &order[from..to]).collect(),
        batch_size: size,
        steps: (0..steps)
            .map(|ahead| {
                let of = |(trainer, active): (&Trainer, &bool)| model_step(trainer, ahead, *active);
                trainers.iter().zip(active).map(of).collect()
            })
            .collect(),
    };
    let sums = lock(stack).run(&run);
    let mut stopped = false;
    for model in (0..trainers.len()).filter(|model| active[*model]) {
        let (trainer, sums) = (&mut trainers[model], &sums[model]);
        if trainer.count_run(sums, steps) >= MOST_SKIPPED {
            endings[model] = Some(Err(trainer.diverged()));
            continue;
        }
        let info = StepInfo {
            epoch: trainer.history().len() + 1,
            step: trainer.steps_done(),
            total_steps: trainer.total_steps(),
            report: mean_report(sums),
            last_epoch: trainer.history().last(),
        };
        stopped |= observers[model].after_step(&info).is_break();
        observers[model].offer(&trainers[model])?;
    }
    Ok(stopped)
}

/// The order of an epoch's rows, and the number of epochs before it.
fn order(trainer: &Trainer) -> (usize, Vec<u32>) {
    (trainer.history().len(), trainer.order())
}

fn model_step(trainer: &Trainer, ahead: usize, active: bool) -> ModelStep {
    let step = trainer.steps_done() + ahead;
    let (loss, update) = trainer.settings(step);
    let probe_key = match loss.log_det {
        LogDet::Hutchinson { .. } => stream(trainer.seed(), Purpose::Probes, step as u64).random(),
        LogDet::Exact => 0,
    };
    ModelStep { loss, update, probe_key, active }
}

fn mean_report(sums: &RunSums) -> LossReport {
    let mean = |sum: f64| sum / sums.samples;
    LossReport {
        loss: mean(sums.loss),
        reconstruction: mean(sums.reconstruction),
        gradient_norm: mean(sums.gradient_norm),
        ..LossReport::default()
    }
}

fn end_epoch(
    trainers: &mut [Trainer],
    stack: &SharedStack,
    observers: &mut [Box<dyn Observer + '_>],
    active: &[bool],
) -> std::io::Result<()> {
    let quality = lock(stack).validate();
    let better: Vec<bool> = (0..trainers.len())
        .map(|model| {
            let (nll, reconstruction) = quality[model];
            active[model] && trainers[model].note_epoch(nll, reconstruction)
        })
        .collect();
    if better.contains(&true) {
        lock(stack).mark_best(&better);
    }
    for model in (0..trainers.len()).filter(|model| active[*model]) {
        observers[model].offer(&trainers[model])?;
    }
    Ok(())
}
