//! `freeform train`.

use super::lines::lines;
use super::masks::mask;
use super::settings::TrainingArgs;
use super::table::TableArgs;
use super::{Failure, Output};
use crate::report::record_command;
use crate::run::{Existing, Source, TrainJob, Workplace, own, train};
use freeform_simulators::{AnySimulator, Prior, counted};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  freeform train --task two_moons -n 10000 --out model
  freeform train --simulations sims.npz --prior prior.toml --out model
  freeform train --simulations sims.npz --prior prior.toml --theta-from proposal.toml --out model
  freeform train --task project/simulator.toml -n 10000 --out model
  freeform train --task slcp -n 10000 --preset paper --set loss.beta_start=100 \\
                 --set loss.beta_end=100 --out model
  freeform train --task slcp -n 10000 --out model --resume     # after Ctrl-C

prior.toml lists the parameters in the order of theta's columns:
  [[parameter]]
  name = \"rate\"
  distribution = \"uniform\"
  low = 0.0
  high = 1.0
Distributions: uniform, loguniform, normal, truncated_normal, half_normal, lognormal, exponential, gamma,
beta, student_t, half_student_t, von_mises and circular_uniform (angles), category; with names = [\"a\", \"b\"]
multivariate_normal, dirichlet (shares), program (a law of your own), and any of the others, in order
with ordered = true. A number may be the name of another parameter (hierarchies). See docs/priors.md.";

/// What to train on.
#[derive(clap::Args)]
pub(super) struct SourceArgs {
    /// Benchmark task, or your own simulator.toml, to simulate; with --simulations, only its prior is used.
    #[arg(long)]
    task: Option<String>,
    /// Simulations to train on: .npz with theta and x, or text (.csv, .tsv, .txt, .dat) whose first
    /// line names the columns: those of the prior's parameters are θ, all others x.
    #[arg(long, value_name = "FILE")]
    simulations: Option<PathBuf>,
    /// Prior that the simulations were drawn from (TOML).
    #[arg(long, value_name = "FILE", conflicts_with = "task")]
    prior: Option<PathBuf>,
    /// The law that theta of --simulations was really drawn from, where it is not the prior (TOML, as
    /// a prior): the posterior is still the one under the prior.
    #[arg(long, value_name = "FILE", requires = "simulations")]
    theta_from: Option<PathBuf>,
    /// Simulation budget with --task.
    #[arg(
        short = 'n', long = "budget", value_name = "N", default_value_t = 10_000,
        value_parser = super::count::count, conflicts_with = "simulations"
    )]
    budget: usize,
    #[command(flatten)]
    tables: TableArgs,
}

/// Options of `freeform train`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    source: SourceArgs,
    /// Folder for the model.
    #[arg(long)]
    out: PathBuf,
    #[command(flatten)]
    training: TrainingArgs,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let overrides = args.training.settings.overrides()?;
    let interrupt = output.interrupt_flag()?;
    let existing = args.training.existing();
    let at = Workplace {
        folder: &args.out,
        overwrite: existing == Existing::Overwrite,
        missing: overrides.missing(),
        interrupt: &interrupt,
        reporter: output.reporter,
    };
    let source = args.source.source()?;
    source.check_settings(args.training.settings.preset(), &overrides)?;
    let _own = own(&args.out)?;
    let mut input = source.load(args.training.seed, &at)?;
    let (from, seed) = (args.training.masks_from.as_deref(), args.training.seed);
    mask(&mut input, &overrides, (from, &[]), seed, output.reporter)?;
    let job = TrainJob {
        preset: args.training.settings.preset(),
        overrides: &overrides,
        seed: args.training.seed,
        engine: args.training.settings.device.open()?,
        folder: &args.out,
        existing,
        interrupt: &interrupt,
        reporter: output.reporter,
    };
    let result = train(&job, input)?;
    record_command(&args.out, "train", &super::command())?;
    let summary = &result.model.training;
    let quality = &summary.quality;
    let head = [
        format!(
            "{}: {}, trained in {:.1} s summed over the flows",
            args.out.display(),
            counted(summary.members.len(), "flow"),
            result.seconds
        ),
        format!(
            "validation NLL {:.4} (decoder {:.4}), reconstruction {:.2e}, Jacobian deviation {:.2e}",
            quality.encoder_nll,
            quality.decoder_nll,
            quality.reconstruction,
            quality.jacobian_deviation
        ),
    ];
    let learnt = summary.learnt.map(|l| {
        let over = l.over_whitening;
        let over = over.map_or(String::new(), |o| format!(" ({o:.4} over the whitening alone)"));
        format!(
            "held-out log p(theta | x) {:.4} nats, prior {:.4}, gained {:.4} ± {:.4}{over}",
            l.log_prob, l.prior, l.gain, l.error
        )
    });
    let corrected = summary.correction.as_ref().map(|c| {
        format!(
            "corrected by the likelihood with strength {:.2}{}, which gains {:.3} ± {:.3} nats",
            c.strength,
            c.and_power(),
            c.gain,
            c.error
        )
    });
    let text = lines(head.into_iter().chain(learnt).chain(corrected));
    let value = serde_json::json!({
        "out": args.out.display().to_string(), "seconds": result.seconds, "training": summary,
    });
    output.result(&value, &text)
}

impl SourceArgs {
    /// Task or file, with its prior.
    pub(super) fn source(&self) -> Result<Source, Failure> {
        let task = self.task.as_deref().map(AnySimulator::open).transpose()?;
        let path = match (&self.simulations, &self.task) {
            (Some(path), _) => path,
            (None, Some(name)) => {
                return Ok(Source::Task { name: name.clone(), simulations: self.budget });
            }
            (None, None) => {
                return Err(Failure::usage(
                    &"name what to train on: --simulations FILE with --prior FILE, or --task TASK (a \
                      benchmark task or your simulator.toml), which is simulated -n times",
                ));
            }
        };
        if let (false, Some(Ok(count))) = (path.exists(), path.to_str().map(super::count::count)) {
            return Err(Failure::usage(&format!(
                "--simulations {} is a file here, and there is none of that name; to simulate: --task \
                 TASK -n {count}",
                path.display()
            )));
        }
        let prior = match (&task, &self.prior) {
            (Some(task), _) => task.prior().clone(),
            (None, Some(path)) => Prior::read(path)?,
            (None, None) => {
                return Err(Failure::usage(
                    &"--simulations needs the prior they were drawn from: add --prior FILE, or --task",
                ));
            }
        };
        let theta_from = self.theta_from.as_ref().map(Prior::read).transpose()?.map(Box::new);
        Ok(Source::File {
            path: path.clone(),
            first_line: self.tables.first_line(),
            prior: Box::new(prior),
            task: self.task.clone(),
            theta_from,
        })
    }
}
