//! The latent law: a standard normal.

/// −log N(0; 0, I) in D dimensions: ½ D log 2π.
pub(crate) fn normal_normalizer(dim: usize) -> f64 {
    0.5 * dim as f64 * (2.0 * std::f64::consts::PI).ln()
}
