//! Numbers that networks learn to say of θ from runs of neighbouring points, squares of pixels or trials, each alike: averaged
//! over a series or an image they are a convolution under a pooling, over a set a function that forgets the order. They come
//! beside statistics, for what these do not tell.

mod network;
mod training;
mod windows;

use super::channel::Channel;
use super::cross_fit::{LEARNERS, seen_by, told};
use crate::transform::rank_shares;
use crate::work::{Halt, Part};
use network::{Examples, Network, parameters};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use training::train;
pub(super) use windows::Kind;
use windows::{Row, Windows};

/// Of the rows that a network sees, one in so many says when to stop.
const JUDGES: usize = 8;
/// More simulations than these are not needed.
const MOST_ROWS: usize = 20_000;
/// Rows that are asked about at once.
const AT_ONCE: usize = 16;

/// D numbers: the scores of θ's ranks that several networks expect, on average.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Learnt {
    windows: Windows,
    outputs: usize,
    networks: usize,
    /// Of all networks, one after the other; in a file of their own.
    #[serde(skip)]
    weights: Vec<f32>,
    /// What the rows of the table that it was learnt from are told, `[n, D]`, as long as it is learnt from.
    #[serde(skip)]
    known: Option<Arc<Vec<f32>>>,
}

/// What it is learnt from.
pub(super) struct LearntTable<'a> {
    /// Raw x `[n, C]`.
    pub x: &'a [f64],
    pub columns: usize,
    /// θ, `[n, D]`.
    pub targets: &'a [f32],
    pub outputs: usize,
    /// Rows that may be looked at, shuffled.
    pub rows: &'a [u32],
    pub seed: u64,
}

impl Learnt {
    /// Of the windows of a series, an image or a set, with their channels side by side.
    pub(super) fn fit(
        table: &LearntTable,
        channels: Vec<Channel>,
        kind: Kind,
        part: &Part,
    ) -> Result<Self, Halt> {
        let LearntTable { x, columns, outputs, .. } = *table;
        let rows = &table.rows[..table.rows.len().min(MOST_ROWS)];
        let row = |r: u32| &x[r as usize * columns..][..columns];
        let points = columns / channels.len();
        let known = rows.iter().map(|r| row(*r));
        let windows = Windows::fit(known, channels, (points, kind));
        let cut: Vec<Row> = x.par_chunks_exact(columns).map(|x| windows.row(x)).collect();
        part.go_on()?;
        let targets = evened(table.targets, outputs);
        let examples = Examples { rows: &cut, targets: &targets };
        let learn = |index: usize| {
            let part = part.part(&format!("network-{index}"));
            let seen = seen_by(index, rows);
            let (judges, training) = seen.split_at((seen.len() / JUDGES).max(1));
            let of = (&windows, outputs);
            train(of, &examples, (training, judges), (table.seed, index as u64), &part)
        };
        let each = (0..LEARNERS).into_par_iter().map(learn);
        let weights = each.collect::<Result<Vec<_>, _>>()?.concat();
        let learnt = Self { windows, outputs, networks: LEARNERS, weights, known: None };
        part.go_on()?;
        let said = |index: usize, asked: &[u32]| {
            let chunks = asked.par_chunks(AT_ONCE);
            let said = chunks.flat_map_iter(|rows| {
                learnt.said_by(index, rows.iter().map(|row| &cut[*row as usize]))
            });
            said.collect()
        };
        let known = told(rows, (cut.len(), outputs), said, part)?;
        Ok(Self { known: Some(Arc::new(known)), ..learnt })
    }

    /// How many numbers it gives.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// What one of the networks says of rows, `[n, D]`.
    fn said_by<'r>(&self, index: usize, rows: impl Iterator<Item = &'r Row>) -> Vec<f32> {
        let size = self.weights.len() / self.networks;
        let own = &self.weights[index * size..][..size];
        let mut network = Network::new(&self.windows, self.outputs, own, AT_ONCE);
        let said = network.forward(rows).chunks_exact(2 * self.outputs);
        said.flat_map(|said| said[..self.outputs].to_vec()).collect()
    }

    /// Of a new x.
    pub fn apply(&self, x: &[f64], out: &mut Vec<f64>) {
        let row = self.windows.row(x);
        let mut mean = vec![0.0; self.outputs];
        for index in 0..self.networks {
            for (mean, value) in mean.iter_mut().zip(self.said_by(index, std::iter::once(&row))) {
                *mean += f64::from(value) / self.networks as f64;
            }
        }
        out.extend(mean);
    }

    /// Of a row of the table that it was learnt from, which is x.
    pub fn apply_to_row(&self, row: usize, x: &[f64], out: &mut Vec<f64>) {
        match &self.known {
            None => self.apply(x, out),
            Some(known) => {
                out.extend(
                    known[row * self.outputs..][..self.outputs].iter().map(|v| f64::from(*v)),
                );
            }
        }
    }

    /// The same for new data alone.
    pub fn forgetting(self) -> Self {
        Self { known: None, ..self }
    }

    pub fn is_whole(&self, columns: usize) -> bool {
        self.windows.is_whole(columns) && self.outputs > 0 && self.networks > 0
    }

    /// How many numbers its networks have; `None` where there are more than can be counted.
    pub fn parameters(&self) -> Option<usize> {
        parameters(&self.windows, self.outputs)?.checked_mul(self.networks)
    }

    /// Those numbers.
    pub fn numbers(&self) -> Vec<f64> {
        self.weights.iter().map(|w| f64::from(*w)).collect()
    }

    /// Takes them from a file.
    pub fn set_numbers(&mut self, numbers: &[f64]) {
        self.weights = numbers.iter().map(|v| *v as f32).collect();
    }

    /// What each of its numbers is.
    pub fn names(&self) -> Vec<String> {
        (1..=self.outputs).map(|at| format!("learnt score of parameter {at}")).collect()
    }
}

