//! A run's folder: what it holds says which run it is and how far it came.

use super::RunError;
use super::clear::{clear, clear_checkpoints, gone};
use super::sealed::{self, Sealed};
use freeform_inference::{Config, Locality, fingerprint};
use freeform_simulators::write_bytes_atomically;
use freeform_simulators::{Prior, Simulations};
use serde::Serialize;
use std::path::Path;

pub(super) const CONFIG: &str = "config.toml";
pub(super) const STATUS: &str = "status.json";
/// What to do about a folder of another run.
pub(super) const OTHER_RUN: &str = "choose another folder, or add --overwrite to start anew";

/// What to do with a folder that holds a run already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Refuse.
    Refuse,
    /// Go on with it where it is the same run.
    Resume,
    /// Start anew.
    Overwrite,
}

/// `config.toml`: everything that determines the result, nothing that does not.
#[derive(Debug, Serialize)]
pub struct RunRecord<'a> {
    run: RunSection<'a>,
    #[serde(flatten)]
    config: &'a Config,
}

#[derive(Debug, Serialize)]
struct RunSection<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<&'a str>,
    simulations: usize,
    /// BLAKE3 of prior and simulations.
    data: String,
    seed: u64,
    /// BLAKE3 of the law that θ was drawn from, where it is not the prior.
    #[serde(skip_serializing_if = "Option::is_none")]
    theta_from: Option<String>,
    /// BLAKE3 of the observation that simulations were made for, and of where they were, if for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    local: Option<String>,
}

impl<'a> RunRecord<'a> {
    /// Describes a training on these simulations.
    #[must_use]
    pub fn new(
        config: &'a Config,
        task: Option<&'a str>,
        prior: &Prior,
        simulations: &Simulations,
        seed: u64,
    ) -> Self {
        let data = fingerprint(prior, simulations);
        let run = RunSection {
            task,
            simulations: simulations.len(),
            data,
            seed,
            theta_from: None,
            local: None,
        };
        Self { run, config }
    }

    /// Names the law that θ was drawn from, where it is not the prior.
    #[must_use]
    pub fn drawn_from(mut self, law: Option<&Prior>) -> Self {
        let hash = |law: &Prior| blake3::hash(law.identity().as_bytes()).to_hex()[..16].to_owned();
        self.run.theta_from = law.map(hash);
        self
    }

    /// Names the observation that simulations were made for, if for one only.
    #[must_use]
    pub fn near(mut self, local: Option<&Locality>) -> Self {
        let hash =
            |local: &Locality| blake3::hash(local.identity().as_bytes()).to_hex()[..16].to_owned();
        self.run.local = local.map(hash);
        self
    }

    /// The text of `config.toml`.
    ///
    /// # Errors
    /// None in practice: every setting has a TOML form.
    pub fn to_toml(&self) -> std::io::Result<String> {
        toml::to_string(self).map_err(std::io::Error::other)
    }
}

/// The hash of prior and simulations in the `config.toml` of `folder`, where there is one.
pub(super) fn recorded_data(folder: &Path) -> Option<String> {
    let text = std::fs::read_to_string(folder.join(CONFIG)).ok()?;
    let record: toml::Table = text.parse().ok()?;
    Some(record.get("run")?.get("data")?.as_str()?.to_owned())
}

/// Takes `folder` for the run that `record` describes; says whether it held that very run.
pub(super) fn claim(folder: &Path, record: &str, existing: Existing) -> Result<bool, RunError> {
    let path = folder.join(CONFIG);
    let shown = folder.display().to_string();
    let is_same = |found: &str| Config::known_by(found) == Config::known_by(record);
    match (std::fs::read_to_string(&path), existing) {
        (Ok(found), Existing::Resume) if is_same(&found) => return Ok(true),
        (Ok(_), Existing::Overwrite) => clear(folder)?,
        (Ok(found), Existing::Refuse | Existing::Resume) => {
            let differs = (!is_same(&found)).then(|| difference(&found, record));
            let fix = match differs {
                None => "add --resume to go on with it, or --overwrite to start anew",
                Some(_) => OTHER_RUN,
            };
            return Err(RunError::Occupied { path: shown, differs, fix });
        }
        (Err(_), Existing::Refuse | Existing::Resume) if folder.join("model.toml").exists() => {
            let differs = Some("with other settings".to_owned());
            return Err(RunError::Occupied { path: shown, differs, fix: OTHER_RUN });
        }
        (Err(_), _) => {}
    }
    create_folder(folder)?;
    write_bytes_atomically(&path, record.as_bytes())?;
    Ok(false)
}

