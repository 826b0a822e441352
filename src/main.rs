//! The `freeform` command.
fn main() {}
