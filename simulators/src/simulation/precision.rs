//! The precision of the numbers of a set of simulations.

use serde::{Deserialize, Serialize};

use super::SimulationRng;
use crate::Prior;

/// How many digits a set's numbers have. All that is new is in double precision; what an earlier
/// version began in single precision goes on in it, so that the rows that are there stay as they are
/// and the others follow the same rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 24 bits; parameters are rounded before they are simulated.
    Single,
    /// 53 bits, as simulators give them.
    #[default]
    Double,
}

impl Precision {
    /// What a set that does not say it has.
    pub(crate) fn unsaid() -> Self {
        Self::Single
    }

    pub(crate) fn is_unsaid(&self) -> bool {
        *self == Self::unsaid()
    }

    /// numpy's name of the numbers' type.
    pub(crate) fn descriptor(self) -> &'static str {
        match self {
            Self::Single => "<f4",
            Self::Double => "<f8",
        }
    }

    /// Bytes of a number.
    pub(crate) fn size(self) -> usize {
        match self {
            Self::Single => 4,
            Self::Double => 8,
        }
    }

    /// Appends a number's bytes, little-endian.
    pub(crate) fn append(self, value: f64, bytes: &mut Vec<u8>) {
        match self {
            Self::Single => bytes.extend((value as f32).to_le_bytes()),
            Self::Double => bytes.extend(value.to_le_bytes()),
        }
    }

    /// The numbers of little-endian bytes.
    pub(crate) fn numbers(self, bytes: &[u8]) -> Vec<f64> {
        match self {
            Self::Single => {
                let numbers = bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b));
                numbers.map(f64::from).collect()
            }
            Self::Double => bytes.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b)).collect(),
        }
    }

    /// Rounds numbers to this precision; those beyond it become infinite.
    pub(crate) fn round(self, values: &mut [f64]) {
        if self == Self::Single {
            values.iter_mut().for_each(|value| *value = f64::from(*value as f32));
        }
    }

    /// Draws the parameters of simulation `index` of a run, as they are simulated and kept.
    pub(crate) fn draw(self, prior: &Prior, seed: u64, index: u64, theta: &mut [f64]) {
        let mut rng = SimulationRng::for_prior(seed, index);
        prior.sample(&mut rng, theta);
        if self == Self::Double {
            return;
        }
        // Rounding puts about one draw in 10⁷ on a bound; the limit is for priors that do not fit
        // single precision at all.
        for _ in 1..100 {
            self.round(theta);
            let mut places = theta.iter().zip(prior.support());
            if places.all(|(value, support)| support.contains_strictly(*value)) {
                return;
            }
            prior.sample(&mut rng, theta);
        }
        self.round(theta);
    }
}
