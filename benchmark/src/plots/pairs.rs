//! Pair plots: posterior draws against reference draws.

use super::{BLUE, GREY, ORANGE, PlotError, write_svg};
use ndarray::ArrayView2;
use plotters::coord::Shift;
use plotters::prelude::*;
use std::path::Path;

/// Points of one set in one panel: enough to see, few enough to open.
const MOST_POINTS: usize = 1000;
const BINS: usize = 40;
/// Size of the whole figure: this for each parameter, within bounds.
const PANEL: u32 = 170;

/// What to draw.
#[derive(Clone, Copy, Debug)]
pub struct PairPlot<'a> {
    /// Title.
    pub title: &'a str,
    /// Parameter names, D of them.
    pub names: &'a [String],
    /// Posterior draws `[n, D]`.
    pub posterior: ArrayView2<'a, f64>,
    /// Reference draws `[m, D]`, if there are any.
    pub reference: Option<ArrayView2<'a, f64>>,
    /// True parameters, if they are known.
    pub truth: Option<&'a [f64]>,
}

type Failure = Box<dyn std::error::Error>;
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Draws a D × D corner plot: histograms on the diagonal, scatter below it, the true parameters
/// marked.
///
/// # Errors
/// [`PlotError`] where there are no draws or the file cannot be written.
pub fn pair_plot(path: &Path, plot: &PairPlot) -> Result<(), PlotError> {
    let dim = plot.names.len();
    if plot.posterior.is_empty() || plot.posterior.ncols() != dim {
        let path = path.display().to_string();
        return Err(PlotError::Empty { path, reason: "no draws with a column for each name" });
    }
    let side = (PANEL * dim as u32).clamp(420, 1400);
    let ranges: Vec<(f64, f64)> = (0..dim).map(|j| range(plot, j)).collect();
    write_svg(path, (side, side + 60), |root| {
        let (head, body) = root.split_vertically(60);
        header(&head, plot)?;
        let panels = body.split_evenly((dim, dim));
        for row in 0..dim {
            for column in 0..=row {
                let area = &panels[row * dim + column];
                if row == column {
                    histogram(area, plot, row, ranges[row])?;
                } else {
                    scatter(area, plot, (column, row), (ranges[column], ranges[row]))?;
                }
            }
        }
        Ok(())
    })
}

fn header(area: &Area, plot: &PairPlot) -> Result<(), Failure> {
    area.draw(&Text::new(plot.title.to_owned(), (12, 8), ("sans-serif", 17)))?;
    let mut x = 12;
    let mut entry = |label: &str, color: RGBColor| -> Result<(), Failure> {
        area.draw(&Circle::new((x + 5, 42), 5, color.filled()))?;
        area.draw(&Text::new(label.to_owned(), (x + 15, 35), ("sans-serif", 13)))?;
        x += 110;
        Ok(())
    };
    entry("posterior", ORANGE)?;
    if plot.reference.is_some() {
        entry("reference", BLUE)?;
    }
    if plot.truth.is_some() {
        entry("true value", BLACK)?;
    }
    Ok(())
}

/// Both sets with their colours, the reference first so that the posterior lies on top.
fn sets<'a>(plot: &'a PairPlot) -> impl Iterator<Item = (ArrayView2<'a, f64>, RGBColor)> {
    let reference = plot.reference.map(|draws| (draws, BLUE));
    reference.into_iter().chain([(plot.posterior, ORANGE)])
}

/// The middle 99.8% of both sets, with a margin, and the truth.
fn range(plot: &PairPlot, column: usize) -> (f64, f64) {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for (draws, _) in sets(plot) {
        let mut values: Vec<f64> = draws.column(column).to_vec();
        values.sort_by(f64::total_cmp);
        let cut = values.len() / 1000;
        low = low.min(values[cut]);
        high = high.max(values[values.len() - 1 - cut]);
    }
    if let Some(value) = plot.truth.and_then(|t| t.get(column)) {
        low = low.min(*value);
        high = high.max(*value);
    }
    let spread = high - low;
    let pad = match high.abs() {
        _ if spread > 0.0 => 0.08 * spread,
        0.0 => 1e-6,
        magnitude => 1e-6 * magnitude,
    };
    (low - pad, high + pad)
}

