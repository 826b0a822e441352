//! The panels: one parameter's marginal, and the regions of two.

use super::super::{BLUE, Drawn, GREY, ORANGE};
use super::PairPlot;
use super::density::{CELLS, contours, simplified};
use super::frame::Frame;
use super::sheet::{Placed, Sheet};
use super::words::{number, ticks};
use freeform_simulators::{Prior, Support};
use ndarray::ArrayView2;
use plotters::prelude::*;

pub(super) const POSTERIOR: RGBColor = ORANGE;
pub(super) const REFERENCE: RGBColor = BLUE;
pub(super) const PRIOR: RGBColor = GREY;

/// Bars of a marginal.
const BINS: usize = 32;
/// Draws shown as dots, in a whole figure: enough to see, few enough to open.
const MOST_DOTS: usize = 1500;
const DOTS: usize = 400;
/// Fewer than this in a panel show nothing.
const FEWEST_DOTS: usize = 60;

/// One parameter: what is shown of it.
pub(super) struct View {
    column: usize,
    low: f64,
    high: f64,
}

impl View {
    /// The middle 99.8% of all draws with a margin, and the true value.
    pub(super) fn new(plot: &PairPlot, column: usize) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for (draws, _) in sets(plot) {
            let values = sorted(draws, column);
            low = low.min(quantile(&values, 0.001));
            high = high.max(quantile(&values, 0.999));
        }
        if let Some(truth) = plot.truth {
            (low, high) = (low.min(truth[column]), high.max(truth[column]));
        }
        let spread = high - low;
        let pad = match high.abs() {
            _ if spread > 0.0 => 0.07 * spread,
            0.0 => 1e-6,
            magnitude => 1e-6 * magnitude,
        };
        Self { column, low: low - pad, high: high + pad }
    }

    fn share(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }

    /// Places of round numbers, and their labels.
    pub(super) fn ticks(&self, wanted: usize) -> Vec<(f64, String)> {
        let all = ticks((self.low, self.high), wanted);
        // Not so near an end that a label would run into the next panel's.
        let inside = all.into_iter().map(|(value, label)| (self.share(value), label));
        inside.filter(|(share, _)| (0.02..=0.98).contains(share)).collect()
    }
}

/// Both sets with their colours, the posterior last, so that it lies on top.
fn sets<'a>(plot: &PairPlot<'a>) -> impl Iterator<Item = (ArrayView2<'a, f64>, RGBColor)> {
    plot.reference.map(|draws| (draws, REFERENCE)).into_iter().chain([(plot.posterior, POSTERIOR)])
}

fn sorted(draws: ArrayView2<f64>, column: usize) -> Vec<f64> {
    let mut values = draws.column(column).to_vec();
    values.sort_by(f64::total_cmp);
    values
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = share * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[at as usize], sorted[at.ceil() as usize]);
    below + (above - below) * at.fract()
}

/// The density of one parameter under the prior.
fn prior_density(prior: &Prior, column: usize) -> Option<Prior> {
    Prior::independent([("this", prior.marginal(column)?)]).ok()
}

/// Histograms as outlines, the prior's density, and the posterior's median with its intervals.
pub(super) fn marginal<B: DrawingBackend>(
    sheet: &Sheet<B>,
    plot: &PairPlot,
    view: &View,
    frame: &Frame,
) -> Drawn
where
    B::ErrorType: 'static,
{
    let heights = |draws: ArrayView2<f64>| {
        let mut bins = vec![0.0; BINS];
        for value in draws.column(view.column) {
            let bin = view.share(*value) * BINS as f64;
            if (0.0..BINS as f64).contains(&bin) {
                bins[bin as usize] += BINS as f64 / draws.nrows() as f64;
            }
        }
        bins
    };
    let all: Vec<(Vec<f64>, RGBColor)> =
        sets(plot).map(|(set, color)| (heights(set), color)).collect();
    let top = 1.15 * all.iter().flat_map(|(bins, _)| bins).copied().fold(1e-9, f64::max);
    // The lowest strip is for the intervals.
    let place = |x: f64, y: f64| frame.at(x, 0.1 + 0.9 * (y / top).min(1.0));
    if let Some(prior) = plot.prior.and_then(|prior| prior_density(prior, view.column)) {
        let even = (0..=4 * BINS).map(|i| i as f64 / (4 * BINS) as f64);
        // Straight up at the ends of its support.
        let ends = ends(prior.support()[0]).into_iter().map(|end| view.share(end));
        let beside = ends.flat_map(|end| [end - 1e-9, end + 1e-9]);
        let mut places: Vec<f64> = even.chain(beside.filter(|x| (0.0..=1.0).contains(x))).collect();
        places.sort_by(f64::total_cmp);
        let curve = places.into_iter().map(|x| {
            let value = view.low + x * (view.high - view.low);
            place(x, (view.high - view.low) * prior.log_prob(&[value]).exp())
        });
        let curve = simplified(&curve.collect::<Vec<_>>(), frame.tolerance());
        sheet.line(&curve, PRIOR.into(), 1.2)?;
    }
    for (bins, color) in &all {
        let mut steps = vec![place(0.0, 0.0)];
        for (i, height) in bins.iter().enumerate() {
            steps.push(place(i as f64 / BINS as f64, *height));
            steps.push(place((i + 1) as f64 / BINS as f64, *height));
        }
        steps.push(place(1.0, 0.0));
        steps.dedup();
        sheet.line(&steps, (*color).into(), 1.2)?;
    }
    let values = sorted(plot.posterior, view.column);
    for (low, high, thick) in [(0.05, 0.95, 1.2), (0.25, 0.75, 4.0)] {
        let ends = [low, high].map(|p| frame.at(view.share(quantile(&values, p)), 0.05));
        sheet.line(&ends, POSTERIOR.into(), thick)?;
    }
    let median = quantile(&values, 0.5);
    sheet.dot(frame.at(view.share(median), 0.05), 3.0, BLACK.into())?;
    if let Some(truth) = plot.truth {
        let x = view.share(truth[view.column]);
        sheet.line(&[frame.at(x, 0.0), frame.at(x, 1.0)], BLACK.into(), 1.0)?;
    }
    if frame.side > 110.0 {
        let step = 0.02 * (view.high - view.low);
        let [low, middle, high] = [0.05, 0.5, 0.95].map(|p| number(quantile(&values, p), step));
        let text = format!("{middle}  [{low}, {high}]");
        let (x, y) = frame.at(0.5, 1.0);
        sheet.text(&text, (x, y - 14.0), 10.0, Placed::Middle)?;
    }
    Ok(())
}

