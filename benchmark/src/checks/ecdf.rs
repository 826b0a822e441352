//! Simultaneous envelopes for the distribution function of ranks (Säilynoja, Bürkner, Vehtari 2022,
//! "Graphical test for discrete uniformity and its applications in goodness-of-fit evaluation and
//! multiple sample comparison").

use crate::calibration::SIGNIFICANCE;
use statrs::distribution::{Binomial, DiscreteCDF};
use statrs::function::factorial::ln_factorial;

/// Places where the distribution function is looked at, at most.
const PLACES: usize = 100;
/// Halvings of the interval that holds the pointwise level.
const HALVINGS: usize = 30;

/// Where the distribution function of uniform ranks stays, all of it together.
///
/// Pointwise at level γ the number of ranks below a place is between two quantiles of a binomial law;
/// γ is such that all places hold with probability 1 − [`SIGNIFICANCE`]. That probability is exact:
/// the counts are a Markov chain from place to place.
#[derive(Clone, Debug)]
pub struct EcdfEnvelope {
    ranks: usize,
    /// Ranks below each place, from 0 to all that there are, and the probability of one.
    places: Vec<(usize, f64)>,
    level: f64,
}

impl EcdfEnvelope {
    /// That of so many `ranks`, each from 0 to `draws`.
    #[must_use]
    pub fn new(ranks: usize, draws: usize) -> Self {
        let levels = draws + 1;
        let count = PLACES.min(levels);
        let below = |i: usize| i * levels / count;
        let places =
            (1..count).map(|i| (below(i), below(i) as f64 / levels as f64)).collect::<Vec<_>>();
        let mut envelope = Self { ranks, places, level: 0.0 };
        // The probability to stay inside falls with γ; halve the interval of its logarithm.
        let (mut low, mut high) = (1e-9_f64.ln(), SIGNIFICANCE.ln());
        for _ in 0..HALVINGS {
            let middle = 0.5 * (low + high);
            match 1.0 - envelope.inside(middle.exp()) > SIGNIFICANCE {
                true => high = middle,
                false => low = middle,
            }
        }
        envelope.level = low.exp();
        envelope
    }

    /// The envelope: at each place, as a share of the ranks' values, the least and the largest share
    /// of ranks below it.
    #[must_use]
    pub fn band(&self) -> Vec<(f64, f64, f64)> {
        let n = self.ranks.max(1) as f64;
        let limits = self.limits(self.level);
        let at = |((_, p), (low, high)): (&(usize, f64), (usize, usize))| {
            (*p, low as f64 / n, high as f64 / n)
        };
        self.places.iter().zip(limits).map(at).collect()
    }

    /// The share of `ranks` below each place of the envelope.
    #[must_use]
    pub fn curve(&self, ranks: &[usize]) -> Vec<(f64, f64)> {
        let n = ranks.len().max(1) as f64;
        let below = |at: usize| ranks.iter().filter(|rank| **rank < at).count() as f64 / n;
        self.places.iter().map(|(at, p)| (*p, below(*at))).collect()
    }

    /// The probability under uniform ranks of a place at least as far out as the farthest of these
    /// `ranks`, of which there must be as many as the envelope is for.
    #[must_use]
    pub fn p_value(&self, ranks: &[usize]) -> f64 {
        let out = |(at, p): &(usize, f64)| {
            let count = ranks.iter().filter(|rank| **rank < *at).count();
            let Ok(law) = Binomial::new(*p, ranks.len() as u64) else { return 1.0 };
            let below = law.cdf(count as u64);
            let above = if count == 0 { 1.0 } else { law.sf(count as u64 - 1) };
            2.0 * below.min(above)
        };
        let least = self.places.iter().map(out).fold(1.0, f64::min);
        // A hair more, so that the farthest place itself is outside.
        (1.0 - self.inside(least * (1.0 + 1e-9))).clamp(0.0, 1.0)
    }

    /// The counts at each place that are pointwise not rarer than γ.
    fn limits(&self, level: f64) -> Vec<(usize, usize)> {
        let limits = |(_, p): &(usize, f64)| match Binomial::new(*p, self.ranks as u64) {
            Ok(law) => quantiles(&law, self.ranks, level),
            Err(_) => (0, self.ranks),
        };
        self.places.iter().map(limits).collect()
    }

