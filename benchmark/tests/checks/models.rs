//! Posteriors that are right, and posteriors made wrong on purpose, in closed form.
//!
//! x ~ N(0, I) in two dimensions, and θ given x is x plus correlated noise, plus, where there are two
//! modes, (±1.5, 0) by the toss of a coin.

use freeform_benchmark::{
    EcdfEnvelope, Lc2st, Lc2stPairs, Lc2stSettings, coverage_p_value, expected_coverage, tarp_share,
};
use ndarray::{Array2, s};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use std::sync::atomic::AtomicBool;

/// Standard deviation and correlation of θ given x.
const NOISE: f64 = 0.5;
const CORRELATION: f64 = 0.8;
const MODE: f64 = 1.5;
/// Posterior draws for each simulation, and at the observation.
const DRAWS: usize = 199;
const AT_X: usize = 500;

/// What a posterior gets wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Posterior {
    Right,
    /// Standard deviations 0.7 times as large.
    Narrow,
    /// The first parameter off by half a standard deviation.
    Shifted,
    /// One of two modes only.
    OneModeLost,
    /// No correlation between the two parameters.
    Uncorrelated,
    /// The prior: nothing was learnt.
    Prior,
}

/// Everything that the checks say: p-values.
#[derive(Clone, Copy, Debug)]
pub struct Verdicts {
    pub ranks: f64,
    pub coverage: f64,
    pub tarp: f64,
    pub local: Option<f64>,
}

impl Posterior {
    fn modes(self) -> bool {
        self == Self::OneModeLost
    }

    /// θ given x, drawn from the truth.
    fn truth(self, x: [f64; 2], rng: &mut ChaCha8Rng) -> [f64; 2] {
        let noise = correlated(NOISE, CORRELATION, rng);
        let sign =
            if self.modes() { [-MODE, MODE][usize::from(rng.random_bool(0.5))] } else { 0.0 };
        [x[0] + sign + noise[0], x[1] + noise[1]]
    }

    fn draw(self, x: [f64; 2], rng: &mut ChaCha8Rng) -> [f64; 2] {
        let (centre, noise, correlation) = self.law(x);
        let noise = correlated(noise, correlation, rng);
        [centre[0] + noise[0], centre[1] + noise[1]]
    }

    /// Mean, standard deviation and correlation of the normal law that it believes in.
    fn law(self, x: [f64; 2]) -> ([f64; 2], f64, f64) {
        match self {
            Self::Right => (x, NOISE, CORRELATION),
            Self::Narrow => (x, 0.7 * NOISE, CORRELATION),
            Self::Shifted => ([x[0] + 0.5 * NOISE, x[1]], NOISE, CORRELATION),
            Self::OneModeLost => ([x[0] + MODE, x[1]], NOISE, CORRELATION),
            Self::Uncorrelated => (x, NOISE, 0.0),
            Self::Prior => {
                let variance = 1.0 + NOISE * NOISE;
                ([0.0; 2], variance.sqrt(), CORRELATION * NOISE * NOISE / variance)
            }
        }
    }

    /// log-density up to a constant.
    fn log_prob(self, theta: [f64; 2], x: [f64; 2]) -> f64 {
        let (centre, noise, r) = self.law(x);
        let [a, b] = [0, 1].map(|d| (theta[d] - centre[d]) / noise);
        -0.5 * (a * a - 2.0 * r * a * b + b * b) / (1.0 - r * r)
    }

    /// All checks on `n` fresh simulations; the local one at x = (0.5, −0.5), with `null` classifiers.
    pub fn verdicts(self, n: usize, seed: u64, null: Option<usize>) -> Verdicts {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (mut theta, mut first, mut xs) =
            (Array2::zeros((n, 2)), Array2::zeros((n, 2)), Array2::zeros((n, 2)));
        let (mut ranks, mut shares, mut balls) = ([Vec::new(), Vec::new()], Vec::new(), Vec::new());
        for i in 0..n {
            let x = [normal(&mut rng), normal(&mut rng)];
            let truth = self.truth(x, &mut rng);
            let draws = Array2::from_shape_vec(
                (DRAWS, 2),
                (0..DRAWS).flat_map(|_| self.draw(x, &mut rng)).collect(),
            )
            .unwrap();
            for d in 0..2 {
                ranks[d].push(draws.column(d).iter().filter(|v| **v < truth[d]).count());
            }
            let limit = self.log_prob(truth, x);
            let higher =
                draws.rows().into_iter().filter(|r| self.log_prob([r[0], r[1]], x) > limit).count();
            shares.push((higher as f64 + 0.5) / (DRAWS as f64 + 1.0));
            // A reference from the prior.
            let reference = [0, 1].map(|_| normal(&mut rng) * (1.0 + NOISE * NOISE).sqrt());
            balls.push(tarp_share(draws.view(), &truth, &reference, &[1.0; 2], 0.0));
            for d in 0..2 {
                (theta[[i, d]], xs[[i, d]], first[[i, d]]) = (truth[d], x[d], draws[[0, d]]);
            }
        }
        let envelope = EcdfEnvelope::new(n, DRAWS);
        let least = ranks.iter().map(|r| envelope.p_value(r)).fold(1.0, f64::min);
        let curve = |shares: &[f64]| {
            let curve = expected_coverage(shares, 100);
            let off = curve.iter().map(|(l, c)| (l - c).abs()).fold(0.0, f64::max);
            coverage_p_value(off, shares.len())
        };
        let local = null.map(|null| {
            let pairs = Lc2stPairs { theta: theta.view(), draws: first.view(), x: xs.view() };
            let settings = Lc2stSettings { null, hidden: 32, seed };
            let mut test = Lc2st::train(&pairs, &settings, &AtomicBool::new(false)).unwrap();
            let x = [0.5, -0.5];
            let draws = (0..AT_X).flat_map(|_| self.draw(x, &mut rng)).collect();
            let draws = Array2::from_shape_vec((AT_X, 2), draws).unwrap();
            test.at(draws.slice(s![.., ..]), &x).unwrap().p_value
        });
        Verdicts {
            ranks: (2.0 * least).min(1.0),
            coverage: curve(&shares),
            tarp: curve(&balls),
            local,
        }
    }
}

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(rng)
}

fn correlated(scale: f64, r: f64, rng: &mut ChaCha8Rng) -> [f64; 2] {
    let (a, b) = (normal(rng), normal(rng));
    [scale * a, scale * (r * a + (1.0 - r * r).sqrt() * b)]
}
