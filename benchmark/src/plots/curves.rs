//! Training curves.

use super::{BLUE, GREEN, ORANGE, PlotError, write_svg};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use std::path::Path;

/// One epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// Epoch, from 1.
    pub epoch: usize,
    /// Training loss.
    pub training_loss: f64,
    /// Exact validation NLL.
    pub validation_nll: f64,
    /// Validation reconstruction error.
    pub reconstruction: f64,
}

/// Three panels over epochs: training loss, validation NLL with its best epoch marked, and the
/// reconstruction error (logarithmic).
///
/// # Errors
/// [`PlotError`] where there is no epoch or the file cannot be written.
pub fn training_curves(path: &Path, points: &[CurvePoint]) -> Result<(), PlotError> {
    if points.is_empty() {
        let path = path.display().to_string();
        return Err(PlotError::Empty { path, reason: "no epoch" });
    }
    let series = |value: fn(&CurvePoint) -> f64| -> Vec<(f64, f64)> {
        let all = points.iter().map(|p| (p.epoch as f64, value(p)));
        all.filter(|(_, v)| v.is_finite()).collect()
    };
    write_svg(path, (960, 300), |root| {
        let panels = root.split_evenly((1, 3));
        panel(&panels[0], "training loss", &series(|p| p.training_loss), BLUE, false)?;
        panel(&panels[1], "validation NLL", &series(|p| p.validation_nll), ORANGE, true)?;
        let logarithm = series(|p| p.reconstruction.max(1e-12).log10());
        panel(&panels[2], "log10 reconstruction error", &logarithm, GREEN, false)
    })
}

fn panel<B: DrawingBackend>(
    area: &DrawingArea<B, plotters::coord::Shift>,
    title: &str,
    series: &[(f64, f64)],
    color: RGBColor,
    mark_least: bool,
) -> Result<(), Box<dyn std::error::Error>>
where
    B::ErrorType: 'static,
{
    let last = series.last().map_or(1.0, |p| p.0).max(2.0);
    let (low, high) = robust_range(series);
    let mut chart: ChartContext<B, Cartesian2d<RangedCoordf64, RangedCoordf64>> =
        ChartBuilder::on(area)
            .margin(12)
            .caption(title, ("sans-serif", 15))
            .x_label_area_size(34)
            .y_label_area_size(48)
            .build_cartesian_2d(1.0..last, low..high)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .x_desc("epoch")
        .x_label_formatter(&|v| format!("{v:.0}"))
        .draw()?;
    let inside = series.iter().map(|(x, y)| (*x, y.clamp(low, high)));
    chart.draw_series(LineSeries::new(inside, color.stroke_width(2)))?;
    let least = series.iter().min_by(|a, b| a.1.total_cmp(&b.1));
    if let (true, Some(point)) = (mark_least, least) {
        chart.draw_series([Circle::new(*point, 4, BLACK.filled())])?;
        // Beside the point, on the side with room.
        let text = format!("{:.3}", point.1);
        let place = (point.0 + if point.0 > 0.5 * last { -0.16 } else { 0.03 } * last, point.1);
        chart.draw_series([Text::new(text, place, ("sans-serif", 13))])?;
    }
    Ok(())
}

/// The range of the values, the first epochs' outliers cut off.
fn robust_range(series: &[(f64, f64)]) -> (f64, f64) {
    let mut values: Vec<f64> = series.iter().map(|p| p.1).collect();
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values.get(((values.len() as f64 - 1.0) * share) as usize).copied();
    let (low, high) = (at(0.0).unwrap_or(0.0), at(0.97).unwrap_or(1.0));
    let pad = (0.06 * (high - low)).max(1e-6 * high.abs()).max(1e-9);
    (low - pad, high + pad)
}
