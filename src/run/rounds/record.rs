//! `inference.toml`: everything that determines an inference; and what a round keeps beside its
//! simulations and its model.

use super::RoundsJob;
use crate::run::RunError;
use crate::run::clear::gone;
use crate::run::scored::SCORES;
use crate::run::sealed::{self, Sealed};
use freeform_inference::{EngineKind, Overrides, Preset, Proposals, ProposedBy, RoundPlan};
use freeform_simulators::{TableOptions, read_table, write_bytes_atomically, write_table};
use serde::{Deserialize, Serialize};
use std::path::Path;

const RECORD: &str = "inference.toml";
const FORMAT: u32 = 4;
/// Folder of all rounds.
pub(super) const ROUNDS: &str = "rounds";

/// What is inferred, from what, and how.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InferenceRecord {
    format: u32,
    /// The benchmark task, or the program's name.
    simulator: String,
    /// What it simulates.
    identity: String,
    seed: String,
    preset: String,
    device: String,
    /// The user's own settings, as TOML.
    settings: String,
    sizes: Vec<usize>,
    /// Of rounds that were made before more were planned, whether each was interim.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    interim: Vec<bool>,
    rounds_chosen: bool,
    observation: Vec<f64>,
}

impl InferenceRecord {
    pub fn of(job: &RoundsJob) -> Result<Self, RunError> {
        let source = job.simulator.source();
        Ok(Self {
            format: FORMAT,
            simulator: source.name().to_owned(),
            identity: source.identity(),
            seed: job.seed.to_string(),
            preset: named(job.preset),
            device: job.engine.to_string(),
            settings: job.overrides.to_toml()?,
            sizes: job.plan.sizes.clone(),
            interim: job.plan.interim.clone(),
            rounds_chosen: !job.stop_early,
            observation: job.x.to_vec(),
        })
    }

    /// That of the inference in `folder`; `None` where it is damaged.
    pub fn read(folder: &Path) -> Result<Option<Self>, RunError> {
        let path = folder.join(RECORD);
        let named = |e: std::io::Error| {
            std::io::Error::new(e.kind(), format!("cannot read {}: {e}", path.display()))
        };
        Ok(toml::from_str(&std::fs::read_to_string(&path).map_err(named)?).ok())
    }

    /// Whether `folder` holds an inference.
    pub fn is_in(folder: &Path) -> bool {
        folder.join(RECORD).exists()
    }

    /// Writes it into the folder of the inference.
    pub fn write(&self, folder: &Path) -> Result<(), RunError> {
        let text = toml::to_string(self).map_err(std::io::Error::other)?;
        Ok(write_bytes_atomically(&folder.join(RECORD), text.as_bytes())?)
    }

    /// Its rounds.
    pub fn plan(&self) -> RoundPlan {
        RoundPlan { sizes: self.sizes.clone(), interim: self.interim.clone() }
    }

    /// Whether rounds end where the posterior stands still.
    pub fn may_end_early(&self) -> bool {
        !self.rounds_chosen
    }

    /// Plans other rounds, as somebody chose them.
    pub fn plan_anew(&mut self, plan: &RoundPlan) {
        self.format = FORMAT;
        self.sizes.clone_from(&plan.sizes);
        self.interim.clone_from(&plan.interim);
        self.rounds_chosen = true;
    }

    /// The observation.
    pub fn observation(&self) -> &[f64] {
        &self.observation
    }

    /// The preset beneath the settings.
    pub fn preset(&self) -> Result<Preset, RunError> {
        let all = [Preset::Recommended, Preset::Paper];
        let found = all.into_iter().find(|preset| named(*preset) == self.preset);
        found.ok_or_else(|| damaged("preset", &self.preset))
    }

    /// The user's own settings.
    pub fn overrides(&self) -> Result<Overrides, RunError> {
        Ok(Overrides::parse(&self.settings)?)
    }

    /// The seed.
    pub fn seed(&self) -> Result<u64, RunError> {
        self.seed.parse().map_err(|_| damaged("seed", &self.seed))
    }

    /// Who does the arithmetic.
    pub fn engine(&self) -> Result<EngineKind, RunError> {
        self.device.parse().map_err(|_| damaged("device", &self.device))
    }

