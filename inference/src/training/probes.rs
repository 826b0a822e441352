//! Hutchinson probes.

use crate::random::{Purpose, stream};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

/// Fills `out` `[K, B, D]` with the probes of an optimiser step: per sample, K orthogonal columns
/// of a random rotation, scaled by √D. Then E\[vvᵀ\] = I, and with K = D the trace estimate of
/// Algorithm 1 is exact.
pub fn draw_probes(seed: u64, step: u64, probes: usize, batch: usize, dim: usize, out: &mut [f32]) {
    debug_assert_eq!(out.len(), probes * batch * dim);
    let mut rng = stream(seed, Purpose::Probes, step);
    let mut columns = vec![0.0; probes * dim];
    for sample in 0..batch {
        orthonormal_columns(&mut rng, dim, &mut columns);
        for (k, column) in columns.chunks_exact(dim).enumerate() {
            let start = (k * batch + sample) * dim;
            for (o, v) in out[start..start + dim].iter_mut().zip(column) {
                *o = (v * (dim as f64).sqrt()) as f32;
            }
        }
    }
}

/// Gram-Schmidt on normal vectors: the Q of a QR decomposition, up to sign.
fn orthonormal_columns(rng: &mut impl Rng, dim: usize, columns: &mut [f64]) {
    for k in 0..columns.len() / dim {
        let (done, rest) = columns.split_at_mut(k * dim);
        let current = &mut rest[..dim];
        loop {
            current.fill_with(|| StandardNormal.sample(rng));
            // Twice, so that the rounding of the first pass does not remain.
            for _ in 0..2 {
                for previous in done.chunks_exact(dim) {
                    let dot: f64 = previous.iter().zip(current.iter()).map(|(a, b)| a * b).sum();
                    current.iter_mut().zip(previous).for_each(|(c, p)| *c -= dot * p);
                }
            }
            let norm = current.iter().map(|v| v * v).sum::<f64>().sqrt();
            if norm > 1e-6 {
                current.iter_mut().for_each(|v| *v /= norm);
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_sets_of_probes_resolve_the_identity() {
        let (dim, batch) = (5, 3);
        let mut v = vec![0.0_f32; dim * batch * dim];
        draw_probes(7, 11, dim, batch, dim, &mut v);
        for sample in 0..batch {
            for i in 0..dim {
                for j in 0..dim {
                    let at = |k: usize, i: usize| f64::from(v[(k * batch + sample) * dim + i]);
                    let sum: f64 = (0..dim).map(|k| at(k, i) * at(k, j)).sum::<f64>() / dim as f64;
                    assert!((sum - f64::from(u8::from(i == j))).abs() < 1e-5);
                }
            }
        }
    }

    #[test]
    fn single_probes_have_unit_covariance() {
        let (dim, batch) = (3, 40_000);
        let mut v = vec![0.0_f32; batch * dim];
        draw_probes(1, 0, 1, batch, dim, &mut v);
        for (i, j, expected) in [(0, 0, 1.0), (1, 1, 1.0), (0, 2, 0.0)] {
            let products = v.chunks_exact(dim).map(|p| f64::from(p[i] * p[j]));
            let mean = products.sum::<f64>() / batch as f64;
            // Entries are bounded by 3, so the standard error is below 0.01.
            assert!((mean - expected).abs() < 0.04, "{i},{j}: {mean}");
        }
    }
}
