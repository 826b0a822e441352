//! Zero-centred coordinates: positions of N particles in n dimensions whose mean is the origin.
//!
//! Energies do not change where all particles are moved together, so a density is over the
//! (N − 1)·n-dimensional subspace Σᵢ xᵢ = 0, in the measure of an orthonormal basis of it.

use ndarray::{Array2, ArrayView1};

/// Degrees of freedom of the subspace, (N − 1)·n.
#[must_use]
pub fn degrees_of_freedom(particles: usize, dims: usize) -> usize {
    particles.saturating_sub(1) * dims
}

/// Moves the centre of mass of x `[N, n]` to the origin.
pub fn center(x: &mut [f64], dims: usize) {
    let count = (x.len() / dims) as f64;
    for axis in 0..dims {
        let mean = x.iter().skip(axis).step_by(dims).sum::<f64>() / count;
        x.iter_mut().skip(axis).step_by(dims).for_each(|v| *v -= mean);
    }
}

/// [`center`] for each row of x `[rows, N·n]`.
pub(crate) fn center_rows(x: &mut Array2<f64>, dims: usize) {
    for mut row in x.rows_mut() {
        let mut centred = row.to_vec();
        center(&mut centred, dims);
        row.assign(&ArrayView1::from(&centred));
    }
}

/// As [`center`], in single precision with sums in double.
pub fn center_single(x: &mut [f32], dims: usize) {
    let count = (x.len() / dims) as f64;
    for axis in 0..dims {
        let sum: f64 = x.iter().skip(axis).step_by(dims).map(|v| f64::from(*v)).sum();
        let mean = (sum / count) as f32;
        x.iter_mut().skip(axis).step_by(dims).for_each(|v| *v -= mean);
    }
}

/// Σᵢ |xᵢ − x̄|² of x `[N, n]`.
#[must_use]
pub fn spread(x: &[f64], dims: usize) -> f64 {
    let count = (x.len() / dims) as f64;
    let of_axis = |axis: usize| {
        let values = || x.iter().skip(axis).step_by(dims);
        let mean = values().sum::<f64>() / count;
        values().map(|v| (v - mean).powi(2)).sum::<f64>()
    };
    (0..dims).map(of_axis).sum()
}

/// An orthonormal basis of the zero-centred subspace, `[(N − 1)·n, N·n]`, one vector a row:
/// Helmert's, the a-th particle against the mean of those before it.
#[must_use]
pub fn basis(particles: usize, dims: usize) -> Vec<f64> {
    let (dof, width) = (degrees_of_freedom(particles, dims), particles * dims);
    let mut basis = vec![0.0; dof * width];
    for a in 1..particles {
        let scale = 1.0 / ((a * (a + 1)) as f64).sqrt();
        for axis in 0..dims {
            let row = &mut basis[((a - 1) * dims + axis) * width..][..width];
            for i in 0..a {
                row[i * dims + axis] = scale;
            }
            row[a * dims + axis] = -(a as f64) * scale;
        }
    }
    basis
}

/// log N(z; 0, I) on the subspace: −½|z|² − ½(N − 1)n ln 2π, of a zero-centred z `[N, n]`.
#[must_use]
pub fn latent_log_density(z: &[f64], dims: usize) -> f64 {
    let dof = degrees_of_freedom(z.len() / dims, dims);
    -0.5 * z.iter().map(|v| v * v).sum::<f64>() - latent_normalizer(dof)
}

/// ½ k ln 2π: what a standard normal of k dimensions is divided by, as a logarithm.
#[must_use]
pub fn latent_normalizer(dof: usize) -> f64 {
    0.5 * dof as f64 * std::f64::consts::TAU.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases_are_orthonormal_and_centred() {
        for (particles, dims) in [(2, 1), (4, 2), (13, 3)] {
            let (dof, width) = (degrees_of_freedom(particles, dims), particles * dims);
            let basis = basis(particles, dims);
            for a in 0..dof {
                let row = &basis[a * width..][..width];
                for b in 0..dof {
                    let dot: f64 =
                        row.iter().zip(&basis[b * width..][..width]).map(|(x, y)| x * y).sum();
                    assert!((dot - f64::from(u8::from(a == b))).abs() < 1e-14);
                }
                let mut centred = row.to_vec();
                center(&mut centred, dims);
                assert!(centred.iter().zip(row).all(|(x, y)| (x - y).abs() < 1e-15));
            }
        }
    }

    /// The normaliser that the published figures leave out: 5.513631 for 4 particles in the plane,
    /// 148.868042 for 55 in space.
    #[test]
    fn the_latent_normaliser_is_of_the_subspace() {
        assert!((latent_normalizer(degrees_of_freedom(4, 2)) - 5.513_631).abs() < 1e-6);
        assert!((latent_normalizer(degrees_of_freedom(55, 3)) - 148.868_042).abs() < 1e-6);
        assert_eq!(spread(&[1.0, 1.0, 3.0, 5.0], 2), 2.0 + 8.0);
    }
}
