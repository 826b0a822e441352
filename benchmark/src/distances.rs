//! Two more of the benchmark's measures: the maximum mean discrepancy, and how far simulations
//! from the posterior lie from the observation.

use crate::median::lower_median;
use freeform_simulators::counted;
use ndarray::{Array2, ArrayView1, ArrayView2};
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// A distance that cannot be taken.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum DistanceError {
    /// Sets of different parameters.
    #[error("the numbers of columns, {first} and {second}, must be the same")]
    Columns {
        /// Columns of the first set.
        first: usize,
        /// Columns of the second set.
        second: usize,
    },
    /// Too few rows.
    #[error("{}: at least {least} are needed", counted(*.rows, "row"))]
    Rows {
        /// Given.
        rows: usize,
        /// Needed.
        least: usize,
    },
    /// A hole in the data.
    #[error("row {}, column {} of {set} holds {value:?}: all numbers must be finite", row + 1, column + 1)]
    NotFinite {
        /// Which set.
        set: &'static str,
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        column: usize,
        /// What stands there.
        value: f64,
    },
    /// All rows of the first set are the same.
    #[error("half of the first set's rows are the same: its median distance, the bandwidth, is 0")]
    NoBandwidth,
    /// The caller asked to stop.
    #[error("interrupted")]
    Interrupted,
}

/// The unbiased estimate of MMD² between the rows of `x` `[n, D]` and `y` `[m, D]` (Gretton et al.
/// 2012, equation 3) with a Gaussian kernel whose bandwidth is the median distance within `x`: the
/// benchmark's definition, which gives the reference draws as `x`. About 0 where both sets come
/// from one law, and then slightly negative half of the time.
///
/// Takes time in proportion to (n + m)² D, and memory in proportion to the data: the median is
/// exact, but found by counting, without a list of the n² / 2 distances. `stop`, once set, ends it
/// with an error.
///
/// # Errors
/// [`DistanceError`].
pub fn mmd<X: Copy + Into<f64>, Y: Copy + Into<f64>>(
    x: ArrayView2<X>,
    y: ArrayView2<Y>,
    stop: &AtomicBool,
) -> Result<f64, DistanceError> {
    let (first, second) = (x.ncols(), y.ncols());
    if first != second {
        return Err(DistanceError::Columns { first, second });
    }
    let (mut x, mut y) = (checked("the first set", x, 2)?, checked("the second set", y, 2)?);
    // In units of the largest difference, whose square neither over- nor underflows; the bandwidth
    // makes the measure free of units.
    let origin = x.row(0).to_owned();
    x -= &origin;
    y -= &origin;
    let unit = x.iter().map(|v| v.abs()).fold(0.0, f64::max);
    if unit > 0.0 {
        x /= unit;
        y /= unit;
    }
    let set = &x;
    let distances = |i: usize| (0..i).map(move |j| square(set.row(i), set.row(j)));
    let stopped = || stop.load(Ordering::Relaxed);
    let squared =
        lower_median(x.nrows(), &distances, &stopped).ok_or(DistanceError::Interrupted)?;
    if squared <= 0.0 {
        return Err(DistanceError::NoBandwidth);
    }
    let gamma = -0.5 / squared;
    let within = |set: &Array2<f64>| {
        let sum = kernel_sum(gamma, set.view(), |i| set.slice(ndarray::s![..i, ..]), stop)?;
        let n = set.nrows() as f64;
        Ok(2.0 * sum / (n * (n - 1.0)))
    };
    let (n, m) = (x.nrows() as f64, y.nrows() as f64);
    let across = kernel_sum(gamma, x.view(), |_| y.view(), stop)? / (n * m);
    Ok(within(&x)? + within(&y)? - 2.0 * across)
}

/// The median Euclidean distance between the rows of `predictive` `[n, C]` and the observation:
/// simulations at posterior draws should come close to what was observed.
///
/// # Errors
/// [`DistanceError`].
pub fn median_distance<T: Copy + Into<f64>>(
    predictive: ArrayView2<T>,
    observation: &[T],
) -> Result<f64, DistanceError> {
    let (first, second) = (predictive.ncols(), observation.len());
    if first != second {
        return Err(DistanceError::Columns { first, second });
    }
    let observation = ArrayView2::from_shape((1, second), observation)
        .map_err(|_| DistanceError::Columns { first, second })?;
    let observation = checked("the observation", observation, 1)?;
    let predictive = checked("the predictive simulations", predictive, 1)?;
    let mut distances: Vec<f64> =
        predictive.rows().into_iter().map(|row| square(row, observation.row(0)).sqrt()).collect();
    distances.sort_unstable_by(f64::total_cmp);
    let middle = distances.len() / 2;
    let even = distances.len().is_multiple_of(2);
    Ok(if even { 0.5 * (distances[middle - 1] + distances[middle]) } else { distances[middle] })
}

/// The set in double precision, if it has enough rows and all its numbers are finite.
fn checked<T: Copy + Into<f64>>(
    set: &'static str,
    table: ArrayView2<T>,
    least: usize,
) -> Result<Array2<f64>, DistanceError> {
    let rows = table.nrows();
    if rows < least {
        return Err(DistanceError::Rows { rows, least });
    }
    let table = Array2::from_shape_fn(table.dim(), |at| table[at].into());
    match table.indexed_iter().find(|(_, v)| !v.is_finite()) {
        Some(((row, column), &value)) => Err(DistanceError::NotFinite { set, row, column, value }),
        None => Ok(table),
    }
}

fn square(a: ArrayView1<f64>, b: ArrayView1<f64>) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum()
}

/// Σ_i Σ_j exp(γ ‖xᵢ − yⱼ‖²) over the rows that `partners` gives for each i. Rows are summed one
/// by one, so that the sum does not depend on the threads.
fn kernel_sum<'a>(
    gamma: f64,
    x: ArrayView2<f64>,
    partners: impl Fn(usize) -> ArrayView2<'a, f64> + Sync,
    stop: &AtomicBool,
) -> Result<f64, DistanceError> {
    let sums: Vec<f64> = (0..x.nrows())
        .into_par_iter()
        .map(|i| {
            if stop.load(Ordering::Relaxed) {
                return Err(DistanceError::Interrupted);
            }
            let others = partners(i);
            Ok(others.rows().into_iter().map(|row| (gamma * square(x.row(i), row)).exp()).sum())
        })
        .collect::<Result<_, _>>()?;
    Ok(sums.iter().sum())
}
