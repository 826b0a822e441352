//! What fresh simulations say of a posterior: statistics of arrays, whoever drew them.
//!
//! Each has the definition of its source: simultaneous envelopes of ranks ([`EcdfEnvelope`]), TARP
//! ([`tarp_share`]), the local classifier test ([`Lc2st`]), recovery ([`Recovery`]), conformal levels
//! ([`conformal_level`]), posterior predictive draws ([`Predictive`]).

mod classifier;
mod conformal;
mod ecdf;
mod lc2st;
mod predictive;
mod recovery;
mod tarp;

pub use conformal::conformal_level;
pub use ecdf::EcdfEnvelope;
pub use lc2st::{Lc2st, Lc2stError, Lc2stPairs, Lc2stScore, Lc2stSettings};
pub use predictive::{ColumnPrediction, Predictive};
pub use recovery::Recovery;
pub use tarp::tarp_share;