/// A few draws as dots, the regions of 50% and 90% of both sets, and the bounds of the prior.
pub(super) fn pair<B: DrawingBackend>(
    sheet: &Sheet<B>,
    plot: &PairPlot,
    (across, up): (&View, &View),
    frame: &Frame,
) -> Drawn
where
    B::ErrorType: 'static,
{
    let dim = plot.names.len();
    let dots = DOTS.min(MOST_DOTS / (dim * (dim - 1) / 2));
    for (draws, color) in sets(plot).filter(|_| dots >= FEWEST_DOTS) {
        for draw in draws.rows().into_iter().take(dots) {
            let (x, y) = (across.share(draw[across.column]), up.share(draw[up.column]));
            if (0.0..=1.0).contains(&x) && (0.0..=1.0).contains(&y) {
                sheet.dot(frame.at(x, y), 0.8, color.mix(0.35))?;
            }
        }
    }
    for (draws, color) in sets(plot) {
        // A grid over the middle of the draws, as far as it is seen.
        let range = |view: &View| {
            let values = sorted(draws, view.column);
            let (low, high) = (quantile(&values, 0.0005), quantile(&values, 0.9995));
            (low.max(view.low), high.min(view.high))
        };
        let (horizontal, vertical) = (range(across), range(up));
        let cells =
            |value: f64, (low, high): (f64, f64)| (value - low) / (high - low) * CELLS as f64;
        let places = draws
            .rows()
            .into_iter()
            .map(|draw| (cells(draw[across.column], horizontal), cells(draw[up.column], vertical)));
        let inside = |at: f64| (-1e-9..=CELLS as f64 + 1e-9).contains(&at);
        let places: Vec<(f64, f64)> = places.filter(|(x, y)| inside(*x) && inside(*y)).collect();
        let back = |cell: f64, (low, high): (f64, f64)| low + cell / CELLS as f64 * (high - low);
        let [half, most] = contours(&places, [0.5, 0.9]);
        for (lines, thick) in [(most, 1.0), (half, 2.0)] {
            for line in lines {
                let points = line.iter().map(|(x, y)| {
                    frame.at(across.share(back(*x, horizontal)), up.share(back(*y, vertical)))
                });
                let line = simplified(&points.collect::<Vec<_>>(), frame.tolerance());
                if !frame.hides(&line) {
                    sheet.line(&line, color.into(), thick)?;
                }
            }
        }
    }
    if let Some(prior) = plot.prior {
        bounds(sheet, prior, across, frame, true)?;
        bounds(sheet, prior, up, frame, false)?;
    }
    if let Some(truth) = plot.truth {
        let (x, y) = (across.share(truth[across.column]), up.share(truth[up.column]));
        sheet.line(&[frame.at(x, 0.0), frame.at(x, 1.0)], BLACK.into(), 0.7)?;
        sheet.line(&[frame.at(0.0, y), frame.at(1.0, y)], BLACK.into(), 0.7)?;
    }
    Ok(())
}

/// The ends of a parameter's support, where they are seen.
fn bounds<B: DrawingBackend>(
    sheet: &Sheet<B>,
    prior: &Prior,
    view: &View,
    frame: &Frame,
    across: bool,
) -> Drawn
where
    B::ErrorType: 'static,
{
    let ends = ends(prior.support()[view.column]);
    for share in ends.into_iter().map(|end| view.share(end)).filter(|s| (0.0..=1.0).contains(s)) {
        let line = match across {
            true => [frame.at(share, 0.0), frame.at(share, 1.0)],
            false => [frame.at(0.0, share), frame.at(1.0, share)],
        };
        sheet.line(&line, PRIOR.into(), 1.0)?;
    }
    Ok(())
}

/// The finite ends of a support.
fn ends(support: Support) -> Vec<f64> {
    let (lower, upper) = support.bounds();
    match support {
        // The cut of a circle is no end, nor has a category any.
        Support::Circle { .. } | Support::Category { .. } => Vec::new(),
        _ => [lower, upper].into_iter().filter(|end| end.is_finite()).collect(),
    }
}
