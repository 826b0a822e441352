//! What a NaN in x means.

use serde::{Deserialize, Serialize};

/// What a NaN in the data of a simulation, or of an observation, means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// That the simulation failed: it is left out as a whole.
    #[default]
    Failed,
    /// That this number was not measured. A simulation of nothing but NaN still is one that failed, where a
    /// program makes it.
    Allowed,
}

impl Missing {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Failed, Self::Allowed];

    /// The name that users give it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Allowed => "allowed",
        }
    }

    /// That of a name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|missing| missing.name() == name)
    }

    /// Whether numbers may be missing.
    #[must_use]
    pub fn is_allowed(self) -> bool {
        self == Self::Allowed
    }

    /// Whether a number may stand in x.
    #[must_use]
    pub fn admits(self, value: f64) -> bool {
        value.is_finite() || (self.is_allowed() && value.is_nan())
    }

    /// Whether this is the x of a simulation that succeeded: something was measured, and nothing is
    /// infinite.
    #[must_use]
    pub fn is_success(self, x: &[f64]) -> bool {
        x.iter().all(|v| self.admits(*v)) && x.iter().any(|v| !v.is_nan())
    }

    /// What to say of an x that failed where its NaN look like gaps; empty where they do not.
    #[must_use]
    pub fn hint(self, x: &[f64]) -> &'static str {
        let gaps = x.iter().any(|v| v.is_nan()) && x.iter().any(|v| v.is_finite());
        match gaps && !self.is_allowed() {
            true => " (if NaN means \"not measured\": missing = \"allowed\", or --missing allowed)",
            false => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nan_is_a_failure_or_a_gap() {
        let nan = f64::NAN;
        assert!(!Missing::Failed.is_success(&[1.0, nan]));
        assert!(Missing::Allowed.is_success(&[1.0, nan]));
        for x in [[nan, nan], [1.0, f64::INFINITY], [nan, f64::NEG_INFINITY]] {
            assert!(!Missing::Allowed.is_success(&x), "{x:?}");
        }
        assert_eq!(Missing::by_name("allowed"), Some(Missing::Allowed));
        assert_eq!(Missing::by_name("yes"), None);
    }
}
