//! The one posterior of an inference in rounds: its draws, and the rounds.

use super::Content;
use super::draws::ParameterSummary;
use super::posterior::{CAPTION, marginals};
use super::text::{figure, percent, table, warned};
use crate::run::moved_in_words;
use freeform_simulators::{TableOptions, read_table};
use serde_json::Value;

/// The rounds that `status.json` tells of; none of a model of every observation.
pub(super) fn rounds<'a>(content: &'a Content) -> &'a [Value] {
    let known = content.status.as_ref().and_then(|status| status["rounds"].as_array());
    known.filter(|_| content.model.training.local.is_some()).map_or(&[], Vec::as_slice)
}

pub(super) fn section(content: &Content) -> String {
    let rounds = rounds(content);
    if rounds.is_empty() {
        return String::new();
    }
    let file = content.folder.join("samples.npy");
    let prior = &content.model.prior;
    let draws = match read_table(&file, &TableOptions::parameters()) {
        Ok(draws) if draws.values.ncols() == prior.dim() => {
            marginals(&ParameterSummary::of(prior, draws.values.view(), None))
        }
        Ok(_) => warned(&format!("{}: draws of another model", file.display())),
        Err(error) => warned(&error.to_string()),
    };
    let status = content.status.as_ref();
    let worth =
        status.and_then(|status| status["effective"].as_f64()).map_or(String::new(), |worth| {
            format!("<p class=\"soft\">Worth {worth:.0} independent draws.</p>\n")
        });
    let warnings = status.and_then(|status| status["warnings"].as_array());
    let warnings = warnings.into_iter().flatten().filter_map(Value::as_str).map(warned);
    format!(
        "<h2>Posterior</h2>\n{draws}{worth}{}{}<h3>Rounds</h3>\n{}{}",
        warnings.collect::<String>(),
        figure(content.folder, "plots/posterior.svg", CAPTION),
        table(
            &["round", "simulations", "trained on", "of the prior", "accepted", "moved"],
            rounds.iter().map(row)
        ),
        figure(content.folder, "plots/rounds.svg", ROUNDS)
    )
}

const ROUNDS: &str = "Mean and standard deviation of each parameter after every round";

fn row(round: &Value) -> Vec<String> {
    let count = |key: &str| round[key].as_u64().map_or(String::new(), |n| n.to_string());
    let share = |key: &str| round[key].as_f64().map_or(String::new(), percent);
    let moved = moved_in_words(round["moved"].as_f64());
    let counts = ["round", "simulations", "trained_on"].map(count);
    counts.into_iter().chain(["prior_share", "acceptance"].map(share)).chain([moved]).collect()
}
