//! Settings for a problem of one's own: exponential searches by validation NLL (the paper's
//! section 8.4).

use super::{Existing, Reporter, RunError, TrainJob, TrainingInput, own, train};
use clap::ValueEnum;
use freeform_inference::EngineKind;
use freeform_inference::{Config, Overrides, Preset, Problem};
use freeform_simulators::write_bytes_atomically;
use serde::Serialize;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// An improvement of less than this many nats ends a search.
const TOLERANCE: f64 = 0.01;
/// Steps away from the start, each way.
const MOST_STEPS: i32 = 4;

/// What to search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Knob {
    /// β, by factors of 10: start and end of its schedule together.
    Beta,
    /// The learning rate, by factors of 2.
    LearningRate,
    /// The width of the hidden layers, by factors of 2.
    Width,
}

impl Knob {
    /// Settings `steps` steps away from those of `config`.
    fn settings(self, config: &Config, steps: i32) -> Vec<(String, toml::Value)> {
        let float = |key: &str, value: f64| (key.to_owned(), toml::Value::Float(value));
        match self {
            Self::Beta => {
                let factor = 10_f64.powi(steps);
                vec![
                    float("loss.beta_start", config.loss.beta_start * factor),
                    float("loss.beta_end", config.loss.beta_end * factor),
                ]
            }
            Self::LearningRate => {
                let rate = config.optimizer.learning_rate * 2_f64.powi(steps);
                vec![float("optimizer.learning_rate", rate)]
            }
            Self::Width => {
                let width = (config.network.width as f64 * 2_f64.powi(steps)).round().max(1.0);
                vec![("network.width".to_owned(), toml::Value::Integer(width as i64))]
            }
        }
    }
}

/// What to tune, and how.
pub struct TuneJob<'a> {
    /// Settings to start from.
    pub preset: Preset,
    /// The user's own settings over them.
    pub overrides: &'a Overrides,
    /// What to search, one after the other.
    pub knobs: &'a [Knob],
    /// Seed of every training.
    pub seed: u64,
    /// Who does the arithmetic.
    pub engine: EngineKind,
    /// Folder of the search: a training each in a folder of its own.
    pub folder: &'a Path,
    /// Set by a signal.
    pub interrupt: &'a AtomicBool,
    /// Who tells the user.
    pub reporter: Reporter,
}

/// One training of the search.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trial {
    /// Its folder's name.
    pub name: String,
    /// Settings that differ from the start's.
    pub settings: Vec<(String, toml::Value)>,
    /// Validation NLL of the encoder.
    pub encoder_nll: f64,
    /// Validation NLL of the decoder (Algorithm 2).
    pub decoder_nll: f64,
    /// Seconds of training.
    pub seconds: f64,
    /// Why it failed, if it did.
    pub failure: Option<String>,
}

impl Trial {
    /// What the search makes small: the worse of the two NLLs. With β too low the encoder's alone
    /// is no evidence: an encoder that is not injective can have a better one than the truth.
    #[must_use]
    pub fn score(&self) -> f64 {
        let worse = self.encoder_nll.max(self.decoder_nll);
        if worse.is_finite() { worse } else { f64::INFINITY }
    }
}

/// What the search found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tuned {
    /// Every training, in order.
    pub trials: Vec<Trial>,
    /// Index of the best.
    pub best: usize,
}

/// Searches each knob in turn, away from the best so far in both directions while it gets better;
/// writes `best.toml`, a file for `--config`. Trainings that are in the folder already are used.
///
/// # Errors
/// [`RunError`]; a training that diverges only counts as bad.
pub fn tune(job: &TuneJob, input: &TrainingInput) -> Result<Tuned, RunError> {
    let _own = own(job.folder)?;
    let problem = Problem::of(&input.simulations).laid_out(input.layout.clone());
    let base = job.overrides.resolve(job.preset, &problem.with_missing(input.missing))?;
    let mut search = Search { job, input, base, trials: Vec::new() };
    let mut best = search.run(&[])?;
    for &knob in job.knobs {
        let start = search.trials[best].settings.clone();
        for direction in [1, -1] {
            for steps in 1..=MOST_STEPS {
                let step = knob.settings(&search.base, direction * steps);
                let mut settings: Vec<_> = start
                    .iter()
                    .filter(|(k, _)| step.iter().all(|(s, _)| s != k))
                    .cloned()
                    .collect();
                settings.extend(step);
                let trial = search.run(&settings)?;
                let gain = search.trials[best].score() - search.trials[trial].score();
                if gain > 0.0 {
                    best = trial;
                }
                // Two that failed differ by no number.
                if gain.is_nan() || gain < TOLERANCE {
                    break;
                }
            }
        }
    }
    let found = &search.trials[best];
    if !found.score().is_finite() {
        let failure = search.trials.iter().find_map(|trial| trial.failure.clone());
        let failure = failure.unwrap_or("its validation NLL is no number".to_owned());
        return Err(RunError::NothingTuned { failure });
    }
    let text = best_settings(&search, found)?;
    write_bytes_atomically(&job.folder.join("best.toml"), text.as_bytes())?;
    Ok(Tuned { trials: search.trials, best })
}

