//! Coverage over credible levels, beside the band that all of a right posterior's curve stays in.

use super::{Canvas, Drawn, GREY};
use plotters::prelude::*;

/// One curve.
pub(super) struct CoverageCurve<'a> {
    /// Credible level and coverage.
    pub points: &'a [(f64, f64)],
    pub color: RGBColor,
    /// What it is of; empty where there is but one.
    pub name: &'a str,
}

/// Draws curves that may be off by `band` from their level.
pub(super) fn coverage<B: DrawingBackend>(
    area: &Canvas<B>,
    band: f64,
    curves: &[CoverageCurve],
) -> Drawn
where
    B::ErrorType: 'static,
{
    let mut chart = ChartBuilder::on(area)
        .margin(10)
        .caption("coverage (grey: its 99% band)", ("sans-serif", 14))
        .x_label_area_size(34)
        .y_label_area_size(52)
        .build_cartesian_2d(0.0..1.0, 0.0..1.0)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .x_desc("credible level")
        .y_desc("share of true parameters inside")
        .x_labels(5)
        .y_labels(5)
        .draw()?;
    let edge = |sign: f64| {
        (0..=100).map(move |i| {
            let p = f64::from(i) / 100.0;
            (p, (p + sign * band).clamp(0.0, 1.0))
        })
    };
    let upper: Vec<(f64, f64)> = edge(1.0).collect();
    let outline: Vec<(f64, f64)> = edge(-1.0).chain(upper.into_iter().rev()).collect();
    chart.draw_series([Polygon::new(outline, GREY.mix(0.25).filled())])?;
    chart.draw_series(LineSeries::new([(0.0, 0.0), (1.0, 1.0)], GREY.stroke_width(1)))?;
    for (i, curve) in curves.iter().enumerate() {
        let line = curve.points.iter().copied();
        chart.draw_series(LineSeries::new(line, curve.color.stroke_width(2)))?;
        let style = ("sans-serif", 13).into_font().color(&curve.color);
        let place = (0.04, 0.97 - 0.06 * i as f64);
        chart.draw_series([Text::new(curve.name.to_owned(), place, style)])?;
    }
    Ok(())
}
