//! Pair plots: a posterior's marginals and the 50% and 90% regions of every two parameters, beside
//! reference draws, the prior and the true parameters where they are known.

mod density;
mod frame;
mod panels;
mod sheet;
mod view;
mod words;

use super::pdf::write_pdf;
use super::{Canvas, Drawn, PlotError, ending, unknown_ending, write_fine_svg, write_png};
use frame::Frame;
use freeform_simulators::Prior;
use ndarray::ArrayView2;
use panels::{marginal, pair};
use plotters::prelude::*;
use sheet::{Placed, Sheet};
use std::path::Path;
use view::View;
use words::wrapped;
pub(super) use words::{number, width};

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
    /// The prior, whose density and bounds are drawn.
    pub prior: Option<&'a Prior>,
}

/// Pixels of PNG for a unit, which is a hundredth of an inch.
const PNG_SCALE: u32 = 2;
/// Places of SVG and PDF for a unit; in a figure of many small panels.
const SCALE: u32 = 4;
const SMALL_SCALE: u32 = 2;
/// Panels smaller than this are small.
const SMALL: f64 = 90.0;
/// Size of a line of axis title.
const NAME: f64 = 12.0;
const TICK: f64 = 9.0;
const HEAD: f64 = 50.0;

/// Draws a D × D corner plot into `path`, an `.svg`, a `.pdf` or a `.png` of 200 dots an inch: marginals on the
/// diagonal with their median, 50% and 90% intervals; below it the regions of highest density that
/// hold 50% and 90% of the draws; the prior's density and bounds, the true parameters as lines.
///
/// # Errors
/// [`PlotError`] where there are no draws, a number is not finite, the columns are not those of the
/// names, the file's name ends in something else, or it cannot be written.
pub fn pair_plot(path: &Path, plot: &PairPlot) -> Result<(), PlotError> {
    check(path, plot)?;
    super::register_fonts();
    let layout = Layout::new(plot);
    let (width, height) = layout.size();
    let size = (width.ceil() as u32, height.ceil() as u32);
    match ending(path).as_deref() {
        Some("svg") => {
            let scale = if layout.panel < SMALL { SMALL_SCALE } else { SCALE };
            write_fine_svg(path, size, scale, |area| draw(area, f64::from(scale), plot, &layout))
        }
        Some("png") => {
            let pixels = (size.0 * PNG_SCALE, size.1 * PNG_SCALE);
            write_png(path, pixels, |area| draw(area, f64::from(PNG_SCALE), plot, &layout))
        }
        Some("pdf") => {
            write_pdf(path, size, SCALE, |area| draw(area, f64::from(SCALE), plot, &layout))
        }
        _ => Err(unknown_ending(path)),
    }
}

fn check(path: &Path, plot: &PairPlot) -> Result<(), PlotError> {
    let dim = plot.names.len();
    let wrong = |reason| Err(PlotError::Empty { path: path.display().to_string(), reason });
    let sets = || [Some(plot.posterior), plot.reference].into_iter().flatten();
    if plot.posterior.is_empty() || sets().any(|set| set.is_empty() || set.ncols() != dim) {
        return wrong("no draws with a column for each name");
    }
    if plot.truth.is_some_and(|truth| truth.len() != dim) {
        return wrong("the true parameters are not as many as the names");
    }
    if plot.prior.is_some_and(|prior| prior.dim() != dim) {
        return wrong("the prior's parameters are not as many as the names");
    }
    let finite = sets().all(|set| set.iter().all(|v| v.is_finite()))
        && plot.truth.is_none_or(|truth| truth.iter().all(|v| v.is_finite()));
    if !finite {
        return wrong("a draw or a true parameter is not finite");
    }
    Ok(())
}

/// Where everything lies, in units of a hundredth of an inch.
struct Layout {
    dim: usize,
    panel: f64,
    /// Left of the panels, and below them.
    margin: (f64, f64),
    names: Vec<Vec<String>>,
    title: Vec<String>,
    /// Room for the legend.
    least: f64,
}

