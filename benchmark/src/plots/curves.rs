//! Training curves of all flows of a model.

use super::{BLUE, Canvas, Drawing, Drawn, GREEN, ORANGE, PINK, PlotError, write_drawing};
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

/// The training of one flow.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowCurve {
    /// What the flow is of: flows of one kind share a row of panels.
    pub kind: String,
    /// The epoch whose weights are kept; 0: those before the first.
    pub best_epoch: usize,
    /// Its epochs.
    pub points: Vec<CurvePoint>,
}

const COLORS: [RGBColor; 6] =
    [ORANGE, BLUE, GREEN, PINK, RGBColor(150, 110, 0), RGBColor(90, 90, 90)];
const ROW: u32 = 300;
const HEAD: u32 = 46;

/// A row of three panels for each kind of flow, with a line for each flow: training loss, validation
/// NLL with the kept epoch marked, and the reconstruction error (logarithmic).
///
/// # Errors
/// [`PlotError`] where there is no epoch or the file cannot be written.
pub fn training_curves(path: &Path, flows: &[FlowCurve]) -> Result<(), PlotError> {
    let mut kinds: Vec<&str> = Vec::new();
    for flow in flows.iter().filter(|flow| !flow.points.is_empty()) {
        if !kinds.contains(&flow.kind.as_str()) {
            kinds.push(&flow.kind);
        }
    }
    if kinds.is_empty() {
        let path = path.display().to_string();
        return Err(PlotError::Empty { path, reason: "no epoch" });
    }
    write_drawing(path, (960, ROW * kinds.len() as u32), &Curves { flows, kinds })
}

struct Curves<'a> {
    flows: &'a [FlowCurve],
    kinds: Vec<&'a str>,
}

impl Drawing for Curves<'_> {
    fn draw<B: DrawingBackend>(&self, root: &Canvas<B>) -> Drawn
    where
        B::ErrorType: 'static,
    {
        for (area, kind) in root.split_evenly((self.kinds.len(), 1)).iter().zip(&self.kinds) {
            let of_kind = |flow: &&FlowCurve| flow.kind == *kind && !flow.points.is_empty();
            row(area, kind, &self.flows.iter().filter(of_kind).collect::<Vec<_>>())?;
        }
        Ok(())
    }
}

fn row<B: DrawingBackend>(area: &Canvas<B>, kind: &str, flows: &[&FlowCurve]) -> Drawn
where
    B::ErrorType: 'static,
{
    let (head, body) = area.split_vertically(HEAD);
    let numbers = 1..=flows.len();
    head.draw(&Text::new(format!("{kind}: flow"), (14, 8), ("sans-serif", 15)))?;
    for number in numbers.clone() {
        let x = 40 + 8 * (kind.len() as i32 + 6) + 26 * (number as i32 - 1);
        let style = ("sans-serif", 15).into_font().color(&COLORS[(number - 1) % COLORS.len()]);
        head.draw(&Text::new(number.to_string(), (x, 8), style))?;
    }
    let start: Vec<String> = numbers
        .filter(|number| flows[number - 1].best_epoch == 0)
        .map(|number| number.to_string())
        .collect();
    let note = match start.is_empty() {
        true => "The dot is the epoch that is kept.".to_owned(),
        false => format!(
            "The dot is the epoch that is kept. Kept at epoch 0: flow {}; no epoch was better than its \
             start, the whitening alone (drawn as high as the first epoch).",
            start.join(", ")
        ),
    };
    head.draw(&Text::new(note, (14, 28), ("sans-serif", 12)))?;
    let panels = body.split_evenly((1, 3));
    let log = |p: &CurvePoint| p.reconstruction.max(1e-12).log10();
    panel(&panels[0], "training loss", flows, |p| p.training_loss, false)?;
    panel(&panels[1], "validation NLL", flows, |p| p.validation_nll, true)?;
    panel(&panels[2], "log10 reconstruction error", flows, log, false)
}

