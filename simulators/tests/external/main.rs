//! Programs as simulators: the protocol, every way to fail, and sets that survive anything.

mod examples;
mod failures;
mod sets;
mod settings;
mod support;