    /// Takes `folder` for this inference; one of it that is there already is gone on with.
    pub fn claim(&self, folder: &Path, overwrite: bool) -> Result<(), RunError> {
        let path = folder.join(RECORD);
        let text = toml::to_string(self).map_err(std::io::Error::other)?;
        match std::fs::read_to_string(&path) {
            Ok(found) if found == text => return Ok(()),
            Ok(found) if !overwrite => {
                let reason = match toml::from_str::<Self>(&found) {
                    Ok(found) => self.difference(&found),
                    Err(_) => "inference.toml is damaged".to_owned(),
                };
                return Err(RunError::OtherInference {
                    path: folder.display().to_string(),
                    reason,
                });
            }
            Ok(_) => clear(folder)?,
            Err(_) if folder.join("model.toml").exists() && !overwrite => {
                return Err(RunError::OtherInference {
                    path: folder.display().to_string(),
                    reason: "it holds a model that was not made in rounds".to_owned(),
                });
            }
            Err(_) => {}
        }
        Ok(write_bytes_atomically(&path, text.as_bytes())?)
    }

    /// How `found` differs, in words.
    fn difference(&self, found: &Self) -> String {
        let same_simulator =
            (&self.simulator, &self.identity) == (&found.simulator, &found.identity);
        match () {
            () if self.format != found.format => {
                "it was begun by another version of this program".to_owned()
            }
            () if self.simulator != found.simulator => {
                format!("it infers parameters of \"{}\"", found.simulator)
            }
            () if !same_simulator => {
                format!("it is of \"{}\" as it was before it was changed", found.simulator)
            }
            () if bits(&self.observation) != bits(&found.observation) => {
                "it is of another observation".to_owned()
            }
            () if self.seed != found.seed => format!("it has seed {}", found.seed),
            () if self.sizes != found.sizes => {
                format!("its rounds have {:?} simulations, not {:?}", found.sizes, self.sizes)
            }
            () if self.preset != found.preset => format!("it has the preset {}", found.preset),
            () if self.device != found.device => format!("it was made on {}", found.device),
            () if self.rounds_chosen != found.rounds_chosen => {
                "of one of them the number of rounds was chosen, of the other not".to_owned()
            }
            () => {
                let shown = |settings: &str| match settings.trim() {
                    "" => "none".to_owned(),
                    settings => settings.replace('\n', ", "),
                };
                let (found, own) = (shown(&found.settings), shown(&self.settings));
                format!("its settings are {found}, not {own}")
            }
        }
    }
}

/// Missing numbers are equal.
fn bits(numbers: &[f64]) -> Vec<u64> {
    numbers.iter().map(|v| v.to_bits()).collect()
}

fn named(preset: Preset) -> String {
    format!("{preset:?}").to_lowercase()
}

fn damaged(field: &str, value: &str) -> RunError {
    std::io::Error::other(format!("{RECORD}: {field} = \"{value}\" is none")).into()
}

/// Removes a former inference: what rounds wrote, by name.
fn clear(folder: &Path) -> std::io::Result<()> {
    for file in ["status.json", "model.toml", "weights.safetensors", "samples.npy", SCORES] {
        gone(std::fs::remove_file(folder.join(file)))?;
    }
    gone(std::fs::remove_dir_all(folder.join(ROUNDS)))?;
    gone(std::fs::remove_file(folder.join(RECORD)))
}

/// `proposals.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProposalsRecord {
    by: ProposedBy,
    acceptance: f64,
    prior_share: f64,
    widened: usize,
    /// BLAKE3 of `proposals.npy`.
    theta: String,
}

/// The proposals that an earlier process kept in a round's folder, whole.
pub(super) fn kept_proposals(folder: &Path) -> Option<Proposals> {
    let path = folder.join("proposals.npy");
    let Sealed::Whole(record) = Sealed::read(&folder.join("proposals.json")) else { return None };
    let record: ProposalsRecord = serde_json::from_value(record).ok()?;
    let bytes = std::fs::read(&path).ok()?;
    if blake3::hash(&bytes).to_hex().as_str() != record.theta {
        return None;
    }
    let theta = read_table(&path, &TableOptions::parameters()).ok()?.values;
    let ProposalsRecord { by, acceptance, prior_share, widened, .. } = record;
    Some(Proposals { theta, by, acceptance, prior_share, widened })
}

/// Keeps proposals in a round's folder.
pub(super) fn keep_proposals(folder: &Path, proposals: &Proposals) -> Result<(), RunError> {
    let path = folder.join("proposals.npy");
    write_table(&path, "theta", proposals.theta.view())?;
    let record = ProposalsRecord {
        by: proposals.by,
        acceptance: proposals.acceptance,
        prior_share: proposals.prior_share,
        widened: proposals.widened,
        theta: blake3::hash(&std::fs::read(&path)?).to_hex().to_string(),
    };
    Ok(sealed::write(&folder.join("proposals.json"), &record)?)
}
