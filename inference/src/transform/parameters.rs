//! The map between parameters θ and the flow's space.

use super::Scaler;
use super::cells::{categories, place, scores};
use crate::config::ThetaTransform;
use freeform_simulators::{Prior, Support};
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// θ ↦ z-scores of θ, or of coordinates of θ without some or all of its bounds. Angles become radians
/// from −π to π: what takes the circle's cut away depends on x ([`Turn`](crate::turn::Turn)).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParameterTransform {
    kind: ThetaTransform,
    scaler: Scaler,
    /// Whether angles are given by cosine and sine and categories by indicators, what they take more of behind all
    /// else: for networks that take θ. There is no way back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    embedded: bool,
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
        let mut scaler = Scaler::fit(prior.dim(), rows, mapped);
        for (column, lower, upper) in circles(prior) {
            scaler.set(column, 0.5 * (lower + upper), (upper - lower) / TAU);
        }
        for (column, count) in categories(prior) {
            let (mean, scale) = scores(count);
            scaler.set(column, mean, scale);
        }
        Self { kind, scaler, embedded: false }
    }

    /// The same for networks that take θ and give something else: positive numbers by their logarithm,
    /// an angle by its cosine and, behind all else, its sine, a category by indicators of all but the first, those from
    /// the third on behind all else.
    #[must_use]
    pub fn regressors<'a>(prior: &Prior, rows: impl Iterator<Item = &'a [f64]> + Clone) -> Self {
        let kind = ThetaTransform::Log;
        let columns = prior.dim() + behind(prior);
        let mapped = |row: &[f64], out: &mut [f64]| embed(kind, prior, row, out);
        let embedded = circles(prior).next().is_some() || categories(prior).next().is_some();
        Self { kind, scaler: Scaler::fit(columns, rows, mapped), embedded }
    }

    /// The z-scores beneath.
    #[must_use]
    pub fn scaler(&self) -> &Scaler {
        &self.scaler
    }

    /// Numbers that θ becomes: D, and what angles and categories take more where they are embedded.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.scaler.columns()
    }

    /// Whether it belongs to this prior and is whole.
    #[must_use]
    pub fn fits(&self, prior: &Prior) -> bool {
        let more = if self.embedded { behind(prior) } else { 0 };
        self.scaler.is_whole(prior.dim() + more)
    }

    /// Maps θ inside the prior's support to the flow's space; returns log|det ∂out/∂θ|, which means
    /// something where there are as many numbers as before.
    pub fn apply(&self, prior: &Prior, theta: &[f64], out: &mut [f32]) -> f64 {
        let mut buffer = vec![0.0; self.outputs()];
        let log_det = if self.embedded {
            embed(self.kind, prior, theta, &mut buffer);
            0.0
        } else {
            unscaled(self.kind, prior, theta, &mut buffer)
        };
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
        for (column, lower, upper) in circles(prior) {
            // Rounding to single precision may have left the turn.
            theta[column] = theta[column].clamp(lower, upper);
        }
        // Beyond the first and the last there is none.
        categories(prior).for_each(|(column, _)| theta[column] = theta[column].floor());
        if self.is_unconstrained() && prior.is_joint() {
            let mut u = theta.to_vec();
            for (column, ..) in circles(prior) {
                u[column] = prior.support()[column].to_unconstrained(u[column]).0;
            }
            let angles: Vec<f64> = circles(prior).map(|(column, ..)| theta[column]).collect();
            prior.from_unconstrained(&u, theta);
            circles(prior).zip(angles).for_each(|((column, ..), angle)| theta[column] = angle);
            return;
        }
        for (value, support) in theta.iter_mut().zip(prior.support()) {
            if is_mapped(self.kind, *support) {
                *value = match (self.kind, support) {
                    (ThetaTransform::Log, Support::LogInterval { .. }) => value.exp(),
                    _ => support.from_unconstrained(*value).0,
                };
            }
        }
    }
}

/// Columns of angles, with where their turn begins and ends.
pub(crate) fn circles(prior: &Prior) -> impl Iterator<Item = (usize, f64, f64)> + '_ {
    prior.support().iter().enumerate().filter_map(|(column, support)| match *support {
        Support::Circle { lower, upper } => Some((column, lower, upper)),
        _ => None,
    })
}

/// Numbers that angles and categories take beside one for each parameter, where they are embedded.
fn behind(prior: &Prior) -> usize {
    circles(prior).count() + categories(prior).map(|(_, count)| count - 2).sum::<usize>()
}

/// θ in the coordinates before scaling; returns log|det|.
fn unscaled(kind: ThetaTransform, prior: &Prior, theta: &[f64], out: &mut [f64]) -> f64 {
    let log_det = without_bounds(kind, prior, theta, out);
    categories(prior).for_each(|(column, _)| out[column] = theta[column] + place(theta, column));
    log_det
}

fn without_bounds(kind: ThetaTransform, prior: &Prior, theta: &[f64], out: &mut [f64]) -> f64 {
    if kind == ThetaTransform::Unconstrain && prior.is_joint() {
        // Each in the interval that the others leave; circles as they are.
        let log_det = -prior.to_unconstrained(theta, out);
        return circles(prior).fold(log_det, |log_det, (column, ..)| {
            out[column] = theta[column];
            log_det + prior.support()[column].to_unconstrained(theta[column]).1
        });
    }
    let mut log_det = 0.0;
    for ((value, support), slot) in theta.iter().zip(prior.support()).zip(out) {
        *slot = *value;
        if is_mapped(kind, *support) {
            let (mapped, log_slope) = match (kind, support) {
                (ThetaTransform::Log, Support::LogInterval { .. }) => (value.ln(), value.ln()),
                _ => support.to_unconstrained(*value),
            };
            *slot = mapped;
            // log|dθ/du|; the map here goes the other way.
            log_det -= log_slope;
        }
    }
    log_det
}

/// [`unscaled`] with angles as cosines, their sines behind, and categories as indicators.
fn embed(kind: ThetaTransform, prior: &Prior, theta: &[f64], out: &mut [f64]) {
    let (plain, sines) = out.split_at_mut(prior.dim());
    unscaled(kind, prior, theta, plain);
    for ((column, lower, upper), sine) in circles(prior).zip(&mut *sines) {
        let angle = TAU * (theta[column] - 0.5 * (lower + upper)) / (upper - lower);
        plain[column] = angle.cos();
        *sine = angle.sin();
    }
    let mut rest = sines[circles(prior).count()..].iter_mut();
    for (column, count) in categories(prior) {
        let is = |category: usize| f64::from(u8::from(theta[column] == category as f64));
        plain[column] = is(1);
        (2..count).zip(&mut rest).for_each(|(category, slot)| *slot = is(category));
    }
}

/// Whether a parameter is mapped to R before z-scores.
fn is_mapped(kind: ThetaTransform, support: Support) -> bool {
    match kind {
        ThetaTransform::Standardize => false,
        ThetaTransform::Log => {
            matches!(support, Support::Positive { .. } | Support::LogInterval { .. })
        }
        ThetaTransform::Unconstrain => {
            !matches!(support, Support::Circle { .. } | Support::Category { .. })
        }
    }
}
