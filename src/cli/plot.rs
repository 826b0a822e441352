//! `freeform plot`.

use super::table::{TableArgs, draws_of, in_order, outside_prior};
use super::{Failure, Output};
use freeform_benchmark::{PairPlot, pair_plot};
use freeform_inference::Model;
use freeform_simulators::{FileOwnership, counted};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  freeform plot samples.npy --model model --out pairs.svg
  freeform plot samples.npy --model model --reference ref.npy --truth truth.csv --out pairs.png
  freeform plot samples.csv --title \"the second wave\" --out pairs.pdf

Marginals on the diagonal, with the median, the 50% and the 90% interval; below it the regions of highest
density that hold 50% and 90% of the draws. The model gives the names and the prior. An .svg or
.pdf is a drawing that scales, its letters outlines in the .pdf; a .png has 200 dots an inch.";

/// Options of `freeform plot`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Posterior draws, one a row (.npy, .npz with theta, or text).
    draws: PathBuf,
    /// Folder of the model that they are from: names of the parameters, and their prior.
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// True parameters, one row.
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,
    /// Draws to compare with.
    #[arg(long, value_name = "FILE")]
    reference: Option<PathBuf>,
    /// Title [default: the file of the draws].
    #[arg(long)]
    title: Option<String>,
    /// Output file: .svg, .pdf or .png.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    tables: TableArgs,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let kind = args.out.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
    if !matches!(kind.as_deref(), Some("svg" | "pdf" | "png")) {
        return Err(Failure::usage(&format!(
            "--out {} does not end in .svg, .pdf or .png",
            args.out.display()
        )));
    }
    if let Some(folder) = args.out.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        let named = |e| Failure::failed(&format!("cannot create {}: {e}", folder.display()));
        std::fs::create_dir_all(folder).map_err(named)?;
    }
    // Ctrl-C does not leave the place owned.
    let _ = output.interrupt_flag()?;
    let own = FileOwnership::of(&args.out)?;
    let model = args.model.as_deref().map(Model::load).transpose()?;
    let draws = args.tables.parameters(&args.draws)?;
    let has_names = draws.names.is_some();
    let dim = draws.values.ncols();
    let names: Vec<String> = match (&model, &draws.names) {
        (Some(model), _) => model.prior.names().to_vec(),
        (None, Some(names)) => names.clone(),
        (None, None) => (1..=dim).map(|i| format!("parameter {i}")).collect(),
    };
    let draws = in_order(draws, &names)?;
    // Names are compared where both tables have them.
    let read = |path: &PathBuf| match model.is_some() || has_names {
        true => args.tables.parameters_named(path, &names),
        false => Ok(args.tables.parameters(path)?.values),
    };
    let reference = args.reference.as_ref().map(read).transpose()?;
    let truth = args.truth.as_ref().map(read).transpose()?;
    let widths = [(&args.reference, &reference), (&args.truth, &truth)]
        .into_iter()
        .filter_map(|(path, table)| Some((path.as_ref()?, table.as_ref()?.ncols())))
        .chain([(&args.draws, dim)]);
    for (path, width) in widths {
        if width != names.len() {
            return Err(Failure::usage(&format!(
                "{} has {}, but there are {}",
                path.display(),
                counted(width, "column"),
                counted(names.len(), "parameter")
            )));
        }
    }
    if let (Some(path), Some(rows)) = (&args.truth, truth.as_ref().map(|t| t.nrows()))
        && rows != 1
    {
        return Err(Failure::usage(&format!(
            "--truth {} has {rows} rows; the true parameters are one",
            path.display()
        )));
    }
    let beyond =
        model.as_ref().and_then(|model| outside_prior(&model.prior, draws.view(), "draws"));
    if let Some(beyond) = beyond {
        output.reporter.warn(&(beyond + ": are they of another model, or in other units?"));
    }
    let truth: Option<Vec<f64>> = truth.map(|table| table.into_iter().collect());
    let title = args.title.clone().unwrap_or_else(|| args.draws.display().to_string());
    let plot = PairPlot {
        title: &title,
        names: &names,
        posterior: draws.view(),
        reference: reference.as_ref().map(|r| r.view()),
        truth: truth.as_deref(),
        prior: model.as_ref().map(|m| &m.prior),
    };
    own.check()?;
    pair_plot(&args.out, &plot)?;
    let shown = args.out.display().to_string();
    let value = serde_json::json!({ "out": shown, "draws": draws.nrows(), "parameters": names });
    output.result(&value, &format!("{shown}: {}", draws_of(draws.nrows(), dim)))
}
