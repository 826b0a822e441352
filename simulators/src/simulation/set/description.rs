//! What a set, or a chunk of one, says about itself.

use serde::{Deserialize, Serialize};

use crate::simulation::{
    FailureCount, FailureKind, FailureReport, FirstFailure, Precision, SimulationSource,
};

/// Raised when the files change their meaning.
const FORMAT: u32 = 1;
/// An archive's comment has at most 65,535 bytes.
const LONGEST: usize = 60_000;

/// Which simulations a file holds, and what became of those that it does not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Description {
    pub(super) origin: Origin,
    /// First index.
    pub(super) start: u64,
    /// Past the last index.
    pub(super) end: u64,
    /// Good simulations among them.
    pub(super) rows: u64,
    #[serde(default)]
    failure: Vec<Failure>,
}

/// Where simulations come from: files of one origin belong together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Origin {
    format: u32,
    simulator: String,
    identity: String,
    /// As text, because TOML's integers are signed.
    seed: String,
    pub(super) parameter_dim: usize,
    pub(super) data_dim: usize,
    /// An earlier version's files do not say theirs.
    #[serde(default = "Precision::unsaid", skip_serializing_if = "Precision::is_unsaid")]
    pub(super) precision: Precision,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Failure {
    kind: FailureKind,
    count: usize,
    index: u64,
    theta: Vec<f64>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    message: String,
}

impl Origin {
    pub(super) fn new(source: &dyn SimulationSource, seed: u64) -> Self {
        Self {
            format: FORMAT,
            simulator: source.name().to_owned(),
            identity: source.identity(),
            seed: seed.to_string(),
            parameter_dim: source.prior().dim(),
            data_dim: source.data_dim(),
            precision: Precision::default(),
        }
    }

    /// How `other` differs, in words, if it does.
    pub(super) fn difference(&self, other: &Self) -> Option<String> {
        if self.seed != other.seed {
            Some(format!("holds simulations with seed {}, not {}", other.seed, self.seed))
        } else if self.identity != other.identity {
            let (own, name) = (&self.simulator, &other.simulator);
            Some(if own == name {
                format!("holds simulations of \"{name}\" as it was before it was changed")
            } else {
                format!("holds simulations of \"{name}\", not of \"{own}\"")
            })
        } else {
            let same = (self.format, self.parameter_dim, self.data_dim)
                == (other.format, other.parameter_dim, other.data_dim);
            (!same).then(|| "holds simulations of another size or format".to_owned())
        }
    }
}

impl Description {
    pub(super) fn new(
        origin: &Origin,
        (start, end): (u64, u64),
        rows: u64,
        failures: &FailureReport,
    ) -> Self {
        let entry = |known: &FailureCount| Failure {
            kind: known.kind,
            count: known.count,
            index: known.first.index,
            theta: known.first.theta.clone(),
            message: known.first.message.clone(),
        };
        let failure = failures.kinds.iter().map(entry).collect();
        Self { origin: origin.clone(), start, end, rows, failure }
    }

    /// The account of failures.
    pub(super) fn failures(&self) -> FailureReport {
        let requested = (self.end - self.start) as usize;
        let mut report = FailureReport { requested, ..FailureReport::default() };
        for failure in &self.failure {
            let Failure { kind, count, index, theta, message } = failure.clone();
            report.add(FailureCount { kind, count, first: FirstFailure { index, theta, message } });
        }
        report
    }

    /// The text for a finished set: without messages, which may differ between two runs of one
    /// program, and without the parameters where they are very many.
    pub(super) fn final_text(mut self) -> String {
        self.failure.iter_mut().for_each(|failure| failure.message.clear());
        let text = self.text();
        if text.len() <= LONGEST {
            return text;
        }
        self.failure.iter_mut().for_each(|failure| failure.theta.clear());
        self.text()
    }

    pub(super) fn text(&self) -> String {
        // Every field has a TOML form.
        toml::to_string(self).unwrap_or_default()
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let found: Self = toml::from_str(text).ok()?;
        (found.start <= found.end && found.rows <= found.end - found.start).then_some(found)
    }
}
