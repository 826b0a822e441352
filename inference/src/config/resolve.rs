//! A preset, a file over it, and single keys over that.

use super::places::{Places, line_of, places};
use super::{Config, ConfigError, Place, Preset, Problem};
use freeform_simulators::{Layout, Missing};
use serde::Deserialize;
use std::path::Path;
use toml::{Table, Value};

/// What a user sets beside the preset.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    table: Table,
    /// Where each key was set.
    places: Places,
}

impl Overrides {
    /// Overrides from a TOML text with any subset of the keys.
    ///
    /// # Errors
    /// [`ConfigError::Syntax`] where it is not TOML.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        Self::parse_from(text, None)
    }

    fn parse_from(text: &str, path: Option<&str>) -> Result<Self, ConfigError> {
        let table = text.parse().map_err(|e: toml::de::Error| {
            let line = line_of(text, e.span().map_or(0, |span| span.start));
            let place = Place::Line { path: path.map(str::to_owned), line };
            ConfigError::Syntax {
                place: Box::new(place),
                reason: e.message().trim().replace('\n', ", "),
            }
        })?;
        Ok(Self { table, places: places(text, path) })
    }

    /// Overrides from a TOML file; a `[run]` section, as in the `config.toml` of a finished run,
    /// says what that run was and is passed over.
    ///
    /// # Errors
    /// [`ConfigError::Read`] or [`ConfigError::Syntax`].
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: shown.clone(), source })?;
        let mut overrides = Self::parse_from(&text, Some(&shown))?;
        overrides.table.remove("run");
        Ok(overrides)
    }

    /// Sets one key from `section.key=value`, the value as TOML (a bare word is a string).
    ///
    /// # Errors
    /// [`ConfigError::Syntax`] where there is no `=` or no section.
    pub fn set(&mut self, assignment: &str) -> Result<(), ConfigError> {
        let place = Place::Assignment(assignment.to_owned());
        let usage = || ConfigError::Syntax {
            place: Box::new(place.clone()),
            reason: "is not SECTION.KEY=VALUE".to_owned(),
        };
        let (key, value) = assignment.split_once('=').ok_or_else(usage)?;
        let (section, key) = key.trim().split_once('.').ok_or_else(usage)?;
        let value = format!("v = {value}")
            .parse::<Table>()
            .ok()
            .and_then(|mut parsed| parsed.remove("v"))
            .unwrap_or_else(|| Value::String(value.trim().to_owned()));
        self.insert(section, key, value).ok_or_else(usage)?;
        self.places.insert(format!("{section}.{key}"), place);
        Ok(())
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
            let wrong = || ConfigError::Syntax {
                place: Box::default(),
                reason: format!("`{dotted}` is not SECTION.KEY"),
            };
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
                    for (key, value) in theirs {
                        mine.insert(key.clone(), value.clone());
                        self.places.remove(&format!("{section}.{key}"));
                    }
                }
                _ => {
                    self.table.insert(section.clone(), settings.clone());
                }
            }
        }
        self.places.extend(other.places.clone());
    }

    /// The overrides as TOML, keys sorted: equal texts mean equal overrides.
    ///
    /// # Errors
    /// None in practice: the overrides came from TOML.
    pub fn to_toml(&self) -> Result<String, ConfigError> {
        toml::to_string(&self.table).map_err(|e| unserialisable(&e))
    }

    /// The whole configuration for a problem: preset, then these, checked.
    ///
    /// # Errors
    /// An unknown key, a wrong type, or a value out of range.
    pub fn resolve(&self, preset: Preset, problem: &Problem) -> Result<Config, ConfigError> {
        let problem = self.with_channels(self.with_parts(problem.clone())?);
        let base = Table::try_from(preset.config(&problem)).map_err(|e| unserialisable(&e))?;
        let mut table = base.clone();
        self.merge(&mut table, &self.table, "", &base)?;
        let parsed: Result<Config, _> = Value::Table(table).try_into();
        let mut config = parsed.map_err(|e: toml::de::Error| ConfigError::Syntax {
            place: Box::default(),
            reason: e.message().to_owned(),
        })?;
        config.validate().map_err(|error| self.placed(error))?;
        self.settle_shape(&mut config.transform, &problem)?;
        match (self.transform("channels"), config.transform.layout) {
            (Some(value), Layout::Vector) if config.transform.channels > 1 => {
                let requirement =
                    "1 where transform.layout is vector; of a series or a set it is how \
                                   many numbers stand side by side"
                        .to_owned();
                Err(self.refused("transform.channels", value, requirement))
            }
            (None, Layout::Vector) => {
                // What was stated with the data belongs to the layout that was stated with it.
                config.transform.channels = 1;
                Ok(config)
            }
            _ => Ok(config),
        }
    }

    /// What a NaN in x means, where these say so.
    #[must_use]
    pub fn missing(&self) -> Option<Missing> {
        Missing::by_name(self.transform("missing")?.as_str()?)
    }

    /// What the numbers of x are to each other, and how many make a point, as far as these say so.
    #[must_use]
    pub fn layout(&self) -> (Option<Layout>, Option<usize>) {
        let layout = self.transform("layout").and_then(|value| Layout::by_name(value.as_str()?));
        let channels = self.transform("channels").and_then(Value::as_integer);
        (layout, channels.and_then(|channels| usize::try_from(channels).ok()).filter(|c| *c > 0))
    }

    /// Whether these say anything of a setting, `section.key`.
    pub(crate) fn has(&self, dotted: &str) -> bool {
        let of = |(section, key)| self.table.get(section)?.get(key);
        dotted.split_once('.').and_then(of).is_some()
    }

    pub(super) fn transform(&self, key: &str) -> Option<&Value> {
        self.table.get("transform")?.get(key)
    }

    /// Says of a value that was refused where it was set.
    #[must_use]
    pub fn placed(&self, mut error: ConfigError) -> ConfigError {
        if let ConfigError::OutOfRange { place, key, .. } | ConfigError::Memory { place, key, .. } =
            &mut error
        {
            **place = self.place(key);
        }
        error
    }

    /// That a key has this value, where it must be another.
    pub(super) fn refused(&self, key: &str, value: &Value, requirement: String) -> ConfigError {
        let place = Box::new(self.place(key));
        ConfigError::Value { place, key: key.to_owned(), value: shown(value), requirement }
    }

    pub(super) fn place(&self, dotted: &str) -> Place {
        let within = |key: &str| key.strip_prefix(dotted).is_some_and(|rest| rest.starts_with('.'));
        // Of a section, where the first of its settings stands.
        let found = self
            .places
            .get(dotted)
            .or_else(|| self.places.iter().find_map(|(key, place)| within(key).then_some(place)));
        found.cloned().unwrap_or_default()
    }

    /// Writes `from` over `into`, refusing keys that `into` does not have and values that it cannot
    /// take. `base` is the whole table as it was.
    fn merge(
        &self,
        into: &mut Table,
        from: &Table,
        prefix: &str,
        base: &Table,
    ) -> Result<(), ConfigError> {
        for (key, value) in from {
            let dotted = format!("{prefix}{key}");
            let place = || Box::new(self.place(&dotted));
            if !into.contains_key(key) {
                let nearest = nearest(key, into).map(|known| format!("{prefix}{known}"));
                return Err(ConfigError::UnknownKey { place: place(), key: dotted, nearest });
            }
            let wrong = |requirement: String| ConfigError::Value {
                place: place(),
                key: dotted.clone(),
                value: format!("{} ({})", shown(value), value.type_str()),
                requirement,
            };
            let slot = &mut into[key];
            match (&mut *slot, value) {
                (Value::Table(inner), Value::Table(given)) => {
                    self.merge(inner, given, &format!("{dotted}."), base)?;
                    continue;
                }
                (Value::Table(inner), _) => {
                    let keys: Vec<&str> = inner.keys().map(String::as_str).collect();
                    return Err(wrong(format!("a section, with the keys {}", keys.join(", "))));
                }
                // 5 where 5.0 is meant.
                (slot @ Value::Float(_), Value::Integer(whole)) => {
                    *slot = Value::Float(*whole as f64);
                }
                (slot, given) if slot.type_str() == given.type_str() => *slot = given.clone(),
                (slot, _) => return Err(wrong(article(slot.type_str()))),
            }
            if let Some(requirement) = refusal(base, &dotted, slot) {
                return Err(wrong(requirement));
            }
        }
        Ok(())
    }
}

