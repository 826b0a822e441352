//! Verbs whose files are whole at any moment end soon after a signal, whatever they are at.

use super::settings::interrupt_flag;
use super::{Failure, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Between two looks at the flag.
const LOOK: Duration = Duration::from_millis(50);
/// What the verb has for an end of its own, which says more.
const GRACE: Duration = Duration::from_millis(1200);

/// An [`interrupt_flag`] that ends the program with the exit code of an interruption where the verb
/// has not ended by itself a moment later: in the middle of reading a large table, say. Only for
/// verbs that lose nothing by it, which is whatever writes its files in one step each.
pub(super) fn prompt_interrupt_flag(output: &Output) -> Result<Arc<AtomicBool>, Failure> {
    let flag = interrupt_flag()?;
    let (watched, output) = (Arc::clone(&flag), *output);
    std::thread::spawn(move || {
        while !watched.load(Ordering::Relaxed) {
            std::thread::sleep(LOOK);
        }
        std::thread::sleep(GRACE);
        let failure = Failure::interrupted(&"interrupted");
        output.fail(&failure);
        std::process::exit(failure.code.into());
    });
    Ok(flag)
}
