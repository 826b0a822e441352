//! Whether draws stand in detailed balance with a density.
//!
//! Of draws u ~ p, a move to u + h is accepted with probability min(1, p(u + h) / p(u)), one to u − h
//! likewise. For any weight w of the place between, as much goes one way as comes back:
//! E[w(u, u + h) min(1, p(u + h) / p(u))] = E[w(u − h, u) min(1, p(u − h) / p(u))], whatever the
//! density's constant, its jumps and its tails. The differences are bounded, so their mean is judged
//! by its standard error. Weights are 1 (a density that lies elsewhere), the side of the middle (one of
//! another width), and the side of another parameter (another dependence).

use crate::prior::Support;

/// Widths of moves in standard deviations of the draws, each tried on its share of them: modes are narrower
/// than the whole.
const STEPS: [f64; 2] = [1.0, 1.0 / 6.0];
/// Parameters that are moved, at most: each costs two densities a draw.
const MOST_MOVED: usize = 8;
/// A mean this many standard errors from 0 is none of chance.
const ERRORS: f64 = 5.0;

/// A draw without bounds, and its log-density there.
pub(super) type Point = (Vec<f64>, f64);

/// The log-density of `u` without bounds, and the parameters there.
pub(super) fn free_log_prob(
    log_prob: &dyn Fn(&[f64]) -> f64,
    support: &[Support],
    u: &[f64],
) -> (Vec<f64>, f64) {
    let (theta, slopes): (Vec<f64>, Vec<f64>) =
        support.iter().zip(u).map(|(support, u)| support.from_unconstrained(*u)).unzip();
    let log = log_prob(&theta) + slopes.iter().sum::<f64>();
    (theta, log)
}

/// What the moves say, in words, where they contradict the density.
pub(super) fn imbalance(
    points: &[Point],
    (names, support): (&[String], &[Support]),
    log_prob: &dyn Fn(&[f64]) -> f64,
) -> Result<(), String> {
    let dim = names.len();
    let middles: Vec<f64> = (0..dim).map(|d| middle(points.iter().map(|p| p.0[d]))).collect();
    let side = |value: f64, d: usize| (value - middles[d]).signum();
    for d in 0..dim.min(MOST_MOVED) {
        let spread = spread(points, d);
        for (k, step) in STEPS.into_iter().enumerate() {
            let h = step * spread;
            let own = points.iter().skip(k).step_by(STEPS.len());
            let mut moves: Vec<(&Point, f64, f64)> = Vec::with_capacity(points.len());
            for point in own {
                let accepted = |h: f64| {
                    let mut there = point.0.clone();
                    there[d] += h;
                    let (theta, log) = free_log_prob(log_prob, support, &there);
                    match log.is_nan() || log == f64::INFINITY {
                        true => Err(format!(
                            "its log-density at {theta:?}, which its bounds allow, is {log}: it must be \
                             a number, or -inf where the density is 0"
                        )),
                        false => Ok((log - point.1).exp().min(1.0)),
                    }
                };
                moves.push((point, accepted(h)?, accepted(-h)?));
            }
            let judged = |weight: &dyn Fn(&[f64], f64) -> f64| {
                let difference = |(point, up, down): &(&Point, f64, f64)| {
                    let u = &point.0;
                    weight(u, u[d] + 0.5 * h) * up - weight(u, u[d] - 0.5 * h) * down
                };
                errors_from_zero(&moves.iter().map(difference).collect::<Vec<f64>>())
            };
            let elsewhere = judged(&|_, _| 1.0);
            let width = judged(&|_, between| side(between, d));
            let name = &names[d];
            let found = match () {
                () if elsewhere > ERRORS => format!("it lies above its draws in {name}"),
                () if elsewhere < -ERRORS => format!("it lies below its draws in {name}"),
                () if width > ERRORS => format!("it is wider than its draws in {name}"),
                () if width < -ERRORS => format!("it is narrower than its draws in {name}"),
                () => {
                    let other = (0..dim)
                        .filter(|e| *e != d)
                        .find(|e| judged(&|u, _| side(u[*e], *e)).abs() > ERRORS);
                    let Some(other) = other else { continue };
                    format!("{name} depends on {} in another way than in its draws", names[other])
                }
            };
            return Err(format!("its density contradicts its draws: {found}; mend one of them"));
        }
    }
    Ok(())
}

/// The upper median.
pub(super) fn middle(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn spread(points: &[Point], d: usize) -> f64 {
    let n = points.len() as f64;
    let mean = points.iter().map(|p| p.0[d]).sum::<f64>() / n;
    (points.iter().map(|p| (p.0[d] - mean).powi(2)).sum::<f64>() / n).sqrt()
}

/// The mean in its standard errors; 0 where all values are.
fn errors_from_zero(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    if variance > 0.0 { mean / (variance / n).sqrt() } else { 0.0 }
}
