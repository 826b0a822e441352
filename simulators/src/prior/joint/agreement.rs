//! Whether the density of a law of one's own is that of its draws.
//!
//! Its shape is judged by moves of the draws ([`imbalance`]); its constant, and how much lies in parts that no
//! move joins, beside a normal law q of the draws' own mean and covariance: with draws of both, for any
//! weight w, E_q[w p / (p + q)] = E_p[w q / (p + q)] (Bennett 1976). All terms are bounded.

use super::balance::{Point, free_log_prob, imbalance, middle};
use super::own::OwnLaw;
use crate::prior::Support;
use crate::simulation::SimulationRng;
use crate::words::written;
use rand_distr::{Distribution, StandardNormal};

/// Draws that judge.
const DRAWS: usize = 4000;
/// A difference this many standard errors from 0 is none of chance.
const ERRORS: f64 = 5.0;
/// A constant this near to its right value, in nats, is taken.
const LEAST: f64 = 0.05;
/// Beyond any constant, in nats.
const MOST_LOG: f64 = 500.0;

/// What is wrong, in words, where something is.
pub(super) fn contradiction(law: &dyn OwnLaw) -> Result<(), String> {
    let support = law.support();
    let dim = law.names().len();
    let mut points = Vec::with_capacity(DRAWS);
    for index in 0..DRAWS {
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
    imbalance(&points, (law.names(), support), &|theta| law.log_prob(theta))?;
    judge(&points, law)
}

fn outside(theta: &[f64], support: &[Support]) -> Option<(usize, f64)> {
    let inside = |(d, value): (usize, &f64)| (!support[d].contains(*value)).then_some((d, *value));
    theta.iter().enumerate().find_map(inside)
}

/// The normal law q of the draws' own mean and covariance, and what is drawn of it.
fn judge(points: &[Point], law: &dyn OwnLaw) -> Result<(), String> {
    let (support, names) = (law.support(), law.names());
    let (dim, n) = (names.len(), points.len() as f64);
    let center: Vec<f64> =
        (0..dim).map(|d| points.iter().map(|(u, _)| u[d]).sum::<f64>() / n).collect();
    let factor = lower_factor(points, &center);
    // log p − log q, of draws of p and of draws of q, and the side of the middle that each lies on.
    let place = |u: &[f64], log_p: f64| {
        let sides: Vec<f64> = u.iter().zip(&center).map(|(u, c)| (u - c).signum()).collect();
        (log_p - log_normal(u, &center, &factor), sides)
    };
    let of_p: Vec<_> = points.iter().map(|(u, log_p)| place(u, *log_p)).collect();
    let mut of_q = Vec::with_capacity(points.len());
    for index in 0..points.len() {
        let mut rng = SimulationRng::for_prior(0x9a1d_e0f4, index as u64);
        let white: Vec<f64> = (0..dim).map(|_| StandardNormal.sample(&mut rng)).collect();
        let along = |row: &Vec<f64>| row.iter().zip(&white).map(|(l, w)| l * w).sum::<f64>();
        let u: Vec<f64> = factor.iter().zip(&center).map(|(row, c)| c + along(row)).collect();
        let log_p = free_log_prob(&|theta| law.log_prob(theta), support, &u).1;
        of_q.push(place(&u, log_p));
    }
    // What either law's draws say of the other, p being too large by `log`: (mean of q's, of p's), and
    // by how many errors they differ.
    let logistic = |v: f64| 1.0 / (1.0 + (-v).exp());
    let compare = |log: f64, weight: &dyn Fn(f64, &[f64]) -> f64| {
        let by_q: Vec<f64> =
            of_q.iter().map(|(r, sides)| weight(*r, sides) * logistic(r - log)).collect();
        let by_p: Vec<f64> =
            of_p.iter().map(|(r, sides)| weight(*r, sides) * logistic(log - r)).collect();
        let ((mean_q, error_q), (mean_p, error_p)) = (mean_and_error(&by_q), mean_and_error(&by_p));
        (mean_q - mean_p, (mean_q - mean_p) / error_q.hypot(error_p).max(f64::MIN_POSITIVE))
    };
    let (mut low, mut high) = (-MOST_LOG, MOST_LOG);
    for _ in 0..60 {
        let between = 0.5 * (low + high);
        // The larger p is taken to be, the less is left of it.
        if compare(between, &|_, _| 1.0).0 > 0.0 { low = between } else { high = between }
    }
    let log = 0.5 * (low + high);
    let lopsided = (0..dim).find(|d| compare(log, &|_, sides| sides[*d]).1.abs() > ERRORS);
    if let Some(d) = lopsided {
        return Err(format!(
            "its density contradicts its draws: more of either lie on one side of the middle of {}; mend one \
             of them",
            names[d]
        ));
    }
    let high = middle(of_p.iter().map(|(ratio, _)| *ratio));
    if compare(log, &|ratio, _| (ratio - high).signum()).1.abs() > ERRORS {
        return Err(
            "its density contradicts its draws: it is higher, or lower, where most of them lie; mend one of \
             them"
                .to_owned(),
        );
    }
    if compare(0.0, &|_, _| 1.0).1.abs() > ERRORS && log.abs() > LEAST {
        return Err(format!(
            "its density integrates to {:.3}, not to 1: add {:.4} to its logarithm, if the draws are right",
            log.exp(),
            -log
        ));
    }
    Ok(())
}

/// The mean, and its standard error.
fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

/// Lower Cholesky factor of the covariance, row by row.
fn lower_factor(points: &[Point], center: &[f64]) -> Vec<Vec<f64>> {
    let dim = center.len();
    let n = points.len() as f64;
    let covariance = |i: usize, j: usize| {
        let product = |(u, _): &Point| (u[i] - center[i]) * (u[j] - center[j]);
        points.iter().map(product).sum::<f64>() / n
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
