//! What was run.

use super::Content;
use super::commands;
use super::text::{escaped, number, pairs, table, warned};
use freeform_simulators::Prior;

pub(super) fn section(content: &Content) -> String {
    let (model, training) = (content.model, &content.model.training);
    let mut rows = vec![
        ("parameters", model.theta_dim().to_string()),
        ("numbers in x", model.data_dim().to_string()),
        ("simulations", training.simulations.to_string()),
        ("seed", training.seed.to_string()),
        ("trained on", escaped(&training.device)),
    ];
    if let Some(task) = &training.task {
        rows.insert(0, ("simulator", escaped(task)));
    }
    let commands: String = commands::read(content.folder)
        .iter()
        .map(|(_, command)| format!("<pre><code>{}</code></pre>\n", escaped(command)))
        .collect();
    let mut text = verdict(content);
    text += &content.left_out.iter().map(|why| warned(why)).collect::<String>();
    text += "<h2>What was run</h2>\n";
    text += &pairs(&rows);
    text += &commands;
    text + "<h3>Prior</h3>\n" + &prior(&model.prior)
}

/// The verdict of the checks, or how to have one.
fn verdict(content: &Content) -> String {
    let folder = escaped(&content.folder.display().to_string());
    let (class, mark, says) = match &content.check {
        None => ("", "Not checked yet.", format!("<code>freeform check {folder}</code> does it.")),
        Some(check) => {
            let (class, mark) = match check.passed {
                Some(true) => ("good", "Checks passed."),
                Some(false) => ("look", "Look closer."),
                None => ("", "No verdict."),
            };
            (class, mark, escaped(&sentence(&check.verdict)))
        }
    };
    format!("<div class=\"verdict {class}\"><b>{mark}</b> {says}</div>\n")
}

/// With a capital and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

fn prior(prior: &Prior) -> String {
    match (prior.marginals(), prior.as_multivariate_normal()) {
        (Some(marginals), _) => {
            let row = |(name, law): (&String, &freeform_simulators::Marginal)| {
                let fields = law.fields();
                let fields = fields.iter().map(|(field, v)| format!("{field} {}", number(*v)));
                vec![
                    escaped(name),
                    format!("<span class=\"set\">{}</span>", law.distribution()),
                    fields.collect::<Vec<_>>().join(", "),
                ]
            };
            table(&["parameter", "law", ""], prior.names().iter().zip(&marginals).map(row))
        }
        (None, Some(law)) => {
            let row = |(d, name): (usize, &String)| {
                let deviation = law.covariance()[d][d].sqrt();
                vec![escaped(name), number(law.mean()[d]), number(deviation)]
            };
            let head = ["parameter", "mean", "standard deviation"];
            let note = "<p class=\"soft\">Normal, with correlations.</p>\n";
            table(&head, prior.names().iter().enumerate().map(row)) + note
        }
        (None, None) => String::new(),
    }
}
