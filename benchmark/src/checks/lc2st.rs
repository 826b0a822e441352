//! The local classifier two-sample test (Linhart, Gramfort, Rodrigues 2023, "L-C2ST: Local diagnostics for
//! posterior approximations in simulation-based inference"): is the posterior right at *this*
//! observation?

use super::classifier::{Classifier, Labelled};
use crate::random::stream;
use freeform_simulators::counted;
use ndarray::ArrayView2;
use rand::RngExt;
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// Classifiers of the null; one more than these is 1 over the least p-value.
const NULL: usize = 100;
const HIDDEN: usize = 48;

/// Fresh simulations, each with a posterior draw given its x.
#[derive(Clone, Copy, Debug)]
pub struct Lc2stPairs<'a> {
    /// True parameters `[n, D]`.
    pub theta: ArrayView2<'a, f64>,
    /// One posterior draw for each row `[n, D]`.
    pub draws: ArrayView2<'a, f64>,
    /// Their data, or any function of them, `[n, C]`.
    pub x: ArrayView2<'a, f64>,
}

/// How to test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lc2stSettings {
    /// Classifiers of the null, R: p-values are at least 1/(R + 1).
    pub null: usize,
    /// Units of either hidden layer.
    pub hidden: usize,
    /// Seed of labels, weights and batches.
    pub seed: u64,
}

impl Default for Lc2stSettings {
    fn default() -> Self {
        Self { null: NULL, hidden: HIDDEN, seed: 1 }
    }
}

/// The outcome at one observation.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Lc2stScore {
    /// Mean of (d − ½)² over posterior draws at the observation, d the classifier's probability that
    /// a draw is the posterior's and not a truth: from 0 to ¼.
    pub statistic: f64,
    /// The same of each classifier of the null.
    pub null: Vec<f64>,
    /// Share of the null, the statistic counted in, that is at least as large.
    pub p_value: f64,
}

/// A test that cannot be made.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Lc2stError {
    /// Tables that do not belong together.
    #[error("{what} has {found} {of}, but {expected} are needed")]
    Shape {
        /// Which table.
        what: &'static str,
        /// Rows or columns.
        of: &'static str,
        /// Given.
        found: usize,
        /// Needed.
        expected: usize,
    },
    /// Too few pairs.
    #[error(
        "{} are too few to train classifiers on: at least {least}",
        counted(*.pairs, "simulation")
    )]
    TooFew {
        /// Given.
        pairs: usize,
        /// Needed.
        least: usize,
    },
    /// A number that is none.
    #[error("{what} holds a number that is not finite in row {}", row + 1)]
    NotFinite {
        /// Which table.
        what: &'static str,
        /// From 0.
        row: usize,
    },
    /// The flag that was handed in is set.
    #[error("the local test was interrupted")]
    Interrupted,
}

/// Trained classifiers, for any number of observations.
pub struct Lc2st {
    /// That of the true labels first, then those of the null.
    classifiers: Vec<Classifier>,
    scale: Vec<(f64, f64)>,
    dims: (usize, usize),
}

impl Lc2st {
    /// Fewest pairs to train on.
    pub const LEAST: usize = 100;

