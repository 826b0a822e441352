//! Of weighted points: mean and covariance, and some that lie far from each other.

use rand::{Rng, RngExt};

/// Mean and covariance `[D, D]` of points by weight times ownership; `None` where they have no spread.
pub(super) fn moments(
    dim: usize,
    points: &[f64],
    weights: &[f64],
    own: &[f64],
) -> Option<(Vec<f64>, Vec<f64>)> {
    let total: f64 = weights.iter().zip(own).map(|(w, o)| w * o).sum();
    let (mut mean, mut matrix) = (vec![0.0; dim], vec![0.0; dim * dim]);
    let rows =
        || points.chunks_exact(dim).zip(weights.iter().zip(own)).map(|(p, (w, o))| (p, w * o));
    for (point, weight) in rows() {
        mean.iter_mut().zip(point).for_each(|(m, p)| *m += weight / total * p);
    }
    for (point, weight) in rows().filter(|(_, weight)| *weight > 0.0) {
        for i in 0..dim {
            let scaled = weight / total * (point[i] - mean[i]);
            for j in 0..=i {
                matrix[i * dim + j] += scaled * (point[j] - mean[j]);
            }
        }
    }
    for i in 0..dim {
        for j in 0..i {
            matrix[j * dim + i] = matrix[i * dim + j];
        }
    }
    // Less than rounding leaves of equal numbers is none.
    let is_spread = (0..dim).all(|i| {
        let variance = matrix[i * dim + i];
        variance.is_finite() && variance > 1e-24 * mean[i].powi(2).max(f64::MIN_POSITIVE)
    });
    is_spread.then_some((mean, matrix))
}

/// Points far from each other, by weight times squared distance (Arthur and Vassilvitskii 2007), each
/// coordinate in units of its spread.
pub(super) fn spread(
    dim: usize,
    points: &[f64],
    weights: &[f64],
    count: usize,
    overall: &[f64],
    rng: &mut impl Rng,
) -> Vec<Vec<f64>> {
    let mut nearest = vec![1.0; weights.len()];
    let mut centres: Vec<Vec<f64>> = Vec::with_capacity(count);
    while centres.len() < count {
        let total: f64 = weights.iter().zip(&nearest).map(|(w, d)| w * d).sum();
        if total.is_nan() || total <= 0.0 {
            break;
        }
        let mut left = rng.random_range(0.0..1.0) * total;
        let mut chosen = 0;
        for (row, (weight, distance)) in weights.iter().zip(&nearest).enumerate() {
            if weight * distance > 0.0 {
                chosen = row;
                left -= weight * distance;
                if left < 0.0 {
                    break;
                }
            }
        }
        let centre = points[chosen * dim..(chosen + 1) * dim].to_vec();
        let first = centres.is_empty();
        for (point, nearest) in points.chunks_exact(dim).zip(&mut nearest) {
            let variances = overall.iter().step_by(dim + 1);
            let pairs = point.iter().zip(&centre).zip(variances);
            let square: f64 = pairs.map(|((a, b), v)| (a - b).powi(2) / v).sum();
            *nearest = if first { square } else { nearest.min(square) };
        }
        centres.push(centre);
    }
    centres
}
