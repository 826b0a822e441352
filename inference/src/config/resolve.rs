//! A preset, a file over it, and single keys over that.

use super::{Config, ConfigError, Preset, Problem};
use std::path::Path;
use toml::{Table, Value};

/// What a user sets beside the preset.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    table: Table,
}

impl Overrides {
    /// Overrides from a TOML text with any subset of the keys.
    ///
    /// # Errors
    /// [`ConfigError::Syntax`] where it is not TOML.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let table =
            text.parse().map_err(|e: toml::de::Error| ConfigError::Syntax(e.to_string()))?;
        Ok(Self { table })
    }

    /// Overrides from a TOML file; a `[run]` section, as in the `config.toml` of a finished run,
    /// says what that run was and is passed over.
    ///
    /// # Errors
    /// [`ConfigError::Read`] or [`ConfigError::Syntax`].
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.display().to_string(), source })?;
        let mut overrides = Self::parse(&text)?;
        overrides.table.remove("run");
        Ok(overrides)
    }

    /// Sets one key from `section.key=value`, the value as TOML (a bare word is a string).
    ///
    /// # Errors
    /// [`ConfigError::Syntax`] where there is no `=` or no section.
    pub fn set(&mut self, assignment: &str) -> Result<(), ConfigError> {
        let usage = || ConfigError::Syntax(format!("`{assignment}` is not SECTION.KEY=VALUE"));
        let (key, value) = assignment.split_once('=').ok_or_else(usage)?;
        let (section, key) = key.trim().split_once('.').ok_or_else(usage)?;
        let value = format!("v = {value}")
            .parse::<Table>()
            .ok()
            .and_then(|mut parsed| parsed.remove("v"))
            .unwrap_or_else(|| Value::String(value.trim().to_owned()));
        self.insert(section, key, value).ok_or_else(usage)
    }

    /// Sets each of these dotted keys.
    ///
    /// # Errors
    /// [`ConfigError::Syntax`] where a key has no section.
    pub fn from_dotted<'a>(
        settings: impl IntoIterator<Item = (&'a String, &'a Value)>,
    ) -> Result<Self, ConfigError> {
        let mut overrides = Self::default();
        for (dotted, value) in settings {
            let wrong = || ConfigError::Syntax(format!("`{dotted}` is not SECTION.KEY"));
            let (section, key) = dotted.split_once('.').ok_or_else(wrong)?;
            overrides.insert(section, key, value.clone()).ok_or_else(wrong)?;
        }
        Ok(overrides)
    }

    fn insert(&mut self, section: &str, key: &str, value: Value) -> Option<()> {
        let entry = self.table.entry(section).or_insert_with(|| Value::Table(Table::new()));
        entry.as_table_mut()?.insert(key.to_owned(), value);
        Some(())
    }

    /// Sets every key that `other` sets.
    pub fn absorb(&mut self, other: &Self) {
        for (section, settings) in &other.table {
            match (self.table.get_mut(section), settings) {
                (Some(Value::Table(mine)), Value::Table(theirs)) => {
                    mine.extend(theirs.iter().map(|(key, value)| (key.clone(), value.clone())));
                }
                _ => {
                    self.table.insert(section.clone(), settings.clone());
                }
            }
        }
    }

    /// The overrides as TOML, keys sorted: equal texts mean equal overrides.
    ///
    /// # Errors
    /// None in practice: the overrides came from TOML.
    pub fn to_toml(&self) -> Result<String, ConfigError> {
        toml::to_string(&self.table).map_err(|e| ConfigError::Syntax(e.to_string()))
    }

    /// The whole configuration for a problem: preset, then these, checked.
    ///
    /// # Errors
    /// An unknown key, a wrong type, or a value out of range.
    pub fn resolve(&self, preset: Preset, problem: Problem) -> Result<Config, ConfigError> {
        let mut table = Table::try_from(preset.config(problem))
            .map_err(|e| ConfigError::Syntax(e.to_string()))?;
        merge(&mut table, &self.table, "")?;
        let config: Config = Value::Table(table)
            .try_into()
            .map_err(|e: toml::de::Error| ConfigError::Syntax(e.message().to_owned()))?;
        config.validate()?;
        Ok(config)
    }
}

/// Writes `from` over `into`, refusing keys that `into` does not have.
fn merge(into: &mut Table, from: &Table, prefix: &str) -> Result<(), ConfigError> {
    for (key, value) in from {
        let dotted = format!("{prefix}{key}");
        if !into.contains_key(key) {
            let nearest = into
                .keys()
                .map(|known| (strsim::jaro_winkler(key, known), known))
                .filter(|(similarity, _)| *similarity > 0.6)
                .max_by(|a, b| a.0.total_cmp(&b.0))
                .map(|(_, known)| format!("{prefix}{known}"));
            return Err(ConfigError::UnknownKey { key: dotted, nearest });
        }
        let slot = &mut into[key];
        match (slot, value) {
            (Value::Table(inner), Value::Table(given)) => {
                merge(inner, given, &format!("{dotted}."))?;
            }
            (Value::Table(_), other) => {
                let kind = other.type_str();
                return Err(ConfigError::Syntax(format!("`{dotted}` is a section, not a {kind}")));
            }
            // 5 where 5.0 is meant.
            (slot @ Value::Float(_), Value::Integer(whole)) => *slot = Value::Float(*whole as f64),
            (slot, given) if slot.type_str() == given.type_str() => *slot = given.clone(),
            (slot, given) => {
                let (want, got) = (slot.type_str(), given.type_str());
                return Err(ConfigError::Syntax(format!("`{dotted}` is a {got}, not a {want}")));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROBLEM: Problem = Problem { simulations: 1000, theta_dim: 2, context_dim: 2 };

    fn resolve(text: &str) -> Result<Config, ConfigError> {
        Overrides::parse(text)?.resolve(Preset::Recommended, PROBLEM)
    }

    #[test]
    fn a_file_changes_only_its_own_keys() {
        let config = resolve("[loss]\nbeta_end = 7\n").unwrap();
        let mut expected = Preset::Recommended.config(PROBLEM);
        expected.loss.beta_end = 7.0;
        assert_eq!(config, expected);
    }

    #[test]
    fn a_single_key_wins_over_the_file() {
        let mut overrides = Overrides::parse("[network]\nactivation = \"tanh\"\n").unwrap();
        overrides.set("network.activation=gelu").unwrap();
        let config = overrides.resolve(Preset::Paper, PROBLEM).unwrap();
        assert_eq!(config.network.activation.to_string(), "gelu");
    }

    #[test]
    fn errors_name_the_key_the_value_and_the_fix() {
        let message = |text| resolve(text).unwrap_err().to_string();
        assert!(message("[loss]\nbeta_strat = 1").contains("did you mean `loss.beta_start`?"));
        assert!(message("[loss]\nbeta_start = -2").contains("-2, but must be a number above 0"));
        assert!(message("[network]\nwidth = \"wide\"").contains("`network.width` is a string"));
        assert!(message("network = 3").contains("is a section"));
        assert!(message("[network]\nactivation = \"rely\"").contains("rely"));
    }
}
