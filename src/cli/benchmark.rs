//! `freeform benchmark`: the published table, filled with our figures.

use super::arguments::{Observations, parse_observations, tasks_named};
use super::reference_args::ReferenceArgs;
use super::settings::SettingsArgs;
use super::{Failure, Output};
use crate::run::{AMORTISED, BenchmarkJob, BenchmarkTable, benchmark};
use freeform_benchmark::{CellSummary, published_c2st};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  freeform benchmark --budgets 1000 --observations 1-3
  freeform benchmark --tasks slcp,two_moons --budgets 1000,10000 --seeds 1,2 --out runs/table

Started again with the same folder, it goes on where it stopped. The folder then holds results.csv,
figure.svg, figure.pdf, figure.png, and the folder of every run.";

/// Options of `freeform benchmark`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Benchmark tasks [default: all ten].
    #[arg(long, value_name = "TASK,…", value_delimiter = ',')]
    tasks: Vec<String>,
    /// Simulation budgets.
    #[arg(
        long, value_name = "N,…", value_delimiter = ',', default_value = "1000,10000,100000",
        value_parser = super::count::count
    )]
    budgets: Vec<usize>,
    /// Observations to sample and score, e.g. 1-10 or 1,4,7.
    #[arg(long, default_value = "1-10", value_parser = parse_observations)]
    observations: Observations,
    /// Seeds: a training each.
    #[arg(long, value_name = "SEED,…", value_delimiter = ',', default_value = "1")]
    seeds: Vec<u64>,
    /// Folder of the whole table.
    #[arg(long, default_value = "runs/benchmark")]
    out: PathBuf,
    /// Trainings at a time [default: one a thread].
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    #[command(flatten)]
    reference: ReferenceArgs,
    #[command(flatten)]
    settings: SettingsArgs,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let overrides = args.settings.overrides()?;
    let tasks = tasks_named(&args.tasks)?;
    let interrupt = output.interrupt_flag()?;
    let job = BenchmarkJob {
        tasks: &tasks,
        budgets: &args.budgets,
        observations: &args.observations.0,
        seeds: &args.seeds,
        preset: args.settings.preset(),
        overrides: &overrides,
        reference: args.reference.source(),
        store: &args.reference.store()?,
        engine: args.settings.device.open()?,
        folder: &args.out,
        jobs: args.jobs.map_or_else(rayon::current_num_threads, usize::from),
        interrupt: &interrupt,
        reporter: output.reporter,
    };
    let table = benchmark(&job)?;
    report(args, &table, output)?;
    match table.failures.len() {
        0 => Ok(()),
        n => Err(Failure::from(std::io::Error::other(format!(
            "{n} cells failed; the same command tries them again:\n{}",
            table.failures.join("\n")
        )))),
    }
}

fn report(args: &Args, table: &BenchmarkTable, output: &Output) -> Result<(), Failure> {
    let mut text = format!("{:<24} {:>11} {:>13}", "task", "simulations", "FFF");
    for algorithm in AMORTISED {
        text += &format!(" {algorithm:>5}");
    }
    text += "  trained\n";
    for cell in &table.cells {
        text += &line(cell);
    }
    text += "\nMean C2ST with its 95% interval (none of a single score); NPE, NLE, NRE as published by Lueckmann et al. 2021.\n";
    text += &format!("Table and figure: {}", args.out.display());
    let value = serde_json::json!({
        "cells": table.cells, "failures": table.failures, "out": args.out.display().to_string(),
    });
    output.result(&value, &text)
}

fn line(cell: &CellSummary) -> String {
    let CellSummary { task, num_simulations, mean, half_width, training_seconds, .. } = cell;
    // One score says nothing of the spread.
    let spread = half_width.map_or(String::new(), |half| format!("±{half:.3}"));
    let mut line = format!("{task:<24} {num_simulations:>11} {mean:>6.3} {spread:<6}");
    for algorithm in AMORTISED {
        line += &match published_c2st(task, *num_simulations, algorithm) {
            Some(published) => format!(" {published:>5.3}"),
            None => format!(" {:>5}", "-"),
        };
    }
    line + &format!(" {training_seconds:>6.1} s\n")
}
