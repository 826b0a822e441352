//! Two more of the benchmark's measures: the maximum mean discrepancy, and how far simulations
//! from the posterior lie from the observation.

use ndarray::{Array2, ArrayView1, ArrayView2};
use rayon::prelude::*;

/// A distance that cannot be taken.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum DistanceError {
    /// Sets of different parameters.
    #[error("the sets have {first} and {second} columns; they must have the same")]
    Columns {
        /// Columns of the first set.
        first: usize,
        /// Columns of the second set.
        second: usize,
    },
    /// Too few rows.
    #[error("{rows} rows: at least {least} are needed")]
    Rows {
        /// Given.
        rows: usize,
        /// Needed.
        least: usize,
    },
    /// A hole in the data.
    #[error("{0} in the data: all numbers must be finite")]
    NotFinite(f64),
    /// All rows of the first set are the same.
    #[error("half of the first set's rows are the same: its median distance, the bandwidth, is 0")]
    NoBandwidth,
}

/// The unbiased estimate of MMD² between the rows of `x` `[n, D]` and `y` `[m, D]` (Gretton et al.
/// 2012, equation 3) with a Gaussian kernel whose bandwidth is the median distance within `x`: the
/// benchmark's definition, which gives the reference draws as `x`. About 0 where both sets come
/// from one law, and then slightly negative half of the time.
///
/// Takes 2n² bytes for the median.
///
/// # Errors
/// [`DistanceError`].
pub fn mmd<X: Copy + Into<f64>, Y: Copy + Into<f64>>(
    x: ArrayView2<X>,
    y: ArrayView2<Y>,
) -> Result<f64, DistanceError> {
    let (first, second) = (x.ncols(), y.ncols());
    if first != second {
        return Err(DistanceError::Columns { first, second });
    }
    check(x, 2)?;
    check(y, 2)?;
    // In units of the largest difference, in which squares fit single precision; the bandwidth makes
    // the measure free of units.
    let origin: Vec<f64> = x.row(0).iter().map(|v| (*v).into()).collect();
    let moved = |(at, value): ((usize, usize), f64)| value - origin[at.1];
    let unit = x.indexed_iter().map(|(at, v)| moved((at, (*v).into())).abs()).fold(0.0, f64::max);
    let unit = if unit > 0.0 { unit } else { 1.0 };
    let x = Array2::from_shape_fn(x.dim(), |at| moved((at, x[at].into())) / unit);
    let y = Array2::from_shape_fn(y.dim(), |at| moved((at, y[at].into())) / unit);
    let squared = median_square(x.view());
    if squared <= 0.0 {
        return Err(DistanceError::NoBandwidth);
    }
    let gamma = -0.5 / squared;
    let within = |set: ArrayView2<f64>| {
        let sum = kernel_sum(gamma, set, |i| set.slice(ndarray::s![..i, ..]));
        let n = set.nrows() as f64;
        2.0 * sum / (n * (n - 1.0))
    };
    let (n, m) = (x.nrows() as f64, y.nrows() as f64);
    let across = kernel_sum(gamma, x.view(), |_| y.view()) / (n * m);
    Ok(within(x.view()) + within(y.view()) - 2.0 * across)
}

/// The median Euclidean distance between the rows of `predictive` `[n, C]` and the observation:
/// simulations at posterior draws should come close to what was observed.
///
/// # Errors
/// [`DistanceError`].
pub fn median_distance(
    predictive: ArrayView2<f64>,
    observation: &[f64],
) -> Result<f64, DistanceError> {
    let (first, second) = (predictive.ncols(), observation.len());
    if first != second {
        return Err(DistanceError::Columns { first, second });
    }
    check(predictive, 1)?;
    let observation = ArrayView1::from(observation);
    let mut distances: Vec<f64> =
        predictive.rows().into_iter().map(|row| square(row, observation).sqrt()).collect();
    distances.sort_unstable_by(f64::total_cmp);
    let middle = distances.len() / 2;
    let even = distances.len().is_multiple_of(2);
    Ok(if even { 0.5 * (distances[middle - 1] + distances[middle]) } else { distances[middle] })
}

fn check<T: Copy + Into<f64>>(set: ArrayView2<T>, least: usize) -> Result<(), DistanceError> {
    let rows = set.nrows();
    if rows < least {
        return Err(DistanceError::Rows { rows, least });
    }
    match set.iter().map(|v| (*v).into()).find(|v| !v.is_finite()) {
        Some(value) => Err(DistanceError::NotFinite(value)),
        None => Ok(()),
    }
}

fn square(a: ArrayView1<f64>, b: ArrayView1<f64>) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum()
}

/// The (lower) median of the squared distances between rows.
fn median_square(x: ArrayView2<f64>) -> f64 {
    let mut squares: Vec<f32> = (0..x.nrows())
        .into_par_iter()
        .flat_map_iter(|i| (0..i).map(move |j| square(x.row(i), x.row(j)) as f32))
        .collect();
    let middle = (squares.len() - 1) / 2;
    let (_, median, _) = squares.select_nth_unstable_by(middle, f32::total_cmp);
    f64::from(*median)
}

/// Σ_i Σ_j exp(γ ‖xᵢ − yⱼ‖²) over the rows that `partners` gives for each i. Rows are summed one
/// by one, so that the sum does not depend on the threads.
fn kernel_sum<'a>(
    gamma: f64,
    x: ArrayView2<f64>,
    partners: impl Fn(usize) -> ArrayView2<'a, f64> + Sync,
) -> f64 {
    let sums: Vec<f64> = (0..x.nrows())
        .into_par_iter()
        .map(|i| {
            let others = partners(i);
            others.rows().into_iter().map(|row| (gamma * square(x.row(i), row)).exp()).sum()
        })
        .collect();
    sums.iter().sum()
}
