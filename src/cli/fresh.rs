//! Fresh simulations to check a model by.

use super::Failure;
use super::Output;
use super::device::DeviceArg;
use super::table::TableArgs;
use crate::run::{
    FAILING, Owned, PairJob, Reporter, RunError, Source, Workplace, announce, open_origin, own,
};
use freeform_benchmark::{Outside, outside};
use freeform_inference::training::unlike_prior;
use freeform_inference::{EngineKind, Model, Posterior};
use freeform_simulators::{AnySimulator, SetError, SetRecord, Simulations, SourceError, counted};
use ndarray::Axis;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// Share of simulations that a model may have been trained on where it is checked by them.
const MOST_KNOWN: f64 = 0.02;

/// The options of every verb that checks by fresh simulations.
#[derive(clap::Args)]
pub(super) struct FreshArgs {
    /// Benchmark task, or your own simulator.toml, to simulate [default: the one it was trained on].
    #[arg(long, conflicts_with = "simulations")]
    pub(super) task: Option<String>,
    /// Simulations that the model was not trained on, θ from its prior: .npz with theta and x, or
    /// text with named columns.
    #[arg(long, value_name = "FILE")]
    pub(super) simulations: Option<PathBuf>,
    /// Fresh simulations, without --simulations.
    #[arg(
        short = 'n', long, value_name = "N", default_value_t = 1000, conflicts_with = "simulations",
        value_parser = super::count::count
    )]
    count: usize,
    /// Seed of simulations and draws; that of the training plus one million by default.
    #[arg(long)]
    seed: Option<u64>,
    #[command(flatten)]
    pub(super) tables: TableArgs,
}

/// The model of a folder that is this process's own for as long as the second part lives.
pub(super) fn open(folder: &Path) -> Result<(Model, Owned), Failure> {
    let model = Model::load(folder)?;
    Ok((model, own(folder)?))
}

/// Those that concern a check: what a training makes of failures is none of them.
fn said(warnings: &[String]) -> impl Iterator<Item = &String> {
    warnings.iter().filter(|warning| *warning != FAILING)
}

/// A posterior, and simulations to check it by.
pub(super) struct Ready<'a> {
    pub(super) posterior: Posterior,
    simulations: Simulations,
    left_out: usize,
    seed: u64,
    engine: EngineKind,
    folder: &'a Path,
    interrupt: &'a AtomicBool,
    reporter: Reporter,
}

impl Ready<'_> {
    /// The job that every check on average begins with.
    pub(super) fn pairs(&self) -> PairJob<'_> {
        PairJob {
            posterior: &self.posterior,
            simulations: &self.simulations,
            left_out: self.left_out,
            seed: self.seed,
            engine: self.engine,
            folder: self.folder,
            interrupt: self.interrupt,
            reporter: self.reporter,
        }
    }
}

impl FreshArgs {
    /// Never that of the simulations of the training.
    fn seed(&self, model: &Model) -> u64 {
        self.seed.unwrap_or(model.training.seed.wrapping_add(1_000_000))
    }

    /// Opens the simulator that the model was trained on, or the one named.
    pub(super) fn simulator(&self, model: &Model) -> Result<AnySimulator, RunError> {
        open_origin(model, self.task.as_deref(), "add --task, or --simulations")
    }

