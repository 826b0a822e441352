//! The command line: one file a verb, all thin over the library.

mod arguments;
mod benchmark;
mod c2st;
mod calibrate;
mod check;
mod conflicts;
mod count;
mod describe;
mod device;
mod devices;
mod failure;
mod fresh;
mod grid;
mod infer;
mod init;
mod lines;
mod log_prob;
mod masks;
mod observation;
mod output;
mod parameters;
mod particles;
mod plot;
mod reference;
mod reference_args;
mod reference_compare;
mod report;
mod run;
mod sample;
mod scores;
mod settings;
mod shell;
mod signals;
mod simulate;
mod table;
mod tasks;
mod threads;
mod train;
mod tune;

use crate::run::Plots;
use clap::{Parser, Subcommand, ValueEnum};
use failure::Failure;
use output::Output;
use std::io::Write;
use std::process::ExitCode;

const EXAMPLES: &str = "\
Examples:
  freeform run two_moons --simulations 10000 --out runs/two_moons
  freeform simulate slcp -n 10000 --seed 1 --out sims.npz
  freeform train --simulations sims.npz --prior prior.toml --out model
  freeform sample model --observation x.csv -n 10000 --out samples.npy
  freeform plot samples.npy --model model --out pairs.svg

Environment: FREEFORM_ISA=avx512, avx2 or portable chooses the CPU's instruction set (else the fastest);
FREEFORM_CACHE is where reference draws are kept.

Exit codes: 0 done, 1 failed, 2 bad usage (a file that is not there too), 130 interrupted (go on with --resume), 75 stopped by
SIGTERM or SIGUSR1 with the state saved (a scheduler may start the same command again).";

/// Simulation-based inference with free-form flows.
#[derive(Parser)]
#[command(name = "freeform", version, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
    /// Print the result as JSON.
    #[arg(long, global = true)]
    json: bool,
    /// No progress, only results and warnings.
    #[arg(long, short, global = true)]
    quiet: bool,
    /// Which plots jobs draw into their folders: a sweep may do without.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHICH")]
    plots: PlotsArg,
    /// Threads to use [default: all cores]; results do not depend on it.
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=threads::MOST as i64))]
    threads: Option<u16>,
}

/// Which plots are drawn.
#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum PlotsArg {
    /// All of them, as .svg.
    #[default]
    All,
    /// The same, each as .pdf beside it.
    Pdf,
    /// None.
    None,
}

#[derive(Subcommand)]
enum Verb {
    /// List the benchmark tasks.
    Tasks(tasks::Args),
    /// List the devices that can train: the CPU's engines, and GPUs.
    Devices(devices::Args),
    /// Write a project with a simulator of your own to start from.
    Init(init::Args),
    /// Draw parameters from the prior and simulate.
    Simulate(simulate::Args),
    /// Train a conditional free-form flow.
    Train(train::Args),
    /// List every setting of a training, with its default and meaning.
    Settings(describe::Args),
    /// Infer the posterior of one observation in rounds, where simulations are dear.
    Infer(infer::Args),
    /// Search β, learning rate or width for a problem of your own, by validation NLL.
    Tune(tune::Args),
    /// Draw from the posterior of an observation.
    Sample(sample::Args),
    /// Evaluate the posterior's log-density.
    LogProb(log_prob::Args),
    /// Plot draws: marginals, and the regions of every two parameters.
    Plot(plot::Args),
    /// Draw from a task's exact reference posterior.
    Reference(reference::Args),
    /// Classifier two-sample test between two sets of draws.
    C2st(c2st::Args),
    /// Check a model's calibration: rank statistics and expected coverage.
    Calibrate(calibrate::Args),
    /// Check whether a posterior can be trusted, on average and at observations.
    Check(check::Args),
    /// Write one page about a model: its run, posteriors, training and checks.
    Report(report::Args),
    /// Fill the benchmark's table: tasks × budgets × seeds, beside the published figures.
    Benchmark(benchmark::Args),
    /// Plan and run sweeps over settings, budgets and seeds, here or on a cluster.
    Grid(grid::Args),
    /// Boltzmann generators: systems of particles, reference samples, equivariant flows.
    Particles(particles::Args),
    /// Simulate, train, sample every observation, and score: the whole benchmark of one task.
    Run(run::Args),
}

