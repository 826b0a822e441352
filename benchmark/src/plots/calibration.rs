//! Calibration: rank histograms and the expected coverage.

use super::coverage::{CoverageCurve, coverage};
use super::{BLUE, Canvas, Drawing, Drawn, GREY, ORANGE, PlotError, write_drawing};
use crate::calibration::coverage_band;
use plotters::prelude::*;
use std::path::Path;

/// What a calibration plot shows.
#[derive(Clone, Debug)]
pub struct CalibrationPlot<'a> {
    /// Above it all.
    pub title: &'a str,
    /// Names of the parameters, `[D]`.
    pub names: &'a [String],
    /// Ranks in equal bins, for each parameter.
    pub counts: Vec<&'a [usize]>,
    /// Credible level and expected coverage.
    pub coverage: &'a [(f64, f64)],
    /// Simulations behind it.
    pub simulations: usize,
}

const PANEL: (u32, u32) = (210, 180);
const COVERAGE: u32 = 300;
const COLUMNS: usize = 4;

/// Draws the coverage curve with the 99% band that all of it stays in, and a rank histogram for each parameter with that
/// of uniform ranks.
///
/// # Errors
/// [`PlotError`] where the file cannot be written.
pub fn calibration_plot(path: &Path, plot: &CalibrationPlot) -> Result<(), PlotError> {
    let columns = COLUMNS.min(plot.counts.len().max(1));
    let rows = plot.counts.len().div_ceil(columns).max(1);
    let height = (PANEL.1 * rows as u32).max(COVERAGE) + 30;
    let size = (COVERAGE + PANEL.0 * columns as u32, height);
    write_drawing(path, size, &Panels { plot, grid: (rows, columns) })
}

struct Panels<'a> {
    plot: &'a CalibrationPlot<'a>,
    grid: (usize, usize),
}

impl Drawing for Panels<'_> {
    fn draw<B: DrawingBackend>(&self, root: &Canvas<B>) -> Drawn
    where
        B::ErrorType: 'static,
    {
        let plot = self.plot;
        let root = root.titled(plot.title, ("sans-serif", 16))?;
        let (left, right) = root.split_horizontally(COVERAGE);
        let (top, _) = left.split_vertically(COVERAGE);
        let curve = CoverageCurve { points: plot.coverage, color: ORANGE, name: "" };
        coverage(&top, coverage_band(plot.simulations), &[curve])?;
        let panels = right.split_evenly(self.grid);
        for (area, (name, counts)) in panels.iter().zip(plot.names.iter().zip(&plot.counts)) {
            histogram(area, name, counts, plot.simulations)?;
        }
        Ok(())
    }
}

/// Half the width of the 99% band of a share of `n` that is `p` in expectation.
fn band(p: f64, n: usize) -> f64 {
    2.576 * (p * (1.0 - p) / n.max(1) as f64).sqrt()
}

fn histogram<B: DrawingBackend>(
    area: &Canvas<B>,
    name: &str,
    counts: &[usize],
    simulations: usize,
) -> Drawn
where
    B::ErrorType: 'static,
{
    let bins = counts.len().max(1);
    let share = 1.0 / bins as f64;
    let expected = share * simulations as f64;
    let spread = band(share, simulations) * simulations as f64;
    let most = counts.iter().copied().max().unwrap_or(1) as f64;
    let high = most.max(expected + spread) * 1.15;
    let mut chart = ChartBuilder::on(area)
        .margin(8)
        .caption(name, ("sans-serif", 13))
        .x_label_area_size(30)
        .y_label_area_size(44)
        .build_cartesian_2d(0.0..bins as f64, 0.0..high)?;
    chart
        .configure_mesh()
        .disable_mesh()
        .x_labels(2)
        .y_labels(4)
        .x_desc("rank of the true value")
        .y_desc("simulations")
        .axis_desc_style(("sans-serif", 11))
        .x_label_formatter(&|_| String::new())
        .draw()?;
    let low = (expected - spread).max(0.0);
    let between =
        Rectangle::new([(0.0, low), (bins as f64, expected + spread)], GREY.mix(0.25).filled());
    chart.draw_series([between])?;
    chart.draw_series(counts.iter().enumerate().map(|(i, count)| {
        let corner = (i as f64 + 1.0, *count as f64);
        Rectangle::new([(i as f64, 0.0), corner], BLUE.mix(0.6).filled())
    }))?;
    Ok(())
}