/// `best.toml`: the user's own settings, and over them the value of every setting that was searched,
/// the start's where none was better.
fn best_settings(search: &Search, found: &Trial) -> Result<String, RunError> {
    let job = search.job;
    let mut merged = job.overrides.clone();
    for knob in job.knobs {
        let start = knob.settings(&search.base, 0);
        merged.absorb(&Overrides::from_dotted(start.iter().map(|(k, v)| (k, v)))?);
    }
    let settings = found.settings.iter().map(|(k, v)| (k, v));
    merged.absorb(&Overrides::from_dotted(settings)?);
    let (name, nll) = (&found.name, found.score());
    let head = format!("# Best of {} trainings: {name}, NLL {nll:.3}.\n", search.trials.len());
    Ok(head + &merged.to_toml()?)
}

struct Search<'a> {
    job: &'a TuneJob<'a>,
    input: &'a TrainingInput,
    base: Config,
    trials: Vec<Trial>,
}

impl Search<'_> {
    /// Trains with these settings, unless that was done; its index.
    fn run(&mut self, settings: &[(String, toml::Value)]) -> Result<usize, RunError> {
        let name = name(settings);
        if let Some(known) = self.trials.iter().position(|trial| trial.name == name) {
            return Ok(known);
        }
        let job = self.job;
        let mut overrides = job.overrides.clone();
        overrides.absorb(&Overrides::from_dotted(settings.iter().map(|(k, v)| (k, v)))?);
        // The score is that of the posterior's flows alone: no others need training.
        overrides.absorb(&Overrides::parse("posterior.correction = \"off\"")?);
        let folder = job.folder.join(&name);
        let training = TrainJob {
            preset: job.preset,
            overrides: &overrides,
            seed: job.seed,
            engine: job.engine,
            folder: &folder,
            existing: Existing::Resume,
            interrupt: job.interrupt,
            reporter: job.reporter,
        };
        let mut trial = Trial {
            name,
            settings: settings.to_vec(),
            encoder_nll: f64::INFINITY,
            decoder_nll: f64::INFINITY,
            seconds: 0.0,
            failure: None,
        };
        match train(&training, self.input.clone()) {
            Ok(trained) => {
                let quality = &trained.model.training.quality;
                (trial.encoder_nll, trial.decoder_nll) = (quality.encoder_nll, quality.decoder_nll);
                trial.seconds = trained.seconds;
            }
            Err(RunError::Train(error)) => trial.failure = Some(error.to_string()),
            Err(RunError::Interrupted { .. }) => {
                let path = job.folder.display().to_string();
                return Err(RunError::TableInterrupted { path });
            }
            Err(other) => return Err(other),
        }
        job.reporter.say(&format!("{}: {}", trial.name, shown(&trial)));
        self.trials.push(trial);
        Ok(self.trials.len() - 1)
    }
}

/// A trial's figures in one line.
fn shown(trial: &Trial) -> String {
    match &trial.failure {
        Some(failure) => failure.clone(),
        None => format!(
            "validation NLL {:.3} (encoder {:.3}, decoder {:.3}), {:.1} s",
            trial.score(),
            trial.encoder_nll,
            trial.decoder_nll,
            trial.seconds
        ),
    }
}

/// A folder's name that says what is different.
fn name(settings: &[(String, toml::Value)]) -> String {
    if settings.is_empty() {
        return "start".to_owned();
    }
    let part = |(key, value): &(String, toml::Value)| {
        let key = key.rsplit('.').next().unwrap_or(key);
        match value {
            // Enough digits to tell trials apart, and none that come from rounding.
            toml::Value::Float(x) => format!("{key}-{}", format!("{x:.3e}").replace('.', "p")),
            other => format!("{key}-{other}"),
        }
    };
    settings.iter().map(part).collect::<Vec<_>>().join("_")
}