fn histogram(
    area: &Area,
    plot: &PairPlot,
    column: usize,
    (low, high): (f64, f64),
) -> Result<(), Failure> {
    let width = (high - low) / BINS as f64;
    let densities: Vec<(Vec<f64>, RGBColor)> = sets(plot)
        .map(|(draws, color)| {
            let mut bins = vec![0.0; BINS];
            for value in draws.column(column) {
                let bin = (value - low) / width;
                if (0.0..BINS as f64).contains(&bin) {
                    bins[bin as usize] += 1.0 / draws.nrows() as f64;
                }
            }
            (bins, color)
        })
        .collect();
    let top = densities.iter().flat_map(|(bins, _)| bins).copied().fold(0.0, f64::max) * 1.1;
    let last = column + 1 == plot.names.len();
    let mut chart = ChartBuilder::on(area)
        .margin(4)
        .caption(&plot.names[column], ("sans-serif", 13))
        .x_label_area_size(if last { 22 } else { 8 })
        .y_label_area_size(38)
        .build_cartesian_2d(low..high, 0.0..top.max(1e-9))?;
    frame(chart.configure_mesh().disable_y_mesh(), last, false)?;
    for (bins, color) in densities {
        // The outline of the bars.
        let steps = bins.iter().enumerate().flat_map(|(i, density)| {
            let left = low + i as f64 * width;
            [(left, *density), (left + width, *density)]
        });
        chart.draw_series(LineSeries::new(steps, color.stroke_width(2)))?;
    }
    if let Some(value) = plot.truth.and_then(|t| t.get(column)) {
        let x = *value;
        chart.draw_series(LineSeries::new([(x, 0.0), (x, top)], BLACK.stroke_width(1)))?;
    }
    Ok(())
}

fn scatter(
    area: &Area,
    plot: &PairPlot,
    (first, second): (usize, usize),
    (horizontal, vertical): ((f64, f64), (f64, f64)),
) -> Result<(), Failure> {
    let (last, left) = (second + 1 == plot.names.len(), first == 0);
    let mut chart = ChartBuilder::on(area)
        .margin(4)
        .x_label_area_size(if last { 22 } else { 8 })
        .y_label_area_size(38)
        .build_cartesian_2d(horizontal.0..horizontal.1, vertical.0..vertical.1)?;
    frame(&mut chart.configure_mesh(), last, left)?;
    let inside = |value: f64, (low, high): (f64, f64)| value >= low && value <= high;
    for (draws, color) in sets(plot) {
        let points = draws.rows().into_iter().take(MOST_POINTS);
        let points = points.map(|r| (r[first], r[second]));
        let points = points.filter(|p| inside(p.0, horizontal) && inside(p.1, vertical));
        chart.draw_series(points.map(|p| Circle::new(p, 1, color.mix(0.45).filled())))?;
    }
    if let Some(truth) = plot.truth.filter(|t| t.len() == plot.names.len()) {
        let point = (truth[first], truth[second]);
        chart.draw_series([Cross::new(point, 5, BLACK.stroke_width(2))])?;
    }
    Ok(())
}

/// Axes with few, short labels, only on the outer panels.
fn frame<'a, 'b, DB>(
    mesh: &mut plotters::chart::MeshStyle<
        'a,
        'b,
        plotters::coord::types::RangedCoordf64,
        plotters::coord::types::RangedCoordf64,
        DB,
    >,
    bottom: bool,
    left: bool,
) -> Result<(), Failure>
where
    DB: DrawingBackend,
    DB::ErrorType: 'static,
{
    mesh.disable_mesh()
        .axis_style(GREY)
        .label_style(("sans-serif", 10))
        .x_labels(if bottom { 4 } else { 0 })
        .y_labels(if left { 4 } else { 0 })
        .x_label_formatter(&short)
        .y_label_formatter(&short)
        .draw()?;
    Ok(())
}

/// At most three significant digits.
fn short(value: &f64) -> String {
    if value.abs() < 1e-9 {
        "0".to_owned()
    } else {
        format!("{:.3}", value).trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}
