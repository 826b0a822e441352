//! A sheet to draw on in units of its own, which SVG takes as pixels and PNG at twice the size.

use super::super::{Canvas, Drawn};
use plotters::prelude::*;
use plotters::style::FontTransform;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Where things are drawn, `scale` pixels a unit.
pub(super) struct Sheet<'a, B: DrawingBackend> {
    pub(super) area: &'a Canvas<B>,
    pub(super) scale: f64,
}

impl<B: DrawingBackend> Sheet<'_, B>
where
    B::ErrorType: 'static,
{
    fn at(&self, (x, y): (f64, f64)) -> (i32, i32) {
        ((x * self.scale).round() as i32, (y * self.scale).round() as i32)
    }

    fn stroke(&self, color: RGBAColor, width: f64) -> ShapeStyle {
        color.stroke_width((width * self.scale).round().max(1.0) as u32)
    }

    pub(super) fn line(&self, points: &[(f64, f64)], color: RGBAColor, width: f64) -> Drawn {
        let mut places: Vec<(i32, i32)> = points.iter().map(|p| self.at(*p)).collect();
        places.dedup();
        if places.len() < 2 {
            return Ok(());
        }
        Ok(self.area.draw(&PathElement::new(places, self.stroke(color, width)))?)
    }

    pub(super) fn dot(&self, place: (f64, f64), radius: f64, color: RGBAColor) -> Drawn {
        let radius = (radius * self.scale).round().max(1.0) as i32;
        Ok(self.area.draw(&Circle::new(self.at(place), radius, color.filled()))?)
    }

    /// A text, from its middle or its left end at the top; `up` is read from below.
    pub(super) fn text(&self, text: &str, place: (f64, f64), size: f64, how: Placed) -> Drawn {
        let font = ("sans-serif", size * self.scale).into_font();
        let font = match how {
            Placed::Up => font.transform(FontTransform::Rotate270),
            _ => font,
        };
        let anchor = match how {
            Placed::Left => Pos::new(HPos::Left, VPos::Top),
            Placed::Right => Pos::new(HPos::Right, VPos::Center),
            Placed::Middle | Placed::Up => Pos::new(HPos::Center, VPos::Top),
        };
        let style = TextStyle::from(font).color(&BLACK).pos(anchor);
        Ok(self.area.draw(&Text::new(text.to_owned(), self.at(place), style))?)
    }
}

/// What of a text lies at its place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Placed {
    /// The upper left corner.
    Left,
    /// The middle of the right end.
    Right,
    /// The middle of the upper edge.
    Middle,
    /// The same, of a text that is read upwards.
    Up,
}
