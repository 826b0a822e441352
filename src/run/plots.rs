//! Whether plots are wanted: a sweep of thousands of runs may do without.

use std::sync::atomic::{AtomicBool, Ordering};

/// One answer a process, as for progress on the screen.
static WANTED: AtomicBool = AtomicBool::new(true);

/// Says for all jobs of this process whether they draw plots.
pub fn want_plots(wanted: bool) {
    WANTED.store(wanted, Ordering::Relaxed);
}

/// Whether jobs draw plots; they do unless told otherwise.
#[must_use]
pub fn plots_wanted() -> bool {
    WANTED.load(Ordering::Relaxed)
}
