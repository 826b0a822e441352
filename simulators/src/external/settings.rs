//! `simulator.toml`.

mod of_x;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::{Table, Value};

use super::ExternalError;
use crate::Prior;
use crate::layout::DataLayout;
use crate::missing::Missing;
use crate::nearest::suggest;

const KEYS: [&str; 19] = [
    "name",
    "version",
    "command",
    "protocol",
    "data_dim",
    "data_names",
    "layout",
    "channels",
    "shape",
    "parts",
    "missing",
    "observations",
    "timeout",
    "workers",
    "batch",
    "max_failure_share",
    "environment",
    "parameter",
    "multivariate_normal",
];

/// How a program is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Long-lived workers, one line a simulation.
    Lines,
    /// One process for each batch, `.npy` in and out.
    Files,
}

/// What `simulator.toml` says.
#[derive(Clone, Debug)]
pub struct ExternalSettings {
    /// The file itself.
    pub path: PathBuf,
    /// Name for messages; the folder's name unless given.
    pub name: String,
    /// Any text that tells versions of the simulator apart; without it, the content of the files
    /// that the command names does.
    pub version: Option<String>,
    /// Program and arguments; run in the folder of the file.
    pub command: Vec<String>,
    /// How the program is spoken to.
    pub protocol: Protocol,
    /// The prior over the named parameters.
    pub prior: Prior,
    /// Names of the data values, `[C]`.
    pub data_names: Vec<String>,
    /// Whether these were given: else they are `x1`, `x2`, ….
    pub data_are_named: bool,
    /// What these values are to each other, where that is said.
    pub layout: Option<DataLayout>,
    /// What a NaN among them means.
    pub missing: Missing,
    /// A table of observations, one a row.
    pub observations: Option<PathBuf>,
    /// Time without any answer after which a process is taken for hung.
    pub timeout: Duration,
    /// Processes at a time; as many as there are threads unless given.
    pub workers: Option<usize>,
    /// Most simulations handed over at once.
    pub batch: Option<usize>,
    /// Share of failed simulations above which a run stops.
    pub max_failure_share: f64,
    /// Further environment variables.
    pub environment: BTreeMap<String, String>,
}

impl ExternalSettings {
    /// Reads `simulator.toml`, or the file of that name in a folder.
    ///
    /// # Errors
    /// [`ExternalError`] names the file, the key, the value and the fix.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, ExternalError> {
        let mut path = path.as_ref().to_owned();
        if path.is_dir() {
            path.push("simulator.toml");
        }
        let text =
            fs::read_to_string(&path).map_err(|source| ExternalError::io("read", &path, source))?;
        let table: Table = text.parse().map_err(|error: toml::de::Error| ExternalError::Toml {
            path: path.clone(),
            reason: error.to_string().trim_end().to_owned(),
        })?;
        Reader { path: &path, table: &table }.settings()
    }

    /// The folder that the command runs in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        }
    }
}

impl ExternalSettings {
    /// The folder and the environment variables of its processes.
    pub(super) fn surroundings(&self) -> (&Path, &BTreeMap<String, String>) {
        (self.folder(), &self.environment)
    }
}

/// Typed access to the table, with errors that name the key.
struct Reader<'a> {
    path: &'a Path,
    table: &'a Table,
}

