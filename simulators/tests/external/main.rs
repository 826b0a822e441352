//! Programs as simulators: the protocol, every way to fail, and sets that survive anything.

mod bit_rot;
mod changes;
mod earlier;
mod examples;
mod failures;
mod noise;
mod sets;
mod settings;
mod start;
mod support;
