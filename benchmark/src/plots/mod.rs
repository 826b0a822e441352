//! Plots for people: SVG, no system fonts needed.

mod curves;
mod pairs;

pub use curves::{CurvePoint, training_curves};
pub use pairs::{PairPlot, pair_plot};

use plotters::style::RGBColor;
use std::path::Path;

/// A plot that could not be drawn or written.
#[derive(Debug, thiserror::Error)]
pub enum PlotError {
    /// Drawing failed.
    #[error("plot {path}: {reason}")]
    Draw {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// The file cannot be written.
    #[error(transparent)]
    Write(#[from] freeform_simulators::ArrayError),
    /// Nothing to show.
    #[error("plot {path}: {reason}")]
    Empty {
        /// The file.
        path: String,
        /// What is missing.
        reason: &'static str,
    },
}

/// Colours that colour-blind readers tell apart (Okabe & Ito).
const BLUE: RGBColor = RGBColor(0, 114, 178);
const ORANGE: RGBColor = RGBColor(213, 94, 0);
const GREEN: RGBColor = RGBColor(0, 158, 115);
const GREY: RGBColor = RGBColor(120, 120, 120);

/// Draws into a text of SVG, then writes it whole.
fn write_svg(
    path: &Path,
    size: (u32, u32),
    draw: impl FnOnce(
        &plotters::drawing::DrawingArea<plotters::backend::SVGBackend<'_>, plotters::coord::Shift>,
    ) -> Result<(), Box<dyn std::error::Error>>,
) -> Result<(), PlotError> {
    use plotters::prelude::IntoDrawingArea;
    let failed = |e: Box<dyn std::error::Error>| PlotError::Draw {
        path: path.display().to_string(),
        reason: e.to_string(),
    };
    let mut text = String::new();
    {
        let area = plotters::backend::SVGBackend::with_string(&mut text, size).into_drawing_area();
        area.fill(&plotters::style::WHITE).map_err(|e| failed(Box::new(e)))?;
        draw(&area).map_err(failed)?;
        area.present().map_err(|e| failed(Box::new(e)))?;
    }
    freeform_simulators::write_atomically(path, |file| {
        use std::io::Write;
        file.write_all(text.as_bytes()).map_err(|e| failed(Box::new(e)))
    })
}
