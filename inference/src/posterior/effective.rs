//! How much weighted draws are worth.

use ndarray::Array2;
use std::collections::HashMap;

/// Kish's effective number of draws with these weights: (Σw)² / Σw²; 0 where all are 0.
#[must_use]
pub fn effective_number(weights: &[f64]) -> f64 {
    let (sum, squares) = weights.iter().fold((0.0, 0.0), |(s, q), w| (s + w, q + w * w));
    if squares > 0.0 { sum * sum / squares } else { 0.0 }
}

/// The weights of a table's different rows, bit by bit, in order of appearance: equal rows are one
/// point, however many they are, unless θ `repeats`: where all of it is categories, equal draws are no copies.
pub(super) fn merged(
    theta: &Array2<f64>,
    weights: impl Iterator<Item = f64>,
    repeats: bool,
) -> Vec<f64> {
    if repeats {
        return weights.collect();
    }
    let mut places: HashMap<Vec<u64>, usize> = HashMap::with_capacity(theta.nrows());
    let mut merged = Vec::with_capacity(theta.nrows());
    for (row, weight) in theta.rows().into_iter().zip(weights) {
        let bits = row.iter().map(|v| v.to_bits()).collect();
        let place = *places.entry(bits).or_insert(merged.len());
        match merged.get_mut(place) {
            Some(sum) => *sum += weight,
            None => merged.push(weight),
        }
    }
    merged
}

/// The value that half of the weights lie below, from log-weights; `None` where none has any.
pub(super) fn weighted_median(values: &[f64], log_weights: &[f64]) -> Option<f64> {
    let most = log_weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let pairs = values.iter().zip(log_weights).map(|(v, w)| (*v, (w - most).exp()));
    let mut pairs: Vec<(f64, f64)> = pairs.filter(|(v, w)| v.is_finite() && *w > 0.0).collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = 0.5 * pairs.iter().map(|(_, w)| w).sum::<f64>();
    let mut below = 0.0;
    pairs
        .iter()
        .find(|(_, weight)| {
            below += weight;
            below >= half
        })
        .map(|(value, _)| *value)
}

/// Fewest weights in a tail that a law is fitted to.
const LEAST_TAIL: usize = 5;

/// Pareto's k̂: the shape of the generalised Pareto law that the largest weights follow, fitted as
/// Zhang and Stephens (2009) do, with the prior of Vehtari et al. (2024). From log-weights; `None`
/// where there are too few, and ∞ where they have no spread to fit.
#[must_use]
pub fn pareto_k(log_weights: &[f64]) -> Option<f64> {
    let mut sorted: Vec<f64> =
        log_weights.iter().copied().filter(|w| *w > f64::NEG_INFINITY).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let tail = (0.2 * n).min(3.0 * n.sqrt()).ceil() as usize;
    if tail < LEAST_TAIL {
        return None;
    }
    let (most, cut) = (sorted[sorted.len() - 1], sorted[sorted.len() - tail - 1]);
    let threshold = (cut - most).exp();
    let excess = sorted[sorted.len() - tail..].iter().map(|w| (w - most).exp() - threshold);
    let excess: Vec<f64> = excess.map(|e| e.max(f64::MIN_POSITIVE)).collect();
    let k = fit_shape(&excess)?;
    // As if ten more weights had spoken for ½.
    let m = tail as f64;
    Some((m * k + 5.0) / (m + 10.0))
}

/// The shape k of a generalised Pareto law through ascending positive numbers.
fn fit_shape(x: &[f64]) -> Option<f64> {
    let (n, most) = (x.len() as f64, x[x.len() - 1]);
    let quartile = x[((n / 4.0 + 0.5) as usize).clamp(1, x.len()) - 1];
    let grid = 20 + n.sqrt() as usize;
    let thetas: Vec<f64> = (1..=grid)
        .map(|j| 1.0 / most + (1.0 - (grid as f64 / (j as f64 - 0.5)).sqrt()) / (3.0 * quartile))
        .collect();
    let shape = |theta: f64| x.iter().map(|v| (-theta * v).ln_1p()).sum::<f64>() / n;
    let likelihoods: Vec<f64> = thetas
        .iter()
        .map(|&theta| {
            let k = shape(theta);
            n * ((-theta / k).ln() - k - 1.0)
        })
        .collect();
    let best = likelihoods.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> =
        likelihoods.iter().map(|l| if l.is_finite() { (l - best).exp() } else { 0.0 }).collect();
    let total: f64 = weights.iter().sum();
    let theta = thetas.iter().zip(&weights).map(|(t, w)| t * w).sum::<f64>() / total;
    let k = shape(theta);
    k.is_finite().then_some(k)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effective_numbers() {
        assert_eq!(effective_number(&[2.0; 7]), 7.0);
        assert_eq!(effective_number(&[0.0, 3.0, 0.0]), 1.0);
        // (1 + 2 + 3)² / (1 + 4 + 9).
        assert!((effective_number(&[1.0, 2.0, 3.0]) - 36.0 / 14.0).abs() < 1e-12);
        assert_eq!(effective_number(&[0.0; 3]), 0.0);
        let table = ndarray::arr2(&[[1.0, 2.0], [1.0, 2.0], [1.0, 3.0]]);
        assert_eq!(merged(&table, [0.5, 1.0, 2.0].into_iter(), false), [1.5, 2.0]);
    }

    /// Quantiles of weights whose law is Pareto's: P(w > t) = t^(−1/k) has shape k exactly; those of
    /// a bounded law have one below 0.
    #[test]
    fn pareto_shapes_of_exact_quantiles() {
        let n = 40_000;
        let uniform = || (0..n).map(|i| (f64::from(i) + 0.5) / f64::from(n));
        for k in [0.2, 0.5, 0.9] {
            let log_weights: Vec<f64> = uniform().map(|p| -k * (1.0_f64 - p).ln()).collect();
            let found = pareto_k(&log_weights).unwrap();
            assert!((found - k).abs() < 0.05, "{found} for {k}");
        }
        let bounded: Vec<f64> = uniform().map(f64::ln).collect();
        assert!(pareto_k(&bounded).unwrap() < 0.0);
        assert_eq!(pareto_k(&[0.0; 4]), None);
    }
}
