//! What a sweep found: one tidy table, the best settings, the figure.

use super::state::RunState;
use super::{Layout, Plan, PlanEntry, state_of};
use crate::run::{RunError, published_curves, read_status};
use freeform_benchmark::{
    BudgetCurve, CellSummary, ResultRow, TableError, budget_figure, summarize,
};
use freeform_simulators::write_atomically;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// How our rows are named in tables and figures.
const ALGORITHM: &str = "FFF";

/// The best settings of one task and budget, by one criterion.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BestSettings {
    /// Task.
    pub task: String,
    /// Simulation budget.
    pub num_simulations: usize,
    /// `validation_nll`, which any user has, or `C2ST`, which needs the exact posterior.
    pub criterion: &'static str,
    /// Mean validation NLL over seeds.
    pub validation_nll: f64,
    /// Mean C2ST over seeds and observations, where there is a reference.
    #[serde(rename = "C2ST")]
    pub c2st: Option<f64>,
    /// Seeds behind the means.
    pub seeds: usize,
    /// The sweep's settings.
    pub settings: BTreeMap<String, toml::Value>,
}

/// What `collect` found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Collected {
    /// Finished runs in the table.
    pub done: usize,
    /// Runs in the plan.
    pub runs: usize,
    /// The best settings.
    pub best: Vec<BestSettings>,
}

/// A finished run's figures.
struct Finished<'a> {
    entry: &'a PlanEntry,
    /// Observation and C2ST.
    scores: Vec<(u64, Option<f64>)>,
    nll: f64,
    decoder_nll: f64,
    reconstruction: f64,
    seconds: f64,
}

impl<'a> Finished<'a> {
    fn read(layout: &Layout, entry: &'a PlanEntry) -> Option<Self> {
        let status = read_status(&layout.run(&entry.run))?;
        let quality = &status["training"]["quality"];
        let scores = status["observations"].as_array().map_or(Vec::new(), |rows| {
            rows.iter()
                .map(|r| (r["num_observation"].as_u64().unwrap_or(0), r["C2ST"].as_f64()))
                .collect()
        });
        Some(Self {
            entry,
            scores,
            nll: quality["encoder_nll"].as_f64()?,
            decoder_nll: quality["decoder_nll"].as_f64()?,
            reconstruction: quality["reconstruction"].as_f64()?,
            seconds: status["training_seconds"].as_f64()?,
        })
    }

    fn mean_c2st(&self) -> Option<f64> {
        let known: Vec<f64> = self.scores.iter().filter_map(|s| s.1).collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
    }
}

/// Writes `results.csv`, `best.csv` and the figure from whatever is finished.
///
/// # Errors
/// A file that cannot be written.
pub fn collect(layout: &Layout, plan: &Plan) -> Result<Collected, RunError> {
    let mut finished = Vec::new();
    let mut states = Vec::new();
    for entry in &plan.entries {
        let state = state_of(layout, &plan.sweep, entry);
        let found = match state {
            RunState::Done => Finished::read(layout, entry),
            _ => None,
        };
        states.push((entry, state, finished.len(), found.is_some()));
        finished.extend(found);
    }
    let keys: BTreeSet<&String> = plan.entries.iter().flat_map(|e| e.settings.keys()).collect();
    let keys: Vec<&String> = keys.into_iter().collect();
    let rows = states.iter().flat_map(|(entry, state, at, known)| {
        let found = known.then(|| &finished[*at]);
        result_rows(entry, *state, found, &keys)
    });
    let head = [
        "task",
        "num_simulations",
        "num_observation",
        "algorithm",
        "C2ST",
        "seed",
        "status",
        "index",
        "run",
        "preset",
        "engine",
        "validation_nll",
        "decoder_nll",
        "reconstruction",
        "training_seconds",
    ];
    let names = || keys.iter().map(|k| k.as_str());
    write_csv(&layout.results(), head.into_iter().chain(names()), rows)?;

    let best = best(&finished);
    let head = ["task", "num_simulations", "criterion", "validation_nll", "C2ST", "seeds"];
    let rows = best.iter().map(|b| best_row(b, &keys));
    write_csv(&layout.best(), head.into_iter().chain(names()), rows)?;
    figure(layout, &finished, &best)?;
    Ok(Collected { done: finished.len(), runs: plan.entries.len(), best })
}

fn result_rows(
    entry: &PlanEntry,
    state: RunState,
    found: Option<&Finished>,
    keys: &[&String],
) -> Vec<Vec<String>> {
    let number = |value: Option<f64>| value.map_or(String::new(), |v| v.to_string());
    // A run without scored observations still has a row.
    let none = vec![(0, None)];
    let scores = found.map(|f| &f.scores).filter(|s| !s.is_empty()).unwrap_or(&none);
    let row = |(observation, c2st): &(u64, Option<f64>)| {
        let mut row = vec![
            entry.task.clone(),
            entry.simulations.to_string(),
            if *observation > 0 { observation.to_string() } else { String::new() },
            ALGORITHM.to_owned(),
            number(*c2st),
            entry.seed.to_string(),
            state.name().to_owned(),
            entry.index.to_string(),
            entry.run.clone(),
            entry.preset.name().to_owned(),
            entry.engine.name().to_owned(),
            number(found.map(|f| f.nll)),
            number(found.map(|f| f.decoder_nll)),
            number(found.map(|f| f.reconstruction)),
            number(found.map(|f| f.seconds)),
        ];
        row.extend(keys.iter().map(|key| shown(entry.settings.get(*key))));
        row
    };
    scores.iter().map(row).collect()
}