fn unserialisable(error: &toml::ser::Error) -> ConfigError {
    ConfigError::Syntax { place: Box::default(), reason: error.to_string() }
}

/// The known key most like `key`.
fn nearest(key: &str, known: &Table) -> Option<String> {
    let similar = known.keys().map(|known| (strsim::jaro_winkler(key, known), known));
    let best = similar.filter(|(s, _)| *s > 0.6).max_by(|a, b| a.0.total_cmp(&b.0));
    best.map(|(_, known)| known.clone())
}

/// A value, at a length that fits a line.
fn shown(value: &Value) -> String {
    const MOST: usize = 60;
    let text = value.to_string();
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// What a value must be that the settings do not take in place of this one, by itself.
fn refusal(base: &Table, dotted: &str, value: &Value) -> Option<String> {
    let mut table = base.clone();
    let (section, key) = dotted.split_once('.')?;
    table.get_mut(section)?.as_table_mut()?.insert(key.to_owned(), value.clone());
    let error = Config::deserialize(Value::Table(table)).err()?;
    let message = error.message().trim();
    Some(match message.split_once("expected ") {
        Some((_, "usize" | "u64" | "u32")) => "a whole number that is not negative".to_owned(),
        Some((_, allowed)) => allowed.replace('`', "").replace('\n', " "),
        None => format!("another: {message}"),
    })
}

fn article(kind: &str) -> String {
    match kind {
        "integer" => "a whole number".to_owned(),
        "float" => "a number".to_owned(),
        "boolean" => "true or false".to_owned(),
        "array" => "an array".to_owned(),
        other => format!("a {other}"),
    }
}

#[cfg(test)]
mod tests;
