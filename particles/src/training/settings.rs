//! Settings of a training.

use super::engine;
use crate::network::{NetworkSpec, SpecError};
use freeform_inference::EngineKind;
use serde::{Deserialize, Serialize};

/// How the change of variables enters the loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogDet {
    /// −vᵀJ_f SG(J_g v) with one probe v a row.
    Probe,
    /// −ln|det J_f|, by (N − 1)·n tangents a row: for few particles.
    Exact,
}

/// The learning rate over a training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// The same all the time.
    Constant,
    /// Up over the first tenth, then down to 0 along half a cosine.
    OneCycle,
}

/// What turns gradients into changes of the weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Optimizer {
    /// Adam.
    #[default]
    Adam,
    /// Muon for matrices (their changes made orthogonal), Adam for the rest.
    Muon,
}

/// All settings of a training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainSettings {
    /// Blocks of each network.
    pub layers: usize,
    /// Features of nodes and messages.
    pub width: usize,
    /// What sums over neighbours are divided by.
    pub normalizer: f32,
    /// Whether positions are divided by their standard deviation.
    pub scale: bool,
    /// Rows a step.
    pub batch: usize,
    /// Steps.
    pub steps: usize,
    /// What changes the weights.
    #[serde(default)]
    pub optimizer: Optimizer,
    /// Highest learning rate; halved each time that the training has to go back to earlier weights.
    pub learning_rate: f64,
    /// Its course.
    pub schedule: Schedule,
    /// β at the first step: the weight of |g(f(x)) − x|².
    pub beta_start: f64,
    /// β at the last step; between them it goes geometrically.
    pub beta_end: f64,
    /// Largest norm of the gradient.
    pub clip: f64,
    /// Decay of the averaged weights, which the model has in the end.
    pub average: f64,
    /// The change of variables.
    pub log_det: LogDet,
    /// Steps between two looks at the validation rows.
    pub validate_every: usize,
    /// Validation rows, the last ones of the data; exact densities are dear for many particles.
    pub validation: usize,
}

/// A setting out of range or unknown.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SettingsError {
    /// Sizes.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// A value.
    #[error("{name} = {value}: {fix}")]
    Value {
        /// The setting.
        name: String,
        /// What it is.
        value: String,
        /// What it may be.
        fix: String,
    },
}