    /// Trains the classifiers, in parallel: one tells truths from posterior draws; for each of the
    /// null, truth and draw of every simulation are exchanged by the toss of a coin, as they might be
    /// for an exact posterior.
    ///
    /// # Errors
    /// [`Lc2stError`].
    pub fn train(
        pairs: &Lc2stPairs,
        settings: &Lc2stSettings,
        stop: &AtomicBool,
    ) -> Result<Self, Lc2stError> {
        let (n, d) = pairs.theta.dim();
        let c = pairs.x.ncols();
        check("draws", &pairs.draws, (n, d))?;
        check("theta", &pairs.theta, (n, d))?;
        check("x", &pairs.x, (n, c))?;
        if n < Self::LEAST {
            return Err(Lc2stError::TooFew { pairs: n, least: Self::LEAST });
        }
        let of = |table: &ArrayView2<f64>| {
            table.columns().into_iter().map(|c| moments(c.iter().copied())).collect::<Vec<_>>()
        };
        let scale = [of(&pairs.theta), of(&pairs.x)].concat();
        // Truth and draw of a simulation one after the other.
        let mut rows = Vec::with_capacity(2 * n * (d + c));
        for i in 0..n {
            for theta in [&pairs.theta, &pairs.draws] {
                let row = theta.row(i).into_iter().chain(pairs.x.row(i)).zip(&scale);
                rows.extend(row.map(|(v, s)| standardised(*v, *s)));
            }
        }
        let stopped = || stop.load(Ordering::Relaxed);
        let classifiers = (0..settings.null + 1)
            .into_par_iter()
            .with_max_len(1)
            .map(|index| {
                let index = index as u64;
                let mut coin = stream(settings.seed, "local c2st labels", index);
                let tossed = |_| {
                    let exchange = index > 0 && coin.random_bool(0.5);
                    let first = f32::from(u8::from(exchange));
                    [first, 1.0 - first]
                };
                let labels: Vec<f32> = (0..n).flat_map(tossed).collect();
                let table = Labelled { rows: &rows, labels: &labels, width: d + c };
                let seed = (settings.seed, index);
                Classifier::train(&table, settings.hidden, seed, &stopped)
                    .ok_or(Lc2stError::Interrupted)
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self { classifiers, scale, dims: (d, c) })
    }

    /// Tests posterior `draws` `[m, D]` given the observation `x` `[C]`.
    ///
    /// # Errors
    /// [`Lc2stError`] where they do not fit the pairs.
    pub fn at(&mut self, draws: ArrayView2<f64>, x: &[f64]) -> Result<Lc2stScore, Lc2stError> {
        let (d, c) = self.dims;
        check("draws", &draws, (draws.nrows(), d))?;
        let observed = ArrayView2::from_shape((1, x.len()), x);
        check("x", &observed.unwrap_or(ArrayView2::from(&[[0.0; 0]])), (1, c))?;
        let scale = &self.scale;
        let row = |theta: ndarray::ArrayView1<f64>| {
            let values = theta.to_vec().into_iter().chain(x.iter().copied());
            values.zip(scale).map(|(v, s)| standardised(v, *s)).collect::<Vec<f32>>()
        };
        let rows: Vec<f32> = draws.rows().into_iter().flat_map(row).collect();
        let statistics: Vec<f64> = self
            .classifiers
            .par_iter_mut()
            .map(|classifier| {
                let all = classifier.probabilities(&rows);
                all.iter().map(|p| (p - 0.5).powi(2)).sum::<f64>() / all.len().max(1) as f64
            })
            .collect();
        let (statistic, null) = (statistics[0], statistics[1..].to_vec());
        let larger = null.iter().filter(|t| **t >= statistic).count();
        let p_value = (larger as f64 + 1.0) / (null.len() as f64 + 1.0);
        Ok(Lc2stScore { statistic, null, p_value })
    }
}

fn check(
    what: &'static str,
    table: &ArrayView2<f64>,
    (rows, columns): (usize, usize),
) -> Result<(), Lc2stError> {
    for (of, found, expected) in
        [("rows", table.nrows(), rows), ("columns", table.ncols(), columns)]
    {
        if found != expected {
            return Err(Lc2stError::Shape { what, of, found, expected });
        }
    }
    let wrong = |row: &ndarray::ArrayView1<f64>| row.iter().any(|v| !v.is_finite());
    match table.rows().into_iter().position(|row| wrong(&row)) {
        Some(row) => Err(Lc2stError::NotFinite { what, row }),
        None => Ok(()),
    }
}

/// Mean and standard deviation.
fn moments(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let n = values.clone().count().max(1) as f64;
    let mean = values.clone().sum::<f64>() / n;
    (mean, (values.map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt())
}

/// A z-score, of a constant column 0, no farther out than networks follow.
fn standardised(value: f64, (mean, deviation): (f64, f64)) -> f32 {
    if deviation > 0.0 { ((value - mean) / deviation).clamp(-20.0, 20.0) as f32 } else { 0.0 }
}
