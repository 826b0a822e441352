//! The checks, in words.

use super::Content;
use super::text::{escaped, figure, number, percent, table};
use crate::run::{Check, Finding};

pub(super) fn section(content: &Content) -> String {
    let Some(check) = &content.check else { return String::new() };
    format!(
        "<h2>Checks</h2>\n<p>On {} fresh simulations{}. Each check has the 1% level: of a right \
         posterior it finds something wrong once in a hundred times.</p>\n{}{}{}{}{}",
        check.simulations,
        match check.left_out {
            0 => String::new(),
            n => format!(", {n} more left out (failed, or not finite)"),
        },
        findings(check),
        figure(content.folder, "plots/check.svg", FIGURE),
        recovery(check),
        conformal(check),
        SOURCES,
    )
}

const FIGURE: &str = "Coverage of highest-density regions and of balls around random points (TARP) with \
                      the 99% band; for each parameter the ranks of true values, as their distribution \
                      function less the uniform one with its 99% envelope, and posterior mean and \
                      standard deviation against the true value";

const SOURCES: &str = "<p class=\"soft\">Definitions: ranks, Talts et al. 2018, with envelopes of Säilynoja, \
    Bürkner and Vehtari 2022; coverage of highest-density regions, Hermans et al. 2022; TARP, Lemos et \
    al. 2023; L-C2ST, Linhart, Gramfort and Rodrigues 2023; contraction and z-scores, Betancourt 2018 and \
    Schad et al. 2021; conformal levels, Vovk, Gammerman and Shafer 2005; Pareto k, Vehtari et al. \
    2024.</p>\n";

fn findings(check: &Check) -> String {
    let row = |finding: &Finding| {
        let (class, mark) = match finding.passed {
            Some(true) => ("good", "✓ passed"),
            Some(false) => ("look", "! look"),
            None => ("", "note"),
        };
        let at = finding.observation.as_deref().map(escaped).unwrap_or_default();
        let at = if at.is_empty() { at } else { format!("<br><span class=\"soft\">{at}</span>") };
        let advice = finding.advice.as_deref().map(escaped).unwrap_or_default();
        let advice = if advice.is_empty() { advice } else { format!("<br>→ {advice}") };
        vec![
            format!("{}{at}", escaped(&finding.check)),
            format!("<span class=\"set {class}\"><b>{mark}</b></span>"),
            finding.p_value.map_or(String::new(), |p| format!("<span class=\"set\">{p:.4}</span>")),
            format!("{}{advice}", escaped(&finding.says)),
        ]
    };
    table(&["check", "verdict", "p", "what was found"], check.findings.iter().map(row))
}

fn recovery(check: &Check) -> String {
    let rows = check.recovery.iter().filter_map(|parameter| {
        let r = parameter.recovery.as_ref()?;
        Some(vec![
            escaped(&parameter.name),
            format!("{:.3}", r.contraction),
            format!("{:+.3}", r.z_median),
            format!("{:.3}", r.z_spread),
            format!("{:.3}", r.correlation),
            number(r.error),
        ])
    });
    let head =
        ["parameter", "contraction", "median of z", "spread of z", "correlation", "error (RMS)"];
    format!(
        "<h3>Recovery</h3>\n{}<p class=\"soft\">Contraction: 0 where nothing is learnt, 1 where all is. z \
         = (posterior mean − truth) / standard deviation: median about 0 and spread (of 68%) about 1 where \
         the posterior is right.</p>\n",
        table(&head, rows)
    )
}

fn conformal(check: &Check) -> String {
    let rows = check.conformal.iter().map(|level| {
        let take = level.take.map_or("too few simulations".to_owned(), percent);
        vec![percent(level.wanted), take]
    });
    format!(
        "<h3>Levels that hold what they say</h3>\n{}<p class=\"soft\">The highest-density region of the \
         second level holds the true parameters with the first probability, on average over simulations, \
         whatever the posterior (conformal). Nothing is adjusted unasked.</p>\n",
        table(&["wanted", "take"], rows)
    )
}
