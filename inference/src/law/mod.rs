//! The law of θ behind the simulations that a model was trained on, as far as it is not the prior's.

mod success;

pub use success::Success;

use crate::rounds::RoundsLaw;
use crate::transform::ParameterTransform;
use freeform_simulators::Prior;
use ndarray::ArrayView2;

/// Where θ of simulations came from.
#[derive(Clone, Debug, Default)]
pub(crate) struct ThetaLaw {
    /// Another law than the prior that they were drawn from.
    pub drawn_from: Option<Prior>,
    /// P(success | θ), where simulations failed depending on θ.
    pub success: Option<Success>,
    /// What several rounds made of the prior, as long as a training lasts.
    pub rounds: Option<RoundsLaw>,
}

impl ThetaLaw {
    /// Whether θ was drawn from another law than the prior.
    pub fn is_shifted(&self) -> bool {
        self.drawn_from.is_some()
    }

    /// log p(θ), or the log-density of the law that θ was drawn from.
    pub fn log_prob(&self, prior: &Prior, theta: &[f64], as_simulated: bool) -> f64 {
        match &self.drawn_from {
            Some(law) if as_simulated => law.log_prob(theta),
            _ => prior.log_prob(theta),
        }
    }

    /// Adds to log-densities of rows of θ what rounds made of the prior there.
    pub fn add_log_steps(&self, dim: usize, theta: &[f64], out: &mut [f64]) {
        let Some(rounds) = &self.rounds else { return };
        let Ok(rows_of_theta) = ArrayView2::from_shape((theta.len() / dim, dim), theta) else {
            return;
        };
        // An error is of x alone, and would have been met before any simulation.
        let Ok(steps) = rounds.log_steps(&rows_of_theta) else { return };
        out.iter_mut().zip(steps).for_each(|(out, step)| *out += step);
    }

    /// log p(θ) − log r(θ), r the law that θ was drawn from; not finite outside either's support.
    pub fn log_shift(&self, prior: &Prior, theta: &[f64]) -> f64 {
        match &self.drawn_from {
            None => 0.0,
            Some(law) => prior.log_prob(theta) - law.log_prob(theta),
        }
    }

    /// Adds log P(success | θ) of rows of θ inside the prior's support.
    pub fn add_log_valid(
        &self,
        prior: &Prior,
        parameters: &ParameterTransform,
        theta: &[f64],
        out: &mut [f64],
    ) {
        let Some(success) = &self.success else { return };
        let mut points = vec![0.0; theta.len()];
        let dim = prior.dim();
        for (row, point) in theta.chunks_exact(dim).zip(points.chunks_exact_mut(dim)) {
            parameters.apply(prior, row, point);
            // At an end of an interval, what lies next to it.
            point.iter_mut().for_each(|v| *v = v.clamp(-MOST, MOST));
        }
        let log_probs = success.log_prob(&points);
        out.iter_mut().zip(log_probs).for_each(|(out, log_prob)| *out += log_prob);
    }
}

/// Scores beyond these say nothing more.
const MOST: f32 = 30.0;
