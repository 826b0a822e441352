//! Conditional whitening: an affine map u ↦ T(c)·(u − μ(c)), its location and scale learnt by
//! maximum likelihood as those of a Gaussian p(u | c).
//!
//! It takes the bulk of a conditional law's place, width and correlation out of the way of the
//! free-form flow, which then learns a shape of unit size: however narrow p(u | c) is, the flow
//! sees slopes near one, and its reconstruction error is in units of the law's own width. The map
//! is invertible in closed form and its log-determinant exact.

mod cholesky;
mod dot;
mod linear;
mod moments;
mod network;
mod ridge;
mod triangular;

pub use linear::LinearWhitening;
pub use network::WhiteningNetwork;

use crate::config::{WhiteningConfig, WhiteningKind};
use crate::work::{Halt, Pack, Part, Unpack};
use serde::{Deserialize, Serialize};

/// A table of targets u `[n, D]` and contexts c `[n, C]` with the rows to learn from and those to
/// judge by.
#[derive(Clone, Copy, Debug)]
pub struct WhiteningTable<'a> {
    /// u, row after row.
    pub target: &'a [f32],
    /// c, row after row.
    pub context: &'a [f32],
    /// D and C.
    pub dims: (usize, usize),
    /// Rows to learn from.
    pub training: &'a [u32],
    /// Rows that choose between candidates.
    pub validation: &'a [u32],
}

impl<'a> WhiteningTable<'a> {
    fn target_row(&self, row: u32) -> &'a [f32] {
        &self.target[row as usize * self.dims.0..][..self.dims.0]
    }

    fn context_row(&self, row: u32) -> &'a [f32] {
        &self.context[row as usize * self.dims.1..][..self.dims.1]
    }
}

/// A learnt whitening: the linear regression of u on c first, then, where asked for, a network for
/// what is left.
#[derive(Clone, Debug, PartialEq)]
pub struct Whitening {
    linear: LinearWhitening,
    network: Option<WhiteningNetwork>,
}

/// The sizes of a whitening, which say how many numbers it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhiteningShape {
    /// D.
    pub dim: usize,
    /// C.
    pub context_dim: usize,
    /// Width of the network's hidden layers, if there is a network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<usize>,
    /// Networks whose outputs are averaged.
    #[serde(default = "crate::config::one", skip_serializing_if = "is_one")]
    pub networks: usize,
    /// Whether the networks shear what they have scaled already, as they did not in earlier versions.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub scaled: bool,
}

fn is_one(networks: &usize) -> bool {
    *networks == 1
}

impl WhiteningShape {
    /// How many numbers that is; `None` where there are more than can be counted.
    #[must_use]
    pub fn parameters(&self) -> Option<usize> {
        let Self { dim, context_dim, width, networks, scaled: _ } = *self;
        let layer = |inputs: usize, outputs: usize| inputs.checked_add(1)?.checked_mul(outputs);
        let triangle = dim.checked_mul(dim.checked_add(1)?)? / 2;
        let linear = layer(context_dim, dim)?.checked_add(triangle)?;
        let Some(width) = width else { return Some(linear) };
        let outputs = triangle.checked_add(dim)?;
        let layers = [layer(context_dim, width)?, layer(width, width)?, layer(width, outputs)?];
        let network = layers.into_iter().try_fold(0, usize::checked_add)?;
        linear.checked_add(network.checked_mul(networks)?)
    }
}

impl Whitening {
    /// Learns a whitening of `table`; `None` where the settings say so. It is kept as `part`, and
    /// so is what it takes long to make on the way.
    pub(crate) fn fit(
        table: &WhiteningTable,
        config: &WhiteningConfig,
        seed: u64,
        part: &Part,
    ) -> Result<Option<Self>, Halt> {
        let (dim, context_dim) = table.dims;
        let width = match config.kind {
            WhiteningKind::Off => return Ok(None),
            WhiteningKind::Linear => None,
            // Where nobody chooses, what can be both.
            WhiteningKind::Network | WhiteningKind::Auto => Some(config.width),
        };
        let networks = if width.is_some() { config.networks } else { 1 };
        let shape = WhiteningShape { dim, context_dim, width, networks, scaled: width.is_some() };
        let known = part.recall().and_then(|piece| Self::from_piece(shape, &piece));
        if known.is_some() {
            return Ok(known);
        }
        let whitening = Self::learn(table, config, seed, part)?;
        part.keep(|| {
            let (linear, network) = whitening.numbers();
            Pack::default().doubles(&linear).singles(network).finish()
        })?;
        Ok(Some(whitening))
    }

    fn from_piece(shape: WhiteningShape, piece: &[u8]) -> Option<Self> {
        let mut piece = Unpack::new(piece);
        let (linear, network) = (piece.doubles()?, piece.singles()?);
        piece.end()?;
        Self::from_numbers(shape, &linear, network)
    }

    fn learn(
        table: &WhiteningTable,
        config: &WhiteningConfig,
        seed: u64,
        part: &Part,
    ) -> Result<Self, Halt> {
        let linear = LinearWhitening::fit(table, part)?;
        if config.kind == WhiteningKind::Linear {
            return Ok(Self { linear, network: None });
        }
        // Of targets whose regression is curved the linear one's residuals seem correlated.
        let linear = linear.uncorrelated();
        let mut white = vec![0.0; table.target.len()];
        let (d, c) = table.dims;
        let rows = table.target.chunks_exact(d).zip(table.context.chunks_exact(c));
        for ((target, context), out) in rows.zip(white.chunks_exact_mut(d)) {
            linear.apply(target, context, out);
        }
        let table = WhiteningTable { target: &white, ..*table };
        let network = WhiteningNetwork::fit(&table, config, seed, part)?;
        Ok(Self { linear, network: Some(network) })
    }

