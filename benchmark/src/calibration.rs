//! Simulation-based calibration (Talts et al. 2018) and expected coverage of highest-density
//! regions (Hermans et al. 2022): statistics of ranks that are uniform for an exact posterior.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ChiSquared, ContinuousCDF};

/// Bins of the χ² test, at most.
const BINS: usize = 20;
/// Fewest ranks expected in a bin.
const LEAST_IN_BIN: usize = 5;

/// χ² test of ranks against the uniform distribution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UniformityTest {
    /// Ranks in each of the equal bins.
    pub counts: Vec<usize>,
    /// Σ (count − expected)² / expected.
    pub chi_square: f64,
    /// Probability of at least as large a χ² under uniform ranks.
    pub p_value: f64,
}

/// Tests ranks, each from 0 to `draws`, for uniformity.
///
/// Bins are as equal as `draws` + 1 values allow; expectations follow their sizes. Too few ranks
/// for two bins give a p-value of 1.
#[must_use]
pub fn uniformity(ranks: &[usize], draws: usize) -> UniformityTest {
    let levels = draws + 1;
    let bins = BINS.min(levels).min(ranks.len() / LEAST_IN_BIN).max(1);
    let bin = |rank: usize| rank.min(draws) * bins / levels;
    let (mut counts, mut sizes) = (vec![0; bins], vec![0_usize; bins]);
    ranks.iter().for_each(|&rank| counts[bin(rank)] += 1);
    (0..levels).for_each(|rank| sizes[bin(rank)] += 1);
    let per_level = ranks.len() as f64 / levels as f64;
    let term = |(count, size): (&usize, &usize)| {
        let expected = *size as f64 * per_level;
        (*count as f64 - expected).powi(2) / expected
    };
    let chi_square = if bins > 1 { counts.iter().zip(&sizes).map(term).sum() } else { 0.0 };
    let p_value = match ChiSquared::new(bins as f64 - 1.0) {
        Ok(distribution) if bins > 1 => distribution.sf(chi_square),
        _ => 1.0,
    };
    UniformityTest { counts, chi_square, p_value }
}

/// Expected coverage: for each credible level, the share of simulations whose true parameters lie
/// in the highest-density region of that level.
///
/// `shares` holds, for each simulation, the share of posterior draws with a higher density than the
/// true parameters: the smallest level whose region has them. Returns (level, coverage) at
/// `points` + 1 levels from 0 to 1.
#[must_use]
pub fn expected_coverage(shares: &[f64], points: usize) -> Vec<(f64, f64)> {
    let covered = |level: f64| shares.iter().filter(|share| **share <= level).count() as f64;
    let total = shares.len().max(1) as f64;
    let at = |i: usize| i as f64 / points.max(1) as f64;
    (0..=points).map(|i| (at(i), covered(at(i)) / total)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chi_square_is_that_of_scipy() {
        // scipy.stats.chisquare([12, 8, 15, 5]): 5.8, p 0.12175661...
        let ranks = [(0, 12), (1, 8), (2, 15), (3, 5)];
        let ranks: Vec<usize> = ranks.iter().flat_map(|&(r, n)| vec![r; n]).collect();
        let test = uniformity(&ranks, 3);
        assert_eq!(test.counts, [12, 8, 15, 5]);
        assert!((test.chi_square - 5.8).abs() < 1e-12);
        assert!((test.p_value - 0.121_756_6).abs() < 1e-6, "{}", test.p_value);
    }

    #[test]
    fn narrow_posteriors_are_found_out() {
        // Ranks of a posterior half as wide as it should be pile up at both ends.
        let flat: Vec<usize> = (0..1000).map(|i| i * 7919 % 1000).collect();
        assert!(uniformity(&flat, 999).p_value > 0.9);
        let narrow: Vec<usize> =
            flat.iter().map(|&r| if r % 4 == 0 { 999 * (r % 8 / 4) } else { r }).collect();
        assert!(uniformity(&narrow, 999).p_value < 1e-6);
        assert_eq!(uniformity(&[1, 2], 9).p_value, 1.0);
    }

    #[test]
    fn coverage_of_uniform_shares_is_the_diagonal() {
        let shares: Vec<f64> = (0..1000).map(|i| (f64::from(i) + 0.5) / 1000.0).collect();
        for (level, coverage) in expected_coverage(&shares, 10) {
            assert!((level - coverage).abs() < 1e-3);
        }
        assert_eq!(expected_coverage(&[0.95; 4], 2), [(0.0, 0.0), (0.5, 0.0), (1.0, 1.0)]);
    }
}
