//! C2ST over simulation budgets, a panel a task: the paper's Figure 3.

use super::{BLUE, Canvas, Drawing, Drawn, GREEN, GREY, ORANGE, PINK, PlotError, write_drawing};
use plotters::prelude::*;
use std::path::Path;

/// One method on one task.
#[derive(Clone, Debug, PartialEq)]
pub struct BudgetCurve {
    /// Task: its panel.
    pub task: String,
    /// Method: its colour.
    pub algorithm: String,
    /// Whether it is ours: drawn thick, on top.
    pub ours: bool,
    /// Budget, mean C2ST, half the width of its error bar.
    pub points: Vec<(usize, f64, f64)>,
}

const PANEL: (u32, u32) = (232, 210);
const HEAD: u32 = 44;
const COLUMNS: usize = 5;

/// Draws the figure into `figure.svg`, `figure.pdf` and `figure.png` in a folder.
///
/// # Errors
/// As [`budget_figure`].
pub fn budget_figures(folder: &Path, curves: &[BudgetCurve]) -> Result<(), PlotError> {
    let names = ["figure.svg", "figure.pdf", "figure.png"];
    names.iter().try_for_each(|name| budget_figure(&folder.join(name), curves))
}

/// Draws the figure into `path`, an `.svg`, `.pdf` or `.png`.
///
/// # Errors
/// [`PlotError`] where there is no curve or a file cannot be written.
pub fn budget_figure(path: &Path, curves: &[BudgetCurve]) -> Result<(), PlotError> {
    let mut tasks: Vec<&str> = Vec::new();
    for curve in curves.iter().filter(|c| c.ours) {
        if !tasks.contains(&curve.task.as_str()) {
            tasks.push(&curve.task);
        }
    }
    if tasks.is_empty() {
        let path = path.display().to_string();
        return Err(PlotError::Empty { path, reason: "no scored cell" });
    }
    let columns = COLUMNS.min(tasks.len());
    let rows = tasks.len().div_ceil(columns);
    // Room for the legend even over one panel.
    let size = ((PANEL.0 * columns as u32).max(470), PANEL.1 * rows as u32 + HEAD);
    write_drawing(path, size, &Figure { curves, tasks, grid: (rows, columns) })
}

struct Figure<'a> {
    curves: &'a [BudgetCurve],
    tasks: Vec<&'a str>,
    grid: (usize, usize),
}

impl Drawing for Figure<'_> {
    fn draw<B: DrawingBackend>(&self, root: &Canvas<B>) -> Drawn
    where
        B::ErrorType: 'static,
    {
        let (head, body) = root.split_vertically(HEAD);
        legend(&head, self.curves)?;
        for (area, task) in body.split_evenly(self.grid).iter().zip(&self.tasks) {
            let of_task = |curve: &&BudgetCurve| curve.task == *task;
            panel(area, task, &self.curves.iter().filter(of_task).collect::<Vec<_>>())?;
        }
        Ok(())
    }
}

fn color(curve: &BudgetCurve) -> RGBColor {
    match (curve.ours, curve.algorithm.as_str()) {
        (true, _) => ORANGE,
        (_, "NPE") => BLUE,
        (_, "NLE") => GREEN,
        (_, "NRE") => PINK,
        _ => GREY,
    }
}

fn legend<B: DrawingBackend>(area: &Canvas<B>, curves: &[BudgetCurve]) -> Drawn
where
    B::ErrorType: 'static,
{
    let mut seen: Vec<&str> = Vec::new();
    let mut x = 14;
    for curve in curves {
        if seen.contains(&curve.algorithm.as_str()) {
            continue;
        }
        seen.push(&curve.algorithm);
        let width = if curve.ours { 3 } else { 1 };
        let line = PathElement::new([(x, 18), (x + 24, 18)], color(curve).stroke_width(width));
        area.draw(&line)?;
        let label = &curve.algorithm;
        area.draw(&Text::new(label.to_owned(), (x + 30, 10), ("sans-serif", 14)))?;
        x += 30 + 22 + 7 * label.len() as i32;
    }
    let note = "mean C2ST over observations with its 95% interval; thin lines: published";
    Ok(area.draw(&Text::new(note, (14, 28), ("sans-serif", 12).into_font().color(&GREY)))?)
}

fn panel<B: DrawingBackend>(area: &Canvas<B>, task: &str, curves: &[&BudgetCurve]) -> Drawn
where
    B::ErrorType: 'static,
{
    let log = |budget: usize| (budget as f64).log10();
    let budgets = || curves.iter().flat_map(|c| &c.points).map(|p| log(p.0));
    let (low, high) =
        budgets().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), b| (l.min(b), h.max(b)));
    let mut chart = ChartBuilder::on(area)
        .margin(8)
        .caption(task, ("sans-serif", 15))
        .x_label_area_size(26)
        .y_label_area_size(34)
        .build_cartesian_2d(low - 0.15..high + 0.15, 0.48..1.02)?;
    let decade = |v: &f64| match (v - v.round()).abs() < 1e-6 {
        true => format!("1e{v:.0}"),
        false => String::new(),
    };
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .x_labels(6)
        .y_labels(6)
        .x_label_formatter(&decade)
        .y_label_formatter(&|v| format!("{v:.1}"))
        .draw()?;
    // Ours last, on top.
    let (ours, theirs): (Vec<&BudgetCurve>, Vec<&BudgetCurve>) =
        curves.iter().partition(|c| c.ours);
    for curve in theirs.into_iter().chain(ours) {
        let (color, width) = (color(curve), if curve.ours { 3 } else { 1 });
        let line = curve.points.iter().map(|(n, mean, _)| (log(*n), *mean));
        chart.draw_series(LineSeries::new(line.clone(), color.stroke_width(width)))?;
        chart.draw_series(line.map(|p| Circle::new(p, width + 1, color.filled())))?;
        let spread = curve.points.iter().filter(|(_, _, half)| *half > 0.0);
        chart.draw_series(spread.map(|(n, mean, half)| {
            let (low, high) = ((mean - half).max(0.48), (mean + half).min(1.02));
            ErrorBar::new_vertical(log(*n), low, *mean, high, color.filled(), 6)
        }))?;
    }
    Ok(())
}
