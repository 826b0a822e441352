//! One check's outcome, in numbers and words.

use serde::{Deserialize, Serialize};

/// What one check says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The check, in a word or two.
    pub check: String,
    /// The observation that it is about, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observation: Option<String>,
    /// The probability of as much under a right posterior; `None` where the check has none.
    pub p_value: Option<f64>,
    /// Whether it passed at the 1% level; `None` where it has no verdict.
    pub passed: Option<bool>,
    /// What was found.
    pub says: String,
    /// What to do about it, where anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

impl Finding {
    /// A check with a p-value, judged at `level`; advice is given where it fails.
    pub(super) fn judged(
        (check, level): (&str, f64),
        p_value: f64,
        says: String,
        advice: &str,
    ) -> Self {
        let passed = p_value >= level;
        Self {
            check: check.to_owned(),
            observation: None,
            p_value: Some(p_value),
            passed: Some(passed),
            says,
            advice: (!passed).then(|| advice.to_owned()),
        }
    }

    /// A remark without a verdict.
    pub(super) fn remark(check: &str, says: String, advice: Option<&str>) -> Self {
        Self {
            check: check.to_owned(),
            observation: None,
            p_value: None,
            passed: None,
            says,
            advice: advice.map(str::to_owned),
        }
    }

    pub(super) fn at(self, observation: &str) -> Self {
        Self { observation: Some(observation.to_owned()), ..self }
    }
}
