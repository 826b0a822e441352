//! The training.

use super::Content;
use super::text::{escaped, figure, number, pairs, table};

pub(super) fn section(content: &Content) -> String {
    let training = &content.model.training;
    let mut rows = Vec::new();
    if let Some(learnt) = &training.learnt {
        rows.push((
            "learnt",
            format!(
                "{} ± {} nats over the prior, by held-out simulations",
                number(learnt.gain),
                number(learnt.error)
            ),
        ));
    }
    if let Some(correction) = &training.correction {
        rows.push((
            "correction",
            format!(
                "strength {}{}; it gains {} ± {} nats",
                number(correction.strength),
                correction.and_power(),
                number(correction.gain),
                number(correction.error)
            ),
        ));
    }
    let seconds = content.status.as_ref().and_then(|status| status["training_seconds"].as_f64());
    if let Some(seconds) = seconds {
        rows.push(("time", format!("{} s, summed over the flows", number(seconds))));
    }
    let flow = |flow: &freeform_inference::MemberSummary| {
        vec![
            escaped(&flow.name),
            flow.epochs.to_string(),
            flow.best_epoch.to_string(),
            number(flow.validation_nll),
        ]
    };
    let remarks: String = training
        .remarks
        .iter()
        .chain(&training.notes)
        .map(|remark| format!("<p>{}</p>\n", escaped(remark)))
        .collect();
    let head = ["flow", "epochs", "kept epoch", "validation NLL"];
    format!(
        "<h2>Training</h2>\n{}{}{}{remarks}",
        pairs(&rows),
        figure(content.folder, "plots/training.svg", "Training curves of all flows"),
        table(&head, training.members.iter().map(flow)),
    )
}
