//! Checks on average: coverage, ranks beside their envelope, and recovery.

use super::coverage::{CoverageCurve, coverage};
use super::{BLUE, Canvas, Drawing, Drawn, GREEN, GREY, ORANGE, PlotError, write_drawing};
use plotters::prelude::*;
use std::path::Path;

/// What the plot shows.
#[derive(Clone, Debug)]
pub struct ChecksPlot<'a> {
    /// Above it all.
    pub title: &'a str,
    /// Credible level and coverage: of highest-density regions, and of TARP's balls.
    pub coverage: [&'a [(f64, f64)]; 2],
    /// What either may be off by: the 99% band.
    pub band: f64,
    /// The parameters.
    pub parameters: Vec<ParameterPanel<'a>>,
    /// The envelope of ranks: place, least and largest share below it.
    pub envelope: &'a [(f64, f64, f64)],
}

/// One parameter's panels.
#[derive(Clone, Debug)]
pub struct ParameterPanel<'a> {
    /// Its name.
    pub name: &'a str,
    /// Places and shares of ranks below them.
    pub ecdf: &'a [(f64, f64)],
    /// Truth, posterior mean, posterior standard deviation.
    pub recovery: Vec<(f64, f64, f64)>,
}

const PANEL: (u32, u32) = (210, 200);
const COVERAGE: u32 = 320;
const COLUMNS: usize = 4;
/// Simulations shown in all panels together, and in one.
const MOST_POINTS: usize = 1600;
const POINTS: usize = 200;

/// Draws the coverage curves with their 99% band and, for each parameter, the distribution function of
/// its ranks less that of uniform ones, with the 99% envelope, and posterior means against truths.
///
/// # Errors
/// [`PlotError`] where the file cannot be written.
pub fn checks_plot(path: &Path, plot: &ChecksPlot) -> Result<(), PlotError> {
    let columns = COLUMNS.min(plot.parameters.len().max(1));
    let rows = plot.parameters.len().div_ceil(columns).max(1);
    let height = (2 * PANEL.1 * rows as u32).max(COVERAGE) + 30;
    let size = (COVERAGE + PANEL.0 * columns as u32, height);
    write_drawing(path, size, &Panels { plot, grid: (rows, columns) })
}

struct Panels<'a> {
    plot: &'a ChecksPlot<'a>,
    grid: (usize, usize),
}

impl Drawing for Panels<'_> {
    fn draw<B: DrawingBackend>(&self, root: &Canvas<B>) -> Drawn
    where
        B::ErrorType: 'static,
    {
        let (plot, (rows, columns)) = (self.plot, self.grid);
        let root = root.titled(plot.title, ("sans-serif", 16))?;
        let (left, right) = root.split_horizontally(COVERAGE);
        let (top, _) = left.split_vertically(COVERAGE);
        let curves = [
            CoverageCurve { points: plot.coverage[0], color: ORANGE, name: "highest density" },
            CoverageCurve { points: plot.coverage[1], color: BLUE, name: "TARP" },
        ];
        coverage(&top, plot.band, &curves)?;
        let panels = right.split_evenly((2 * rows, columns));
        for (index, parameter) in plot.parameters.iter().enumerate() {
            let (row, column) = (index / columns, index % columns);
            ranks(&panels[2 * row * columns + column], parameter, plot.envelope)?;
            recovery(&panels[(2 * row + 1) * columns + column], parameter, plot)?;
        }
        Ok(())
    }
}

/// A name that fits above a panel.
fn caption(name: &str) -> String {
    let room = f64::from(PANEL.0) - 20.0;
    let wide = |text: &str| super::pairs::width(text, 13.0) > room;
    if !wide(name) {
        return name.to_owned();
    }
    // Both ends, which tell long names apart.
    let letters: Vec<char> = name.chars().collect();
    let cut = |kept: usize| -> String {
        let (head, tail) = (kept.div_ceil(2), kept / 2);
        letters[..head].iter().chain(&['…']).chain(&letters[letters.len() - tail..]).collect()
    };
    (1..letters.len()).rev().map(cut).find(|text| !wide(text)).unwrap_or_default()
}

