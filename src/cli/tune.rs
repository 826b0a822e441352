//! `freeform tune`.

use super::settings::SettingsArgs;
use super::train::SourceArgs;
use super::{Failure, Output};
use crate::run::{Knob, TuneJob, Workplace, own, tune};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  freeform tune --task slcp -n 1000 --out tuning
  freeform tune --simulations sims.npz --prior prior.toml --search beta,learning-rate,width --out tuning
  freeform train --simulations sims.npz --prior prior.toml --config tuning/best.toml --out model

Each is searched away from the best so far, both ways, while the validation NLL gets better. The NLL
is the worse of the encoder's and the decoder's, so that an encoder that is not invertible does not
win. Trials train the posterior's flows only, without the likelihood's, which the NLL does not see.
Stopped and started again, it goes on.";

/// Options of `freeform tune`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    source: SourceArgs,
    /// What to search, in this order: beta (factors of 10), learning-rate, width (factors of 2).
    #[arg(long, value_enum, value_delimiter = ',', default_value = "beta")]
    search: Vec<Knob>,
    /// Folder of the search.
    #[arg(long)]
    out: PathBuf,
    /// Seed of simulations and trainings.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    settings: SettingsArgs,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let overrides = args.settings.overrides()?;
    let interrupt = output.interrupt_flag()?;
    let reporter = output.reporter;
    let at = Workplace {
        folder: &args.out,
        overwrite: false,
        missing: overrides.missing(),
        interrupt: &interrupt,
        reporter,
    };
    let source = args.source.source()?;
    source.check_settings(args.settings.preset(), &overrides)?;
    let _own = own(&args.out)?;
    let mut input = source.load(args.seed, &at)?;
    // Said once, not before every training.
    input.warnings.drain(..).for_each(|warning| reporter.warn(&warning));
    let job = TuneJob {
        preset: args.settings.preset(),
        overrides: &overrides,
        knobs: &args.search,
        seed: args.seed,
        engine: args.settings.device.open()?,
        folder: &args.out,
        interrupt: &interrupt,
        reporter,
    };
    let tuned = tune(&job, &input)?;
    let mut text = format!("{:>9} {:>9} {:>9} {:>7}  settings\n", "NLL", "encoder", "decoder", "s");
    for (index, trial) in tuned.trials.iter().enumerate() {
        let settings: Vec<String> =
            trial.settings.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let settings = if settings.is_empty() { "start".to_owned() } else { settings.join(" ") };
        text += &format!(
            "{:>9.3} {:>9.3} {:>9.3} {:>7.1}  {settings}{}{}\n",
            trial.score(),
            trial.encoder_nll,
            trial.decoder_nll,
            trial.seconds,
            if index == tuned.best { "  (best)" } else { "" },
            trial.failure.as_ref().map_or(String::new(), |f| format!("  {f}")),
        );
    }
    if tuned.trials[tuned.best].settings.is_empty() {
        text += "nothing searched is better than the start: best.toml has its settings\n";
    }
    text += &format!("use it with --config {}", args.out.join("best.toml").display());
    output.result(&tuned, &text)
}
