//! Conditional whitening: an affine map u ↦ T(c)·(u − μ(c)), its location and scale learnt by
//! maximum likelihood as those of a Gaussian p(u | c).
//!
//! It takes the bulk of a conditional law's place, width and correlation out of the way of the
//! free-form flow, which then learns a shape of unit size: however narrow p(u | c) is, the flow
//! sees slopes near one, and its reconstruction error is in units of the law's own width. The map
//! is invertible in closed form and its log-determinant exact.

mod cholesky;
mod curve;
mod dot;
mod linear;
mod moments;
mod network;
mod regression;
mod ridge;
mod shape;
mod triangular;

pub(crate) use cholesky::{factored, solve};
pub use network::WhiteningNetwork;
pub use shape::WhiteningShape;

use crate::config::{WhiteningConfig, WhiteningKind};
use crate::work::{Halt, Pack, Part, Unpack};
use regression::Regression;

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

/// Rows that are whitened at a time.
const CHUNK: usize = 256;

/// A learnt whitening: the regression of u on c first, linear or in products of c's numbers, then, where asked
/// for, a network for what is left.
#[derive(Clone, Debug, PartialEq)]
pub struct Whitening {
    regression: Regression,
    network: Option<WhiteningNetwork>,
}

impl Whitening {
    /// Learns a whitening of `table`, with the better of no network and one where the settings leave
    /// that open; `None` where they say so. It is kept as `part`, and so is what it takes long to make
    /// on the way.
    pub(crate) fn fit(
        table: &WhiteningTable,
        config: &WhiteningConfig,
        seed: u64,
        part: &Part,
    ) -> Result<Option<Self>, Halt> {
        if config.kind == WhiteningKind::Off {
            return Ok(None);
        }
        let known = part.recall().and_then(|piece| Self::from_piece(table.dims, config, &piece));
        if known.is_some() {
            return Ok(known);
        }
        let whitening = Self::learn(table, config, seed, part)?;
        part.keep(|| {
            let (regression, network) = whitening.numbers();
            let degree = whitening.shape().degree;
            Pack::default().whole(degree).doubles(&regression).singles(network).finish()
        })?;
        Ok(Some(whitening))
    }

    fn from_piece(
        (dim, context_dim): (usize, usize),
        config: &WhiteningConfig,
        piece: &[u8],
    ) -> Option<Self> {
        let mut piece = Unpack::new(piece);
        let (degree, linear, network) = (piece.whole()?, piece.doubles()?, piece.singles()?);
        piece.end()?;
        let (width, networks, scaled) = match network.is_empty() {
            true => (None, 1, false),
            false => (Some(config.width), config.networks, true),
        };
        let shape = WhiteningShape { dim, context_dim, width, networks, scaled, degree };
        Self::from_numbers(shape, &linear, network)
    }

    fn learn(
        table: &WhiteningTable,
        config: &WhiteningConfig,
        seed: u64,
        part: &Part,
    ) -> Result<Self, Halt> {
        let regression = Regression::fit(table, config.degree, part)?;
        let alone = Self { regression, network: None };
        if config.kind == WhiteningKind::Linear {
            return Ok(alone);
        }
        // Of targets whose regression is curved the linear one's residuals seem correlated.
        let regression = alone.regression.clone().uncorrelated();
        let mut white = table.target.to_vec();
        regression.apply(&mut white, table.context);
        let network_table = WhiteningTable { target: &white, ..*table };
        let network = Some(WhiteningNetwork::fit(&network_table, config, seed, part)?);
        let whole = Self { regression, network };
        // A network of a wide context learns its training rows by heart before it is of use.
        let open = config.kind == WhiteningKind::Auto;
        let alone_is_as_good = open && alone.score(table, part)? >= whole.score(table, part)?;
        Ok(if alone_is_as_good { alone } else { whole })
    }

    /// Mean log-density of the validation rows, up to a constant.
    fn score<'a>(&self, table: &WhiteningTable<'a>, part: &Part) -> Result<f64, Halt> {
        let mut sum = 0.0;
        for rows in table.validation.chunks(CHUNK) {
            part.go_on()?;
            let gathered = |row: fn(&WhiteningTable<'a>, u32) -> &'a [f32]| {
                rows.iter().flat_map(|r| row(table, *r)).copied().collect::<Vec<f32>>()
            };
            let mut white = gathered(WhiteningTable::target_row);
            sum +=
                self.apply(&mut white, &gathered(WhiteningTable::context_row)).iter().sum::<f64>();
            sum -= white.iter().map(|z| 0.5 * f64::from(*z).powi(2)).sum::<f64>();
        }
        Ok(sum / table.validation.len().max(1) as f64)
    }

    /// The variance that regressions of low degree on c leave of each target, over the training rows.
    pub(crate) fn unexplained(table: &WhiteningTable, part: &Part) -> Result<Vec<f64>, Halt> {
        Regression::unexplained(table, part)
    }

    /// Number of targets D.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.regression.dim()
    }

    /// Whitens rows of `target` `[n, D]` in place, given their contexts `[n, C]`, or `[C]` shared
    /// by all rows; returns each row's log|det ∂out/∂in|.
    pub fn apply(&self, target: &mut [f32], context: &[f32]) -> Vec<f64> {
        let d = self.dim();
        self.regression.apply(target, context);
        let mut log_dets = vec![self.regression.log_det(); target.len() / d];
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
        let (d, n) = (self.dim(), target.len() / self.dim());
        let mut white = self.regression.apply_each(target, contexts);
        let many = white.len() / target.len();
        let mut log_dets = vec![self.regression.log_det(); many * n];
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
        let d = self.dim();
        let mut log_dets = vec![self.regression.log_det(); target.len() / d];
        if let Some(network) = &self.network {
            network.evaluator().each(context, target.len() / d, |row, maps| {
                log_dets[row] += maps.invert(&mut target[row * d..(row + 1) * d]);
            });
        }
        self.regression.invert(target, context);
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
            context_dim: self.regression.context_dim(),
            width: self.network.as_ref().map(WhiteningNetwork::width),
            networks: self.network.as_ref().map_or(1, WhiteningNetwork::count),
            scaled: self.network.as_ref().is_some_and(WhiteningNetwork::is_scaled),
            degree: self.regression.degree(),
        }
    }

    /// The numbers of the regression and of the network, for a weights file.
    #[must_use]
    pub fn numbers(&self) -> (Vec<f64>, &[f32]) {
        let network = self.network.as_ref().map_or(&[][..], WhiteningNetwork::weights);
        (self.regression.numbers(), network)
    }

    /// A whitening from its sizes and numbers; `None` where they do not fit.
    #[must_use]
    pub fn from_numbers(
        shape: WhiteningShape,
        regression: &[f64],
        network: Vec<f32>,
    ) -> Option<Self> {
        let regression = Regression::from_numbers(&shape, regression)?;
        let network = match shape.width {
            None => None,
            Some(_) => Some(WhiteningNetwork::from_weights(shape, network)?),
        };
        Some(Self { regression, network })
    }
}

#[cfg(test)]
mod tests;
