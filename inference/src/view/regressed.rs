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
        if settings.kind == WhiteningKind::Off {
            return Ok(None);
        }
        let LearntTable { x, columns, targets, outputs, rows, .. } = *table;
        let (center, scale) = moments(x.chunks_exact(columns), columns);
        let context: Vec<f32> = x
            .par_chunks_exact(columns)
            .flat_map_iter(|row| scores(row, &center, &scale).map(|z| z as f32))
            .collect();
        let settings =
            WhiteningConfig { kind: WhiteningKind::Linear, degree: 1, ..settings.clone() };
        let learn = |index: usize| {
            let part = part.part(&format!("regression-{index}"));
            let seen = seen_by(index, rows);
            let (validation, training) = seen.split_at((seen.len() / JUDGES).max(1));
            let dims = (outputs, columns);
            let table =
                WhiteningTable { target: targets, context: &context, dims, training, validation };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, stream};
    use crate::work::Unwatched;
    use rand_distr::{Distribution, StandardNormal};

    const COLUMNS: usize = 60;

    /// x_j = θ + 2 ε_j: E[θ | x] is off by a variance of 1 / (1 + 60/4) = 1/16. What rows are told, by regressions that
    /// have not seen them, is as good as what new data are.
    #[test]
    fn regressions_say_what_all_columns_say_together() {
        let rng = &mut stream(4, Purpose::Learnt, 98);
        let mut normal = || -> f64 { StandardNormal.sample(rng) };
        let (n, fresh) = (600, 1000);
        let (mut x, mut targets) = (Vec::new(), Vec::new());
        for _ in 0..n + fresh {
            let target = normal();
            x.extend((0..COLUMNS).map(|_| 100.0 + target + 2.0 * normal()));
            targets.push(target as f32);
        }
        // A number that is missing says nothing.
        x[(n + fresh - 1) * COLUMNS] = f64::NAN;
        let rows: Vec<u32> = (0..n as u32).rev().collect();
        let table = LearntTable {
            x: &x,
            columns: COLUMNS,
            targets: &targets,
            outputs: 1,
            rows: &rows,
            seed: 1,
        };
        let mut settings = WhiteningConfig {
            kind: WhiteningKind::Auto,
            networks: 1,
            degree: 1,
            width: 8,
            steps: 10,
            batch_size: 64,
            learning_rate: 1e-3,
            weight_decay: 0.0,
        };
        let fit = |settings: &WhiteningConfig| {
            Regressed::fit(&table, settings, &Part::new(&Unwatched, "test")).unwrap()
        };
        let regressed = fit(&settings).unwrap();
        let said = |row: usize, regressed: &Regressed| {
            let mut said = Vec::new();
            regressed.apply(Some(row), &x[row * COLUMNS..][..COLUMNS], &mut said);
            said[0]
        };
        let error = |rows: std::ops::Range<usize>, regressed: &Regressed| {
            let count = rows.len() as f64;
            let square = |row: usize| (said(row, regressed) - f64::from(targets[row])).powi(2);
            rows.map(square).sum::<f64>() / count
        };
        let (known, new) = (error(0..n, &regressed), error(n..n + fresh, &regressed));
        assert!((0.055..0.085).contains(&new), "{new}");
        assert!((0.8..1.3).contains(&(known / new)), "{known} {new}");
        let forgetting = regressed.clone().forgetting();
        assert!(error(0..n, &forgetting) < 0.9 * known);
        // Rows that none has seen are told what new data are.
        for row in [n, n + fresh - 1] {
            assert!((said(row, &regressed) - said(row, &forgetting)).abs() < 1e-5);
        }
        let text = serde_json::to_string(&regressed).unwrap();
        let mut read: Regressed = serde_json::from_str(&text).unwrap();
        assert_eq!(regressed.parameters(COLUMNS), Some(regressed.numbers().len()));
        read.set_numbers(regressed.numbers());
        assert_eq!(read, forgetting);
        settings.kind = WhiteningKind::Off;
        assert!(fit(&settings).is_none());
    }
}
