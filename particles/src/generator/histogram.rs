//! Histograms of weighed numbers.

/// Shares of weight in bins of the same width, and each share's standard error.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// Edges of the bins, one more than bins.
    pub edges: Vec<f64>,
    /// Share of the weight in each bin.
    pub share: Vec<f64>,
    /// Standard error of it, for independent draws.
    pub error: Vec<f64>,
}

impl Histogram {
    /// Of values with weights (none is below 0; all are equal without), over `bins` bins from `range`.0 to
    /// `range`.1. What is outside counts to no bin, but to the whole.
    #[must_use]
    pub fn new(values: &[f64], weights: Option<&[f64]>, range: (f64, f64), bins: usize) -> Self {
        let width = (range.1 - range.0) / bins as f64;
        let edges = (0..=bins).map(|k| range.0 + width * k as f64).collect();
        let weight = |at: usize| weights.map_or(1.0, |weights| weights[at]);
        let (mut sum, mut squares) = (vec![0.0; bins], vec![0.0; bins]);
        let (mut total, mut total_squares) = (0.0, 0.0);
        for (at, value) in values.iter().enumerate() {
            let weight = weight(at);
            total += weight;
            total_squares += weight * weight;
            let place = (value - range.0) / width;
            if (0.0..bins as f64).contains(&place) {
                sum[place as usize] += weight;
                squares[place as usize] += weight * weight;
            }
        }
        let share: Vec<f64> = sum.iter().map(|sum| sum / total).collect();
        // Of a ratio: Σ w²(1_b − p)² / (Σ w)².
        let error = share
            .iter()
            .zip(&squares)
            .map(|(p, inside)| {
                let variance = inside * (1.0 - p).powi(2) + (total_squares - inside) * p * p;
                variance.max(0.0).sqrt() / total
            })
            .collect();
        Self { edges, share, error }
    }

    /// Total variation ½ Σ |p − q| to another histogram of the same bins, what is outside in one bin.
    #[must_use]
    pub fn total_variation(&self, other: &Self) -> f64 {
        let outside = |h: &Self| 1.0 - h.share.iter().sum::<f64>();
        let inside: f64 = self.share.iter().zip(&other.share).map(|(p, q)| (p - q).abs()).sum();
        0.5 * (inside + (outside(self) - outside(other)).abs())
    }

    /// Mean squared difference to another in units of both errors, over bins where both have weight (an empty
    /// bin's error is not known): about 1 where both are of one law.
    #[must_use]
    pub fn chi_squared(&self, other: &Self) -> f64 {
        let terms: Vec<f64> = (0..self.share.len())
            .filter_map(|b| {
                let variance = self.error[b].powi(2) + other.error[b].powi(2);
                let counts = self.share[b] > 0.0 && other.share[b] > 0.0;
                (counts && variance > 0.0)
                    .then(|| (self.share[b] - other.share[b]).powi(2) / variance)
            })
            .collect();
        terms.iter().sum::<f64>() / terms.len() as f64
    }

    /// Its outline as a density: two points a bin.
    #[must_use]
    pub fn outline(&self) -> Vec<(f64, f64)> {
        let bins = self.edges.windows(2).zip(&self.share);
        bins.flat_map(|(edge, share)| {
            let density = share / (edge[1] - edge[0]);
            [(edge[0], density), (edge[1], density)]
        })
        .collect()
    }
}

/// Distances of all pairs of particles of x `[N, n]`.
pub fn pair_distances(x: &[f64], dims: usize) -> impl Iterator<Item = f64> {
    let place = move |i: usize| &x[i * dims..][..dims];
    let distance = move |i: usize, j: usize| -> f64 {
        place(i).iter().zip(place(j)).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
    };
    (0..x.len() / dims).flat_map(move |i| (0..i).map(move |j| distance(i, j)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_errors_and_distances() {
        let values = [0.5, 0.5, 1.5, 9.0];
        let plain = Histogram::new(&values, None, (0.0, 2.0), 2);
        assert_eq!(
            (plain.share.clone(), plain.edges.clone()),
            (vec![0.5, 0.25], vec![0.0, 1.0, 2.0])
        );
        // √(p(1 − p)/n).
        assert!((plain.error[0] - (0.25_f64 / 4.0).sqrt()).abs() < 1e-12);
        assert!((plain.error[1] - (0.25 * 0.75 / 4.0_f64).sqrt()).abs() < 1e-12);
        let weighed = Histogram::new(&values, Some(&[1.0, 1.0, 2.0, 0.0]), (0.0, 2.0), 2);
        assert_eq!(weighed.share, [0.5, 0.5]);
        assert_eq!(plain.total_variation(&weighed), 0.25);
        assert_eq!(plain.chi_squared(&plain), 0.0);
        let distances: Vec<f64> = pair_distances(&[0.0, 0.0, 3.0, 4.0, 0.0, 1.0], 2).collect();
        assert_eq!(distances, [5.0, 1.0, 18.0_f64.sqrt()]);
    }
}
