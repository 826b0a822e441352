//! Text as the outlines of its letters.

use ab_glyph::{Font, FontRef, OutlineCurve, Point, ScaleFont};
use pdf_writer::Content;

/// The outline of a text whose baseline begins at the origin.
pub(super) fn letters(content: &mut Content, text: &str, font: &FontRef, size: f32) {
    // Outlines are in the font's units, upwards.
    let unit = size / font.units_per_em().unwrap_or(1000.0);
    let scaled = font.as_scaled(font.height_unscaled() * unit);
    let (mut x, mut before) = (0.0, None);
    for letter in text.chars() {
        let glyph = font.glyph_id(letter);
        x += before.map_or(0.0, |before| scaled.kern(before, glyph));
        if let Some(outline) = font.outline(glyph) {
            curves(content, &outline.curves, |p| (x + p.x * unit, -p.y * unit));
        }
        x += scaled.h_advance(glyph);
        before = Some(glyph);
    }
}

fn curves(content: &mut Content, curves: &[OutlineCurve], place: impl Fn(Point) -> (f32, f32)) {
    let mut end: Option<Point> = None;
    for curve in curves {
        let (from, to) = match curve {
            OutlineCurve::Line(a, b) => (*a, *b),
            OutlineCurve::Quad(a, _, b) => (*a, *b),
            OutlineCurve::Cubic(a, _, _, b) => (*a, *b),
        };
        if end != Some(from) {
            let (x, y) = place(from);
            content.move_to(x, y);
        }
        let (x, y) = place(to);
        match curve {
            OutlineCurve::Line(..) => content.line_to(x, y),
            OutlineCurve::Quad(a, middle, b) => {
                // The same curve as a cubic one.
                let toward = |p: &Point| {
                    let at = |p: f32, m: f32| p + 2.0 / 3.0 * (m - p);
                    place(Point { x: at(p.x, middle.x), y: at(p.y, middle.y) })
                };
                let (one, two) = (toward(a), toward(b));
                content.cubic_to(one.0, one.1, two.0, two.1, x, y)
            }
            OutlineCurve::Cubic(_, one, two, _) => {
                let (one, two) = (place(*one), place(*two));
                content.cubic_to(one.0, one.1, two.0, two.1, x, y)
            }
        };
        end = Some(to);
    }
}

/// The width of a text.
pub(super) fn text_width(text: &str, font: &FontRef, size: f32) -> f32 {
    let unit = size / font.units_per_em().unwrap_or(1000.0);
    let scaled = font.as_scaled(font.height_unscaled() * unit);
    text.chars().map(|letter| scaled.h_advance(font.glyph_id(letter))).sum()
}
