//! What was run.

use super::Content;
use super::text::{escaped, number, pairs, table, warned};
use super::{commands, inference};
use crate::run::inference_seed;
use freeform_simulators::{Block, Conditional, Prior, Term};

pub(super) fn section(content: &Content) -> String {
    let (model, training) = (content.model, &content.model.training);
    let mut rows = vec![
        ("parameters", model.theta_dim().to_string()),
        ("numbers in x", model.data_dim().to_string()),
        ("simulations", simulations(content)),
        ("seed", inference_seed(content.folder).unwrap_or_else(|| training.seed.to_string())),
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

/// How many were made, and how many the last of several trainings learnt from.
fn simulations(content: &Content) -> String {
    let learnt = content.model.training.simulations;
    match inference::rounds(content) {
        [] => learnt.to_string(),
        rounds => {
            let made: u64 = rounds.iter().filter_map(|round| round["simulations"].as_u64()).sum();
            format!("{made}, of which the last round learnt from {learnt}")
        }
    }
}

/// The verdict of the checks, or how to have one.
fn verdict(content: &Content) -> String {
    if content.check.is_none() && content.model.training.local.is_some() {
        return "<div class=\"verdict\"><b>Valid for one observation,</b> and those near it: checks over all \
                simulations are for a model of every observation.</div>\n"
            .to_owned();
    }
    let folder = escaped(&content.folder.display().to_string());
    let (class, mark, says) = match &content.check {
        None if content.folder.join("calibration.json").exists() => (
            "",
            "Calibrated only:",
            format!(
                "what was found is in <code>calibration.json</code> and <code>plots/calibration.svg</code>; \
                 <code>freeform check {folder}</code> adds the other checks, and shows all of them here."
            ),
        ),
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

/// A part of a prior: its parameters, its law, and the law's numbers or what gives them.
fn part(block: &Block) -> Vec<String> {
    let list = |values: &[f64]| values.iter().map(|v| number(*v)).collect::<Vec<_>>().join(", ");
    let terms = |law: &Conditional| {
        let term = |(key, term): &(&str, Term)| match term {
            Term::Number(value) => format!("{key} {}", number(*value)),
            Term::Parameter(name) => format!("{key} {}", escaped(name)),
        };
        law.terms().iter().map(term).collect::<Vec<_>>().join(", ")
    };
    let (law, numbers) = match block {
        Block::Each { law, .. } => (law.distribution().to_owned(), terms(law)),
        Block::Ordered { law, .. } => (format!("{}, in order", law.distribution()), terms(law)),
        Block::Normal { law, .. } => {
            ("normal, with correlations".to_owned(), format!("mean {}", list(law.mean())))
        }
        Block::Shares { law, .. } => {
            ("dirichlet".to_owned(), format!("concentration {}", list(law.concentration())))
        }
        Block::Category { law, .. } => {
            let shares = law.probabilities().iter().enumerate();
            let share =
                |(k, p): (usize, &f64)| format!("{} {}", escaped(&law.label(k)), number(*p));
            ("category".to_owned(), shares.map(share).collect::<Vec<_>>().join(", "))
        }
        Block::Own(law) => ("own".to_owned(), escaped(law.name())),
    };
    vec![escaped(&block.names().join(", ")), format!("<span class=\"set\">{law}</span>"), numbers]
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
        (None, None) => {
            let head = ["parameter", "law", ""];
            table(&head, prior.blocks().unwrap_or_default().iter().map(part))
        }
    }
}
