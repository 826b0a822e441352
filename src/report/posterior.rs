//! The posteriors of observations: those of a run, and those that were checked.

use super::Content;
use super::draws::ParameterSummary;
use super::text::{escaped, figure, number, table, warned};
use freeform_simulators::{TableOptions, Task, read_table};
use std::path::Path;

pub(super) fn section(content: &Content) -> String {
    let mut text = String::new();
    for (number, file) in sampled(content.folder) {
        text += &of_run(content, number, &file);
    }
    for seen in content.check.iter().flat_map(|check| &check.observations) {
        text += &format!("<h3>Checked: {}</h3>\n", escaped(&seen.name));
        let plot = format!("plots/{}", seen.plot);
        text += &marginals(&seen.marginals);
        text += &seen.warnings.iter().map(|warning| warned(warning)).collect::<String>();
        text += &figure(content.folder, &plot, CAPTION);
    }
    match text.is_empty() {
        true => String::new(),
        false => format!("<h2>Posterior</h2>\n{text}"),
    }
}

pub(super) const CAPTION: &str = "Marginals with the median, 50% and 90% intervals; below them the regions of \
                       highest density that hold 50% and 90% of the draws";

/// The draws of a run, by number.
fn sampled(folder: &Path) -> Vec<(usize, std::path::PathBuf)> {
    let entries = std::fs::read_dir(folder.join("samples"));
    let mut found: Vec<_> = entries
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let stem = path.file_stem()?.to_str()?.strip_prefix("observation_")?.parse().ok()?;
            (path.extension()? == "npy").then_some((stem, path))
        })
        .collect();
    found.sort();
    found
}

fn of_run(content: &Content, number: usize, file: &Path) -> String {
    let prior = &content.model.prior;
    let draws = match read_table(file, &TableOptions::parameters()) {
        Ok(draws) if draws.values.ncols() == prior.dim() => draws,
        Ok(_) => return warned(&format!("{}: draws of another model", file.display())),
        Err(error) => return warned(&error.to_string()),
    };
    let task = content.model.training.task.as_deref().and_then(|task| Task::by_name(task).ok());
    let truth = task.and_then(|task| Some(task.observation(number).ok()?.true_parameters));
    let score = content.scores.iter().find(|score| score.num_observation == number);
    let score = score.map_or(String::new(), |score| {
        format!(
            "<p>C2ST against reference draws: {:.3} (0.5 is perfect, 1 the worst).</p>\n",
            score.c2st
        )
    });
    format!(
        "<h3>Observation {number}</h3>\n{score}{}{}{}",
        marginals(&ParameterSummary::of(prior, draws.values.view(), truth.as_deref())),
        remarks(content, number),
        figure(content.folder, &format!("plots/observation_{number:02}.svg"), CAPTION)
    )
}

/// What `status.json` says of the draws of an observation.
fn remarks(content: &Content, number: usize) -> String {
    let of = |status: &serde_json::Value| -> Option<String> {
        let all = status["observations"].as_array()?;
        let found = all.iter().find(|o| o["num_observation"] == number)?;
        let effective = found["effective"].as_f64()?;
        Some(format!("<p class=\"soft\">Worth {effective:.0} independent draws.</p>\n"))
    };
    content.status.as_ref().and_then(of).unwrap_or_default()
}

pub(super) fn marginals(summaries: &[ParameterSummary]) -> String {
    let set = |low: &str, high: &str| format!("<span class=\"set\">{low} … {high}</span>");
    let known = summaries.iter().any(|summary| summary.truth.is_some());
    let row = |summary: &ParameterSummary| {
        let [low90, low50, median, high50, high90] = summary.quantiles.map(number);
        let mut row = vec![escaped(&summary.name)];
        match &summary.categories {
            Some(words) => row.extend([escaped(words), String::new(), String::new()]),
            None => row.extend([median, set(&low50, &high50), set(&low90, &high90)]),
        }
        if known {
            row.push(summary.truth.map_or(String::new(), number));
        }
        row
    };
    let head = ["parameter", "median", "50% interval", "90% interval", "true value"];
    table(&head[..if known { 5 } else { 4 }], summaries.iter().map(row))
}
