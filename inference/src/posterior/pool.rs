//! Weighted points from several laws of proposals, taken together.

use super::effective::effective_number;
use super::proposal::log_sum;

/// Points that one law of proposals gave.
#[derive(Default)]
pub(super) struct Stage {
    /// Rows of θ `[n, D]`.
    pub theta: Vec<f64>,
    /// The pair that each row was asked of.
    pub pairs: Vec<usize>,
    /// log-density of each under the law that proposed it.
    pub log_own: Vec<f64>,
    /// log of target over proposal.
    pub log_weights: Vec<f64>,
    /// Points proposed, those outside the support, of no weight and not among the rows, included.
    pub made: usize,
}

impl Stage {
    /// Weights over their sum, none above the mean times √n (Ionides 2008); `None` where all are 0.
    fn truncated(&self) -> Option<Vec<f64>> {
        truncated(&self.log_weights)
    }

    /// How many independent draws it is worth.
    pub fn effective(&self) -> f64 {
        self.truncated().map_or(0.0, |weights| effective_number(&weights))
    }

    /// How many proposals it would take to reach `goal`; ∞ where none has any weight.
    pub fn needed(&self, goal: Goal) -> f64 {
        let made = self.made as f64;
        let Some(weights) = self.truncated() else { return f64::INFINITY };
        match goal {
            Goal::Worth(effective) => made * effective / effective_number(&weights),
            Goal::Draws(n) => made * times_for(&weights, n as f64),
        }
    }
}

/// What weighted points are wanted for.
#[derive(Clone, Copy)]
pub(super) enum Goal {
    /// So many draws, of which few repeat others.
    Draws(usize),
    /// A mean that is worth so many independent draws.
    Worth(f64),
}

/// Share of draws that may be repetitions of others before they are moved apart.
const REPEATED: f64 = 0.025;

/// c such that c times as many rows, with weights like these, give `n` draws of which a share of
/// [`REPEATED`] are repetitions: a row of weight w/c is drawn n·w/c times.
fn times_for(weights: &[f64], n: f64) -> f64 {
    let total: f64 = weights.iter().sum();
    let mut sorted: Vec<f64> = weights.iter().map(|w| w / total).collect();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    // Σ max(0, w − t) = REPEATED, t = c/n: t lies between two weights.
    let mut above = 0.0;
    for (k, weight) in sorted.iter().enumerate() {
        if above - k as f64 * weight >= REPEATED {
            return n * (above - REPEATED) / k as f64;
        }
        above += weight;
    }
    n * (above - REPEATED) / sorted.len() as f64
}

/// All points so far.
#[derive(Default)]
pub(super) struct Pool {
    pub stages: Vec<Stage>,
}

impl Pool {
    /// Rows of all stages.
    pub fn rows(&self) -> usize {
        self.stages.iter().map(|stage| stage.log_weights.len()).sum()
    }

    /// Log-weights of all rows, such that their sum estimates the target's integral: each stage's
    /// does, and the more of their sum a stage counts the more draws it is worth.
    pub fn log_weights(&self) -> Vec<f64> {
        let worth: Vec<f64> = self.stages.iter().map(Stage::effective).collect();
        let total: f64 = worth.iter().sum();
        let each = self.stages.iter().zip(worth);
        each.flat_map(|(stage, worth)| {
            let share = if total > 0.0 { worth / total } else { 1.0 / self.stages.len() as f64 };
            let shift = share.ln() - (stage.made as f64).ln();
            stage.log_weights.iter().map(move |weight| weight + shift)
        })
        .collect()
    }

    /// Rows of θ of all stages.
    pub fn theta(&self) -> Vec<f64> {
        self.stages.iter().flat_map(|stage| &stage.theta).copied().collect()
    }

