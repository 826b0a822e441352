//! The panels: one parameter's marginal, and the regions of two.

use super::super::{BLUE, Drawn, GREY, ORANGE};
use super::PairPlot;
use super::density::{CELLS, contours, simplified};
use super::frame::Frame;
use super::sheet::{Placed, Sheet};
use super::view::{BINS, View};
use super::words::number;
use freeform_simulators::{Prior, Support};
use ndarray::ArrayView2;
use plotters::prelude::*;

pub(super) const POSTERIOR: RGBColor = ORANGE;
pub(super) const REFERENCE: RGBColor = BLUE;
pub(super) const PRIOR: RGBColor = GREY;

/// Draws shown as dots, in a whole figure: enough to see, few enough to open.
const MOST_DOTS: usize = 1500;
const DOTS: usize = 400;
/// Their multiples fill the unit square evenly.
const GOLDEN: f64 = 0.618_033_988_749_894_9;
const ROOT: f64 = std::f64::consts::SQRT_2 - 1.0;
/// Fewer than this in a panel show nothing.
const FEWEST_DOTS: usize = 60;

/// Both sets with their colours, the posterior last, so that it lies on top.
pub(super) fn sets<'a>(
    plot: &PairPlot<'a>,
) -> impl Iterator<Item = (ArrayView2<'a, f64>, RGBColor)> {
    plot.reference.map(|draws| (draws, REFERENCE)).into_iter().chain([(plot.posterior, POSTERIOR)])
}

pub(super) fn sorted(draws: ArrayView2<f64>, column: usize) -> Vec<f64> {
    let mut values = draws.column(column).to_vec();
    values.sort_by(f64::total_cmp);
    values
}

pub(super) fn quantile(sorted: &[f64], share: f64) -> f64 {
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
        let count = view.bins() as f64;
        let mut bins = vec![0.0; view.bins()];
        for value in draws.column(view.column) {
            let bin = view.share(*value) * count;
            if (0.0..count).contains(&bin) {
                bins[bin as usize] += count / draws.nrows() as f64;
            }
        }
        bins
    };
    let law = plot.prior.and_then(|prior| prior.category(view.column));
    let of_prior = law.map(|law| {
        let count = law.probabilities().len() as f64;
        (law.probabilities().iter().map(|p| p * count).collect(), PRIOR)
    });
    let of_draws = sets(plot).map(|(set, color)| (heights(set), color));
    let all: Vec<(Vec<f64>, RGBColor)> = of_prior.into_iter().chain(of_draws).collect();
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
            steps.push(place(i as f64 / bins.len() as f64, *height));
            steps.push(place((i + 1) as f64 / bins.len() as f64, *height));
        }
        steps.push(place(1.0, 0.0));
        steps.dedup();
        sheet.line(&steps, (*color).into(), 1.2)?;
    }
    if let Some(truth) = plot.truth {
        let x = view.share(truth[view.column]);
        sheet.line(&[frame.at(x, 0.0), frame.at(x, 1.0)], BLACK.into(), 1.0)?;
    }
    if let Some(labels) = &view.labels {
        return likeliest(sheet, labels, &all, frame);
    }
    let values = sorted(plot.posterior, view.column);
    for (low, high, thick) in [(0.05, 0.95, 1.2), (0.25, 0.75, 4.0)] {
        let ends = [low, high].map(|p| frame.at(view.share(quantile(&values, p)), 0.05));
        sheet.line(&ends, POSTERIOR.into(), thick)?;
    }
    let median = quantile(&values, 0.5);
    sheet.dot(frame.at(view.share(median), 0.05), 3.0, BLACK.into())?;
    if frame.side > 110.0 {
        let step = 0.02 * (view.high - view.low);
        let [low, middle, high] = [0.05, 0.5, 0.95].map(|p| number(quantile(&values, p), step));
        let text = format!("{middle}  [{low}, {high}]");
        let (x, y) = frame.at(0.5, 1.0);
        sheet.text(&text, (x, y - 14.0), 10.0, Placed::Middle)?;
    }
    Ok(())
}

/// Above a category's panel, which is the likeliest, and how likely.
fn likeliest<B: DrawingBackend>(
    sheet: &Sheet<B>,
    labels: &[String],
    all: &[(Vec<f64>, RGBColor)],
    frame: &Frame,
) -> Drawn
where
    B::ErrorType: 'static,
{
    // The posterior is the last.
    let heights = all.last().map_or(&[][..], |(heights, _)| heights).iter().enumerate();
    let Some((most, height)) = heights.max_by(|a, b| a.1.total_cmp(b.1)) else { return Ok(()) };
    if frame.side > 110.0 {
        let text = format!("{}  {:.3}", labels[most], height / labels.len() as f64);
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
        for (row, draw) in draws.rows().into_iter().take(dots).enumerate() {
            let (x, y) = (
                across.place(draw[across.column], GOLDEN * row as f64),
                up.place(draw[up.column], ROOT * row as f64),
            );
            if (0.0..=1.0).contains(&x) && (0.0..=1.0).contains(&y) {
                sheet.dot(frame.at(x, y), 0.8, color.mix(0.35))?;
            }
        }
    }
    // Of a category there are no regions.
    let smooth = across.labels.is_none() && up.labels.is_none();
    for (draws, color) in sets(plot).filter(|_| smooth) {
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
