//! Angles without a seam: where a circle is cut open for an observation.
//!
//! Flows live on R^D, a circle does not: it has to be cut, and a posterior that lies across the cut
//! falls into two pieces at infinity. So every x has a cut of its own, where θ is least likely by a
//! rough estimate: a small network predicts the first harmonics of the angle given x, E[cos kφ | x]
//! and E[sin kφ | x], which make up a smoothed density, and the cut lies at its minimum. From there
//! the turn is mapped to R as any interval is, by the logit. All of it is an invertible map of θ
//! given x, so that densities stay exact; a bad estimate costs shape, not truth.

use crate::perceptron::{Plan, UNITS, initial_weights};
use crate::random::{Purpose, stream};
use crate::transform::circles;
use crate::work::{Halt, Pack, Part, Unpack};
use freeform_kernels::{Isa, Mlp};
use freeform_simulators::Prior;
use serde::{Deserialize, Serialize};
use std::f64::consts::{PI, TAU};

/// Weights of the harmonics: those of the kernel (1 + cos φ)³, which falls from 0 to π, so that a
/// sharp posterior is cut right opposite.
const HARMONICS: [f64; 3] = [0.75, 0.3, 0.05];
const HIDDEN: [usize; 2] = [48, 48];
const BATCH: usize = 256;
const PLAN: Plan = Plan {
    batch: BATCH,
    steps: 3000,
    judged_every: 150,
    patience: 6,
    learning_rate: 4e-3,
    weight_decay: 1e-3,
};
const BIAS: f32 = 0.5;
const MOST_JUDGES: usize = 5000;
/// Places tried for a cut.
const PLACES: usize = 256;
/// Nearer to the cut than this share of a turn no point is taken.
const LEAST: f64 = 1e-7;
/// Standard deviation of the logit of a uniform number.
const SCALE: f64 = 1.813_799_364_234_217_8;

/// Sizes of a [`Turn`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TurnShape {
    /// Columns of angles.
    columns: Vec<usize>,
    /// Numbers of x that the network sees.
    context_dim: usize,
}

impl TurnShape {
    fn sizes(&self) -> [usize; 4] {
        let outputs = 2 * HARMONICS.len() * self.columns.len();
        [self.context_dim, HIDDEN[0], HIDDEN[1], outputs]
    }

    /// How many numbers its network has; `None` where there are more than can be counted.
    pub fn parameters(&self) -> Option<usize> {
        let layer = |pair: &[usize]| pair[0].checked_add(1)?.checked_mul(pair[1]);
        self.sizes().windows(2).try_fold(0_usize, |sum, pair| sum.checked_add(layer(pair)?))
    }

    /// Whether it belongs to a prior and an x of this width.
    pub fn fits(&self, prior: &Prior, context_dim: usize) -> bool {
        self.context_dim == context_dim
            && circles(prior).map(|(column, ..)| column).eq(self.columns.iter().copied())
    }
}

/// What it is learnt from.
pub(crate) struct TurnTable<'a> {
    /// θ with angles in radians from −π to π, `[n, D]`.
    pub points: &'a [f32],
    /// x as the networks see it, `[n, C]`.
    pub context: &'a [f32],
    /// D and C.
    pub dims: (usize, usize),
    pub training: &'a [u32],
    /// Rows that say when to stop.
    pub validation: &'a [u32],
}

/// Where circles are cut, given x.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Turn {
    shape: TurnShape,
    weights: Vec<f32>,
}

impl Turn {
    /// Learns where to cut the prior's circles; `None` where there are none.
    pub fn fit(
        table: &TurnTable,
        prior: &Prior,
        seed: u64,
        part: &Part,
    ) -> Result<Option<Self>, Halt> {
        let columns: Vec<usize> = circles(prior).map(|(column, ..)| column).collect();
        if columns.is_empty() {
            return Ok(None);
        }
        let part = part.part("turn");
        let shape = TurnShape { columns, context_dim: table.dims.1 };
        let known = part.recall().and_then(|piece| Unpack::new(&piece).singles());
        if let Some(turn) = known.and_then(|weights| Self::from_numbers(shape.clone(), weights)) {
            return Ok(Some(turn));
        }
        let mut rng = stream(seed, Purpose::Turn, 0);
        let weights = initial_weights(&shape.sizes(), BIAS, &mut rng);
        let mut network = Self { shape: shape.clone(), weights }.network();
        let judges = &table.validation[..table.validation.len().min(MOST_JUDGES)];
        let best = PLAN.run(
            &mut network,
            table.training.to_vec(),
            &mut stream(seed, Purpose::Turn, 1),
            |network| part.go_on().map(|()| shape.loss(network, table, judges)),
            |network, rows| {
                let (contexts, wanted) = shape.rows(table, rows);
                let scale = 1.0 / rows.len() as f32;
                let found = network.forward(&contexts);
                let pairs = found.iter().zip(&wanted);
                let delta: Vec<f32> = pairs.map(|(f, w)| scale * (f - w)).collect();
                network.backward(&delta);
            },
        )?;
        let turn = Self { shape, weights: best };
        part.keep(|| Pack::default().singles(&turn.weights).finish())?;
        Ok(Some(turn))
    }

