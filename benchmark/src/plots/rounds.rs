//! A posterior from round to round.

use super::{BLUE, Drawn, PlotError, write_svg};
use plotters::prelude::*;
use std::path::Path;

/// The posterior after a round.
#[derive(Clone, Debug)]
pub struct RoundInterval {
    /// Simulations so far.
    pub simulations: usize,
    /// Mean of each parameter, `[D]`.
    pub mean: Vec<f64>,
    /// Standard deviation of each, `[D]`.
    pub std: Vec<f64>,
}

const PANEL: (u32, u32) = (260, 210);
const COLUMNS: usize = 4;

/// A panel a parameter: its mean and one and two standard deviations after each round, over the
/// simulations so far.
///
/// # Errors
/// [`PlotError`] where there are no rounds, or the file cannot be written.
pub fn rounds_plot(
    path: &Path,
    names: &[String],
    rounds: &[RoundInterval],
) -> Result<(), PlotError> {
    let fits =
        |round: &RoundInterval| round.mean.len() == names.len() && round.std.len() == names.len();
    if rounds.is_empty() || !rounds.iter().all(fits) {
        let reason = "no rounds with a number for each parameter";
        return Err(PlotError::Empty { path: path.display().to_string(), reason });
    }
    let columns = COLUMNS.min(names.len());
    let rows = names.len().div_ceil(columns);
    let size = (PANEL.0 * columns as u32, PANEL.1 * rows as u32 + 30);
    write_svg(path, size, |root| {
        let root = root.titled(
            "posterior by round: mean, one and two standard deviations",
            ("sans-serif", 16),
        )?;
        for ((index, name), area) in
            names.iter().enumerate().zip(root.split_evenly((rows, columns)))
        {
            let at = |round: &RoundInterval, k: f64| round.mean[index] + k * round.std[index];
            let low = rounds.iter().map(|r| at(r, -2.2)).fold(f64::INFINITY, f64::min);
            let high = rounds.iter().map(|r| at(r, 2.2)).fold(f64::NEG_INFINITY, f64::max);
            let high = if high > low { high } else { low + 1.0 };
            let last = rounds[rounds.len() - 1].simulations as f64;
            panel(&area, name, (low, high), last, rounds, &at)?;
        }
        Ok(())
    })
}

fn panel<B: DrawingBackend>(
    area: &super::Canvas<B>,
    name: &str,
    (low, high): (f64, f64),
    last: f64,
    rounds: &[RoundInterval],
    at: &dyn Fn(&RoundInterval, f64) -> f64,
) -> Drawn
where
    B::ErrorType: 'static,
{
    let mut chart = ChartBuilder::on(area)
        .margin(8)
        .caption(name, ("sans-serif", 14))
        .x_label_area_size(32)
        .y_label_area_size(52)
        .build_cartesian_2d(0.0..1.05 * last, low..high)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .x_desc("simulations")
        .x_labels(4)
        .y_labels(5)
        .draw()?;
    for round in rounds {
        let x = round.simulations as f64;
        for (reach, width) in [(2.0, 1), (1.0, 4)] {
            let line = [(x, at(round, -reach)), (x, at(round, reach))];
            chart.draw_series(LineSeries::new(line, BLUE.stroke_width(width)))?;
        }
        chart.draw_series([Circle::new((x, at(round, 0.0)), 4, BLUE.filled())])?;
    }
    let means = rounds.iter().map(|round| (round.simulations as f64, at(round, 0.0)));
    chart.draw_series(LineSeries::new(means, BLUE.stroke_width(1)))?;
    Ok(())
}
