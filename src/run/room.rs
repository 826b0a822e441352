//! Whether the memory suffices for what a command asks for.

use super::RunError;
use freeform_simulators::{human_bytes, memory};

/// Checks that `numbers` numbers of double precision, with what is made of them on the way, fit
/// into the memory; `what` names them and the option that says how many.
///
/// # Errors
/// [`RunError::Room`].
pub fn check_room(what: &str, numbers: u128) -> Result<(), RunError> {
    /// Tables of this size that are held at a time, at most.
    const COPIES: u128 = 3;
    let needed = numbers.saturating_mul(8 * COPIES);
    match memory() {
        Some(available) if needed > u128::from(available) => Err(RunError::Room {
            what: what.to_owned(),
            needed: human_bytes(needed),
            available: human_bytes(available.into()),
        }),
        _ => Ok(()),
    }
}