    pub fn shape(&self) -> &TurnShape {
        &self.shape
    }

    /// Its numbers, for files.
    pub fn numbers(&self) -> &[f32] {
        &self.weights
    }

    /// From its numbers; `None` where they do not fit.
    pub fn from_numbers(shape: TurnShape, weights: Vec<f32>) -> Option<Self> {
        let whole = shape.parameters() == Some(weights.len());
        (whole && weights.iter().all(|w| w.is_finite())).then_some(Self { shape, weights })
    }

    fn network(&self) -> Mlp {
        Mlp::new(Isa::best(), UNITS, &self.shape.sizes(), BATCH, self.weights.clone())
    }

    /// The cut of each circle, in radians, for rows of x as the networks see it, `[n, circles]`.
    pub fn cuts(&self, context: &[f32]) -> Vec<f64> {
        let mut network = self.network();
        let mut cuts = Vec::new();
        for rows in context.chunks(BATCH * self.shape.context_dim) {
            let harmonics = network.forward(rows);
            cuts.extend(harmonics.chunks_exact(2 * HARMONICS.len()).map(least_likely));
        }
        cuts
    }

    /// Replaces angles of a point by their place from its cuts on, mapped to R; returns log|det|.
    pub fn apply(&self, point: &mut [f32], cuts: &[f64]) -> f64 {
        let mut log_det = 0.0;
        for (column, cut) in self.shape.columns.iter().zip(cuts) {
            let share = ((f64::from(point[*column]) - cut) / TAU).rem_euclid(1.0);
            let share = share.clamp(LEAST, 1.0 - LEAST);
            let (below, above) = (share.ln(), (-share).ln_1p());
            point[*column] = ((below - above) / SCALE) as f32;
            log_det -= below + above + (SCALE * TAU).ln();
        }
        log_det
    }

    /// The points of a table with their circles cut; adds each row's log|det|.
    pub fn turned(&self, table: &TurnTable, log_dets: &mut [f64]) -> Vec<f32> {
        let (mut points, cuts) = (table.points.to_vec(), self.cuts(table.context));
        let circles = self.shape.columns.len();
        let places = points.chunks_exact_mut(table.dims.0).zip(cuts.chunks_exact(circles));
        for (log_det, (point, cuts)) in log_dets.iter_mut().zip(places) {
            *log_det += self.apply(point, cuts);
        }
        points
    }

    /// The way back, to radians from −π to π.
    pub fn invert(&self, point: &mut [f32], cuts: &[f64]) {
        for (column, cut) in self.shape.columns.iter().zip(cuts) {
            let share = 1.0 / (1.0 + (-f64::from(point[*column]) * SCALE).exp());
            let turns = (cut + PI) / TAU + share;
            point[*column] = (TAU * turns.rem_euclid(1.0) - PI) as f32;
        }
    }
}

impl TurnShape {
    /// Contexts of rows, and the harmonics of their angles.
    fn rows(&self, table: &TurnTable, rows: &[u32]) -> (Vec<f32>, Vec<f32>) {
        let (dim, width) = table.dims;
        let (mut contexts, mut wanted) = (Vec::new(), Vec::new());
        for row in rows.iter().map(|row| *row as usize) {
            contexts.extend_from_slice(&table.context[row * width..][..width]);
            for column in &self.columns {
                let angle = table.points[row * dim + column];
                for k in 1..=HARMONICS.len() {
                    let (sin, cos) = (k as f32 * angle).sin_cos();
                    wanted.extend([cos, sin]);
                }
            }
        }
        (contexts, wanted)
    }

    /// Sum of squared errors on these rows.
    fn loss(&self, network: &mut Mlp, table: &TurnTable, rows: &[u32]) -> f64 {
        let of = |rows: &[u32]| -> f64 {
            let (contexts, wanted) = self.rows(table, rows);
            let found = network.forward(&contexts);
            found.iter().zip(&wanted).map(|(f, w)| f64::from(f - w).powi(2)).sum()
        };
        rows.chunks(BATCH).map(of).sum()
    }
}

/// Where the smoothed density with these harmonics is least.
fn least_likely(harmonics: &[f32]) -> f64 {
    let density = |angle: f64| -> f64 {
        let terms = harmonics.chunks_exact(2).zip(HARMONICS).zip(1..);
        terms
            .map(|((pair, weight), k)| {
                let (sin, cos) = (f64::from(k) * angle).sin_cos();
                weight * (f64::from(pair[0]) * cos + f64::from(pair[1]) * sin)
            })
            .sum()
    };
    let at = |place: usize| TAU * place as f64 / PLACES as f64 - PI;
    let least = (0..PLACES).min_by(|a, b| density(at(*a)).total_cmp(&density(at(*b))));
    let place = at(least.unwrap_or(0));
    // The minimum of the parabola through it and its neighbours.
    let step = TAU / PLACES as f64;
    let [before, here, after] = [-step, 0.0, step].map(|s| density(place + s));
    let bend = before - 2.0 * here + after;
    let shift = if bend > 0.0 { 0.5 * step * (before - after) / bend } else { 0.0 };
    place + shift.clamp(-step, step)
}

#[cfg(test)]
mod tests;
