//! Log-densities of encoder and decoder, and how well the two invert each other.

use crate::engine::{Direction, Engine, invert, normal_normalizer};

/// Rows evaluated at once: bounds memory, and fixes the arithmetic whatever the thread count.
pub(super) const CHUNK: usize = 512;

/// log p of the encoder, log N(f(θ; x); 0, I) + log|det J_f|, of each row; −∞ where J_f is
/// singular.
///
/// `theta` `[n, D]` in the flow's space, `context` `[n, C]` or `[C]` shared by all rows.
pub fn encoder_log_density(engine: &mut dyn Engine, theta: &[f32], context: &[f32]) -> Vec<f64> {
    let mut out = Vec::with_capacity(theta.len() / engine.spec().theta_dim);
    for_chunks(engine, theta, context, |engine, theta, context| {
        let (z, jacobian) = jacobians(engine, Direction::Encode, theta, context);
        out.extend(log_densities(&z, &jacobian, 1.0, engine.spec().theta_dim));
    });
    out
}

/// log p of the decoder by Algorithm 2: log N(z; 0, I) − log|det J_g(z)| at z = f(θ; x), of each
/// row; −∞ where J_g is singular.
pub fn decoder_log_density(engine: &mut dyn Engine, theta: &[f32], context: &[f32]) -> Vec<f64> {
    let mut out = Vec::with_capacity(theta.len() / engine.spec().theta_dim);
    for_chunks(engine, theta, context, |engine, theta, context| {
        let mut z = vec![0.0; theta.len()];
        engine.transform(Direction::Encode, theta, context, &mut z);
        let (_, jacobian) = jacobians(engine, Direction::Decode, &z, context);
        out.extend(log_densities(&z, &jacobian, -1.0, engine.spec().theta_dim));
    });
    out
}

/// How faithful a trained flow is, on held-out rows (means over rows, in the flow's space).
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowQuality {
    /// −log p of the encoder.
    pub encoder_nll: f64,
    /// −log p of the decoder by Algorithm 2.
    pub decoder_nll: f64,
    /// ‖g(f(θ)) − θ‖².
    pub reconstruction: f64,
    /// Frobenius norm ‖J_g(f(θ)) J_f(θ) − I‖: 0 where the decoder inverts the encoder to first
    /// order, which the gradient of Algorithm 1 assumes.
    pub jacobian_deviation: f64,
}

impl FlowQuality {
    /// The mean of each figure; NaN of none.
    #[must_use]
    pub fn mean(all: &[Self]) -> Self {
        let mean = |of: fn(&Self) -> f64| all.iter().map(of).sum::<f64>() / all.len() as f64;
        Self {
            encoder_nll: mean(|q| q.encoder_nll),
            decoder_nll: mean(|q| q.decoder_nll),
            reconstruction: mean(|q| q.reconstruction),
            jacobian_deviation: mean(|q| q.jacobian_deviation),
        }
    }
}

/// Evaluates [`FlowQuality`] on rows of θ `[n, D]` with their data `[n, C]`.
pub fn quality(engine: &mut dyn Engine, theta: &[f32], context: &[f32]) -> FlowQuality {
    let dim = engine.spec().theta_dim;
    let (mut encoder, mut decoder, mut reconstruction, mut deviation) = (0.0, 0.0, 0.0, 0.0);
    for_chunks(engine, theta, context, |engine, theta, context| {
        let (z, jf) = jacobians(engine, Direction::Encode, theta, context);
        let (back, jg) = jacobians(engine, Direction::Decode, &z, context);
        encoder -= log_densities(&z, &jf, 1.0, dim).sum::<f64>();
        decoder -= log_densities(&z, &jg, -1.0, dim).sum::<f64>();
        let errors = back.iter().zip(theta).map(|(a, b)| f64::from(a - b).powi(2));
        reconstruction += errors.sum::<f64>();
        for (jf, jg) in jf.chunks_exact(dim * dim).zip(jg.chunks_exact(dim * dim)) {
            deviation += deviation_from_identity(dim, jg, jf);
        }
    });
    let n = (theta.len() / dim) as f64;
    FlowQuality {
        encoder_nll: encoder / n,
        decoder_nll: decoder / n,
        reconstruction: reconstruction / n,
        jacobian_deviation: deviation / n,
    }
}

/// Calls `each` on runs of at most [`CHUNK`] rows with their context.
pub(super) fn for_chunks(
    engine: &mut dyn Engine,
    rows: &[f32],
    context: &[f32],
    mut each: impl FnMut(&mut dyn Engine, &[f32], &[f32]),
) {
    let (dim, width) = (engine.spec().theta_dim, engine.spec().context_dim);
    for (index, chunk) in rows.chunks(CHUNK * dim).enumerate() {
        let count = chunk.len() / dim;
        let context = if context.len() == width {
            context
        } else {
            &context[index * CHUNK * width..][..count * width]
        };
        each(engine, chunk, context);
    }
}

pub(super) fn jacobians(
    engine: &mut dyn Engine,
    direction: Direction,
    input: &[f32],
    context: &[f32],
) -> (Vec<f32>, Vec<f32>) {
    let mut output = vec![0.0; input.len()];
    let mut jacobian = vec![0.0; input.len() * engine.spec().theta_dim];
    engine.transform_with_jacobian(direction, input, context, &mut output, &mut jacobian);
    (output, jacobian)
}

/// log N(z; 0, I) + sign · log|det J| of each row.
pub(super) fn log_densities(
    z: &[f32],
    jacobian: &[f32],
    sign: f64,
    dim: usize,
) -> impl Iterator<Item = f64> {
    let normalizer = normal_normalizer(dim);
    let (mut matrix, mut pivots) = (vec![0.0; dim * dim], vec![0; dim]);
    z.chunks_exact(dim).zip(jacobian.chunks_exact(dim * dim)).map(move |(z, j)| {
        let square: f64 = z.iter().map(|v| f64::from(*v).powi(2)).sum();
        matrix.iter_mut().zip(j).for_each(|(m, j)| *m = f64::from(*j));
        let log_det = invert(dim, &mut matrix, &mut pivots);
        if log_det.is_nan() {
            return f64::NEG_INFINITY;
        }
        sign * log_det - 0.5 * square - normalizer
    })
}

fn deviation_from_identity(dim: usize, jg: &[f32], jf: &[f32]) -> f64 {
    let mut sum = 0.0;
    for i in 0..dim {
        for j in 0..dim {
            let product = (0..dim).map(|k| f64::from(jg[i * dim + k]) * f64::from(jf[k * dim + j]));
            let target = f64::from(u8::from(i == j));
            sum += (product.sum::<f64>() - target).powi(2);
        }
    }
    sum.sqrt()
}
