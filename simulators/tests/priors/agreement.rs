//! Density and draws of laws of one's own: right ones of any shape are taken, slightly wrong ones refused.

use freeform_simulators::{Block, OwnLaw, Prior, SimulationRng, Support};
use rand::RngExt;
use rand_distr::{Beta, Distribution, Exp1, StandardNormal};
use std::f64::consts::{PI, TAU};
use std::sync::Arc;

type Draw = fn(&mut SimulationRng) -> Vec<f64>;

struct Law {
    names: Vec<String>,
    support: Vec<Support>,
    /// Random numbers thrown away before each draw, for other draws of the same law.
    skipped: u64,
    draw: Draw,
    log_prob: fn(&[f64]) -> f64,
}

impl OwnLaw for Law {
    fn name(&self) -> &str {
        "law"
    }
    fn names(&self) -> &[String] {
        &self.names
    }
    fn support(&self) -> &[Support] {
        &self.support
    }
    fn sample(&self, rng: &mut SimulationRng, out: &mut [f64]) {
        (0..self.skipped).for_each(|_| _ = rng.random::<f64>());
        out.copy_from_slice(&(self.draw)(rng));
    }
    fn log_prob(&self, theta: &[f64]) -> f64 {
        (self.log_prob)(theta)
    }
}

fn verdict(
    support: &[Support],
    skipped: u64,
    draw: Draw,
    log_prob: fn(&[f64]) -> f64,
) -> Result<(), String> {
    let names = ["a", "b", "c"][..support.len()].iter().map(ToString::to_string).collect();
    let law = Law { names, support: support.to_vec(), skipped, draw, log_prob };
    Prior::joint(vec![Block::Own(Arc::new(law))]).map(drop).map_err(|error| error.to_string())
}

fn normal(rng: &mut SimulationRng) -> f64 {
    StandardNormal.sample(rng)
}

fn log_normal(z: f64) -> f64 {
    -0.5 * (z * z + TAU.ln())
}

const REAL: Support = Support::Real;
const UNIT: Support = Support::Interval { lower: 0.0, upper: 1.0 };
const POSITIVE: Support = Support::Positive { lower: 0.0 };

/// Two narrow normals, far apart.
fn two_modes(rng: &mut SimulationRng) -> Vec<f64> {
    let side = if rng.random::<bool>() { 5.0 } else { -5.0 };
    vec![side + 0.3 * normal(rng)]
}

fn two_modes_log_prob(theta: &[f64]) -> f64 {
    let mode = |at: f64| log_normal((theta[0] - at) / 0.3).exp() / 0.3;
    (0.5 * (mode(5.0) + mode(-5.0))).ln()
}

#[test]
fn right_laws_of_any_shape_are_taken() {
    let laws: [(&str, &[Support], Draw, fn(&[f64]) -> f64); 9] = [
        ("normal", &[REAL], |rng| vec![normal(rng)], |t| log_normal(t[0])),
        (
            "Cauchy",
            &[REAL],
            |rng| vec![(PI * (rng.random::<f64>() - 0.5)).tan()],
            |t| -(PI * (1.0 + t[0] * t[0])).ln(),
        ),
        ("exponential", &[POSITIVE], |rng| vec![Exp1.sample(rng)], |t| -t[0]),
        (
            "arcsine",
            &[UNIT],
            |rng| vec![f64::clamp(Beta::new(0.5, 0.5).unwrap().sample(rng), 1e-300, 1.0 - 1e-16)],
            |t| -(PI * (t[0] * (1.0 - t[0])).sqrt()).ln(),
        ),
        (
            "circle",
            &[Support::Circle { lower: 0.0, upper: 1.0 }],
            |rng| vec![rng.random()],
            |_| 0.0,
        ),
        ("two modes", &[REAL], two_modes, two_modes_log_prob),
        // a < b: a density with a jump inside its bounds.
        (
            "triangle",
            &[UNIT, UNIT],
            |rng| {
                let [a, b]: [f64; 2] = [rng.random(), rng.random()];
                vec![a.min(b), a.max(b)]
            },
            |t| if t[0] <= t[1] { 2_f64.ln() } else { f64::NEG_INFINITY },
        ),
        (
            "funnel",
            &[REAL, REAL],
            |rng| {
                let a = normal(rng);
                vec![a, a.exp() * normal(rng)]
            },
            |t| log_normal(t[0]) + log_normal(t[1] / t[0].exp()) - t[0],
        ),
        (
            "ridge",
            &[REAL, REAL],
            |rng| {
                let a = normal(rng);
                vec![a, a + 0.05 * normal(rng)]
            },
            |t| log_normal(t[0]) + log_normal((t[1] - t[0]) / 0.05) - 0.05_f64.ln(),
        ),
    ];
    for (name, support, draw, log_prob) in laws {
        for skipped in 0..8 {
            let verdict = verdict(support, skipped, draw, log_prob);
            assert_eq!(verdict, Ok(()), "{name}, {skipped} numbers skipped");
        }
    }
}

#[test]
fn slightly_wrong_laws_are_refused() {
    let one: Draw = |rng| vec![normal(rng)];
    let pair: Draw = |rng| vec![normal(rng), normal(rng)];
    let wrong: [(&str, &[Support], Draw, fn(&[f64]) -> f64); 10] = [
        ("narrower than its draws in a", &[REAL], one, |t| log_normal(t[0] / 0.8) - 0.8_f64.ln()),
        ("narrower than its draws in a", &[REAL], one, |t| log_normal(t[0] / 0.6) - 0.6_f64.ln()),
        ("wider than its draws in a", &[REAL], one, |t| log_normal(t[0] / 1.25) - 1.25_f64.ln()),
        ("above its draws in a", &[REAL], one, |t| log_normal(t[0] - 0.2)),
        ("below its draws in b", &[REAL; 2], pair, |t| log_normal(t[0]) + log_normal(t[1] + 0.2)),
        // Correlation 0.3 where the draws have none.
        ("b in another way", &[REAL; 2], pair, |t| {
            let (along, rest) = (t[0], (t[1] - 0.3 * t[0]) / 0.91_f64.sqrt());
            log_normal(along) + log_normal(rest) - 0.5 * 0.91_f64.ln()
        }),
        // Of each mode alone.
        ("where most of them lie", &[REAL], two_modes, |t| {
            let mode = |at: f64| log_normal((t[0] - at) / 0.2).exp() / 0.2;
            (0.5 * (mode(5.0) + mode(-5.0))).ln()
        }),
        // 0.75 of the mass in the upper one.
        ("one side of the middle of a", &[REAL], two_modes, |t| {
            let mode = |at: f64| log_normal((t[0] - at) / 0.3).exp() / 0.3;
            (0.75 * mode(5.0) + 0.25 * mode(-5.0)).ln()
        }),
        ("integrates to 1.1", &[REAL], one, |t| log_normal(t[0]) + 0.1),
        (
            "its log-density at",
            &[UNIT],
            |rng| vec![0.5 * rng.random::<f64>()],
            |t| {
                if t[0] < 0.5 { 2_f64.ln() } else { f64::NAN }
            },
        ),
    ];
    for (part, support, draw, log_prob) in wrong {
        for skipped in 0..4 {
            let error = verdict(support, skipped, draw, log_prob).expect_err(part);
            assert!(error.contains(part), "not \"{part}\": {error}");
        }
    }
}