    /// log t_jk of all rows.
    pub fn log_targets(&self) -> impl Iterator<Item = f64> {
        let of = |stage: &Stage| -> Vec<f64> {
            stage.log_weights.iter().zip(&stage.log_own).map(|(w, own)| w + own).collect()
        };
        self.stages.iter().flat_map(of)
    }

    /// Pairs of all rows.
    pub fn pairs(&self) -> impl Iterator<Item = usize> {
        self.stages.iter().flat_map(|stage| &stage.pairs).copied()
    }
}

/// Weights over their sum, none above the mean times √n (Ionides 2008); `None` where all are 0.
pub(super) fn truncated(log_weights: &[f64]) -> Option<Vec<f64>> {
    let total = log_sum(log_weights);
    let most = total - 0.5 * (log_weights.len() as f64).ln();
    let weight = |w: &f64| (w.min(most) - total).exp();
    total.is_finite().then(|| log_weights.iter().map(weight).collect())
}

/// Share of the weights' sum that [`truncated`] cuts off; 0 where no weight is too large.
pub(super) fn cut_off(log_weights: &[f64]) -> f64 {
    let total = log_sum(log_weights);
    let most = total - 0.5 * (log_weights.len() as f64).ln();
    let cut = |w: &f64| (w.max(most) - total).exp() - (most - total).exp();
    if total.is_finite() { log_weights.iter().map(cut).sum() } else { 0.0 }
}

/// Systematic resampling: index i as often as `n` · weight i / Σ weights, give or take one.
pub(super) fn systematic(weights: &[f64], n: usize, offset: f64) -> Vec<usize> {
    let step = weights.iter().sum::<f64>() / n as f64;
    let (mut index, mut reached) = (0, weights[0]);
    (0..n)
        .map(|k| {
            let at = (k as f64 + offset) * step;
            while reached < at && index + 1 < weights.len() {
                index += 1;
                reached += weights[index];
            }
            index
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systematic_resampling_follows_the_weights() {
        let chosen = systematic(&[0.1, 0.0, 0.6, 0.3], 10, 0.5);
        assert_eq!(chosen, [0, 2, 2, 2, 2, 2, 2, 3, 3, 3]);
        assert_eq!(systematic(&[2.0], 3, 0.0), [0, 0, 0]);
    }

    /// One weight of 13 in four is cut at half of their sum, 16.
    #[test]
    fn what_is_cut_off() {
        let log_weights = [13.0_f64, 1.0, 1.0, 1.0].map(f64::ln);
        assert!((cut_off(&log_weights) - 5.0 / 16.0).abs() < 1e-12);
        assert_eq!(cut_off(&[0.0; 9]), 0.0);
    }

    /// Equal weights need as many rows as draws, less those that may repeat; of weights 3 : 1 : 1 : 1,
    /// c rows each, 100 draws repeat Σ max(0, w − c/100): 3/6 − c/100 = .025 at c = 47.5.
    #[test]
    fn rows_for_draws_that_hardly_repeat() {
        assert!((times_for(&[1.0; 50], 100.0) - 1.95).abs() < 1e-12);
        assert!((times_for(&[3.0, 1.0, 1.0, 1.0], 100.0) - 47.5).abs() < 1e-9);
    }

    /// Two stages over the same target, of integral 2: the pool's weights sum to 2.
    #[test]
    fn a_pool_estimates_the_integral() {
        let stage = |log_weights: Vec<f64>, made| Stage {
            theta: vec![0.0; log_weights.len()],
            pairs: vec![0; log_weights.len()],
            log_own: vec![0.0; log_weights.len()],
            log_weights,
            made,
        };
        // Half of the first stage's proposals lie outside.
        let first = stage(vec![4.0_f64.ln(); 50], 100);
        let second = stage(vec![1.0_f64.ln(), 3.0_f64.ln()], 2);
        let pool = Pool { stages: vec![first, second] };
        assert!((log_sum(&pool.log_weights()) - 2.0_f64.ln()).abs() < 1e-12);
    }
}