/// Targets `[n, D]` as scores of their ranks: evenly spread, whatever they are, so that no tail of a prior speaks louder
/// than the rest.
fn evened(targets: &[f32], dim: usize) -> Vec<f32> {
    let mut out = vec![0.0; targets.len()];
    for column in 0..dim {
        let values = targets.iter().skip(column).step_by(dim).map(|v| f64::from(*v));
        let shares = rank_shares(&values.collect::<Vec<f64>>());
        for (row, share) in out.chunks_exact_mut(dim).zip(shares) {
            row[column] = (share as f32 - 0.5) * 12_f32.sqrt();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, stream};
    use crate::work::Unwatched;
    use rand::RngExt;
    use rand_distr::{Distribution, StandardNormal};

    /// x_t = a x²_(t−1) − 1 + noise, a chaotic map: of its parameter neither autocorrelations nor moments tell as much
    /// as pairs of neighbours. Rows are told by networks that did not see them as well as new ones are by all.
    #[test]
    fn a_map_is_read_off_neighbouring_points() {
        let (n, fresh, points) = (800, 200, 40);
        let rng = &mut stream(1, Purpose::Learnt, 99);
        let mut normal = || -> f64 { StandardNormal.sample(rng) };
        let (mut x, mut targets) = (Vec::new(), Vec::new());
        for _ in 0..n + fresh {
            let target = normal().clamp(-2.0, 2.0);
            let a = 1.6 + 0.15 * target;
            let mut at: f64 = 0.3;
            for t in 0..points + 10 {
                at = (1.0 - a * at * at + 0.02 * normal()).clamp(-2.0, 2.0);
                if t >= 10 {
                    x.push(at);
                }
            }
            targets.push(target as f32);
        }
        let rows: Vec<u32> = (0..n as u32).collect();
        let table = LearntTable {
            x: &x,
            columns: points,
            targets: &targets,
            outputs: 1,
            rows: &rows,
            seed: 1,
        };
        let part = Part::new(&Unwatched, "test");
        let learnt = Learnt::fit(&table, Channel::each(&x, 1), Kind::Runs(3), &part).unwrap();
        let error = |from: usize, to: usize, learnt: &Learnt| {
            let squares = (from..to).map(|row| {
                let mut said = Vec::new();
                learnt.apply_to_row(row, &x[row * points..][..points], &mut said);
                (said[0] - f64::from(targets[row])).powi(2)
            });
            (squares.sum::<f64>() / (to - from) as f64).sqrt()
        };
        let (known, new) = (error(0, n, &learnt), error(n, n + fresh, &learnt));
        assert!(known < 0.35 && new < 0.35, "{known} {new}");
        assert!((known / new - 1.0).abs() < 0.35, "{known} {new}");
        // What it tells of the rows that it has seen, it has from networks that have not.
        let seen = error(0, n, &learnt.clone().forgetting());
        assert!(seen < known, "{seen} {known}");
        let mut read: Learnt =
            serde_json::from_str(&serde_json::to_string(&learnt).unwrap()).unwrap();
        assert_eq!(Some(learnt.numbers().len()), read.parameters());
        read.set_numbers(&learnt.numbers());
        assert_eq!(read, learnt.forgetting());
    }

    /// x_(i,j) = e_(i,j) + a e_(i,j−1) e_(i−1,j): neither the pixels' law nor correlations know the sign of a, but three
    /// neighbours do.
    #[test]
    fn a_texture_is_read_off_squares() {
        let (n, fresh, side) = (500, 200, 16);
        let rng = &mut stream(2, Purpose::Learnt, 97);
        let (mut x, mut targets) = (Vec::new(), Vec::new());
        for _ in 0..n + fresh {
            let noise: Vec<f64> =
                (0..(side + 1) * (side + 1)).map(|_| StandardNormal.sample(rng)).collect();
            let at = |i: usize, j: usize| noise[i * (side + 1) + j];
            let a = rng.random_range(-0.9..0.9);
            let pixel = |i: usize, j: usize| at(i, j) + a * at(i, j - 1) * at(i - 1, j);
            x.extend(
                (1..=side).flat_map(|i| (1..=side).map(move |j| (i, j))).map(|(i, j)| pixel(i, j)),
            );
            targets.push(a as f32);
        }
        let rows: Vec<u32> = (0..n as u32).collect();
        let columns = side * side;
        let table =
            LearntTable { x: &x, columns, targets: &targets, outputs: 1, rows: &rows, seed: 1 };
        let kind = Kind::Squares { side: 3, wide: side };
        let part = Part::new(&Unwatched, "test");
        let learnt = Learnt::fit(&table, Channel::each(&x, 1), kind, &part).unwrap();
        let said = |row: usize| {
            let mut said = Vec::new();
            learnt.apply_to_row(row, &x[row * columns..][..columns], &mut said);
            // A score of U(−.9, .9).
            said[0] * 1.8 / 12_f64.sqrt()
        };
        let square = |row: usize| (said(row) - f64::from(targets[row])).powi(2);
        let error = ((n..n + fresh).map(square).sum::<f64>() / fresh as f64).sqrt();
        // 0.52 by the prior's mean.
        assert!(error < 0.2, "{error}");
    }
}
