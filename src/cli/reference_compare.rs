//! `freeform reference compare`.

use super::arguments::{Observations, parse_observations, tasks_named};
use super::{Failure, Output};
use freeform_benchmark::{C2stSettings, ReferenceSource, ReferenceStore, c2st};

const EXAMPLES: &str = "\
Examples:
  freeform reference compare
  freeform reference compare --tasks slcp,two_moons --observations 1-3";

/// Options of `freeform reference compare`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Compare {
    /// Benchmark tasks [default: all ten].
    #[arg(long, value_name = "TASK,…", value_delimiter = ',')]
    tasks: Vec<String>,
    /// Observations, e.g. 1-10 or 1,4,7.
    #[arg(long, default_value = "1-10", value_parser = parse_observations)]
    observations: Observations,
}

/// Draws of either side, as many as are released.
const DRAWS: usize = 10_000;

pub(super) fn run(args: &Compare, output: &Output) -> Result<(), Failure> {
    let (store, stop) = (ReferenceStore::of_user(), output.interrupt_flag()?);
    let mut text = String::new();
    let mut values = Vec::new();
    for task in tasks_named(&args.tasks)? {
        for &number in &args.observations.0 {
            let draws = |source| {
                let draws = store.official(&task, number, DRAWS, source, &stop)?;
                draws.remark.iter().for_each(|remark| output.reporter.warn(remark));
                Ok::<_, Failure>(draws.theta)
            };
            let (released, native) =
                (draws(ReferenceSource::Released)?, draws(ReferenceSource::Native)?);
            let settings = C2stSettings::default();
            let score = c2st(released.view(), native.view(), &settings, &stop)?.accuracy;
            let line = format!("{:<24} {number:>2} {score:.4}", task.name());
            output.reporter.say(&line);
            text += &(line + "\n");
            values.push(serde_json::json!({
                "task": task.name(), "num_observation": number, "C2ST": score,
            }));
        }
    }
    output.result(&values, &text)
}
