//! By how much one way of learning beats another on the same held-out simulations.

/// What scores gain over others of the same simulations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Gain {
    /// Mean difference of the scores, in nats.
    pub nats: f64,
    /// Its standard error.
    pub error: f64,
}

impl Gain {
    /// Of scores `new` over those of the same simulations, `old`.
    pub fn of(new: &[f64], old: &[f64]) -> Self {
        let n = new.len().max(1) as f64;
        let gains = || new.iter().zip(old).map(|(new, old)| new - old);
        let nats = gains().sum::<f64>() / n;
        let variance = gains().map(|g| (g - nats).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
        Self { nats, error: (variance / n).sqrt() }
    }

    /// Whether it is more than `least` nats, and than so many standard errors.
    pub fn is_clear(self, least: f64, errors: f64) -> bool {
        self.nats > least && self.nats > errors * self.error
    }
}

#[cfg(test)]
mod tests {
    use super::Gain;

    #[test]
    fn a_gain_is_the_mean_of_differences_with_its_standard_error() {
        let gain = Gain::of(&[1.0, 2.0, 3.0, 4.0], &[0.0, 0.0, 0.0, 0.0]);
        // Variance 5/3 of four.
        assert_eq!((gain.nats, gain.error), (2.5, (5.0_f64 / 12.0).sqrt()));
        assert!(gain.is_clear(2.0, 3.0) && !gain.is_clear(2.0, 4.0) && !gain.is_clear(2.6, 1.0));
    }
}
