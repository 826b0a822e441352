//! A panel's square: its places, its outline, and how fine the lines in it are.

use super::super::{Drawn, GREY};
use super::SMALL;
use super::sheet::{Placed, Sheet};
use super::words::width;
use plotters::prelude::*;

/// Of a line in a small panel, the least extent that is drawn.
const LEAST: f64 = 4.0;

/// A square of the sheet.
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) side: f64,
}

impl Frame {
    /// The place at shares of the sides, from the lower left corner.
    pub(super) fn at(&self, x: f64, y: f64) -> (f64, f64) {
        (self.left + x * self.side, self.top + (1.0 - y) * self.side)
    }

    /// How far a line may be off, in hundredths of an inch: many small panels need fewer points each.
    pub(super) fn tolerance(&self) -> f64 {
        if self.side < SMALL { 0.9 } else { 0.2 }
    }

    /// Whether a line is too small to be seen in a small panel.
    pub(super) fn hides(&self, line: &[(f64, f64)]) -> bool {
        let extent = |of: fn(&(f64, f64)) -> f64| {
            let (low, high) =
                line.iter().map(of).fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(v), h.max(v)));
            high - low
        };
        self.side < SMALL && extent(|p| p.0).max(extent(|p| p.1)) < LEAST
    }

    /// The square's outline, and its axes' labels.
    pub(super) fn draw<B: DrawingBackend>(
        &self,
        sheet: &Sheet<B>,
        below: Option<Vec<(f64, String)>>,
        beside: Option<Vec<(f64, String)>>,
        size: f64,
    ) -> Drawn
    where
        B::ErrorType: 'static,
    {
        let corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0)];
        let outline: Vec<(f64, f64)> = corners.iter().map(|(x, y)| self.at(*x, *y)).collect();
        sheet.line(&outline, GREY.into(), 0.5)?;
        for (place, label) in below.iter().flatten() {
            let (x, y) = self.at(*place, 0.0);
            sheet.line(&[(x, y), (x, y + 3.0)], GREY.into(), 0.5)?;
            // Within the panel, so that it does not run into its neighbour's.
            let half = (0.5 * width(label, size)).min(0.5 * self.side);
            let x = x.clamp(self.left + half, self.left + self.side - half);
            sheet.text(label, (x, y + 5.0), size, Placed::Middle)?;
        }
        for (place, label) in beside.iter().flatten() {
            let (x, y) = self.at(0.0, *place);
            sheet.line(&[(x - 3.0, y), (x, y)], GREY.into(), 0.5)?;
            sheet.text(label, (x - 5.0, y), size, Placed::Right)?;
        }
        Ok(())
    }
}
