//! Training all flows of one model.

use super::{
    Choice, EnsembleError, EnsembleJob, EnsemblePlan, Host, Member, Outcome, TrainedMember,
    TrainingData,
};
use crate::config::Config;
use crate::engine::{self, EngineKind};
use rayon::prelude::*;

/// Trains all members, side by side where there are threads for it, or in step where the engine
/// can; `None` where the host interrupted it. The result does not depend on the number of threads.
///
/// # Errors
/// [`EnsembleError`] of the first member that failed.
pub fn train_ensemble(
    data: &TrainingData,
    config: &Config,
    seed: u64,
    kind: EngineKind,
    identity: &str,
    host: &dyn Host,
) -> Result<Option<Vec<TrainedMember>>, EnsembleError> {
    let job = EnsembleJob { data, config, seed, identity, host };
    #[cfg(feature = "burn")]
    if kind.is_burn() {
        return Ok(super::train_stacked(&[job], kind)?.remove(0));
    }
    let plan = EnsemblePlan::of(config, data);
    let train = |members: Vec<Member>| -> Result<Option<Vec<TrainedMember>>, EnsembleError> {
        members
            .into_par_iter()
            // One at a time: members are large pieces of work.
            .with_max_len(1)
            .map(|member| train_member(job, member, kind).map_err(|error| error.because_of(data)))
            .collect()
    };
    let Some(mut trained) = train(plan.first())? else { return Ok(None) };
    let choice = Choice::of(&trained, data, config, kind);
    let Some(rest) = train(plan.rest(&choice))? else { return Ok(None) };
    trained.extend(rest);
    Ok(Some(plan.chosen(trained, &choice)))
}

/// Trains one member; `None` where the host interrupted it.
fn train_member(
    job: EnsembleJob,
    member: Member,
    kind: EngineKind,
) -> Result<Option<TrainedMember>, EnsembleError> {
    let Some(ready) = job.prepare(member)? else { return Ok(None) };
    let engine = engine::create(kind, &ready.network, &ready.weights);
    let mut trainer = ready.trainer(engine)?;
    let outcome = trainer.run(&mut *job.host.watch(member))??;
    job.host.keep(member, &trainer, outcome)?;
    if outcome == Outcome::Interrupted {
        return Ok(None);
    }
    Ok(Some(ready.finish(trainer)?))
}