/// How the run that `found` describes differs from the one that `record` describes, in words.
fn difference(found: &str, record: &str) -> String {
    let table = |text: &str| text.parse::<toml::Table>().unwrap_or_default();
    let (found, record) = (table(found), table(record));
    let both = |section: &str, key: &str| {
        let value = |table: &toml::Table| table.get(section)?.get(key).cloned();
        (value(&found), value(&record))
    };
    let differs = |section: &str, key: &str| {
        let (before, now) = both(section, key);
        (before != now).then_some((before, now))
    };
    // Another seed, or number, makes other simulations too.
    if let Some((Some(before), Some(now))) = differs("run", "seed") {
        return format!("with seed {before}, not {now}");
    }
    if let Some((Some(before), Some(now))) = differs("run", "simulations") {
        return format!("of {before} simulations, not {now}");
    }
    if differs("run", "theta_from").is_some() {
        return "of simulations whose theta has another law (--theta-from)".to_owned();
    }
    if ["task", "data", "local"].iter().any(|key| differs("run", key).is_some()) {
        return "of other simulations, or of another prior".to_owned();
    }
    let settings = record.iter().filter_map(|(section, keys)| Some((section, keys.as_table()?)));
    let keys = settings.flat_map(|(section, keys)| keys.keys().map(move |key| (section, key)));
    let mut setting = keys.filter_map(|(section, key)| match differs(section, key)? {
        (Some(before), Some(now)) => Some(format!("with {section}.{key} = {before}, not {now}")),
        _ => None,
    });
    setting.next().unwrap_or_else(|| "with other settings".to_owned())
}

/// Gives `folder` up again, where no run came of it.
pub(super) fn release(folder: &Path) -> std::io::Result<()> {
    clear_checkpoints(folder)?;
    gone(std::fs::remove_file(folder.join(CONFIG)))
}

/// Makes a folder, with those above it.
///
/// # Errors
/// The system's, with the folder's name.
pub(crate) fn create_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder).map_err(|e| {
        let why = match folder.is_file() {
            true => "it is a file, and a folder is needed".to_owned(),
            false => e.to_string(),
        };
        std::io::Error::new(e.kind(), format!("cannot create {}: {why}", folder.display()))
    })
}

/// What `status.json` says of the time that the training took.
pub(super) fn training_seconds(folder: &Path) -> Option<f64> {
    read_status(folder)?["training_seconds"].as_f64()
}

/// `status.json`, as it is found.
pub(super) fn status(folder: &Path) -> Sealed {
    Sealed::read(&folder.join(STATUS))
}

/// `status.json`, where there is one. One that is damaged counts as none: what it says is then found
/// out anew. Those of earlier versions have no checksum.
pub(crate) fn read_status(folder: &Path) -> Option<serde_json::Value> {
    status(folder).value()
}

/// Writes `status.json` with what the one that is there says under these names: rounds and scores of one model
/// are told of by different verbs.
pub(super) fn write_status_beside(
    folder: &Path,
    own: &impl Serialize,
    names: &[&str],
) -> std::io::Result<()> {
    #[derive(Serialize)]
    struct Both<'a, T> {
        #[serde(flatten)]
        own: &'a T,
        #[serde(flatten)]
        kept: serde_json::Map<String, serde_json::Value>,
    }
    let found = read_status(folder).and_then(|status| status.as_object().cloned());
    let mut kept = found.unwrap_or_default();
    kept.retain(|name, _| names.contains(&name.as_str()));
    write_status(folder, &Both { own, kept })
}

/// Writes `status.json`, the last file of a finished run.
pub(crate) fn write_status(folder: &Path, status: &impl Serialize) -> std::io::Result<()> {
    sealed::write(&folder.join(STATUS), status)
}
