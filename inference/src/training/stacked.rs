//! Ensembles on a device: all flows of one shape are one stack.

use super::ensemble::{EnsembleJob, Ready};
use super::{
    Choice, EnsembleError, EnsemblePlan, Member, Outcome, TrainedMember, Trainer, lockstep,
};
use crate::engine::burn::{BurnEngine, BurnStack, SharedStack};
use crate::engine::{Engine, EngineKind, guarded};
use rayon::prelude::*;
use std::sync::{Arc, Mutex};

/// Trains the members of all jobs: those that share shapes and schedules as one stack. Of each job
/// its members in their order, or `None` where a host interrupted it.
///
/// # Errors
/// [`EnsembleError`] of the first member that failed.
pub fn train_stacked(
    jobs: &[EnsembleJob],
    kind: EngineKind,
) -> Result<Vec<Option<Vec<TrainedMember>>>, EnsembleError> {
    let plans: Vec<EnsemblePlan> =
        jobs.iter().map(|job| EnsemblePlan::of(job.config, job.data)).collect();
    let first = plans.iter().map(EnsemblePlan::first).collect();
    let mut trained = train_members(jobs, first, kind)?;
    let choose = |(job, trained): (&EnsembleJob, &Option<Vec<TrainedMember>>)| {
        let choice = trained.as_ref().map(|t| Choice::of(t, job.data, job.config, kind));
        choice.unwrap_or_default()
    };
    let choices: Vec<Choice> =
        guarded(kind, || jobs.iter().zip(&trained).map(choose).collect::<Vec<_>>())?;
    let rest = plans.iter().zip(&choices).zip(&trained);
    // Nothing is left to do of what was interrupted.
    let rest = rest.map(|((plan, choice), trained)| match trained {
        Some(_) => plan.rest(choice),
        None => Vec::new(),
    });
    let more = train_members(jobs, rest.collect(), kind)?;
    for (((plan, choice), trained), more) in plans.iter().zip(&choices).zip(&mut trained).zip(more)
    {
        let all = trained.take().zip(more).map(|(first, rest)| [first, rest].into_iter().flatten());
        *trained = all.map(|all| plan.chosen(all.collect(), choice));
    }
    Ok(trained)
}

/// Trains these members of each job, in no order.
fn train_members(
    jobs: &[EnsembleJob],
    members: Vec<Vec<Member>>,
    kind: EngineKind,
) -> Result<Vec<Option<Vec<TrainedMember>>>, EnsembleError> {
    let wanted: Vec<(usize, EnsembleJob, Member)> = members
        .into_iter()
        .zip(jobs)
        .enumerate()
        .flat_map(|(number, (members, job))| {
            members.into_iter().map(move |member| (number, *job, member))
        })
        .collect();
    let ready = wanted
        .into_par_iter()
        .with_max_len(1)
        .map(|(number, job, member)| Ok(job.prepare(member)?.map(|ready| (number, ready))))
        .collect::<Result<Option<Vec<_>>, EnsembleError>>()?;
    let Some(ready) = ready else { return Ok(jobs.iter().map(|_| None).collect()) };

    let mut trained: Vec<Option<Vec<TrainedMember>>> =
        jobs.iter().map(|_| Some(Vec::new())).collect();
    for stack in stacks(ready) {
        let flows: Vec<&Ready> = stack.iter().map(|(_, ready)| ready).collect();
        let data = flows[0].job.data;
        let results = guarded(kind, || train_stack(&flows, kind))?;
        let results = results.map_err(|error| error.because_of(data))?;
        for ((job, _), flow) in stack.iter().zip(results) {
            match (flow, &mut trained[*job]) {
                (Some(flow), Some(flows)) => flows.push(flow),
                (None, flows) => *flows = None,
                (Some(_), None) => {}
            }
        }
    }
    Ok(trained)
}

/// Groups members that can be one stack.
fn stacks<'a>(ready: Vec<(usize, Ready<'a>)>) -> Vec<Vec<(usize, Ready<'a>)>> {
    let mut stacks: Vec<Vec<(usize, Ready)>> = Vec::new();
    for (job, member) in ready {
        match stacks.iter_mut().find(|stack| stack[0].1.stacks_with(&member)) {
            Some(stack) => stack.push((job, member)),
            None => stacks.push(vec![(job, member)]),
        }
    }
    stacks
}

/// Trains one stack; `None` for flows that were interrupted.
fn train_stack(
    flows: &[&Ready],
    kind: EngineKind,
) -> Result<Vec<Option<TrainedMember>>, EnsembleError> {
    let weights: Vec<_> = flows.iter().map(|flow| flow.weights.clone()).collect();
    let stack = BurnStack::new(&flows[0].network, &weights, kind.burn_device()?);
    let stack: SharedStack = Arc::new(Mutex::new(stack));
    let folds: Vec<_> = flows.iter().map(|flow| &flow.fold).collect();
    lockstep::load(&stack, &folds);
    let mut trainers = flows
        .iter()
        .zip(BurnEngine::members(&stack))
        .map(|(flow, engine)| flow.trainer(Box::new(engine) as Box<dyn Engine>))
        .collect::<Result<Vec<Trainer>, _>>()?;
    let sharers = trainers.len();
    trainers.iter_mut().for_each(|trainer| trainer.share_time(sharers));
    let mut observers: Vec<_> = flows.iter().map(|flow| flow.job.host.watch(flow.member)).collect();
    let endings = lockstep::run(&mut trainers, &stack, &mut observers)?;
    // Every flow's state is kept before the first failure is reported.
    for ((flow, trainer), ending) in flows.iter().zip(&trainers).zip(&endings) {
        if let Ok(outcome) = ending {
            flow.job.host.keep(flow.member, trainer, *outcome)?;
        }
    }
    let finish = |((flow, trainer), ending): ((&&Ready, Trainer), _)| match ending {
        Ok(Outcome::Finished) => flow.finish(trainer).map(Some),
        Ok(Outcome::Interrupted) => Ok(None),
        Err(error) => Err(EnsembleError::Train(error)),
    };
    flows.iter().zip(trainers).zip(endings).map(finish).collect()
}
