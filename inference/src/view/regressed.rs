//! What linear regressions of θ on a wide x say: of a generalised linear model's responses that is nearly all that
//! they tell, in D numbers in place of hundreds.

use super::components::{moments, scores};
use super::cross_fit::{LEARNERS, seen_by, told};
use super::learnt::LearntTable;
use crate::config::{WhiteningConfig, WhiteningKind};
use crate::whitening::{Whitening, WhiteningTable};
use crate::work::{Halt, Part};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Of the rows that a regression sees, one in so many chooses its penalty.
const JUDGES: usize = 8;

/// x ↦ D numbers, A·z + b of the z-scores z of x: the mean of several ridge regressions of θ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Regressed {
    outputs: usize,
    /// Each column's center, then each column's scale, then A row by row, then b.
    #[serde(skip)]
    numbers: Vec<f64>,
    /// What the rows of the table that it was learnt from are told, `[n, D]`, as long as it is learnt from.
    #[serde(skip)]
    known: Option<Arc<Vec<f32>>>,
}

impl Regressed {
    /// By regressions each of which is blind to a part of the rows; `None` where the settings learn no whitening.
    pub(super) fn fit(
        table: &LearntTable,
        settings: &WhiteningConfig,
        part: &Part,
    ) -> Result<Option<Self>, Halt> {
        let LearntTable { x, columns, targets, outputs, rows, .. } = *table;
        let (center, scale) = moments(x.chunks_exact(columns), columns);
        let context: Vec<f32> = x
            .par_chunks_exact(columns)
            .flat_map_iter(|row| scores(row, &center, &scale).map(|z| z as f32))
            .collect();
        let settings = WhiteningConfig { kind: WhiteningKind::Linear, degree: 1, ..settings.clone() };
        let learn = |index: usize| {
            let part = part.part(&format!("regression-{index}"));
            let seen = seen_by(index, rows);
            let (validation, training) = seen.split_at((seen.len() / JUDGES).max(1));
            let dims = (outputs, columns);
            let table = WhiteningTable { target: targets, context: &context, dims, training, validation };
            Whitening::fit(&table, &settings, 0, &part)
        };
        let regressions = (0..LEARNERS).into_par_iter().map(learn);
        let regressions = regressions.collect::<Result<Option<Vec<_>>, Halt>>()?;
        let Some(regressions) = regressions else { return Ok(None) };
        let said = |index: usize, asked: &[u32]| {
            let row = |row: &u32| &context[*row as usize * columns..][..columns];
            let contexts: Vec<f32> = asked.iter().flat_map(row).copied().collect();
            // Where the whitened θ is zero.
            let mut locations = vec![0.0; asked.len() * outputs];
            regressions[index].invert(&mut locations, &contexts);
            locations
        };
        let known = told(rows, (x.len() / columns, outputs), said, part)?;
        let mut mean = vec![0.0; outputs * (columns + 1)];
        for regression in &regressions {
            // A and b come first.
            let numbers = regression.numbers().0;
            mean.iter_mut().zip(numbers).for_each(|(m, v)| *m += v / LEARNERS as f64);
        }
        let numbers = [center, scale, mean].concat();
        Ok(Some(Self { outputs, numbers, known: Some(Arc::new(known)) }))
    }

    /// How many numbers it gives.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Of x, which may be a row of the table that it was learnt from.
    pub fn apply(&self, row: Option<usize>, x: &[f64], out: &mut Vec<f64>) {
        if let (Some(row), Some(known)) = (row, &self.known) {
            let own = &known[row * self.outputs..][..self.outputs];
            return out.extend(own.iter().map(|v| f64::from(*v)));
        }
        let (center, rest) = self.numbers.split_at(x.len());
        let (scale, rest) = rest.split_at(x.len());
        let (slopes, intercepts) = rest.split_at(x.len() * self.outputs);
        let scores: Vec<f64> = scores(x, center, scale).collect();
        let of = |(slope, intercept): (&[f64], &f64)| {
            intercept + slope.iter().zip(&scores).map(|(a, z)| a * z).sum::<f64>()
        };
        out.extend(slopes.chunks_exact(x.len()).zip(intercepts).map(of));
    }

    /// The same for new data alone.
    pub fn forgetting(self) -> Self {
        Self { known: None, ..self }
    }

    pub fn is_whole(&self) -> bool {
        self.outputs > 0
    }

    /// How many numbers it has for x of `columns`; `None` where there are more than can be counted.
    pub fn parameters(&self, columns: usize) -> Option<usize> {
        let map = self.outputs.checked_mul(columns.checked_add(1)?)?;
        columns.checked_mul(2)?.checked_add(map)
    }

    pub fn numbers(&self) -> &[f64] {
        &self.numbers
    }

    pub fn set_numbers(&mut self, numbers: &[f64]) {
        self.numbers = numbers.to_vec();
    }

    /// What each of its numbers is.
    pub fn names(&self) -> Vec<String> {
        (1..=self.outputs).map(|at| format!("regression of parameter {at}")).collect()
    }
}