impl TrainSettings {
    /// Changes a setting given as `name=value`.
    ///
    /// # Errors
    /// [`SettingsError`] with the nearest name, or what a value may be.
    pub fn set(&mut self, assignment: &str) -> Result<(), SettingsError> {
        let error = |name: &str, value: &str, fix: String| SettingsError::Value {
            name: name.to_owned(),
            value: value.to_owned(),
            fix,
        };
        let Some((name, value)) = assignment.split_once('=') else {
            return Err(error(assignment, "", "write name=value".to_owned()));
        };
        let (name, value) = (name.trim(), value.trim());
        let mut table = serde_json::to_value(&*self).unwrap_or_default();
        let Some(fields) = table.as_object_mut() else { return Ok(()) };
        if !fields.contains_key(name) {
            let near = fields.keys().min_by_key(|key| strsim::damerau_levenshtein(key, name));
            let near = near.cloned().unwrap_or_default();
            return Err(error(
                name,
                value,
                format!("there is no such setting; did you mean {near}?"),
            ));
        }
        let word = || serde_json::Value::from(value);
        fields.insert(name.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| word()));
        *self = serde_json::from_value(table).map_err(|e| error(name, value, e.to_string()))?;
        self.check()
    }

    /// Checks all values.
    ///
    /// # Errors
    /// [`SettingsError`] names the first that is out of range.
    pub fn check(&self) -> Result<(), SettingsError> {
        self.spec(2, 1).check()?;
        let positive = |v: f64| v.is_finite() && v > 0.0;
        let checks = [
            ("batch", self.batch as f64, (1..=1 << 16).contains(&self.batch), "choose 1 to 65536"),
            ("steps", self.steps as f64, self.steps > 0, "choose 1 or more"),
            (
                "learning_rate",
                self.learning_rate,
                positive(self.learning_rate),
                "choose 1e-3 or so",
            ),
            ("beta_start", self.beta_start, positive(self.beta_start), "choose a number above 0"),
            ("beta_end", self.beta_end, positive(self.beta_end), "choose a number above 0"),
            ("clip", self.clip, positive(self.clip), "choose a number above 0"),
            ("average", self.average, (0.0..1.0).contains(&self.average), "choose 0 to below 1"),
            (
                "validate_every",
                self.validate_every as f64,
                self.validate_every > 0,
                "choose 1 or more",
            ),
            ("validation", self.validation as f64, self.validation > 0, "choose 1 or more"),
        ];
        match checks.into_iter().find(|(_, _, fine, _)| !fine) {
            Some((name, value, _, fix)) => Err(SettingsError::Value {
                name: name.to_owned(),
                value: value.to_string(),
                fix: fix.to_owned(),
            }),
            None => Ok(()),
        }
    }

    /// The network of these settings.
    #[must_use]
    pub fn spec(&self, particles: usize, dims: usize) -> NetworkSpec {
        let Self { layers, width, normalizer, .. } = *self;
        NetworkSpec { particles, dims, layers, width, normalizer }
    }

    /// Numbers that a training holds, in doubles: weights with their gradients and moments, a batch with its
    /// probes, the data, what Burn keeps where it works on the processor.
    #[must_use]
    pub fn numbers(&self, engine: EngineKind, particles: usize, dims: usize, rows: usize) -> u128 {
        const OF_A_WEIGHT: u128 = 24;
        let size = (particles * dims) as u128;
        let spec = self.spec(particles, dims);
        let weights = spec.parameters() as u128;
        let exact = self.log_det == LogDet::Exact;
        // Singles.
        (weights * OF_A_WEIGHT / 2)
            .saturating_add(4 * size * self.batch as u128)
            .saturating_add(3 * size * rows as u128)
            .saturating_add(engine::numbers(engine, &spec, exact, self.batch))
    }

    /// The learning rate of a step.
    #[must_use]
    pub fn learning_rate_at(&self, step: usize) -> f64 {
        const WARM_UP: f64 = 0.1;
        let t = step as f64 / self.steps as f64;
        let share = match self.schedule {
            Schedule::Constant => 1.0,
            Schedule::OneCycle if t < WARM_UP => 0.04 + 0.96 * t / WARM_UP,
            Schedule::OneCycle => {
                0.5 * (1.0 + (std::f64::consts::PI * (t - WARM_UP) / (1.0 - WARM_UP)).cos())
            }
        };
        self.learning_rate * share
    }

    /// β of a step.
    #[must_use]
    pub fn beta_at(&self, step: usize) -> f64 {
        let t = step as f64 / self.steps as f64;
        self.beta_start * (self.beta_end / self.beta_start).powf(t)
    }
}

#[cfg(test)]
mod tests {
    use super::super::preset::Preset;
    use super::*;

    #[test]
    fn settings_are_changed_by_name() {
        let mut settings = Preset::Recommended.settings(4, 1000);
        settings.set("steps=50").unwrap();
        settings.set("log_det = exact").unwrap();
        assert_eq!((settings.steps, settings.log_det), (50, LogDet::Exact));
        let error = |text: &str| settings.clone().set(text).unwrap_err().to_string();
        assert!(error("optimizer=sgd").contains("muon"), "{}", error("optimizer=sgd"));
        assert!(error("step=5").contains("did you mean steps?"), "{}", error("step=5"));
        assert!(error("width=60").contains("multiple of 16"));
        assert!(error("average=1").contains("choose 0 to below 1"));
        assert!(error("batch=-1").contains("batch = -1"));
    }

    /// Table 5: 50 epochs of 100,000 rows in batches of 256.
    #[test]
    fn the_papers_table_and_schedules() {
        let paper = Preset::Paper.settings(4, 100_000);
        assert_eq!((paper.layers, paper.steps, paper.beta_at(7)), (20, 19_532, 10.0));
        assert_eq!((paper.optimizer, paper.learning_rate), (Optimizer::Adam, 1e-3));
        assert_eq!(Preset::Paper.settings(55, 100_000).clip, 0.1);
        let mut settings = paper;
        (settings.steps, settings.beta_start, settings.beta_end) = (1000, 1.0, 100.0);
        assert!((settings.beta_at(500) - 10.0).abs() < 1e-12);
        assert!((settings.learning_rate_at(100) - 1e-3).abs() < 1e-15);
        assert!((settings.learning_rate_at(550) - 5e-4).abs() < 1e-15);
        assert!((settings.learning_rate_at(0) - 4e-5).abs() < 1e-15);
    }
}
