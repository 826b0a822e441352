//! `freeform check`.

use super::device::DeviceArg;
use super::fresh::{FreshArgs, open};
use super::lines::wrapped;
use super::observation::ObservationArg;
use super::{Failure, Output};
use crate::report::{record_command, report};
use crate::run::{Check, CheckJob, ToCheck, check};
use freeform_inference::Model;
use freeform_simulators::{AnySimulator, counted};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  freeform check runs/two_moons
  freeform check model --observation x.csv
  freeform check runs/slcp --observation 1 --observation 2 -n 2000
  freeform check model --simulations held-out.npz --observation x.csv

On average, over fresh simulations: ranks of the true parameters within the 99% envelope (SBC), coverage
of highest-density regions and of balls around random points (TARP), contraction, z-scores, recovery, and
credible levels adjusted so that they hold what they say. At each observation: how unusual it is, whether
a classifier tells the posterior from the truth there (L-C2ST), and whether simulations at the posterior's
parameters look like it. Each check has the 1% level: of a right posterior it finds something wrong once
in a hundred times. Writes check.json, report.html and plots/check.svg into the model's folder. Stopped and
started again, it goes on; `freeform calibrate` shares its simulations and ranks.";

/// Options of `freeform check`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The model's folder.
    model: PathBuf,
    /// An observation to look at, repeatable: number of one of the task's, or a file with the observed
    /// data (.npy, .npz, or text); of a file with several observations, one a row, the third is FILE:3.
    #[arg(long, value_name = "NUMBER|FILE[:ROW]")]
    observation: Vec<ObservationArg>,
    #[command(flatten)]
    fresh: FreshArgs,
    #[command(flatten)]
    device: DeviceArg,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let interrupt = output.interrupt_flag()?;
    let (model, _own) = open(&args.model)?;
    // What is wrong with an observation is said before anything is simulated.
    let observations =
        args.observation.iter().map(|observation| observed(args, observation, &model));
    let observations = observations.collect::<Result<Vec<ToCheck>, Failure>>()?;
    let ready = args.fresh.ready((&args.model, model), &args.device, &interrupt, output)?;
    let simulator = || args.fresh.simulator(ready.posterior.model());
    // Simulations from a file may be all that there is.
    let simulates = args.fresh.simulations.is_none() || simulator().is_ok();
    if !simulates && !observations.is_empty() {
        output.reporter.say("nothing is simulated at the posterior's parameters without --task");
    }
    let job = CheckJob {
        pairs: ready.pairs(),
        observations: &observations,
        simulator: simulates.then_some(&simulator),
        command: &super::command(),
    };
    let found = check(&job)?;
    record_command(&args.model, "check", &super::command())?;
    report(&args.model)?;
    output.result(&found, &text(&found, args))?;
    match found.passed {
        None => Err(output.no_verdict(&found.verdict)),
        Some(_) => Ok(()),
    }
}

fn observed(args: &Args, given: &ObservationArg, model: &Model) -> Result<ToCheck, Failure> {
    let x = given.load(model, args.fresh.task.as_deref(), &args.fresh.tables)?;
    let truth = given.number().and_then(|number| match args.fresh.simulator(model).ok()? {
        AnySimulator::Task(task) => Some(task.observation(number).ok()?.true_parameters),
        AnySimulator::External(_) => None,
    });
    Ok(ToCheck { name: given.to_string(), x, truth })
}

fn text(found: &Check, args: &Args) -> String {
    let mut text = String::new();
    for finding in &found.findings {
        let mark = match finding.passed {
            Some(true) => "ok",
            Some(false) => "LOOK",
            None => "note",
        };
        let p = finding.p_value.map_or(String::new(), |p| format!(" (p {p:.4})"));
        let at = finding.observation.as_ref().map_or(String::new(), |at| format!(", {at}"));
        let said = format!("{mark:<5} {}{at}: {}{p}", finding.check, finding.says);
        text += &(wrapped(&said, 6) + "\n");
        if let Some(advice) = &finding.advice {
            text += &(wrapped(&format!("      {advice}"), 6) + "\n");
        }
    }
    text += &format!(
        "\n{:<20} {:>11} {:>8} {:>8} {:>11}\n",
        "parameter", "contraction", "z median", "z spread", "correlation"
    );
    for parameter in &found.recovery {
        if let Some(r) = &parameter.recovery {
            text += &format!(
                "{:<20} {:>11.3} {:>8.3} {:>8.3} {:>11.3}\n",
                parameter.name, r.contraction, r.z_median, r.z_spread, r.correlation
            );
        }
    }
    let adjusted = found.conformal.iter().filter_map(|level| {
        let take = level.take?;
        Some(format!("{:.0}%: {:.1}%", 100.0 * level.wanted, 100.0 * take))
    });
    let adjusted = adjusted.collect::<Vec<_>>().join(", ");
    if !adjusted.is_empty() {
        text += &format!("\nlevels that hold what they say (conformal): for {adjusted}\n");
    }
    let verdict = format!(
        "{}, {} left out; {}",
        counted(found.simulations, "simulation"),
        found.left_out,
        found.verdict
    );
    text += &format!("\n{}\n", wrapped(&verdict, 2));
    text + &format!("look at {}", args.model.join("report.html").display())
}
