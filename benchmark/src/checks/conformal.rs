//! Credible levels that hold what they say, whatever the posterior (split conformal prediction: Vovk,
//! Gammerman, Shafer 2005; of highest-density regions: Patel, McNamara, Loper, Regier, Tewari 2023).

/// The nominal level whose highest-density region holds the true parameters with probability `level`
/// or more, over fresh simulations like those behind `shares`.
///
/// `shares` holds, for each fresh simulation, the smallest level whose region has its true parameters.
/// The ⌈(n + 1)·level⌉-th smallest of them covers with at least that probability, and, where no two are
/// equal, at most 1/(n + 1) more. `None` where n is too small for it.
#[must_use]
pub fn conformal_level(shares: &[f64], level: f64) -> Option<f64> {
    let mut sorted = shares.to_vec();
    sorted.sort_by(f64::total_cmp);
    // Against the rounding of (n + 1)·level where that is whole.
    let place = ((sorted.len() + 1) as f64 * level - 1e-9).ceil().max(1.0) as usize;
    sorted.get(place - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::stream;
    use rand::RngExt;

    #[test]
    fn the_place_is_the_textbook_one() {
        let shares: Vec<f64> = (1..=99).map(|i| f64::from(i) / 100.0).collect();
        // (99 + 1)·0.9: the 90th.
        assert_eq!(conformal_level(&shares, 0.9), Some(0.9));
        assert_eq!(conformal_level(&shares[..18], 0.95), None);
        assert_eq!(conformal_level(&shares[..19], 0.95), Some(0.19));
        assert_eq!(conformal_level(&[], 0.5), None);
    }

    /// A posterior that is too narrow: levels are those of u^(1/3). The adjusted level covers 90%.
    #[test]
    fn adjusted_regions_cover_what_they_say() {
        let mut rng = stream(3, "test", 0);
        let mut share = || rng.random_range(0.0..1.0_f64).powf(1.0 / 3.0);
        let (mut covered, sets) = (0, 4000);
        for _ in 0..sets {
            let shares: Vec<f64> = (0..200).map(|_| share()).collect();
            let level = conformal_level(&shares, 0.9).unwrap();
            covered += usize::from(share() <= level);
        }
        // 181/201 = .9005 within four standard errors.
        let found = f64::from(covered as u32) / f64::from(sets);
        assert!((found - 181.0 / 201.0).abs() < 4.0 * (0.09_f64 / 4000.0).sqrt(), "{found}");
    }
}
