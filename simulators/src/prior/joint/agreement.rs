//! Whether the density of a law of one's own is that of its draws.
//!
//! For draws θ ~ p and any density q that p's support covers, the mean of q(θ)/p(θ) is 1. Several
//! narrow normal densities q, about other places of the draws each, tell a density that belongs to
//! other draws from one that only lacks its constant.

use super::own::OwnLaw;
use crate::prior::Support;
use crate::simulation::SimulationRng;
use crate::words::written;

/// Draws that find the places of q, and draws that judge.
const DRAWS: usize = 2000;
/// Variance of q over that of the draws: below 1, so that q/p is bounded where p has lighter tails too.
const NARROW: f64 = 0.5;
/// Places of q: the middle, and to either side of it along up to so many parameters.
const MOST_SIDES: usize = 8;
const ASIDE: f64 = 0.7;
/// A mean this far from 1, in its standard errors and in itself, is none of chance.
const ERRORS: f64 = 6.0;
const LEAST: f64 = 0.15;
/// Where the mean's relative error is more than this, nothing is told.
const VAGUE: f64 = 0.2;

/// What is wrong, in words, where something is.
pub(super) fn contradiction(law: &dyn OwnLaw) -> Result<(), String> {
    let support = law.support();
    let dim = law.names().len();
    let mut points = Vec::with_capacity(2 * DRAWS);
    for index in 0..2 * DRAWS {
        let mut theta = vec![f64::NAN; dim];
        law.sample(&mut SimulationRng::for_prior(0x0b5e_55ed, index as u64), &mut theta);
        if let Some((d, value)) = outside(&theta, support) {
            let (low, high) = support[d].bounds();
            return Err(format!(
                "it drew {} = {}, which does not lie within low = {} and high = {}: mend the draws or the \
                 bounds",
                law.names()[d],
                written(value),
                written(low),
                written(high)
            ));
        }
        let log_prob = law.log_prob(&theta);
        if !log_prob.is_finite() {
            return Err(format!(
                "its log-density at its own draw {theta:?} is {log_prob}: density and draws contradict \
                 each other, or the density fails; mend one of them"
            ));
        }
        let mut u = vec![0.0; dim];
        let mut log_slope = 0.0;
        for ((slot, value), support) in u.iter_mut().zip(&theta).zip(support) {
            let (mapped, slope) = support.to_unconstrained(*value);
            *slot = mapped;
            log_slope += slope;
        }
        points.push((u, log_prob + log_slope));
    }
    let (finders, judges) = points.split_at(DRAWS);
    judge(finders, judges, dim)
}

fn outside(theta: &[f64], support: &[Support]) -> Option<(usize, f64)> {
    let inside = |(d, value): (usize, &f64)| (!support[d].contains(*value)).then_some((d, *value));
    theta.iter().enumerate().find_map(inside)
}

/// A point without bounds, and its log-density there.
type Point = (Vec<f64>, f64);

fn judge(finders: &[Point], judges: &[Point], dim: usize) -> Result<(), String> {
    let n = finders.len() as f64;
    let center: Vec<f64> =
        (0..dim).map(|d| finders.iter().map(|(u, _)| u[d]).sum::<f64>() / n).collect();
    let away = |d: usize| finders.iter().map(|(u, _)| (u[d] - center[d]).powi(2)).sum::<f64>() / n;
    let spread: Vec<f64> = (0..dim).map(|d| away(d).sqrt()).collect();
    let factor = lower_factor(finders, &center);
    let mut means = Vec::new();
    let sides = (0..dim.min(MOST_SIDES)).flat_map(|d| [(d, -ASIDE), (d, ASIDE)]);
    for (d, side) in std::iter::once((0, 0.0)).chain(sides) {
        let mut place = center.clone();
        place[d] += side * spread[d];
        let ratio = |(u, log_p): &Point| (log_normal(u, &place, &factor) - log_p).exp();
        let ratios: Vec<f64> = judges.iter().map(ratio).collect();
        let mean = ratios.iter().sum::<f64>() / n;
        let variance = ratios.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let error = (variance / n).sqrt();
        if mean.is_finite() && error < VAGUE * mean {
            means.push((mean, error));
        }
    }
    let far = |at: f64, (mean, error): (f64, f64)| {
        (mean - at).abs() > ERRORS * error && (mean / at).ln().abs() > LEAST
    };
    if !means.iter().any(|m| far(1.0, *m)) {
        return Ok(());
    }
    let least = means.iter().map(|m| m.0).fold(f64::INFINITY, f64::min);
    let most = means.iter().map(|m| m.0).fold(0.0, f64::max);
    let common = means.iter().map(|m| m.0.ln()).sum::<f64>() / means.len() as f64;
    if means.len() > 1 && means.iter().any(|m| far(common.exp(), *m)) {
        return Err(format!(
            "its density contradicts its draws: there are up to {most:.2} times as many draws in some \
             places as the density says, and in others {least:.2} times as many; mend one of them"
        ));
    }
    Err(format!(
        "its density integrates to {:.3}, not to 1: add {common:.4} to its logarithm, if the draws are \
         right",
        (-common).exp()
    ))
}

/// Lower Cholesky factor of the covariance times [`NARROW`], row by row.
fn lower_factor(points: &[Point], center: &[f64]) -> Vec<Vec<f64>> {
    let dim = center.len();
    let n = points.len() as f64;
    let covariance = |i: usize, j: usize| {
        let product = |(u, _): &Point| (u[i] - center[i]) * (u[j] - center[j]);
        NARROW * points.iter().map(product).sum::<f64>() / n
    };
    let mut factor = vec![vec![0.0; dim]; dim];
    for i in 0..dim {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| factor[i][k] * factor[j][k]).sum();
            let rest = covariance(i, j) - known;
            factor[i][j] =
                if i == j { rest.max(f64::MIN_POSITIVE).sqrt() } else { rest / factor[j][j] };
        }
    }
    factor
}

fn log_normal(u: &[f64], center: &[f64], factor: &[Vec<f64>]) -> f64 {
    let mut white = Vec::with_capacity(u.len());
    let mut log = -0.5 * u.len() as f64 * std::f64::consts::TAU.ln();
    for (i, row) in factor.iter().enumerate() {
        let known: f64 = row.iter().zip(&white).map(|(l, w)| l * w).sum();
        let w = (u[i] - center[i] - known) / row[i];
        log -= 0.5 * w * w + row[i].ln();
        white.push(w);
    }
    log
}
