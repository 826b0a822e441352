//! The generic engine: gradients, training, and its optimiser.
#![cfg(feature = "burn")]

mod gradients;
mod one_dimension;
#[path = "../reference/mod.rs"]
mod reference;
mod stack;
mod updates;
