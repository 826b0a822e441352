//! The best settings of a sweep, and the figure that shows them.

use super::{GridError, Layout, PlanEntry};
use crate::run::{published_curves, read_status};
use freeform_benchmark::{BudgetCurve, CellSummary, ResultRow, budget_figures, summarize};
use serde::Serialize;
use std::collections::BTreeMap;

/// How our rows are named in tables and figures.
pub(super) const ALGORITHM: &str = "FFF";

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

/// A finished run's figures.
pub(super) struct Finished<'a> {
    pub entry: &'a PlanEntry,
    /// Observation and C2ST.
    pub scores: Vec<(u64, Option<f64>)>,
    pub nll: f64,
    pub decoder_nll: f64,
    pub reconstruction: f64,
    pub seconds: f64,
}

impl<'a> Finished<'a> {
    pub fn read(layout: &Layout, entry: &'a PlanEntry) -> Option<Self> {
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

/// The best settings of each task and budget, by NLL and by C2ST, seeds averaged.
pub(super) fn best(finished: &[Finished]) -> Vec<BestSettings> {
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
pub(super) fn figure(
    layout: &Layout,
    finished: &[Finished],
    best: &[BestSettings],
) -> Result<(), GridError> {
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
    Ok(budget_figures(layout.root(), &curves)?)
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