    /// Number of targets D.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.linear.dim()
    }

    /// Whitens rows of `target` `[n, D]` in place, given their contexts `[n, C]`, or `[C]` shared
    /// by all rows; returns each row's log|det ∂out/∂in|.
    pub fn apply(&self, target: &mut [f32], context: &[f32]) -> Vec<f64> {
        let (d, mut out) = (self.dim(), vec![0.0; self.dim()]);
        let mut contexts = Contexts::new(context, self.linear.context_dim());
        for row in target.chunks_exact_mut(d) {
            self.linear.apply(row, contexts.next(), &mut out);
            row.copy_from_slice(&out);
        }
        let mut log_dets = vec![self.linear.log_det(); target.len() / d];
        if let Some(network) = &self.network {
            network.evaluator().each(context, target.len() / d, |row, maps| {
                let row_values = &mut target[row * d..(row + 1) * d];
                log_dets[row] += maps.apply(row_values);
            });
        }
        log_dets
    }

    /// The same rows of `target` `[n, D]` whitened given each of some contexts `[m, C]`: `[m, n, D]`, and the
    /// log-determinants `[m, n]`.
    pub fn apply_each(&self, target: &[f32], contexts: &[f32]) -> (Vec<f32>, Vec<f64>) {
        let (d, n, c) = (self.dim(), target.len() / self.dim(), self.linear.context_dim());
        let many = contexts.len() / c;
        let mut white = vec![0.0; many * target.len()];
        for (context, white) in contexts.chunks_exact(c).zip(white.chunks_exact_mut(n * d)) {
            for (row, out) in target.chunks_exact(d).zip(white.chunks_exact_mut(d)) {
                self.linear.apply(row, context, out);
            }
        }
        let mut log_dets = vec![self.linear.log_det(); many * n];
        if let Some(network) = &self.network {
            network.evaluator().each(contexts, many, |context, maps| {
                for row in context * n..(context + 1) * n {
                    log_dets[row] += maps.apply(&mut white[row * d..(row + 1) * d]);
                }
            });
        }
        (white, log_dets)
    }

    /// The inverse of [`apply`](Self::apply), in place; returns log|det| of `apply` there.
    pub fn invert(&self, target: &mut [f32], context: &[f32]) -> Vec<f64> {
        let (d, mut out) = (self.dim(), vec![0.0; self.dim()]);
        let mut log_dets = vec![self.linear.log_det(); target.len() / d];
        if let Some(network) = &self.network {
            network.evaluator().each(context, target.len() / d, |row, maps| {
                log_dets[row] += maps.invert(&mut target[row * d..(row + 1) * d]);
            });
        }
        let mut contexts = Contexts::new(context, self.linear.context_dim());
        for row in target.chunks_exact_mut(d) {
            self.linear.invert(row, contexts.next(), &mut out);
            row.copy_from_slice(&out);
        }
        log_dets
    }

    /// Where the Gaussians of some whitenings of one θ lie given one context, on average, `[D]`; `None`
    /// of none.
    pub(crate) fn mean_location<'a>(
        all: impl ExactSizeIterator<Item = &'a Self>,
        context: &[f32],
    ) -> Option<Vec<f32>> {
        let share = 1.0 / all.len() as f32;
        let mut mean: Option<Vec<f32>> = None;
        for whitening in all {
            // Where the whitened θ is zero.
            let mut location = vec![0.0; whitening.dim()];
            whitening.invert(&mut location, context);
            let mean = mean.get_or_insert_with(|| vec![0.0; location.len()]);
            mean.iter_mut().zip(location).for_each(|(m, l)| *m += share * l);
        }
        mean
    }

    /// Its sizes.
    #[must_use]
    pub fn shape(&self) -> WhiteningShape {
        WhiteningShape {
            dim: self.dim(),
            context_dim: self.linear.context_dim(),
            width: self.network.as_ref().map(WhiteningNetwork::width),
            networks: self.network.as_ref().map_or(1, WhiteningNetwork::count),
            scaled: self.network.as_ref().is_some_and(WhiteningNetwork::is_scaled),
        }
    }

    /// The numbers of the linear part and of the network, for a weights file.
    #[must_use]
    pub fn numbers(&self) -> (Vec<f64>, &[f32]) {
        let network = self.network.as_ref().map_or(&[][..], WhiteningNetwork::weights);
        (self.linear.numbers(), network)
    }

    /// A whitening from its sizes and numbers; `None` where they do not fit.
    #[must_use]
    pub fn from_numbers(shape: WhiteningShape, linear: &[f64], network: Vec<f32>) -> Option<Self> {
        let linear = LinearWhitening::from_numbers(shape.dim, shape.context_dim, linear)?;
        if shape.width.is_none() {
            return Some(Self { linear, network: None });
        }
        let network = Some(WhiteningNetwork::from_weights(shape, network)?);
        Some(Self { linear, network })
    }
}

/// Contexts row by row, or one for all.
struct Contexts<'a> {
    flat: &'a [f32],
    width: usize,
    row: usize,
}

impl<'a> Contexts<'a> {
    fn new(flat: &'a [f32], width: usize) -> Self {
        Self { flat, width, row: 0 }
    }

    fn next(&mut self) -> &'a [f32] {
        if self.flat.len() == self.width {
            return self.flat;
        }
        self.row += 1;
        &self.flat[(self.row - 1) * self.width..self.row * self.width]
    }
}

#[cfg(test)]
mod tests;
