//! x, or what stands in its place, on its way to the networks.

use super::DataError;
use super::rows::{TableRows, row};
use super::scores::Scored;
use crate::config::TransformConfig;
use crate::transform::{DataTransform, informative_columns, surely_informative};
use crate::view::View;

/// What is shown of x to the networks, before it is scaled.
pub(super) struct Shown<'a> {
    /// `[n, width]`.
    pub x: &'a [f64],
    pub width: usize,
    /// What made it of x.
    pub view: &'a View,
    /// The rows that may be learnt from.
    pub rows: &'a [u32],
    /// What these are in their table.
    pub table_rows: &'a TableRows,
}

impl<'a> Shown<'a> {
    /// The columns that say something of θ, and their scores.
    ///
    /// # Errors
    /// [`DataError`] where a column cannot be scaled.
    pub fn transform(
        &self,
        settings: &TransformConfig,
        theta: impl Fn(u32) -> &'a [f64],
    ) -> Result<DataTransform, DataError> {
        let Self { x, width, rows, table_rows, .. } = *self;
        let kept = match settings.screening {
            false => (0..width).collect(),
            true => informative_columns(rows, theta, |r| row(x, width, r), width),
        };
        let kept = self.view.with_gaps(kept);
        let seen = rows.iter().map(|r| row(x, width, *r));
        let data = DataTransform::fit(settings.data, width, kept, seen);
        let titles = self.view.titles(&self.view.layout_of_x(settings));
        Scored {
            table: x,
            width,
            rows,
            table_rows,
            scaler: data.scaler(),
            columns: data.kept(),
            score: &|row, out| data.apply(row, out),
            name: &|place| format!("{} of x", titles[place]),
            fix: "transform.data = \"shape\"",
        }
        .check()?;
        Ok(data)
    }

    /// The columns `kept` of which a likelihood learns the density: of a wide x, those that say something of
    /// θ beyond doubt. Of the others the posterior's flows know.
    pub fn described(
        &self,
        settings: &TransformConfig,
        theta: impl Fn(u32) -> &'a [f64],
        kept: Vec<usize>,
    ) -> Vec<usize> {
        let Self { x, width, rows, .. } = *self;
        match settings.screening && self.view.is_plain() {
            true => surely_informative(rows, theta, |r| row(x, width, r), width, kept),
            false => kept,
        }
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        if self.view.is_plain() { "x" } else { "the statistics of x" }
    }
}
