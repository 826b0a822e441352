//! Panels of lines and points, for results that are functions of one number.

use super::{BLUE, Drawn, GREEN, GREY, ORANGE, PINK, PlotError, write_svg};
use plotters::prelude::*;
use std::path::Path;

/// A line with a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its name in the legend; lines without one are thin and grey.
    pub name: Option<String>,
    /// Its points, in order.
    pub points: Vec<(f64, f64)>,
}

/// One panel.
#[derive(Clone, Debug, PartialEq)]
pub struct LinePanel {
    /// Above it.
    pub title: String,
    /// Along the axes.
    pub axes: [String; 2],
    /// Drawn in order.
    pub lines: Vec<Line>,
    /// Dots.
    pub points: Vec<(f64, f64)>,
}

const COLORS: [RGBColor; 5] = [BLUE, ORANGE, GREEN, PINK, RGBColor(150, 110, 0)];

/// Draws panels beside each other, as SVG.
///
/// # Errors
/// [`PlotError`] where there is nothing to draw or the file cannot be written.
pub fn line_panels(path: &Path, panels: &[LinePanel]) -> Result<(), PlotError> {
    let is_empty = |panel: &LinePanel| ranges(panel).is_none();
    if panels.is_empty() || panels.iter().any(is_empty) {
        let path = path.display().to_string();
        return Err(PlotError::Empty { path, reason: "a panel without numbers" });
    }
    write_svg(path, (430 * panels.len() as u32, 360), |root| {
        for (area, shown) in root.split_evenly((1, panels.len())).iter().zip(panels) {
            panel(area, shown)?;
        }
        Ok(())
    })
}

/// The ranges of finite numbers, with some room.
fn ranges(panel: &LinePanel) -> Option<[(f64, f64); 2]> {
    let all = || panel.lines.iter().flat_map(|l| &l.points).chain(&panel.points);
    let range = |of: fn(&(f64, f64)) -> f64, room: f64| {
        let values = || all().map(of).filter(|v| v.is_finite());
        let (low, high) =
            (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
        let pad = (room * (high - low)).max(1e-9);
        (low <= high).then_some((low - pad, high + pad))
    };
    Some([range(|p| p.0, 0.0)?, range(|p| p.1, 0.05)?])
}

fn panel<B: DrawingBackend>(
    area: &DrawingArea<B, plotters::coord::Shift>,
    panel: &LinePanel,
) -> Drawn
where
    B::ErrorType: 'static,
{
    let [x, y] = ranges(panel).ok_or("a panel without numbers")?;
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .caption(&panel.title, ("sans-serif", 15))
        .x_label_area_size(38)
        .y_label_area_size(56)
        .build_cartesian_2d(x.0..x.1, y.0..y.1)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .x_desc(&panel.axes[0])
        .y_desc(&panel.axes[1])
        .draw()?;
    let mut named = 0;
    for line in &panel.lines {
        let finite = line.points.iter().copied().filter(|(x, y)| x.is_finite() && y.is_finite());
        match &line.name {
            None => {
                chart.draw_series(LineSeries::new(finite, GREY.stroke_width(1)))?;
            }
            Some(name) => {
                let color = COLORS[named % COLORS.len()];
                named += 1;
                let key =
                    move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2));
                chart
                    .draw_series(LineSeries::new(finite, color.stroke_width(2)))?
                    .label(name)
                    .legend(key);
            }
        }
    }
    chart.draw_series(panel.points.iter().map(|p| Circle::new(*p, 4, BLACK.filled())))?;
    if named > 0 {
        chart
            .configure_series_labels()
            .position(emptiest(panel, [x, y], named))
            .background_style(WHITE.mix(0.8))
            .border_style(TRANSPARENT)
            .draw()?;
    }
    Ok(())
}

/// The place for the names of `named` lines where the fewest points lie.
fn emptiest(panel: &LinePanel, [x, y]: [(f64, f64); 2], named: usize) -> SeriesLabelPosition {
    use SeriesLabelPosition::{
        LowerLeft, LowerMiddle, LowerRight, UpperLeft, UpperMiddle, UpperRight,
    };
    // Shares of the panel that names take.
    let (wide, high) = (0.4, (0.08 * (named + 1) as f64).min(0.5));
    let share = |v: f64, (low, high): (f64, f64)| (v - low) / (high - low);
    let points = || {
        let lines = panel.lines.iter().filter(|line| line.name.is_some());
        // A dot is small, but what a figure is about.
        let dots = panel.points.iter().flat_map(|point| std::iter::repeat_n(point, 20));
        lines.flat_map(|line| &line.points).chain(dots)
    };
    let places = [
        (UpperRight, 1.0 - wide, true),
        (UpperMiddle, 0.5 - 0.5 * wide, true),
        (LowerRight, 1.0 - wide, false),
        (UpperLeft, 0.0, true),
        (LowerMiddle, 0.5 - 0.5 * wide, false),
        (LowerLeft, 0.0, false),
    ];
    let covered = |left: f64, upper: bool| {
        let covers = |(a, b): &&(f64, f64)| {
            let (a, b) = (share(*a, x), share(*b, y));
            a > left && a < left + wide && if upper { b > 1.0 - high } else { b < high }
        };
        points().filter(covers).count()
    };
    let best = places.into_iter().min_by_key(|(_, left, upper)| covered(*left, *upper));
    best.map_or(UpperRight, |(place, ..)| place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_are_drawn_and_empty_ones_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines.svg");
        let line = |name: Option<&str>, slope: f64| Line {
            name: name.map(str::to_owned),
            points: (0..20).map(|i| (f64::from(i), slope * f64::from(i))).collect(),
        };
        let shown = LinePanel {
            title: "slopes".to_owned(),
            axes: ["x".to_owned(), "y".to_owned()],
            lines: vec![line(Some("one"), 1.0), line(None, 2.0)],
            points: vec![(3.0, 4.0)],
        };
        line_panels(&path, &[shown.clone(), shown.clone()]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        // Lines and dots are paths: two lines and a dot a panel, whose colours stand in its key too.
        let dots = text.matches("stroke-linecap=\"round\"").count();
        assert!(text.matches("<path").count() >= 6 && dots == 2, "{text}");
        let empty = LinePanel { lines: Vec::new(), points: Vec::new(), ..shown };
        assert!(matches!(line_panels(&path, &[empty]), Err(PlotError::Empty { .. })));
    }

    #[test]
    fn names_stand_where_no_line_is() {
        let line =
            |points: &[(f64, f64)]| Line { name: Some("a".to_owned()), points: points.to_vec() };
        let place = |points: &[(f64, f64)]| {
            let panel = LinePanel {
                title: String::new(),
                axes: [String::new(), String::new()],
                lines: vec![line(points)],
                points: vec![],
            };
            emptiest(&panel, ranges(&panel).unwrap(), 1)
        };
        let is = |found: SeriesLabelPosition, wanted: SeriesLabelPosition| {
            std::mem::discriminant(&found) == std::mem::discriminant(&wanted)
        };
        assert!(is(place(&[(0.0, 1.0), (1.0, 0.0)]), SeriesLabelPosition::UpperRight));
        assert!(is(place(&[(0.0, 0.0), (1.0, 1.0)]), SeriesLabelPosition::UpperMiddle));
        let two_peaks = [(0.0, 0.0), (0.2, 1.0), (0.5, 0.0), (0.8, 1.0), (1.0, 0.0)];
        assert!(is(place(&two_peaks), SeriesLabelPosition::UpperMiddle));
    }
}
