//! What a set, or a chunk of one, says about itself.

use serde::{Deserialize, Serialize};

use super::witness::Witness;
use crate::simulation::{
    FailureCount, FailureKind, FailureReport, FirstFailure, Precision, SimulationSource,
};

/// Raised when the files change their meaning. Files of format 1 have neither checksum nor the
/// parameters of failed simulations.
const FORMAT: u32 = 2;
/// An archive's comment has at most 65,535 bytes.
const LONGEST: usize = 60_000;

/// Which simulations a file holds, and what became of those that it does not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Description {
    pub(super) origin: Origin,
    /// First index.
    pub(super) start: u64,
    /// Past the last index.
    pub(super) end: u64,
    /// Good simulations among them.
    pub(super) rows: u64,
    /// Failed simulations whose parameters it holds: all of them, or, unknown to format 1, none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) failed_rows: Option<u64>,
    /// The first good simulation; unknown to earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) witness: Option<Witness>,
    #[serde(default)]
    failure: Vec<Failure>,
}

/// Where simulations come from: files of one origin belong together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
#[serde(deny_unknown_fields)]
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

    /// Whether the source is what it was.
    pub(super) fn is_still(&self, source: &dyn SimulationSource) -> bool {
        self.identity == source.identity()
    }

    /// How `other` differs, in words, if it does.
    pub(super) fn difference(&self, other: &Self) -> Option<String> {
        if self.seed != other.seed {
            Some(format!("holds simulations with seed {}, not {}", other.seed, self.seed))
        } else if self.identity != other.identity {
            Some(other.told_apart(&self.simulator))
        } else {
            let same = (self.parameter_dim, self.data_dim) == (other.parameter_dim, other.data_dim);
            (!same).then(|| "holds simulations of another size".to_owned())
        }
    }

    /// The seed, as text.
    pub(super) fn seed(&self) -> &str {
        &self.seed
    }

    /// How this differs from what a source would make, in words, if it does.
    pub(super) fn other_source(&self, source: &dyn SimulationSource) -> Option<String> {
        (!self.is_still(source)).then(|| self.told_apart(source.name()))
    }

    /// What this is, as it is not of the simulator of this name as it is.
    fn told_apart(&self, own: &str) -> String {
        let name = &self.simulator;
        match own == name {
            true => format!("holds simulations of \"{name}\" as it was before it was changed"),
            false => format!("holds simulations of \"{name}\", not of \"{own}\""),
        }
    }

    /// A short text that is equal for equal origins only, for names of files.
    pub(super) fn tag(&self) -> String {
        let text = toml::to_string(self).unwrap_or_default();
        blake3::hash(text.as_bytes()).to_hex()[..12].to_owned()
    }
}

impl Description {
    pub(super) fn new(
        origin: &Origin,
        (start, end): (u64, u64),
        rows: u64,
        failed_rows: Option<u64>,
        (witness, failures): (Option<Witness>, &FailureReport),
    ) -> Self {
        let entry = |known: &FailureCount| Failure {
            kind: known.kind,
            count: known.count,
            index: known.first.index,
            theta: known.first.theta.clone(),
            message: known.first.message.clone(),
        };
        let failure = failures.kinds.iter().map(entry).collect();
        Self { origin: origin.clone(), start, end, rows, failed_rows, witness, failure }
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

    /// Reads a description, unless what it says cannot be.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let found: Self = toml::from_str(text).ok()?;
        let failed = found.end.checked_sub(found.start)?.checked_sub(found.rows)?;
        let Origin { format, parameter_dim, .. } = found.origin;
        let counts = found.failure.iter().map(|failure| failure.count as u64);
        let places = found.failure.iter().all(|failure| {
            (found.start..found.end).contains(&failure.index)
                && [0, parameter_dim].contains(&failure.theta.len())
        });
        let seen = |witness: &Witness| (found.start..found.end).contains(&witness.index);
        let sound = places
            && found.witness.as_ref().is_none_or(seen)
            && counts.fold(0, u64::saturating_add) == failed
            && found.failed_rows.is_none_or(|known| known == failed);
        ((1..=FORMAT).contains(&format) && sound).then_some(found)
    }

    /// Whether its file ends with a checksum.
    pub(super) fn has_checksum(&self) -> bool {
        self.origin.format > 1
    }

    /// Bytes of each array, as in [`super::ARRAYS`].
    pub(super) fn sizes(&self) -> [u64; super::ARRAYS.len()] {
        let size = self.origin.precision.size() as u64;
        let bytes = |rows: u64, columns: usize| {
            rows.checked_mul(columns as u64).and_then(|n| n.checked_mul(size)).unwrap_or(u64::MAX)
        };
        let (parameters, data) = (self.origin.parameter_dim, self.origin.data_dim);
        let failed = self.failed_rows.unwrap_or(0);
        [bytes(self.rows, parameters), bytes(self.rows, data), bytes(failed, parameters)]
    }

    /// Failed simulations whose parameters the file should hold, if it were of today's format; none
    /// where there are some that it does not hold.
    pub(super) fn known_failures(&self) -> Option<u64> {
        self.failed_rows.or((self.rows == self.end - self.start).then_some(0))
    }
}