fn panel<B: DrawingBackend>(
    area: &Canvas<B>,
    title: &str,
    flows: &[&FlowCurve],
    value: impl Fn(&CurvePoint) -> f64,
    mark: bool,
) -> Drawn
where
    B::ErrorType: 'static,
{
    let series = |flow: &FlowCurve| -> Vec<(f64, f64)> {
        let all = flow.points.iter().map(|p| (p.epoch as f64, value(p)));
        all.filter(|(_, v)| v.is_finite()).collect()
    };
    let all: Vec<Vec<(f64, f64)>> = flows.iter().map(|flow| series(flow)).collect();
    let last = all.iter().flatten().map(|p| p.0).fold(2.0, f64::max);
    let (low, high) = robust_range(&all);
    let first = if mark { 0.0 } else { 1.0 };
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .caption(title, ("sans-serif", 14))
        .x_label_area_size(34)
        .y_label_area_size(52)
        .build_cartesian_2d(first..last, low..high)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .x_desc("epoch")
        .x_label_formatter(&|v| format!("{v:.0}"))
        .draw()?;
    for (i, line) in all.iter().enumerate() {
        let color = COLORS[i % COLORS.len()];
        let inside = line.iter().map(|(x, y)| (*x, y.clamp(low, high)));
        chart.draw_series(LineSeries::new(inside, color.stroke_width(2)))?;
        let best = flows[i].best_epoch;
        let kept = line.iter().find(|(epoch, _)| *epoch == best.max(1) as f64);
        if let (true, Some((_, nll))) = (mark, kept) {
            let place = (best as f64, nll.clamp(low, high));
            chart.draw_series([Circle::new(place, 4, color.filled())])?;
        }
    }
    Ok(())
}

/// The range of the values, the first epochs' outliers cut off.
fn robust_range(lines: &[Vec<(f64, f64)>]) -> (f64, f64) {
    let mut values: Vec<f64> = lines.iter().flatten().map(|p| p.1).collect();
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values.get(((values.len() as f64 - 1.0) * share) as usize).copied();
    let (low, high) = (at(0.0).unwrap_or(0.0), at(0.97).unwrap_or(1.0));
    let pad = (0.06 * (high - low)).max(1e-6 * high.abs()).max(1e-9);
    (low - pad, high + pad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flow_is_shown_and_epoch_0_explained() {
        let kept = std::env::var_os("FREEFORM_PICTURES").map(std::path::PathBuf::from);
        let scratch = tempfile::tempdir().unwrap();
        let path = kept.unwrap_or_else(|| scratch.path().to_owned()).join("training.svg");
        let flow = |kind: &str, best_epoch: usize, offset: f64| {
            let points = (1..=40).map(|epoch| {
                let x = epoch as f64 / 40.0;
                CurvePoint {
                    epoch,
                    training_loss: offset + (-3.0 * x).exp(),
                    validation_nll: offset + (x - best_epoch as f64 / 40.0).powi(2),
                    reconstruction: 1e-2 * (-4.0 * x).exp(),
                }
            });
            FlowCurve { kind: kind.to_owned(), best_epoch, points: points.collect() }
        };
        let flows =
            [flow("posterior", 20, 1.0), flow("posterior", 0, 1.2), flow("likelihood", 31, 5.0)];
        training_curves(&path, &flows).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        // Three panels of a flow each; a path may hold several lines.
        for (color, count) in [("#D55E00", 6), ("#0072B2", 3)] {
            let of = |p: &&str| p.starts_with("path") && p.contains(color);
            let lines = text.split('<').filter(of).filter(|p| p.contains("stroke-width=\"2\""));
            let count_of = |path: &str| path.split("d=\"").nth(1).unwrap().matches('m').count();
            assert_eq!(lines.map(count_of).sum::<usize>(), count, "{color}");
        }
        for part in ["posterior: flow", "likelihood: flow", "Kept at epoch 0: flow 2"] {
            assert!(text.contains(part), "{part}");
        }
        assert!(training_curves(&path, &[]).is_err());
    }
}
