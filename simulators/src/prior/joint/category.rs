//! A parameter that is one of several categories.

use rand::{Rng, RngExt};

use super::{Block, Conditional, Term};
use crate::prior::PriorError;

/// More categories, or combinations of them, are told apart by no network of ours.
pub(in crate::prior) const MOST: usize = 64;
/// How far probabilities may be from adding up to 1.
const ROUNDING: f64 = 1e-6;

/// The law of a category: its parameter is 0, 1, …, K − 1, whose order means nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Category {
    probabilities: Vec<f64>,
    labels: Option<Vec<String>>,
}

impl Category {
    /// From the probability of each category `[K]`, and what they are called, if they are.
    ///
    /// # Errors
    /// [`PriorError`] for fewer than two categories or more than 64, probabilities that are not above 0 or do
    /// not add up to 1, and labels that are not as many, or not distinct.
    pub fn new(probabilities: Vec<f64>, labels: Option<Vec<String>>) -> Result<Self, PriorError> {
        let bad = |field: &str, value: String, requirement: String| {
            let (parameter, field) = ("category".to_owned(), field.to_owned());
            Err(PriorError::BadValue { parameter, field, value, requirement })
        };
        let count = probabilities.len();
        if !(2..=MOST).contains(&count) {
            let requirement = format!("categories are two at least, and {MOST} at most");
            return bad("probabilities", format!("{count} entries"), requirement);
        }
        if let Some(value) = probabilities.iter().find(|p| !(**p > 0.0 && p.is_finite())) {
            let requirement = "each must be above 0: leave out a category that cannot be";
            return bad("probabilities", value.to_string(), requirement.to_owned());
        }
        let total: f64 = probabilities.iter().sum();
        if (total - 1.0).abs() > ROUNDING {
            let requirement = format!("they must add up to 1, and add up to {total}");
            return bad("probabilities", format!("{probabilities:?}"), requirement);
        }
        if let Some(labels) = &labels {
            if labels.len() != count {
                let requirement = format!("it must have one for each of {count} categories");
                return bad("labels", format!("{} entries", labels.len()), requirement);
            }
            let odd = |label: &&String| label.is_empty() || label.chars().any(char::is_control);
            if let Some(label) = labels.iter().find(odd) {
                return bad("labels", format!("{label:?}"), "write a word for each".to_owned());
            }
            let twice = |at: &usize| labels[..*at].contains(&labels[*at]);
            if let Some(at) = (0..count).find(twice) {
                return bad(
                    "labels",
                    format!("\"{}\"", labels[at]),
                    "it is there twice".to_owned(),
                );
            }
        }
        Ok(Self { probabilities, labels })
    }

    /// The probability of each category, `[K]`.
    #[must_use]
    pub fn probabilities(&self) -> &[f64] {
        &self.probabilities
    }

    /// What the categories are called, `[K]`, if they are.
    #[must_use]
    pub fn labels(&self) -> Option<&[String]> {
        self.labels.as_deref()
    }

    /// What a category is called; its number where it has no name.
    #[must_use]
    pub fn label(&self, category: usize) -> String {
        let own = self.labels.as_ref().and_then(|labels| labels.get(category));
        own.cloned().unwrap_or_else(|| category.to_string())
    }

    pub(super) fn ln_pdf(&self, value: f64) -> f64 {
        self.probabilities[value as usize].ln()
    }

    pub(super) fn quantile(&self, p: f64) -> f64 {
        let mut left = p;
        let at = self.probabilities.iter().position(|probability| {
            left -= probability;
            left < 0.0
        });
        at.unwrap_or(self.probabilities.len() - 1) as f64
    }

    pub(super) fn sample(&self, rng: &mut impl Rng) -> f64 {
        self.quantile(rng.random_range(0.0..1.0))
    }
}

/// Refuses categories that make too many combinations, and a law that is given by one: its number is no quantity.
pub(super) fn check_categories(blocks: &[Block]) -> Result<(), PriorError> {
    let is_category = |name: &String| {
        let holds = |b: &Block| matches!(b, Block::Category { .. }) && b.names().contains(name);
        blocks.iter().any(holds)
    };
    let categories = blocks.iter().filter_map(|block| match block {
        Block::Category { names, law } => Some((names, law.probabilities().len())),
        _ => None,
    });
    let mut combinations = 1_usize;
    for (names, count) in categories {
        for name in names {
            combinations = combinations.saturating_mul(count);
            if combinations > MOST {
                return Err(PriorError::BadValue {
                    parameter: name.clone(),
                    field: "probabilities".to_owned(),
                    value: format!("{count} entries"),
                    requirement: format!(
                        "with the categories before it makes {combinations} combinations, and \
                         {MOST} at most are told apart"
                    ),
                });
            }
        }
    }
    for block in blocks {
        for (field, term) in block.conditional().map_or(&[][..], Conditional::terms) {
            if let Term::Parameter(name) = term
                && is_category(name)
            {
                return Err(PriorError::BadValue {
                    parameter: block.names()[0].clone(),
                    field: (*field).to_owned(),
                    value: format!("\"{name}\""),
                    requirement: format!(
                        "{name} is a category, whose number is no quantity; write a number or another parameter"
                    ),
                });
            }
        }
    }
    Ok(())
}