    /// The probability that uniform ranks stay within the pointwise limits of level γ everywhere.
    fn inside(&self, level: f64) -> f64 {
        let n = self.ranks;
        // The probabilities of the counts at the place before, from the least.
        let (mut first, mut chances, mut before) = (0, vec![1.0], 0.0);
        for ((_, p), (low, high)) in self.places.iter().zip(self.limits(level)) {
            let step = (p - before) / (1.0 - before);
            let mut next = vec![0.0; (high + 1).saturating_sub(low)];
            for (index, chance) in chances.iter().enumerate() {
                let known = first + index;
                let left = n.saturating_sub(known);
                let from = low.max(known);
                if *chance <= 0.0 || from > high || from - known > left {
                    continue;
                }
                // Binomial terms, each from the one before.
                let mut term = chance * binomial(left, from - known, step);
                for m in from..=high {
                    next[m - low] += term;
                    let k = m - known;
                    if k == left {
                        break;
                    }
                    term *= (left - k) as f64 / (k + 1) as f64 * step / (1.0 - step);
                }
            }
            (first, chances, before) = (low, next, *p);
        }
        chances.iter().sum()
    }
}

/// The counts whose tails, they themselves included, are not below γ/2.
fn quantiles(law: &Binomial, n: usize, level: f64) -> (usize, usize) {
    let half = 0.5 * level;
    let search = |holds: &dyn Fn(usize) -> bool| {
        // The first count that holds; it does for all after.
        let (mut low, mut high) = (0, n);
        while low < high {
            let middle = (low + high) / 2;
            if holds(middle) { high = middle } else { low = middle + 1 }
        }
        low
    };
    let least = search(&|k| law.cdf(k as u64) >= half);
    let most = n - search(&|k| n == k || law.sf((n - k - 1) as u64) >= half);
    (least, most)
}

fn binomial(n: usize, k: usize, p: f64) -> f64 {
    let choose = ln_factorial(n as u64) - ln_factorial(k as u64) - ln_factorial((n - k) as u64);
    (choose + k as f64 * p.ln() + (n - k) as f64 * (1.0 - p).ln()).exp()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::stream;
    use rand::RngExt;

    #[test]
    fn two_places_are_a_sum_by_hand() {
        // Three values of rank: two places. P(low₁ ≤ N₁ ≤ high₁, low₂ ≤ N₁ + N₂ ≤ high₂).
        let envelope = EcdfEnvelope::new(12, 2);
        let limits = envelope.limits(0.1);
        let mut sum = 0.0;
        for a in 0..=12_usize {
            for b in 0..=12 - a {
                let inside = |i: usize, count: usize| (limits[i].0..=limits[i].1).contains(&count);
                if inside(0, a) && inside(1, a + b) {
                    let ways = ln_factorial(12)
                        - ln_factorial(a as u64)
                        - ln_factorial(b as u64)
                        - ln_factorial((12 - a - b) as u64);
                    sum += ways.exp() / 3_f64.powi(12);
                }
            }
        }
        assert!((envelope.inside(0.1) - sum).abs() < 1e-12, "{} {sum}", envelope.inside(0.1));
        // scipy.stats.binom(12, 1/3).cdf([0, 1]): .0077, .0540; sf([6, 7]): .0664, .0188.
        assert_eq!(limits[0], (1, 7));
    }

    /// Of uniform ranks the p-value is below 1% once in a hundred, and the envelope is left as often.
    #[test]
    fn uniform_ranks_leave_the_envelope_once_in_a_hundred() {
        let (n, draws, sets) = (200, 399, 4000);
        let envelope = EcdfEnvelope::new(n, draws);
        let band = envelope.band();
        let mut rng = stream(5, "test", 0);
        let (mut left, mut rare) = (0, 0);
        for _ in 0..sets {
            let ranks: Vec<usize> = (0..n).map(|_| rng.random_range(0..=draws)).collect();
            let curve = envelope.curve(&ranks);
            let out = |((_, y), (_, low, high)): (&(f64, f64), &(f64, f64, f64))| {
                *y < low - 1e-12 || *y > high + 1e-12
            };
            left += usize::from(curve.iter().zip(&band).any(out));
            rare += usize::from(envelope.p_value(&ranks) < 0.01);
        }
        // Binomial(4000, .01): between 22 and 60 but once in a thousand times; discreteness takes some.
        assert!((18..=60).contains(&left) && (18..=60).contains(&rare), "{left} {rare}");
    }

    #[test]
    fn ranks_that_pile_up_are_rare() {
        let envelope = EcdfEnvelope::new(300, 399);
        let even: Vec<usize> = (0..300).map(|i| i * 4 / 3).collect();
        assert!(envelope.p_value(&even) > 0.99);
        let low: Vec<usize> = even.iter().map(|r| r * r / 400).collect();
        assert!(envelope.p_value(&low) < 1e-6);
        assert!(envelope.p_value(&[7; 300]) < 1e-12);
    }
}
