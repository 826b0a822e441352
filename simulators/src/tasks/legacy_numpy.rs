//! The random numbers of numpy's `RandomState`: two tasks fix their constants by a seed of it.
//!
//! `RandomState` is frozen by numpy's compatibility policy: Mersenne Twister, Marsaglia's polar
//! method for normals (which come in pairs, the second kept for the next call), and masked
//! rejection for bounded integers.

use rand_mt::Mt;

/// A stream equal to `numpy.random.RandomState(seed)`.
pub(super) struct RandomState {
    twister: Mt,
    kept: Option<f64>,
}

impl RandomState {
    pub(super) fn new(seed: u32) -> Self {
        Self { twister: Mt::new(seed), kept: None }
    }

    /// A double with 53 random bits in [0, 1), as `random_sample`.
    fn uniform(&mut self) -> f64 {
        let high = f64::from(self.twister.next_u32() >> 5);
        let low = f64::from(self.twister.next_u32() >> 6);
        (high * 67_108_864.0 + low) / 9_007_199_254_740_992.0
    }

    /// A standard normal, as `randn` and `normal`.
    pub(super) fn normal(&mut self) -> f64 {
        if let Some(kept) = self.kept.take() {
            return kept;
        }
        loop {
            let first = 2.0 * self.uniform() - 1.0;
            let second = 2.0 * self.uniform() - 1.0;
            let square = first * first + second * second;
            if square < 1.0 && square != 0.0 {
                let factor = (-2.0 * square.ln() / square).sqrt();
                self.kept = Some(factor * first);
                return factor * second;
            }
        }
    }

    /// A random order of 0..n, as `permutation(n)`.
    pub(super) fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for last in (1..n).rev() {
            order.swap(last, self.at_most(last as u32) as usize);
        }
        order
    }

    /// An integer in 0..=max.
    fn at_most(&mut self, max: u32) -> u32 {
        let mask = u32::MAX >> max.leading_zeros();
        loop {
            let candidate = self.twister.next_u32() & mask;
            if candidate <= max {
                return candidate;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RandomState;

    /// Figures from numpy 2.4.
    #[test]
    fn equals_numpys_random_state() {
        let mut state = RandomState::new(42);
        assert_eq!(state.uniform(), 0.374_540_118_847_362_5);
        let mut state = RandomState::new(42);
        let normals: Vec<f64> = (0..3).map(|_| state.normal()).collect();
        let expected = [0.496_714_153_011_233, -0.138_264_301_171_184_66, 0.647_688_538_100_692_3];
        for (found, expected) in normals.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-15, "{found} {expected}");
        }
        assert_eq!(RandomState::new(42).permutation(10), [8, 1, 5, 0, 7, 2, 9, 4, 3, 6]);
    }
}