impl Layout {
    fn new(plot: &PairPlot) -> Self {
        let dim = plot.names.len();
        let panel = match dim {
            1 => 360.0,
            2 => 250.0,
            3..=4 => 190.0,
            5..=7 => 140.0,
            8..=11 => 105.0,
            _ => 84.0,
        };
        let names: Vec<Vec<String>> =
            plot.names.iter().map(|name| wrapped(name, panel - 10.0, NAME)).collect();
        let lines = names.iter().map(Vec::len).max().unwrap_or(1) as f64;
        let ticks = 52.0;
        let margin = (ticks + lines * (NAME + 2.0) + 6.0, 18.0 + lines * (NAME + 2.0) + 8.0);
        let entries: f64 = legend(plot).iter().map(|(label, _)| entry_width(label)).sum();
        let least = 24.0 + entries + 1.05 * width(NOTE, KEY);
        let room = (margin.0 + panel * dim as f64).max(least) - 24.0;
        let title = wrapped(plot.title, room, 15.0);
        Self { dim, panel, margin, names, title, least }
    }

    fn head(&self) -> f64 {
        HEAD + 18.0 * (self.title.len() as f64 - 1.0)
    }

    fn size(&self) -> (f64, f64) {
        let side = self.panel * self.dim as f64;
        ((self.margin.0 + side + 14.0).max(self.least), self.head() + side + self.margin.1 + 16.0)
    }

    fn frame(&self, column: usize, row: usize) -> Frame {
        let gap = (0.04 * self.panel).max(3.0);
        let left = self.margin.0 + column as f64 * self.panel + gap;
        let top = self.head() + 16.0 + row as f64 * self.panel + gap;
        Frame { left, top, side: self.panel - 2.0 * gap }
    }
}

fn draw<B: DrawingBackend>(area: &Canvas<B>, scale: f64, plot: &PairPlot, layout: &Layout) -> Drawn
where
    B::ErrorType: 'static,
{
    let sheet = Sheet { area, scale };
    header(&sheet, plot, layout)?;
    let views: Vec<View> = (0..layout.dim).map(|column| View::new(plot, column)).collect();
    let ticks = if layout.panel > 120.0 { 5 } else { 3 };
    for row in 0..layout.dim {
        for column in 0..=row {
            let frame = layout.frame(column, row);
            if row == column {
                marginal(&sheet, plot, &views[row], &frame)?;
            } else {
                pair(&sheet, plot, (&views[column], &views[row]), &frame)?;
            }
            let bottom = row + 1 == layout.dim;
            frame.draw(
                &sheet,
                bottom.then(|| views[column].ticks(ticks)),
                (column == 0 && row > 0).then(|| views[row].ticks(ticks)),
                TICK,
            )?;
        }
    }
    for (i, lines) in layout.names.iter().enumerate() {
        let (below, beside) = (layout.frame(i, layout.dim - 1), layout.frame(0, i));
        for (j, line) in lines.iter().enumerate() {
            let down = below.top + below.side + 18.0 + j as f64 * (NAME + 2.0);
            sheet.text(line, (below.left + below.side / 2.0, down), NAME, Placed::Middle)?;
            if i > 0 {
                let right = 6.0 + j as f64 * (NAME + 2.0);
                sheet.text(line, (right, beside.top + beside.side / 2.0), NAME, Placed::Up)?;
            }
        }
    }
    Ok(())
}

fn header<B: DrawingBackend>(sheet: &Sheet<B>, plot: &PairPlot, layout: &Layout) -> Drawn
where
    B::ErrorType: 'static,
{
    for (i, line) in layout.title.iter().enumerate() {
        sheet.text(line, (12.0, 8.0 + 18.0 * i as f64), 15.0, Placed::Left)?;
    }
    let mut x = 12.0;
    let y = layout.head() - 20.0;
    for (label, color) in legend(plot) {
        let line = [(x, y + 6.0), (x + 18.0, y + 6.0)];
        sheet.line(&line, color.into(), 2.0)?;
        sheet.text(label, (x + 23.0, y), KEY, Placed::Left)?;
        x += entry_width(label);
    }
    sheet.text(NOTE, (x, y), KEY, Placed::Left)
}

/// What the colours mean.
fn legend(plot: &PairPlot) -> Vec<(&'static str, RGBColor)> {
    let known = [
        Some(("posterior", panels::POSTERIOR)),
        plot.reference.map(|_| ("reference", panels::REFERENCE)),
        plot.prior.map(|_| ("prior", panels::PRIOR)),
        plot.truth.map(|_| ("true value", BLACK)),
    ];
    known.into_iter().flatten().collect()
}

const NOTE: &str = "regions and intervals: 50%, 90%";
/// Size of the legend's text.
const KEY: f64 = 11.0;

fn entry_width(label: &str) -> f64 {
    23.0 + width(label, KEY) + 16.0
}

#[cfg(test)]
mod tests;
