//! A conditional density of u ∈ R^D given c ∈ R^C: a whitening, and a free-form flow over it.

use super::{Categories, branch_log_density, encoder_log_density, polish};
use crate::engine::{self, Direction, Engine, EngineKind};
use crate::network::{FlowWeights, NetworkSpec};
use crate::whitening::Whitening;

/// z = f(T(c)(u − μ(c)); c): encoder after whitening, and back by decoder and the inverse. Where some of u is
/// categories, they are drawn first, and part of c for the others.
#[derive(Clone, Debug)]
pub struct ConditionalFlow {
    /// What tells categories of u, if there are any.
    pub categories: Option<Categories>,
    /// The affine map beneath, if there is one.
    pub whitening: Option<Whitening>,
    /// Architecture of encoder and decoder.
    pub network: NetworkSpec,
    /// Their weights.
    pub weights: FlowWeights,
}

impl ConditionalFlow {
    /// The flow in an engine, ready to be evaluated.
    #[must_use]
    pub fn evaluator(&self, kind: EngineKind) -> FlowEvaluator<'_> {
        let engine = engine::create(kind, &self.network, &self.weights);
        let (categories, whitening) = (self.categories.as_ref(), self.whitening.as_ref());
        FlowEvaluator { categories, whitening, engine }
    }

    /// Where the whitening expects u, `[n, D]`, for contexts `[n, C]`; `None` without one.
    pub(crate) fn location(&self, contexts: &[f32]) -> Option<Vec<f32>> {
        let whitening = self.whitening.as_ref()?;
        let of = |contexts: &[f32]| {
            // Where the whitened u is zero.
            let NetworkSpec { theta_dim, context_dim, .. } = self.network;
            let mut location = vec![0.0; contexts.len() / context_dim * theta_dim];
            whitening.invert(&mut location, contexts);
            location
        };
        Some(match &self.categories {
            None => of(contexts),
            Some(categories) => categories.location(contexts, of),
        })
    }
}

/// A [`ConditionalFlow`] in an engine. Contexts are `[n, C]`, or `[C]` shared by all rows.
pub struct FlowEvaluator<'a> {
    categories: Option<&'a Categories>,
    whitening: Option<&'a Whitening>,
    engine: Box<dyn Engine>,
}

