//! Where the rounds of a folder simulate and train.

use super::RoundsJob;
use super::record::{ROUNDS, keep_proposals, kept_proposals};
use super::{moved_in_words, share_in_words, stopped};
use crate::run::directory::create_folder;
use crate::run::said::{FAILING, set_warnings};
use crate::run::sets::make_set;
use crate::run::source::{SimulatorRecord, TrainingInput, Workplace};
use crate::run::{Existing, RunError, TrainJob, train};
use freeform_inference::{
    Asking, Locality, Outlook, Posterior, PosteriorError, Proposals, Round, RoundPlan, RoundReport,
    RoundStage, Simulated,
};
use freeform_simulators::{
    Proposed, Simulations, SourceError, read_theta_failed, write_bytes_atomically,
};
use ndarray::Array2;
use std::path::PathBuf;

/// The folder of an inference at work.
pub(super) struct FolderStage<'a> {
    job: &'a RoundsJob<'a>,
    record: Option<SimulatorRecord>,
    rounds: usize,
}

impl<'a> FolderStage<'a> {
    pub fn new(job: &'a RoundsJob<'a>, plan: &RoundPlan) -> Result<Self, RunError> {
        let record = SimulatorRecord::of(job.simulator)?;
        Ok(Self { job, record, rounds: plan.sizes.len() })
    }

    /// The folder of a round, made where it is missing.
    fn folder(&self, round: usize) -> Result<PathBuf, RunError> {
        let folder = self.job.folder.join(ROUNDS).join(format!("{round:02}"));
        create_folder(&folder)?;
        Ok(folder)
    }
}

impl RoundStage for FolderStage<'_> {
    type Error = RunError;

    fn proposals(
        &self,
        round: usize,
        make: &dyn Fn() -> Result<Proposals, PosteriorError>,
    ) -> Result<Proposals, RunError> {
        let folder = self.folder(round)?;
        if let Some(kept) = kept_proposals(&folder) {
            return Ok(kept);
        }
        let made = make().map_err(|error| stopped(error, self.job.folder))?;
        keep_proposals(&folder, &made)?;
        Ok(made)
    }

    fn simulate(&self, round: &Round<'_>) -> Result<Simulated, RunError> {
        let job = self.job;
        let folder = self.folder(round.number)?;
        let path = folder.join("simulations.npz");
        let (source, reporter) = (job.simulator.source(), job.reporter);
        reporter
            .say(&format!("round {} of {}: {} simulations", round.number, self.rounds, round.size));
        let at = Workplace::fresh(&folder, job.interrupt, reporter);
        let (n, seed) = (round.size, round.seed);
        let report = match round.proposals {
            None => make_set(source, n, seed, &path, &at)?,
            Some(made) => make_set(&Proposed::new(source, made.theta.view()), n, seed, &path, &at)?,
        };
        // What a training makes of failures is said once.
        let known = |warning: &&String| round.number == 1 || *warning != FAILING;
        set_warnings(&report).iter().filter(known).for_each(|warning| reporter.warn(warning));
        let failed = read_theta_failed(&path).map_err(SourceError::from)?;
        let failed = failed.unwrap_or_else(|| Array2::zeros((0, source.prior().dim())));
        Ok(Simulated { simulations: Simulations::read(&path)?, failed })
    }

    fn train(
        &self,
        round: &Round<'_>,
        simulated: Simulated,
        local: &Locality,
    ) -> Result<Posterior, RunError> {
        let job = self.job;
        let input = TrainingInput {
            simulations: simulated.simulations,
            prior: job.simulator.prior().clone(),
            task: Some(job.name.to_owned()),
            simulator: self.record.clone(),
            layout: job.simulator.layout(),
            missing: job.simulator.missing(),
            masks: None,
            theta_from: None,
            theta_failed: Some(simulated.failed),
            local: Some(local.clone()),
            data_names: None,
            table: None,
            rows: None,
            warnings: Vec::new(),
        };
        let training = TrainJob {
            preset: job.preset,
            overrides: job.overrides,
            seed: round.seed,
            engine: job.engine,
            folder: &self.folder(round.number)?,
            existing: Existing::Resume,
            interrupt: job.interrupt,
            reporter: job.reporter,
        };
        let trained = train(&training, input).map_err(|error| match error {
            RunError::Interrupted { .. } => {
                RunError::RoundsInterrupted { path: job.folder.display().to_string() }
            }
            other => other,
        })?;
        Ok(Posterior::new(trained.model, job.engine))
    }

    fn finished(&self, report: &RoundReport, _: &Outlook) -> Result<(), RunError> {
        let text = serde_json::to_string_pretty(report).map_err(std::io::Error::other)?;
        let path = self.folder(report.round)?.join("round.json");
        write_bytes_atomically(&path, (text + "\n").as_bytes())?;
        let reporter = self.job.reporter;
        let moved = report.moved.map_or(String::new(), |moved| {
            let moved = moved_in_words(Some(moved));
            format!("; the posterior moved by {moved} of its standard deviations")
        });
        reporter.say(&format!(
            "round {} of {}: trained on {} simulations; {} of the prior in the region, {:.1}% of \
             draws accepted{moved}",
            report.round,
            self.rounds,
            report.trained_on,
            share_in_words(report.prior_share),
            100.0 * report.acceptance,
        ));
        report.remarks.iter().for_each(|remark| {
            reporter.warn(&format!("round {}: {remark}", report.round));
        });
        Ok(())
    }

    fn asking(&self) -> Asking<'_> {
        Asking { anyway: self.job.anyway, ..Asking::until(self.job.interrupt) }
    }
}
