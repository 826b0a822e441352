//! Boltzmann generators: draws of a flow with their densities, and what reweighing them is worth.

mod density;
mod draws;
mod histogram;
mod weights;

pub use density::{Density, densities};
pub use draws::{Draw, draws, positions};
pub use histogram::{Histogram, pair_distances};
pub use weights::{Reweighted, Weighed, bennett_ln_z, kullback_leibler, weigh};