/// A setting as in a table: text without quotes, nothing where it was not set.
fn shown(value: Option<&toml::Value>) -> String {
    match value {
        Some(toml::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

fn best_row(best: &BestSettings, keys: &[&String]) -> Vec<String> {
    let mut row = vec![
        best.task.clone(),
        best.num_simulations.to_string(),
        best.criterion.to_owned(),
        best.validation_nll.to_string(),
        best.c2st.map_or(String::new(), |v| v.to_string()),
        best.seeds.to_string(),
    ];
    row.extend(keys.iter().map(|key| shown(best.settings.get(*key))));
    row
}

fn write_csv<'a>(
    path: &Path,
    head: impl Iterator<Item = &'a str>,
    rows: impl Iterator<Item = Vec<String>>,
) -> Result<(), RunError> {
    let wrong = |source| TableError::Csv { path: path.display().to_string(), source };
    let written = write_atomically(path, |file| {
        let mut writer = csv::Writer::from_writer(file);
        writer.write_record(head).map_err(wrong)?;
        for row in rows {
            writer.write_record(&row).map_err(wrong)?;
        }
        writer.flush().map_err(|e| wrong(e.into()))
    });
    Ok(written?)
}

/// The best settings of each task and budget, by NLL and by C2ST, seeds averaged.
fn best(finished: &[Finished]) -> Vec<BestSettings> {
    let mut cells: BTreeMap<(&str, usize), BTreeMap<String, Vec<&Finished>>> = BTreeMap::new();
    for run in finished {
        let settings = format!("{:?}{:?}", run.entry.preset, run.entry.settings);
        let cell = cells.entry((&run.entry.task, run.entry.simulations)).or_default();
        cell.entry(settings).or_default().push(run);
    }
    let mut best = Vec::new();
    for ((task, budget), groups) in cells {
        let candidates: Vec<BestSettings> =
            groups.values().map(|runs| averaged(task, budget, runs)).collect();
        let by_nll = candidates.iter().min_by(|a, b| a.validation_nll.total_cmp(&b.validation_nll));
        best.extend(by_nll.cloned());
        let scored = candidates.iter().filter(|c| c.c2st.is_some());
        let by_c2st = scored.min_by(|a, b| {
            let value = |c: &BestSettings| c.c2st.unwrap_or(f64::INFINITY);
            value(a).total_cmp(&value(b))
        });
        best.extend(by_c2st.map(|b| BestSettings { criterion: "C2ST", ..b.clone() }));
    }
    best
}

fn averaged(task: &str, num_simulations: usize, runs: &[&Finished]) -> BestSettings {
    let n = runs.len() as f64;
    let scores: Option<Vec<f64>> = runs.iter().map(|r| r.mean_c2st()).collect();
    BestSettings {
        task: task.to_owned(),
        num_simulations,
        criterion: "validation_nll",
        validation_nll: runs.iter().map(|r| r.nll).sum::<f64>() / n,
        c2st: scores.map(|s| s.iter().sum::<f64>() / n),
        seeds: runs.len(),
        settings: runs[0].entry.settings.clone(),
    }
}

/// C2ST over budgets: of the settings that NLL chose (ours), and of those that C2ST would choose.
fn figure(layout: &Layout, finished: &[Finished], best: &[BestSettings]) -> Result<(), RunError> {
    let mut curves: Vec<BudgetCurve> = Vec::new();
    for criterion in ["validation_nll", "C2ST"] {
        let cells: Vec<CellSummary> = best
            .iter()
            .filter(|b| b.criterion == criterion)
            .flat_map(|b| cell(finished, b))
            .collect();
        match criterion {
            "C2ST" => curves.extend(oracle_curves(&cells)),
            _ => curves.extend(published_curves(&cells)),
        }
    }
    if curves.is_empty() {
        return Ok(());
    }
    let file = |name: &str| layout.root().join(name);
    Ok(budget_figure(&file("figure.svg"), &file("figure.png"), &curves)?)
}

/// A curve a task, of the settings that only the reference can choose.
fn oracle_curves(cells: &[CellSummary]) -> Vec<BudgetCurve> {
    let mut points: BTreeMap<&String, Vec<(usize, f64, f64)>> = BTreeMap::new();
    for cell in cells {
        // A single score has no interval: a bar of no height.
        let point = (cell.num_simulations, cell.mean, cell.half_width.unwrap_or(0.0));
        points.entry(&cell.task).or_default().push(point);
    }
    let curve = |(task, points): (&String, _)| BudgetCurve {
        task: task.clone(),
        algorithm: "FFF, best by C2ST".to_owned(),
        ours: false,
        points,
    };
    points.into_iter().map(curve).collect()
}

/// The scores behind one choice of settings.
fn cell(finished: &[Finished], best: &BestSettings) -> Option<CellSummary> {
    let rows: Vec<ResultRow> = finished
        .iter()
        .filter(|f| {
            (&f.entry.task, f.entry.simulations) == (&best.task, best.num_simulations)
                && f.entry.settings == best.settings
        })
        .flat_map(|f| {
            f.scores.iter().filter_map(|(observation, c2st)| {
                Some(ResultRow {
                    task: best.task.clone(),
                    num_simulations: best.num_simulations,
                    num_observation: *observation as usize,
                    algorithm: ALGORITHM.to_owned(),
                    c2st: (*c2st)?,
                    seed: f.entry.seed,
                    preset: f.entry.preset.name().to_owned(),
                    training_seconds: f.seconds,
                })
            })
        })
        .collect();
    summarize(&rows).into_iter().next()
}
