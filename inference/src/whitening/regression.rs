//! The regression of u on c beneath a network: linear in c, or in products of its numbers.

use super::curve::{Curve, outputs};
use super::linear::LinearWhitening;
use super::{WhiteningShape, WhiteningTable};
use crate::gain::Gain;
use crate::work::{Halt, Part};
use std::borrow::Cow;

/// Nats, and standard errors, by which a curved regression must make held-out targets likelier.
const LEAST_GAIN: f64 = 0.02;
const STANDARD_ERRORS: f64 = 2.0;

/// u ↦ L⁻¹(u − A·φ(c) − b).
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Regression {
    /// φ, if that is not c itself.
    curve: Option<Curve>,
    linear: LinearWhitening,
}

impl Regression {
    /// The linear regression, or one of a higher degree where that makes held-out targets likelier by more than
    /// chance.
    pub fn fit(table: &WhiteningTable, most_degree: usize, part: &Part) -> Result<Self, Halt> {
        let linear = LinearWhitening::fit(table, part)?;
        let mut best = Self { curve: None, linear };
        if most_degree < 2 {
            return Ok(best);
        }
        let mut scores = best.linear.scores(table, part)?;
        for degree in 2..=most_degree {
            let Some(curve) = Curve::of(table, degree) else { break };
            let context = &curve.rows(table.context)[..];
            let table = WhiteningTable { context, dims: (table.dims.0, curve.outputs()), ..*table };
            let linear = LinearWhitening::fit(&table, &part.part(&format!("degree-{degree}")))?;
            let own = linear.scores(&table, part)?;
            if Gain::of(&own, &scores).is_clear(LEAST_GAIN, STANDARD_ERRORS) {
                (scores, best) = (own, Self { curve: Some(curve), linear });
            }
        }
        Ok(best)
    }

    /// The variance that a regression of the second degree, where there are rows enough, leaves of each target,
    /// over the training rows.
    pub fn unexplained(table: &WhiteningTable, part: &Part) -> Result<Vec<f64>, Halt> {
        let Some(curve) = Curve::of(table, 2) else {
            return LinearWhitening::unexplained(table, part);
        };
        let context = &curve.rows(table.context)[..];
        let dims = (table.dims.0, curve.outputs());
        LinearWhitening::unexplained(&WhiteningTable { context, dims, ..*table }, part)
    }

    /// The same without correlations: each target by its own location and width.
    pub fn uncorrelated(self) -> Self {
        Self { linear: self.linear.uncorrelated(), ..self }
    }

    /// D.
    pub fn dim(&self) -> usize {
        self.linear.dim()
    }

    /// C.
    pub fn context_dim(&self) -> usize {
        self.curve.as_ref().map_or(self.linear.context_dim(), Curve::inputs)
    }

    /// The highest degree in c.
    pub fn degree(&self) -> usize {
        self.curve.as_ref().map_or(1, Curve::degree)
    }

    /// log|det| of [`apply`](Self::apply), the same everywhere.
    pub fn log_det(&self) -> f64 {
        self.linear.log_det()
    }

    /// φ of rows of contexts.
    fn seen<'a>(&self, contexts: &'a [f32]) -> Cow<'a, [f32]> {
        match &self.curve {
            None => Cow::Borrowed(contexts),
            Some(curve) => Cow::Owned(curve.rows(contexts)),
        }
    }

    /// Whitens rows of `target` `[n, D]` in place, given their contexts `[n, C]`, or `[C]` shared by all.
    pub fn apply(&self, target: &mut [f32], context: &[f32]) {
        self.each(target, context, LinearWhitening::apply);
    }

    /// The inverse of [`apply`](Self::apply), in place.
    pub fn invert(&self, target: &mut [f32], context: &[f32]) {
        self.each(target, context, LinearWhitening::invert);
    }

    fn each(
        &self,
        target: &mut [f32],
        context: &[f32],
        map: impl Fn(&LinearWhitening, &[f32], &[f32], &mut [f32]),
    ) {
        let (seen, mut out) = (self.seen(context), vec![0.0; self.dim()]);
        let width = self.linear.context_dim();
        let own = |row: usize| match seen.len() == width {
            true => &seen[..],
            false => &seen[row * width..(row + 1) * width],
        };
        for (index, row) in target.chunks_exact_mut(self.dim()).enumerate() {
            map(&self.linear, row, own(index), &mut out);
            row.copy_from_slice(&out);
        }
    }

    /// The same rows of `target` `[n, D]` whitened given each of some contexts `[m, C]`: `[m, n, D]`.
    pub fn apply_each(&self, target: &[f32], contexts: &[f32]) -> Vec<f32> {
        let (seen, width) = (self.seen(contexts), self.linear.context_dim());
        let mut white = vec![0.0; seen.len() / width * target.len()];
        for (context, white) in seen.chunks_exact(width).zip(white.chunks_exact_mut(target.len())) {
            let rows = target.chunks_exact(self.dim()).zip(white.chunks_exact_mut(self.dim()));
            rows.for_each(|(row, out)| self.linear.apply(row, context, out));
        }
        white
    }

    /// Its numbers, for a weights file.
    pub fn numbers(&self) -> Vec<f64> {
        let curve = self.curve.as_ref().map_or_else(Vec::new, Curve::numbers);
        [self.linear.numbers(), curve].concat()
    }

    /// Of such sizes; `None` where the numbers do not fit.
    pub fn from_numbers(shape: &WhiteningShape, numbers: &[f64]) -> Option<Self> {
        let inputs = outputs(shape.context_dim, shape.degree)?;
        let (linear, curve) = match shape.degree {
            1 => (numbers, None),
            degree => {
                let intervals = shape.context_dim.checked_mul(2)?;
                let start = numbers.len().checked_sub(intervals)?;
                let (linear, intervals) = numbers.split_at(start);
                (linear, Some(Curve::from_numbers(degree, intervals)?))
            }
        };
        let linear = LinearWhitening::from_numbers(shape.dim, inputs, linear)?;
        Some(Self { curve, linear })
    }
}