impl FlowEvaluator<'_> {
    /// log p(u | c) by the encoder, exact, of rows of u `[n, D]`.
    pub fn log_density(&mut self, target: &[f32], context: &[f32]) -> Vec<f64> {
        self.whitened(target, context, encoder_log_density)
    }

    /// log p(u | c) of the same rows of u `[n, D]`, without categories, under each of some contexts `[m, C]`: `[m, n]`.
    pub fn log_density_of_each(&mut self, target: &[f32], contexts: &[f32]) -> Vec<f64> {
        let NetworkSpec { theta_dim, context_dim, .. } = *self.engine.spec();
        let (rows, many) = (target.len() / theta_dim, contexts.len() / context_dim);
        let (white, log_dets) = match self.whitening {
            Some(whitening) => whitening.apply_each(target, contexts),
            None => (target.repeat(many), vec![0.0; many * rows]),
        };
        let each = contexts.chunks_exact(context_dim);
        let repeated: Vec<f32> = each.flat_map(|context| context.repeat(rows)).collect();
        let mut out = encoder_log_density(&mut *self.engine, &white, &repeated);
        out.iter_mut().zip(log_dets).for_each(|(density, log_det)| *density += log_det);
        out
    }

    /// [`log_density`](Self::log_density) where draws lie, −∞ elsewhere: an encoder that folds gives density to points that are
    /// never decoded, whatever the latent; `polish_steps` as in [`decode`](Self::decode).
    pub fn branch_log_density(
        &mut self,
        target: &[f32],
        context: &[f32],
        polish_steps: usize,
    ) -> Vec<f64> {
        self.whitened(target, context, |engine, white, context| {
            branch_log_density(engine, white, context, polish_steps)
        })
    }

    fn whitened(
        &mut self,
        target: &[f32],
        context: &[f32],
        log_density: impl Fn(&mut dyn Engine, &[f32], &[f32]) -> Vec<f64>,
    ) -> Vec<f64> {
        let whitening = self.whitening;
        let mut flow = |target: &[f32], context: &[f32]| {
            let Some(whitening) = whitening else {
                return log_density(&mut *self.engine, target, context);
            };
            let mut white = target.to_vec();
            let mut out = whitening.apply(&mut white, context);
            let densities = log_density(&mut *self.engine, &white, context);
            out.iter_mut().zip(densities).for_each(|(log_det, density)| *log_det += density);
            out
        };
        match self.categories {
            None => flow(target, context),
            Some(categories) => categories.log_density(target, context, flow),
        }
    }

    /// u for latents z `[n, D]`: the decoder's, refined by at most `polish_steps` Newton steps; and
    /// log p(u | c) by the encoder, −∞ where a draw did not reach its latent's preimage.
    pub fn decode(
        &mut self,
        z: &[f32],
        context: &[f32],
        polish_steps: usize,
    ) -> (Vec<f32>, Vec<f64>) {
        let whitening = self.whitening;
        let mut flow = |z: &[f32], context: &[f32]| {
            let mut out = vec![0.0; z.len()];
            self.engine.transform(Direction::Decode, z, context, &mut out);
            let mut log_densities = polish(&mut *self.engine, z, context, polish_steps, &mut out);
            if let Some(whitening) = whitening {
                let log_dets = whitening.invert(&mut out, context);
                log_densities.iter_mut().zip(log_dets).for_each(|(p, log_det)| *p += log_det);
            }
            (out, log_densities)
        };
        match self.categories {
            None => flow(z, context),
            Some(categories) => categories.decode(z, context, flow),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Activation;
    use crate::random::{Purpose, stream};
    use crate::whitening::WhiteningShape;
    use rand_distr::{Distribution, StandardNormal};

    /// The density that comes with draws is the one that is given when asked, and f takes the draws
    /// back to their latents.
    #[test]
    fn draws_come_with_their_density() {
        let network = NetworkSpec::small(2, 1, Activation::Silu);
        let shape = WhiteningShape {
            dim: 2,
            context_dim: 1,
            width: None,
            networks: 1,
            scaled: false,
            degree: 1,
        };
        let numbers = [0.1, 0.2, -0.3, 0.4, 2.0, 0.5, 0.7];
        let flow = ConditionalFlow {
            categories: None,
            whitening: Whitening::from_numbers(shape, &numbers, Vec::new()),
            weights: network.identity_weights(1),
            network,
        };
        assert!(flow.whitening.is_some());
        let mut rng = stream(1, Purpose::Latents, 0);
        let z: Vec<f32> = (0..2 * 700).map(|_| StandardNormal.sample(&mut rng)).collect();
        let mut evaluator = flow.evaluator(EngineKind::Cpu);
        let (points, densities) = evaluator.decode(&z, &[0.3], 20);
        let asked = evaluator.log_density(&points, &[0.3]);
        for (given, asked) in densities.iter().zip(asked) {
            assert!((given - asked).abs() < 1e-3, "{given} {asked}");
        }
        let mut back = points;
        evaluator.whitening.unwrap().apply(&mut back, &[0.3]);
        let mut images = vec![0.0; back.len()];
        evaluator.engine.transform(Direction::Encode, &back, &[0.3], &mut images);
        let apart = |(a, b): (&[f32], &[f32])| (a[0] - b[0]).hypot(a[1] - b[1]);
        let farthest = z.chunks(2).zip(images.chunks(2)).map(apart).fold(0.0, f32::max);
        assert!(farthest < 6e-3, "{farthest}");
    }
}