/// Runs the program; `no_output` says that it was started without a standard output.
#[must_use]
pub fn main(no_output: bool) -> ExitCode {
    if no_output {
        output::note_closed();
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return say(&error),
    };
    let output = Output::new(cli.json, cli.quiet);
    crate::run::want_plots(match cli.plots {
        PlotsArg::All => Plots::Svg,
        PlotsArg::Pdf => Plots::Pdf,
        PlotsArg::None => Plots::None,
    });
    signals::outlive_file_limits();
    if let Err(failure) = threads::start(cli.threads) {
        return output.fail(&failure);
    }
    if let Err(error) = freeform_kernels::Isa::chosen() {
        return output.fail(&Failure::usage(&error));
    }
    let result = match &cli.verb {
        Verb::Tasks(args) => tasks::run(args, &output),
        Verb::Devices(args) => devices::run(args, &output),
        Verb::Init(args) => init::run(args, &output),
        Verb::Simulate(args) => simulate::run(args, &output),
        Verb::Train(args) => train::run(args, &output),
        Verb::Settings(args) => describe::run(args, &output),
        Verb::Infer(args) => infer::run(args, &output),
        Verb::Tune(args) => tune::run(args, &output),
        Verb::Sample(args) => sample::run(args, &output),
        Verb::LogProb(args) => log_prob::run(args, &output),
        Verb::Plot(args) => plot::run(args, &output),
        Verb::Reference(args) => reference::run(args, &output),
        Verb::C2st(args) => c2st::run(args, &output),
        Verb::Calibrate(args) => calibrate::run(args, &output),
        Verb::Check(args) => check::run(args, &output),
        Verb::Report(args) => report::run(args, &output),
        Verb::Benchmark(args) => benchmark::run(args, &output),
        Verb::Grid(args) => grid::run(args, &output),
        Verb::Particles(args) => particles::run(args, &output),
        Verb::Run(args) => run::run(args, &output),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => output.fail(&failure),
    }
}

/// The command that this process was started with, as one would type it.
fn command() -> String {
    let quoted = |word: std::ffi::OsString| {
        let word = word.to_string_lossy().into_owned();
        let plain = |c: char| c.is_alphanumeric() || "-_=./:,+@%".contains(c);
        match !word.is_empty() && word.chars().all(plain) {
            true => word,
            false => format!("'{}'", word.replace('\'', "'\\''")),
        }
    };
    let words = std::env::args_os().skip(1).map(quoted);
    std::iter::once("freeform".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

/// Prints help, a version, or what is wrong with the arguments.
fn say(error: &clap::Error) -> ExitCode {
    let printed = error.print();
    if let Some(reason) = conflicts::reason(error) {
        // Where nobody can be told, the exit code is left.
        let _ = writeln!(std::io::stderr(), "\n{reason}");
    }
    match (printed, error.use_stderr()) {
        // Help that nobody can read.
        (Err(_), false) => ExitCode::FAILURE,
        _ => ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2)),
    }
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::CommandFactory;

    /// Each verb, and each verb beneath it, shows examples of itself.
    #[test]
    fn every_verb_has_examples() {
        fn check(command: &clap::Command, name: &str) {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let example = format!("  {name}");
            let shown = help.starts_with("Examples:\n") && help.contains(&example);
            assert!(shown, "`{name}` has no examples of itself: {help}");
            for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help") {
                check(verb, &format!("{name} {}", verb.get_name()));
            }
        }
        let mut cli = Cli::command();
        cli.build();
        check(&cli, "freeform");
    }
}
