//! x, or what stands in its place, on its way to the networks.

use super::DataError;
use super::rows::row;
use super::scores::Scored;
use crate::config::TransformConfig;
use crate::transform::{DataTransform, informative_columns};

/// What is shown of x to the networks, before it is scaled.
pub(super) struct Shown<'a> {
    /// `[n, width]`.
    pub x: &'a [f64],
    pub width: usize,
    /// Whether that is x itself.
    pub plain: bool,
    /// The rows that may be learnt from.
    pub rows: &'a [u32],
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
        let Self { x, width, rows, .. } = *self;
        let kept = match settings.screening {
            false => (0..width).collect(),
            true => informative_columns(rows, theta, |r| row(x, width, r), width),
        };
        let seen = rows.iter().map(|r| row(x, width, *r));
        let data = DataTransform::fit(settings.data, width, kept, seen);
        let column = if self.plain { "column" } else { "statistic" };
        Scored {
            table: x,
            width,
            rows,
            scaler: data.scaler(),
            columns: data.kept(),
            score: &|row, out| data.apply(row, out),
            name: &|place| format!("{column} {} of x", place + 1),
            fix: "transform.data = \"shape\"",
        }
        .check()?;
        Ok(data)
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        if self.plain { "x" } else { "the statistics of x" }
    }
}
