//! Simulation-based calibration (Talts et al. 2018) and expected coverage of highest-density
//! regions (Hermans et al. 2022): statistics of ranks that are uniform for an exact posterior.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ChiSquared, ContinuousCDF};

/// Bins of the χ² test, at most.
const BINS: usize = 20;
/// Ranks expected in a bin, at least: with fewer, χ² does not follow its distribution.
const LEAST_IN_BIN: usize = 5;
/// Level of both tests: what is rarer under calibration counts against it.
pub const SIGNIFICANCE: f64 = 0.01;

/// χ² test of ranks against the uniform distribution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UniformityTest {
    /// Ranks in each of the equal bins.
    pub counts: Vec<usize>,
    /// Σ (count − expected)² / expected; 0 without any ranks.
    pub chi_square: f64,
    /// Probability of at least as large a χ² under uniform ranks; `None` for fewer than
    /// [`least_ranks`].
    pub p_value: Option<f64>,
}

/// The fewest ranks, each from 0 to `draws`, that [`uniformity`] judges: five in each of 20 bins
/// (fewer bins where there are fewer ranks to tell apart).
#[must_use]
pub fn least_ranks(draws: usize) -> usize {
    LEAST_IN_BIN * BINS.min(draws + 1)
}

/// Tests ranks, each from 0 to `draws`, for uniformity.
///
/// Bins are as equal as `draws` + 1 values allow; expectations follow their sizes.
#[must_use]
pub fn uniformity(ranks: &[usize], draws: usize) -> UniformityTest {
    let levels = draws + 1;
    let bins = BINS.min(levels);
    let bin = |rank: usize| rank.min(draws) * bins / levels;
    let (mut counts, mut sizes) = (vec![0; bins], vec![0_usize; bins]);
    ranks.iter().for_each(|&rank| counts[bin(rank)] += 1);
    (0..levels).for_each(|rank| sizes[bin(rank)] += 1);
    let per_level = ranks.len() as f64 / levels as f64;
    let term = |(count, size): (&usize, &usize)| {
        let expected = *size as f64 * per_level;
        (*count as f64 - expected).powi(2) / expected
    };
    let chi_square = match ranks {
        [] => 0.0,
        _ => counts.iter().zip(&sizes).map(term).sum(),
    };
    let enough = bins > 1 && ranks.len() >= least_ranks(draws);
    let distribution = ChiSquared::new(bins as f64 - 1.0).ok().filter(|_| enough);
    UniformityTest { counts, chi_square, p_value: distribution.map(|d| d.sf(chi_square)) }
}

/// How far the expected coverage of `n` simulations may lie from the diagonal, anywhere: a calibrated
/// posterior's stays within it with probability 1 − [`SIGNIFICANCE`] (Kolmogorov's band).
#[must_use]
pub fn coverage_band(n: usize) -> f64 {
    // The survival function falls: halve the interval that holds the level.
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        match coverage_p_value(middle, n) > SIGNIFICANCE {
            true => low = middle,
            false => high = middle,
        }
    }
    high
}

/// The probability that the coverage of `n` simulations from a calibrated posterior lies at least
/// `deviation` from the diagonal somewhere: Kolmogorov's distribution with Stephens' correction.
#[must_use]
pub fn coverage_p_value(deviation: f64, n: usize) -> f64 {
    let root = (n as f64).sqrt();
    let scaled = deviation * (root + 0.12 + 0.11 / root.max(1.0));
    // Below, the alternating series has not begun to converge, and all is well.
    if scaled < 0.3 {
        return 1.0;
    }
    let term = |k: i32| {
        let sign = if k % 2 == 1 { 2.0 } else { -2.0 };
        sign * (-2.0 * f64::from(k * k) * scaled * scaled).exp()
    };
    (1..=20).map(term).sum::<f64>().clamp(0.0, 1.0)
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
        let p_value = test.p_value.unwrap();
        assert!((p_value - 0.121_756_6).abs() < 1e-6, "{p_value}");
    }

    #[test]
    fn narrow_posteriors_are_found_out() {
        // Ranks of a posterior half as wide as it should be pile up at both ends.
        let flat: Vec<usize> = (0..1000).map(|i| i * 7919 % 1000).collect();
        assert!(uniformity(&flat, 999).p_value.unwrap() > 0.9);
        let narrow: Vec<usize> =
            flat.iter().map(|&r| if r % 4 == 0 { 999 * (r % 8 / 4) } else { r }).collect();
        assert!(uniformity(&narrow, 999).p_value.unwrap() < 1e-6);
    }

    #[test]
    fn too_few_ranks_are_no_evidence() {
        let flat: Vec<usize> = (0..100).map(|i| 4 * i).collect();
        assert_eq!(least_ranks(399), 100);
        assert!(uniformity(&flat, 399).p_value.unwrap() > 0.99);
        for few in [&flat[..99], &flat[..18], &flat[..1], &[]] {
            let test = uniformity(few, 399);
            assert_eq!((test.p_value, test.counts.iter().sum::<usize>()), (None, few.len()));
            assert!(test.chi_square.is_finite());
        }
        assert_eq!(least_ranks(9), 50);
        assert_eq!(uniformity(&flat[..49], 9).p_value, None);
    }

    #[test]
    fn coverage_is_judged_as_by_kolmogorovs_exact_distribution() {
        // scipy.stats.kstwo.sf(deviation, n).
        let scipy = [
            (100, 0.163, 0.008_652_186),
            (100, 0.1, 0.252_692_757),
            (1000, 0.0515, 0.009_583_989),
            (1000, 0.03, 0.322_690_214),
        ];
        for (n, deviation, expected) in scipy {
            let found = coverage_p_value(deviation, n);
            assert!((found / expected - 1.0).abs() < 0.02, "{n} {deviation}: {found}");
        }
        // scipy.stats.kstwo.isf(.01, n).
        for (n, expected) in [(100, 0.160_808_681), (1000, 0.051_294_188)] {
            assert!((coverage_band(n) / expected - 1.0).abs() < 0.003, "{}", coverage_band(n));
        }
        assert_eq!((coverage_p_value(0.0, 100), coverage_p_value(1.0, 1000)), (1.0, 0.0));
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
