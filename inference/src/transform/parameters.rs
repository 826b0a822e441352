//! The map between parameters θ and the flow's space.

use super::Scaler;
use crate::config::ThetaTransform;
use freeform_simulators::{Prior, Support};
use serde::{Deserialize, Serialize};

/// θ ↦ z-scores of θ, or of coordinates of θ without some or all of its bounds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParameterTransform {
    kind: ThetaTransform,
    scaler: Scaler,
}

impl ParameterTransform {
    /// Learns the z-scores from rows of θ, each of `prior.dim()` numbers.
    #[must_use]
    pub fn fit<'a>(
        kind: ThetaTransform,
        prior: &Prior,
        rows: impl Iterator<Item = &'a [f64]> + Clone,
    ) -> Self {
        let mapped = |row: &[f64], out: &mut [f64]| {
            unscaled(kind, prior, row, out);
        };
        Self { kind, scaler: Scaler::fit(prior.dim(), rows, mapped) }
    }

    /// The z-scores beneath.
    #[must_use]
    pub fn scaler(&self) -> &Scaler {
        &self.scaler
    }

    /// Maps θ inside the prior's support to the flow's space; returns log|det ∂out/∂θ|.
    pub fn apply(&self, prior: &Prior, theta: &[f64], out: &mut [f32]) -> f64 {
        let mut buffer = vec![0.0; theta.len()];
        let log_det = unscaled(self.kind, prior, theta, &mut buffer);
        self.scaler.apply(&buffer, out);
        log_det + self.scaler.log_det()
    }

    /// Whether θ inside the prior's support has a place in the flow's space: an end of an interval
    /// without bounds has none.
    #[must_use]
    pub fn reaches(&self, prior: &Prior, theta: &[f64]) -> bool {
        let mut places = theta.iter().zip(prior.support());
        places.all(|(v, support)| !is_mapped(self.kind, *support) || support.contains_strictly(*v))
    }

    /// Whether every point of the flow's space lies inside the prior's support.
    #[must_use]
    pub fn is_unconstrained(&self) -> bool {
        self.kind == ThetaTransform::Unconstrain
    }

    /// Maps a point of the flow's space back to θ (inside the support with `unconstrain`,
    /// possibly outside with the others).
    pub fn invert(&self, prior: &Prior, point: &[f32], theta: &mut [f64]) {
        self.scaler.invert(point, theta);
        for (value, support) in theta.iter_mut().zip(prior.support()) {
            if is_mapped(self.kind, *support) {
                *value = support.from_unconstrained(*value).0;
            }
        }
    }
}

/// θ in the coordinates before scaling; returns log|det|.
fn unscaled(kind: ThetaTransform, prior: &Prior, theta: &[f64], out: &mut [f64]) -> f64 {
    let mut log_det = 0.0;
    for ((value, support), slot) in theta.iter().zip(prior.support()).zip(out) {
        *slot = *value;
        if is_mapped(kind, *support) {
            let (mapped, log_slope) = support.to_unconstrained(*value);
            *slot = mapped;
            // log|dθ/du|; the map here goes the other way.
            log_det -= log_slope;
        }
    }
    log_det
}

/// Whether a parameter is mapped to R before z-scores.
fn is_mapped(kind: ThetaTransform, support: Support) -> bool {
    match kind {
        ThetaTransform::Standardize => false,
        ThetaTransform::Log => matches!(support, Support::Positive { .. }),
        ThetaTransform::Unconstrain => true,
    }
}
