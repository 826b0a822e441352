//! The parts of x as a setting, `["series:40x2", "vector:3"]`, and what is said of them in several places.

use super::{ConfigError, Overrides, Problem};
use freeform_simulators::{DataLayout, DataPart, Layout, PartError};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use toml::Value;

/// As serde derives it, but with an error that says what is expected.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<DataPart>, D::Error> {
    let texts: Vec<String> = Vec::deserialize(deserializer)?;
    let parts: Result<Vec<DataPart>, PartError> = texts.iter().map(|text| text.parse()).collect();
    parts.map_err(|_| {
        D::Error::custom(
            "expected each part as vector:3, series:40x2, set:20 or image:32x32 (points, trials or pixels × \
             channels), with 3 points, trials, rows and columns at least",
        )
    })
}

impl Overrides {
    /// The parts that these state, if they say anything of parts; `None` inside where something else stands there.
    fn stated_parts(&self) -> Option<Option<Vec<DataPart>>> {
        let stated = self.transform("parts")?.as_array()?;
        let part = |part: &Value| part.as_str()?.parse().ok();
        Some(stated.iter().map(part).collect())
    }

    /// The parts of x that these state.
    #[must_use]
    pub fn parts(&self) -> Option<Vec<DataPart>> {
        self.stated_parts().flatten().filter(|parts| !parts.is_empty())
    }

    /// The problem with the parts that these state; without those that were stated with the data, where
    /// these state anything else of the layout.
    pub(super) fn with_parts(&self, problem: Problem) -> Result<Problem, ConfigError> {
        match self.stated_parts() {
            // What is no part is refused where the settings are read.
            Some(None) => Ok(problem),
            Some(Some(parts)) if !parts.is_empty() => {
                self.refuse_beside_parts()?;
                Ok(problem.laid_out(Some(DataLayout::of_parts(parts))))
            }
            none => {
                let says = |key: &str| self.transform(key).is_some();
                let other =
                    none.is_some() || self.names_another() || says("channels") || says("shape");
                let in_parts = problem.layout.as_ref().is_some_and(|l| l.layout == Layout::Parts);
                match self.transform("layout") {
                    Some(value) if !self.names_another() && (none.is_some() || !in_parts) => {
                        let requirement =
                            "another, unless transform.parts says which parts x has".to_owned();
                        Err(self.refused("transform.layout", value, requirement))
                    }
                    _ if in_parts && other => Ok(problem.laid_out(None)),
                    _ => Ok(problem),
                }
            }
        }
    }

    /// Whether a layout is stated that has no parts.
    fn names_another(&self) -> bool {
        self.transform("layout").is_some_and(|value| value.as_str() != Some(Layout::Parts.name()))
    }

    /// What else would be said of the layout is said of each part.
    fn refuse_beside_parts(&self) -> Result<(), ConfigError> {
        let several = |value: &&Value| value.as_integer().is_some_and(|channels| channels > 1);
        let given = |value: &&Value| value.as_array().is_some_and(|sides| !sides.is_empty());
        let layout = self.transform("layout").filter(|_| self.names_another());
        let beside = [
            ("transform.layout", layout),
            ("transform.channels", self.transform("channels").filter(several)),
            ("transform.shape", self.transform("shape").filter(given)),
        ];
        match beside.into_iter().find_map(|(key, value)| Some((key, value?))) {
            None => Ok(()),
            Some((key, value)) => {
                let requirement =
                    "left out beside transform.parts, which says it of each part".to_owned();
                Err(self.refused(key, value, requirement))
            }
        }
    }
}
