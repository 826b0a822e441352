//! Tests of its parent.

use super::entry::JOINT;
use super::*;
use crate::prior::marginal::DISTRIBUTIONS;

/// The rows of the table of distributions in a document: name, and the text of its keys.
fn rows(document: &str) -> Vec<(&str, &str)> {
    let table = document.split("| distribution | keys |").nth(1).expect("no table of priors");
    let lines = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    lines
        .map(|line| {
            let mut cells = line.split('|').map(str::trim).skip(1);
            (cells.next().unwrap_or_default(), cells.next().unwrap_or_default())
        })
        .collect()
}

#[test]
fn documents_list_every_distribution_and_key() {
    let documents =
        [include_str!("../../../../README.md"), include_str!("../../../../docs/priors.md")];
    let owned = |(name, keys): &(&str, &[&str])| {
        ((*name).to_owned(), keys.iter().map(|k| (*k).to_owned()).collect())
    };
    let known: Vec<(String, Vec<String>)> = DISTRIBUTIONS.iter().chain(&JOINT).map(owned).collect();
    for document in documents {
        let listed: Vec<(String, Vec<String>)> = rows(document)
            .into_iter()
            .map(|(name, keys)| {
                let code = |text: &str| -> Vec<String> {
                    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
                };
                (code(name).concat(), code(keys))
            })
            .collect();
        assert_eq!(listed, known);
    }
}

#[test]
fn a_scale_is_the_inverse_of_a_rate() {
    let prior = |law: &str| {
        Prior::from_toml_str(&format!("[[parameter]]\nname = \"a\"\ndistribution = {law}"))
    };
    let log_prob = |law: &str, at: f64| prior(law).unwrap().log_prob(&[at]);
    for at in [0.1, 1.0, 7.0] {
        let gamma = log_prob("\"gamma\"\nshape = 2.0\nscale = 2.5", at);
        // shape 2, scale s: x exp(-x / s) / s².
        let exact = f64::ln(at) - at / 2.5 - 2.0 * f64::ln(2.5);
        assert!((gamma - exact).abs() < 1e-12, "{gamma} {exact}");
        let exponential = log_prob("\"exponential\"\nscale = 4", at);
        assert!((exponential - (-at / 4.0 - f64::ln(4.0))).abs() < 1e-12);
    }
    let message = |law: &str| prior(law).unwrap_err().to_string();
    let both = message("\"gamma\"\nshape = 2.0\nscale = 2.0\nrate = 0.5");
    assert!(both.contains("one or the other") && both.contains("\"a\""), "{both}");
    for scale in ["0", "-1.0", "nan", "inf", "1e-320"] {
        let text = message(&format!("\"exponential\"\nscale = {scale}"));
        assert!(text.contains("scale") && text.contains("above 0"), "{text}");
    }
    assert!(message("\"gamma\"\nshape = 2.0").contains("rate"));
    assert!(message("\"normal\"\nmean = 0\nrate = 1").contains("rate"));
}
