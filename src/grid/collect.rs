//! What a sweep found, as files: one tidy table, the best settings, the figure.

use super::best::{ALGORITHM, BestSettings, Finished, best, figure};
use super::state::RunState;
use super::{GridError, Layout, Plan, PlanEntry, state_of};
use crate::run::own_soon;
use freeform_benchmark::TableError;
use freeform_simulators::write_atomically;
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::Path;

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

/// Writes `results.csv`, `best.csv` and the figure from whatever is finished.
///
/// # Errors
/// A file that cannot be written.
pub fn collect(layout: &Layout, plan: &Plan) -> Result<Collected, GridError> {
    let _own = own_soon(layout.root())?;
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
) -> Result<(), GridError> {
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
