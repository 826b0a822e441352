//! What is wrong with a system or with positions.

use super::{SYSTEMS, System};

/// A system that is not there, or positions that it has no energy for.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SystemError {
    /// No such system.
    #[error("there is no system {name:?}; {suggestion}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        suggestion: String,
    },
    /// A system of one particle has no distances.
    #[error(
        "{name}: {particles} particles in {dims} dimensions; there must be two at least, in one"
    )]
    TooSmall {
        /// The system.
        name: String,
        /// N.
        particles: usize,
        /// n.
        dims: usize,
    },
    /// Another number of coordinates.
    #[error(
        "{found} coordinates a row; {name} has {particles} particles in {dims} dimensions, so {}: \
         x1 y1 … x2 y2 …", particles * dims
    )]
    Shape {
        /// The system.
        name: String,
        /// Coordinates found.
        found: usize,
        /// N.
        particles: usize,
        /// n.
        dims: usize,
    },
    /// A coordinate that is no number.
    #[error("particle {particle} has a coordinate {value}: all must be finite")]
    Position {
        /// Counted from 1.
        particle: usize,
        /// The coordinate.
        value: f64,
    },
    /// Two particles in one place.
    #[error("particles {first} and {second} are in the same place, where the energy is {energy}")]
    Coinciding {
        /// Counted from 1.
        first: usize,
        /// Counted from 1.
        second: usize,
        /// What the system says of it.
        energy: f64,
    },
    /// NaN.
    #[error("{name}: the energy is not a number at finite positions; {why}")]
    NotANumber {
        /// The system.
        name: String,
        /// Why, or what to do.
        why: String,
    },
    /// An energy that is not that of identical particles in empty space.
    #[error(
        "{name}: the energy changes from {before} to {after} where {change}; flows here know energies of identical \
         particles that depend on where they are relative to each other alone (take positions relative to \
         their mean, and all pairs alike)"
    )]
    NotSymmetric {
        /// The system.
        name: String,
        /// What was done.
        change: &'static str,
        /// The energy.
        before: f64,
        /// Afterwards.
        after: f64,
    },
    /// The description of a program.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
    },
}

impl SystemError {
    pub(crate) fn not_a_number(system: &dyn System) -> Self {
        let advice = || "give +infinity for states that cannot be".to_owned();
        let why = system.complaint().unwrap_or_else(advice);
        Self::NotANumber { name: system.name().to_owned(), why }
    }

    pub(super) fn unknown(name: &str) -> Self {
        let near = SYSTEMS
            .iter()
            .map(|known| (strsim::damerau_levenshtein(&name.to_lowercase(), known), known))
            .min()
            .filter(|(distance, _)| *distance <= 2);
        let suggestion = match near {
            Some((_, known)) => format!("did you mean {known}?"),
            None => format!("there are {}, or give a system.toml of your own", SYSTEMS.join(", ")),
        };
        Self::Unknown { name: name.to_owned(), suggestion }
    }
}
