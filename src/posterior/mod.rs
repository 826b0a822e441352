//! What a user came for: draws from, and the density of, p(θ | x).

mod draws;
mod error;

pub use draws::Draws;
pub use error::PosteriorError;

use crate::engine::{self, Engine, EngineKind};
use crate::flow::encoder_log_density;
use crate::model::Model;

/// Draws that estimate the share of the flow's mass inside the prior's support.
const LEAKAGE_DRAWS: usize = 10_000;

/// An amortised posterior: one trained flow, any observation.
pub struct Posterior {
    model: Model,
    kind: EngineKind,
}

impl Posterior {
    /// A posterior that a given engine evaluates.
    #[must_use]
    pub fn new(model: Model, kind: EngineKind) -> Self {
        Self { model, kind }
    }

    /// The trained flow.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// `n` draws from p(θ | x), all inside the prior's support: draws outside it are replaced. The
    /// same seed gives the same draws, whatever the thread count.
    ///
    /// # Errors
    /// [`PosteriorError`] where x has the wrong length or is not finite, or nearly all of the
    /// flow's mass lies outside the support.
    pub fn sample(&self, x: &[f32], n: usize, seed: u64) -> Result<Draws, PosteriorError> {
        let context = self.context(x)?;
        draws::draw(self, &context, n, seed)
    }

    /// log p(θ | x) of each row of `theta` `[n, D]`: the encoder's exact density, −∞ outside the
    /// prior's support, and divided by the share of the flow's mass inside it (estimated from
    /// 10,000 draws with `seed`), so that it is the density that [`sample`](Self::sample) draws
    /// from.
    ///
    /// # Errors
    /// [`PosteriorError`] where x or theta do not fit the model.
    pub fn log_prob(
        &self,
        theta: &ndarray::ArrayView2<f32>,
        x: &[f32],
        seed: u64,
    ) -> Result<Vec<f64>, PosteriorError> {
        let mut out = self.flow_log_prob(theta, x)?;
        let context = self.context(x)?;
        let log_leakage = draws::acceptance(self, &context, LEAKAGE_DRAWS, seed)?.ln();
        out.iter_mut().for_each(|log_prob| *log_prob -= log_leakage);
        Ok(out)
    }

    /// The same up to a constant that depends on x alone: not divided by the flow's mass inside the
    /// prior's support, hence much cheaper. Enough to compare rows with each other.
    ///
    /// # Errors
    /// [`PosteriorError`] where x or theta do not fit the model.
    pub fn flow_log_prob(
        &self,
        theta: &ndarray::ArrayView2<f32>,
        x: &[f32],
    ) -> Result<Vec<f64>, PosteriorError> {
        let dim = self.model.network.theta_dim;
        if theta.ncols() != dim {
            return Err(PosteriorError::ThetaColumns { columns: theta.ncols(), dim });
        }
        let context = self.context(x)?;
        let (prior, parameters) = (&self.model.prior, &self.model.parameters);
        let mut out = vec![f64::NEG_INFINITY; theta.nrows()];
        let (mut inside, mut points) = (Vec::new(), Vec::new());
        let mut point = vec![0.0; dim];
        for (index, row) in theta.rows().into_iter().enumerate() {
            let row = row.to_vec();
            let wide: Vec<f64> = row.iter().map(|v| f64::from(*v)).collect();
            if wide.iter().all(|v| v.is_finite()) && prior.contains(&wide) {
                inside.push((index, parameters.apply(prior, &row, &mut point)));
                points.extend_from_slice(&point);
            }
        }
        let mut engine = self.engine();
        let densities = encoder_log_density(&mut *engine, &points, &context);
        for ((index, log_det), density) in inside.into_iter().zip(densities) {
            out[index] = density + log_det;
        }
        Ok(out)
    }

    /// An observation as the flow sees it.
    fn context(&self, x: &[f32]) -> Result<Vec<f32>, PosteriorError> {
        let expected = self.model.network.context_dim;
        if x.len() != expected {
            return Err(PosteriorError::ObservationLength { length: x.len(), expected });
        }
        if let Some(index) = x.iter().position(|v| !v.is_finite()) {
            return Err(PosteriorError::ObservationNotFinite { index, value: x[index] });
        }
        let mut context = vec![0.0; x.len()];
        self.model.data.apply(x, &mut context);
        Ok(context)
    }

    fn engine(&self) -> Box<dyn Engine> {
        engine::create(self.kind, &self.model.network, &self.model.weights)
    }
}