fn ranks<B: DrawingBackend>(
    area: &Canvas<B>,
    parameter: &ParameterPanel,
    envelope: &[(f64, f64, f64)],
) -> Drawn
where
    B::ErrorType: 'static,
{
    let off = |points: &[(f64, f64)]| -> Vec<(f64, f64)> {
        let inner = points.iter().map(|(p, y)| (*p, y - p));
        [(0.0, 0.0)].into_iter().chain(inner).chain([(1.0, 0.0)]).collect()
    };
    let low = off(&envelope.iter().map(|(p, low, _)| (*p, *low)).collect::<Vec<_>>());
    let high = off(&envelope.iter().map(|(p, _, high)| (*p, *high)).collect::<Vec<_>>());
    let curve = off(parameter.ecdf);
    let all = low.iter().chain(&high).chain(&curve);
    let most = all.map(|(_, y)| y.abs()).fold(1e-3, f64::max) * 1.1;
    let mut chart = ChartBuilder::on(area)
        .margin(8)
        .caption(caption(parameter.name), ("sans-serif", 13))
        .x_label_area_size(30)
        .y_label_area_size(46)
        .build_cartesian_2d(0.0..1.0, -most..most)?;
    chart
        .configure_mesh()
        .disable_mesh()
        .x_labels(3)
        .y_labels(3)
        .x_desc("rank")
        .y_desc("ECDF − uniform")
        .axis_desc_style(("sans-serif", 11))
        .draw()?;
    let outline: Vec<(f64, f64)> = low.into_iter().chain(high.into_iter().rev()).collect();
    chart.draw_series([Polygon::new(outline, GREY.mix(0.25).filled())])?;
    chart.draw_series(LineSeries::new([(0.0, 0.0), (1.0, 0.0)], GREY.stroke_width(1)))?;
    chart.draw_series(LineSeries::new(curve, BLUE.stroke_width(2)))?;
    Ok(())
}

fn recovery<B: DrawingBackend>(
    area: &Canvas<B>,
    parameter: &ParameterPanel,
    plot: &ChecksPlot,
) -> Drawn
where
    B::ErrorType: 'static,
{
    let points = POINTS.min(MOST_POINTS / plot.parameters.len().max(1)).max(40);
    let shown: Vec<(f64, f64, f64)> = parameter.recovery.iter().take(points).copied().collect();
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for (truth, mean, std) in &shown {
        low = low.min(*truth).min(mean - std);
        high = high.max(*truth).max(mean + std);
    }
    if low.partial_cmp(&high) != Some(std::cmp::Ordering::Less) {
        return Ok(());
    }
    let pad = 0.04 * (high - low);
    let range = low - pad..high + pad;
    let mut chart = ChartBuilder::on(area)
        .margin(8)
        .x_label_area_size(30)
        .y_label_area_size(46)
        .build_cartesian_2d(range.clone(), range)?;
    let step = 0.05 * (high - low);
    let label = |value: &f64| super::pairs::number(*value, step);
    chart
        .configure_mesh()
        .disable_mesh()
        .x_labels(3)
        .y_labels(3)
        .x_label_formatter(&label)
        .y_label_formatter(&label)
        .x_desc("true value")
        .y_desc("posterior mean ± sd")
        .axis_desc_style(("sans-serif", 11))
        .draw()?;
    chart.draw_series(LineSeries::new([(low, low), (high, high)], GREY.stroke_width(1)))?;
    for (truth, mean, std) in &shown {
        let bar = [(*truth, mean - std), (*truth, mean + std)];
        chart.draw_series(LineSeries::new(bar, GREEN.mix(0.5).stroke_width(1)))?;
    }
    let means = shown.iter().map(|(truth, mean, _)| (*truth, *mean));
    chart.draw_series(means.map(|place| Circle::new(place, 1, GREEN.filled())))?;
    Ok(())
}