    /// Brings together what a check of `model`, which lies in `folder`, begins with.
    pub(super) fn ready<'a>(
        &self,
        (folder, model): (&'a Path, Model),
        device: &DeviceArg,
        interrupt: &'a AtomicBool,
        output: &Output,
    ) -> Result<Ready<'a>, Failure> {
        let seed = self.seed(&model);
        let (simulations, left_out) = self.load(folder, &model, interrupt, output)?;
        let engine = device.open()?;
        let (posterior, reporter) = (Posterior::new(model, engine), output.reporter);
        Ok(Ready { posterior, simulations, left_out, seed, engine, folder, interrupt, reporter })
    }

    /// Those to check by, all of them finite and of the model's sizes, and how many were left out,
    /// which the user is told.
    fn load(
        &self,
        folder: &Path,
        model: &Model,
        interrupt: &AtomicBool,
        output: &Output,
    ) -> Result<(Simulations, usize), Failure> {
        if model.training.local.is_some() && self.simulations.is_none() {
            return Err(Failure::usage(&format!(
                "{0}: this model is of one observation, learnt from simulations near it: fresh ones from the \
                 whole prior say nothing of it. What there is to say at its observation, `freeform sample` and \
                 `freeform report {0}` say; averages are of a model of every observation (`freeform run`), or \
                 of simulations near this one (--simulations)",
                folder.display()
            )));
        }
        let (mut simulations, left_out) = match &self.simulations {
            Some(path) => self.read(path, model, output)?,
            None => self.simulate(folder, model, interrupt, output)?,
        };
        let (theta_dim, data_dim) = (model.theta_dim(), model.data_dim());
        let (dim, width) = (simulations.parameter_dim(), simulations.data_dim());
        if (dim, width) != (theta_dim, data_dim) {
            return Err(Failure::usage(&format!(
                "the simulations have {} and {width} data, the model {theta_dim} and {data_dim}",
                counted(dim, "parameter")
            )));
        }
        // What was hidden in the training is hidden here too, where nothing is missing by itself.
        if let Some(masks) = &model.training.masks
            && simulations.rows_with_gaps() == 0
        {
            masks.apply(&mut simulations, self.seed(model));
        }
        Ok((simulations, left_out))
    }

    fn simulate(
        &self,
        folder: &Path,
        model: &Model,
        interrupt: &AtomicBool,
        output: &Output,
    ) -> Result<(Simulations, usize), Failure> {
        let (reporter, seed) = (output.reporter, self.seed(model));
        let simulator = self.simulator(model)?;
        announce(&simulator, reporter);
        let folder = folder.join("calibration");
        // Another seed's simulations are kept beside these.
        let folder = self.seed.map_or(folder.clone(), |seed| folder.join(format!("seed-{seed}")));
        let missing = Some(model.config.transform.missing);
        let at = Workplace { folder: &folder, overwrite: false, missing, interrupt, reporter };
        let name = self.task.as_deref().unwrap_or_default();
        let input = match Source::simulated(name, &simulator, self.count, seed, &at) {
            // More were made before: their first ones are these.
            Err(RunError::Source(SourceError::Set(SetError::Larger { found, .. }))) => {
                return self.first_of(&simulator, (found, seed), &at, output);
            }
            // Of another simulator, or of this one before it was changed: made for checks alone.
            Err(RunError::Source(SourceError::Set(SetError::Foreign { .. }))) => {
                let anew = Workplace { overwrite: true, ..at };
                Source::simulated(name, &simulator, self.count, seed, &anew)?
            }
            other => other?,
        };
        said(&input.warnings).for_each(|warning| reporter.warn(warning));
        let left_out = self.count.saturating_sub(input.simulations.len());
        Ok((input.simulations, left_out))
    }

    /// The first usable simulations of a larger set; with them is said what failed in all of it.
    fn first_of(
        &self,
        simulator: &AnySimulator,
        (found, seed): (u64, u64),
        at: &Workplace<'_>,
        output: &Output,
    ) -> Result<(Simulations, usize), Failure> {
        let name = self.task.as_deref().unwrap_or_default();
        let input = Source::simulated(name, simulator, found as usize, seed, at)?;
        said(&input.warnings).for_each(|warning| output.reporter.warn(warning));
        let record =
            SetRecord::read(at.folder.join("simulations.npz")).map_err(SourceError::from)?;
        let n = record.map_or(self.count.min(input.simulations.len()), |record| {
            record.successes_among(self.count as u64, &input.simulations, simulator.source())
        });
        let said = format!("the first {} of {found} simulations are looked at", self.count);
        output.reporter.say(&said);
        Ok((input.simulations.first(n), self.count - n))
    }

    fn read(
        &self,
        path: &Path,
        model: &Model,
        output: &Output,
    ) -> Result<(Simulations, usize), Failure> {
        let all = self.tables.simulations(path, model)?;
        let missing = model.config.transform.missing;
        let mut usable = all.usable_rows(missing);
        usable.retain(|row| missing.is_success(&all.x.row(*row).to_vec()));
        let (rows, left_out) = (all.len(), all.len() - usable.len());
        let shown = path.display();
        if left_out == rows {
            return Err(Failure::failed(&format!(
                "{shown}: none of {rows} simulations is finite: nothing to rank"
            )));
        }
        if left_out > 0 {
            output.reporter.warn(&format!(
                "{shown}: {left_out} of {rows} simulations are not finite and are \
                 left out"
            ));
        }
        // Of those that failed too: who succeeds may depend on theta.
        let is_drawn = |row: &usize| all.theta.row(*row).iter().all(|v| v.is_finite());
        let drawn: Vec<usize> = (0..rows).filter(is_drawn).collect();
        let drawn = all.theta.select(Axis(0), &drawn);
        let finite = all.rows(&usable);
        // Here the rows of the file are still known.
        if let Some(found) = outside(&model.prior, finite.theta.view()) {
            let found = Outside { first: usable[found.first], ..found };
            return Err(RunError::OutsidePrior { simulations: finite.len(), found }.into());
        }
        if let Some(how) = unlike_prior(drawn.view(), &model.prior) {
            output.reporter.warn(&format!(
                "{shown}: theta does not look like draws from the model's prior: {how}. A check is of draws from \
                 it: what follows says more of these simulations than of the model"
            ));
        }
        if let Some(share) = model.share_trained_on(&finite).filter(|share| *share > MOST_KNOWN) {
            return Err(Failure::failed(&format!(
                "{shown}: the model was trained on {:.0}% of these {} simulations: a check needs others \
                 (`freeform simulate` with another seed makes them)",
                100.0 * share,
                finite.len()
            )));
        }
        Ok((finite, left_out))
    }
}
