//! Which plots are wanted, and in which formats: a sweep of thousands of runs may do without.

use freeform_benchmark::PlotError;
use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering};

/// Which plots jobs draw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Plots {
    /// None.
    None,
    /// All of them, as SVG.
    #[default]
    Svg,
    /// The same, each as PDF beside it.
    Pdf,
}

/// One answer a process, as for progress on the screen.
static WANTED: AtomicU8 = AtomicU8::new(Plots::Svg as u8);

/// Says for all jobs of this process which plots they draw.
pub fn want_plots(wanted: Plots) {
    WANTED.store(wanted as u8, Ordering::Relaxed);
}

/// Which plots jobs draw; SVG unless told otherwise.
#[must_use]
pub fn plots_wanted() -> Plots {
    match WANTED.load(Ordering::Relaxed) {
        0 => Plots::None,
        1 => Plots::Svg,
        _ => Plots::Pdf,
    }
}

/// Whether the plot at `path`, an `.svg`, is there already in all formats that are wanted.
pub(super) fn is_plotted(path: &Path) -> bool {
    match plots_wanted() {
        Plots::None => true,
        Plots::Svg => path.exists(),
        Plots::Pdf => path.exists() && path.with_extension("pdf").exists(),
    }
}

/// Draws a plot into `path`, an `.svg`, and beside it, as far as that is wanted.
pub(crate) fn plot(
    path: &Path,
    draw: impl Fn(&Path) -> Result<(), PlotError>,
) -> Result<(), PlotError> {
    let wanted = plots_wanted();
    if wanted != Plots::None {
        draw(path)?;
    }
    if wanted == Plots::Pdf {
        draw(&path.with_extension("pdf"))?;
    }
    Ok(())
}