impl Reader<'_> {
    fn settings(&self) -> Result<ExternalSettings, ExternalError> {
        if let Some(key) = self.table.keys().find(|key| !KEYS.contains(&key.as_str())) {
            let (key, suggestion) = (key.clone(), suggest(key, &KEYS));
            return Err(ExternalError::UnknownKey { path: self.path.to_owned(), key, suggestion });
        }
        let command = self.texts("command")?.ok_or_else(|| {
            self.missing("command", "write e.g. command = [\"python3\", \"simulator.py\"]")
        })?;
        if command.is_empty() {
            return Err(self.bad("command", "name a program"));
        }
        let protocol = match self.text("protocol")?.as_deref() {
            None | Some("lines") => Protocol::Lines,
            Some("files") => Protocol::Files,
            Some(_) => return Err(self.bad("protocol", "write \"lines\" or \"files\"")),
        };
        let batch = self.count("batch")?;
        self.check_placeholders(&command, protocol, batch)?;
        let data_names = self.data_names()?;
        let data_are_named = self.table.contains_key("data_names");
        let name = self.text("name")?.unwrap_or_else(|| default_name(self.path));
        Ok(ExternalSettings {
            path: self.path.to_owned(),
            name,
            version: self.text("version")?,
            command,
            protocol,
            prior: self.prior()?,
            layout: self.layout(data_names.len())?,
            missing: self.missing_numbers()?,
            data_names,
            data_are_named,
            observations: self.text("observations")?.map(|file| self.path.with_file_name(file)),
            timeout: self.timeout()?,
            workers: self.count("workers")?,
            batch,
            max_failure_share: self.share()?,
            environment: self.environment()?,
        })
    }

    fn prior(&self) -> Result<Prior, ExternalError> {
        let mut table = self.table.clone();
        table.retain(|key, _| matches!(key, "parameter" | "multivariate_normal"));
        Prior::from_table_in(table, self.path)
            .map_err(|source| ExternalError::Prior { path: self.path.to_owned(), source })
    }

    fn data_names(&self) -> Result<Vec<String>, ExternalError> {
        match (self.count("data_dim")?, self.texts("data_names")?) {
            (None, None) => {
                Err(self.missing("data_dim", "say how many numbers a simulation gives"))
            }
            (Some(dim), None) => Ok((1..=dim).map(|i| format!("x{i}")).collect()),
            (_, Some(names)) if names.is_empty() => Err(self.bad("data_names", "name at least 1")),
            (Some(dim), Some(names)) if dim != names.len() => {
                Err(self.bad("data_names", "it must have data_dim entries"))
            }
            (_, Some(names)) => Ok(names),
        }
    }

    fn timeout(&self) -> Result<Duration, ExternalError> {
        let requirement = "write a number of seconds above 0, e.g. 60.0";
        let seconds = self.number("timeout", requirement)?.unwrap_or(60.0);
        Duration::try_from_secs_f64(seconds)
            .ok()
            .filter(|timeout| !timeout.is_zero() && seconds <= 1e9)
            .ok_or_else(|| self.bad("timeout", requirement))
    }

    fn share(&self) -> Result<f64, ExternalError> {
        let requirement = "write a number from 0 to 1";
        let share = self.number("max_failure_share", requirement)?.unwrap_or(0.2);
        let valid = (0.0..=1.0).contains(&share);
        valid.then_some(share).ok_or_else(|| self.bad("max_failure_share", requirement))
    }

    fn environment(&self) -> Result<BTreeMap<String, String>, ExternalError> {
        let Some(value) = self.table.get("environment") else {
            return Ok(BTreeMap::new());
        };
        let entries = value.as_table().and_then(|table| {
            let text =
                |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.into()));
            table.iter().map(text).collect()
        });
        let valid = |key: &str| !key.is_empty() && !key.contains(['=', '\0']);
        entries
            .filter(|map: &BTreeMap<String, String>| map.keys().all(|key| valid(key)))
            .ok_or_else(|| self.bad("environment", "write a table of texts, e.g. { TZ = \"UTC\" }"))
    }

    /// Placeholders belong to one protocol, and a single seed to batches of one.
    fn check_placeholders(
        &self,
        command: &[String],
        protocol: Protocol,
        batch: Option<usize>,
    ) -> Result<(), ExternalError> {
        let has = |name: &str| command.iter().any(|part| part.contains(name));
        match protocol {
            Protocol::Lines if has("{theta}") || has("{x}") || has("{seed") => {
                Err(self.bad("command", "placeholders need protocol = \"files\""))
            }
            Protocol::Files if !has("{theta}") || !has("{x}") => {
                Err(self.bad("command", "protocol = \"files\" needs {theta} and {x} in it"))
            }
            Protocol::Files if has("{seed}") && batch != Some(1) => {
                Err(self.bad("command", "{seed} needs batch = 1; use {seeds} for larger batches"))
            }
            _ => Ok(()),
        }
    }

    fn text(&self, key: &'static str) -> Result<Option<String>, ExternalError> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        self.get(key, text, "write a text in quotes")
    }

    fn texts(&self, key: &'static str) -> Result<Option<Vec<String>>, ExternalError> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let texts = |value: &Value| value.as_array()?.iter().map(text).collect();
        self.get(key, texts, "write a list of texts, e.g. [\"a\", \"b\"]")
    }

    fn count(&self, key: &'static str) -> Result<Option<usize>, ExternalError> {
        let count = |value: &Value| usize::try_from(value.as_integer()?).ok();
        let requirement = "write a whole number from 1 to 1000000";
        let found = self.get(key, count, requirement)?;
        match found {
            Some(0 | 1_000_001..) => Err(self.bad(key, requirement)),
            other => Ok(other),
        }
    }

    fn number(&self, key: &'static str, need: &'static str) -> Result<Option<f64>, ExternalError> {
        let whole = |value: &Value| value.as_integer().map(|integer| integer as f64);
        self.get(key, |value| value.as_float().or_else(|| whole(value)), need)
    }

    fn get<T>(
        &self,
        key: &'static str,
        convert: impl Fn(&Value) -> Option<T>,
        requirement: &'static str,
    ) -> Result<Option<T>, ExternalError> {
        let Some(value) = self.table.get(key) else { return Ok(None) };
        convert(value).map(Some).ok_or_else(|| self.bad(key, requirement))
    }

    fn bad(&self, key: &'static str, requirement: &'static str) -> ExternalError {
        let value = self.table.get(key).map(Value::to_string).unwrap_or_default();
        ExternalError::BadValue { path: self.path.to_owned(), key, value, requirement }
    }

    fn missing(&self, key: &'static str, fix: &'static str) -> ExternalError {
        ExternalError::Missing { path: self.path.to_owned(), key, fix }
    }
}

/// The name of the file's folder.
fn default_name(path: &Path) -> String {
    let folder = path
        .canonicalize()
        .ok()
        .and_then(|path| Some(path.parent()?.file_name()?.to_string_lossy().into_owned()));
    folder.unwrap_or_else(|| "simulator".to_owned())
}
