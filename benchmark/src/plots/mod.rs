//! Plots for people: SVG, PDF and PNG, no system fonts needed.

mod budgets;
mod calibration;
mod checks;
mod compact;
mod coverage;
mod curves;
mod lines;
mod pairs;
mod pdf;
mod rounds;

pub use budgets::{BudgetCurve, budget_figure, budget_figures};
pub use calibration::{CalibrationPlot, calibration_plot};
pub use checks::{ChecksPlot, ParameterPanel, checks_plot};
pub use curves::{CurvePoint, FlowCurve, training_curves};
pub use lines::{Line, LinePanel, line_panels};
pub use pairs::{PairPlot, pair_plot};
pub use rounds::{RoundInterval, rounds_plot};

use compact::compact;
use plotters::coord::Shift;
use plotters::prelude::*;
use std::io::Write;
use std::path::Path;
use std::sync::Once;

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
const PINK: RGBColor = RGBColor(204, 121, 167);
const GREY: RGBColor = RGBColor(120, 120, 120);

type Canvas<B> = DrawingArea<B, Shift>;
type Drawn = Result<(), Box<dyn std::error::Error>>;

/// Makes the one font known; labels are measured with it in every format.
fn register_fonts() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Fails only for a broken font file, and this one is part of the program.
        let font = epaint_default_fonts::UBUNTU_LIGHT;
        let _ = plotters::style::register_font("sans-serif", FontStyle::Normal, font);
    });
}

/// Fills an area with white, draws, and waits until it is drawn.
fn paint<B: DrawingBackend>(
    path: &Path,
    area: &Canvas<B>,
    draw: impl FnOnce(&Canvas<B>) -> Drawn,
) -> Result<(), PlotError>
where
    B::ErrorType: 'static,
{
    register_fonts();
    area.fill(&WHITE).map_err(|e| failed(path, e))?;
    draw(area).map_err(|e| failed(path, e))?;
    area.present().map_err(|e| failed(path, e))
}

fn failed(path: &Path, error: impl std::fmt::Display) -> PlotError {
    PlotError::Draw { path: path.display().to_string(), reason: error.to_string() }
}

fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), PlotError> {
    freeform_simulators::write_atomically(path, |file| {
        file.write_all(bytes).map_err(|e| failed(path, e))
    })
}

/// A picture that is the same in every format.
trait Drawing {
    /// Draws all of it.
    fn draw<B: DrawingBackend>(&self, root: &Canvas<B>) -> Drawn
    where
        B::ErrorType: 'static;
}

/// Draws into a file, in the format that its name ends in: `.svg`, `.pdf` or `.png`.
fn write_drawing(path: &Path, size: (u32, u32), drawing: &impl Drawing) -> Result<(), PlotError> {
    match ending(path).as_deref() {
        Some("svg") => write_svg(path, size, |root| drawing.draw(root)),
        Some("pdf") => pdf::write_pdf(path, size, 1, |root| drawing.draw(root)),
        Some("png") => write_png(path, size, |root| drawing.draw(root)),
        _ => Err(unknown_ending(path)),
    }
}

/// What a file's name ends in, in small letters.
fn ending(path: &Path) -> Option<String> {
    path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase)
}

fn unknown_ending(path: &Path) -> PlotError {
    failed(path, "the name of a plot ends in .svg, .pdf or .png")
}

/// Draws into a text of SVG, then writes it whole.
fn write_svg(
    path: &Path,
    size: (u32, u32),
    draw: impl FnOnce(&Canvas<SVGBackend>) -> Drawn,
) -> Result<(), PlotError> {
    let mut text = String::new();
    paint(path, &SVGBackend::with_string(&mut text, size).into_drawing_area(), draw)?;
    write_whole(path, compact(&text).as_bytes())
}

/// The same, with `scale` places of the drawing to a pixel: finer lines than whole pixels allow.
fn write_fine_svg(
    path: &Path,
    (width, height): (u32, u32),
    scale: u32,
    draw: impl FnOnce(&Canvas<SVGBackend>) -> Drawn,
) -> Result<(), PlotError> {
    let mut text = String::new();
    let size = (width * scale, height * scale);
    paint(path, &SVGBackend::with_string(&mut text, size).into_drawing_area(), draw)?;
    let fine = format!("width=\"{}\" height=\"{}\"", size.0, size.1);
    let shown = format!("width=\"{width}\" height=\"{height}\"");
    write_whole(path, compact(&text.replacen(&fine, &shown, 1)).as_bytes())
}

/// 200 an inch.
const DOTS_A_METRE: u32 = 7874;

/// Draws into pixels, then writes them whole as PNG.
fn write_png(
    path: &Path,
    (width, height): (u32, u32),
    draw: impl FnOnce(&Canvas<BitMapBackend>) -> Drawn,
) -> Result<(), PlotError> {
    let mut pixels = vec![0; 3 * width as usize * height as usize];
    let backend = BitMapBackend::with_buffer(&mut pixels, (width, height));
    paint(path, &backend.into_drawing_area(), draw)?;
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::High);
    let dots = Some(png::PixelDimensions {
        xppu: DOTS_A_METRE,
        yppu: DOTS_A_METRE,
        unit: png::Unit::Meter,
    });
    encoder.set_pixel_dims(dots);
    let mut writer = encoder.write_header().map_err(|e| failed(path, e))?;
    writer.write_image_data(&pixels).map_err(|e| failed(path, e))?;
    writer.finish().map_err(|e| failed(path, e))?;
    write_whole(path, &bytes)
}
