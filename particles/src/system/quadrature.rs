//! ln Z and ⟨u⟩ of four particles in the plane, by quadrature.

use std::f64::consts::{PI, TAU};

/// Nodes along a radius and around a circle. Twice as many change the ninth digit.
const RADII: usize = 150;
const ANGLES: usize = 128;

/// ln ∫ e^(−u) over the zero-centred subspace and ⟨u⟩, for u = Σ_{i<j} v(d_ij) of four particles in
/// the plane, where e^(−v(d)) is as good as zero for d outside of `range`.
///
/// With the first particle in the origin, the others at (r, θ): a sum over two of them depends on
/// the difference of their angles only, so the integral over angles is a convolution, a product of
/// Fourier coefficients A_m(r, r′) of e^(−v). What is left are three radii:
/// Z = (2π)³ Σ_m tr[(W A_m)³] / 4, W the weights of the radii; 4 = Nⁿᐟ² goes from positions
/// relative to the first particle to zero-centred ones.
#[must_use]
pub fn four_in_the_plane(v: impl Fn(f64) -> f64, range: [f64; 2]) -> (f64, f64) {
    // ⟨u⟩ = −d ln Z / ds of the energy s·u at s = 1.
    const STEP: f64 = 1e-3;
    let ln_z = |s: f64| ln_z(|d| s * v(d), range);
    ((ln_z(1.0)), (ln_z(1.0 - STEP) - ln_z(1.0 + STEP)) / (2.0 * STEP))
}

fn ln_z(v: impl Fn(f64) -> f64, [least, most]: [f64; 2]) -> f64 {
    // Trapezoids: the ends count for nothing.
    let width = (most - least) / RADII as f64;
    let radii: Vec<f64> = (0..RADII).map(|k| least + (k as f64 + 0.5) * width).collect();
    let lowest = radii.iter().map(|&r| v(r)).fold(f64::INFINITY, f64::min);
    let factor = |d: f64| (lowest - v(d)).exp();
    let weight: Vec<f64> = radii.iter().map(|&r| (r * width * factor(r)).sqrt()).collect();
    // [ANGLES / 2 + 1, RADII, RADII]: A_m as W^½ A_m W^½, even in m.
    let orders = ANGLES / 2 + 1;
    let mut coefficients = vec![0.0; orders * RADII * RADII];
    let cosines: Vec<f64> = (0..ANGLES).map(|k| (TAU * k as f64 / ANGLES as f64).cos()).collect();
    let mut around = [0.0; ANGLES];
    for (a, &r) in radii.iter().enumerate() {
        for (b, &s) in radii.iter().enumerate().take(a + 1) {
            for (value, cosine) in around.iter_mut().zip(&cosines) {
                *value = factor((r * r + s * s - 2.0 * r * s * cosine).max(0.0).sqrt());
            }
            let scale = weight[a] * weight[b] / ANGLES as f64;
            for m in 0..orders {
                let term = |(k, value): (usize, &f64)| value * cosines[k * m % ANGLES];
                let sum: f64 = around.iter().enumerate().map(term).sum();
                coefficients[(m * RADII + a) * RADII + b] = scale * sum;
                coefficients[(m * RADII + b) * RADII + a] = scale * sum;
            }
        }
    }
    let trace: f64 = (0..orders)
        .map(|m| {
            let matrix = &coefficients[m * RADII * RADII..][..RADII * RADII];
            let both = if m == 0 || m == ANGLES / 2 { 1.0 } else { 2.0 };
            both * trace_of_cube(matrix)
        })
        .sum();
    ((2.0 * PI).powi(3) * trace / 4.0).ln() - 6.0 * lowest
}

/// tr A³ of a symmetric A.
fn trace_of_cube(a: &[f64]) -> f64 {
    let rows: Vec<&[f64]> = a.chunks_exact(RADII).collect();
    let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    let entry = |i: usize, j: usize| rows[i][j] * dot(rows[i], rows[j]);
    (0..RADII).map(|i| 2.0 * (0..i).map(|j| entry(i, j)).sum::<f64>() + entry(i, i)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Springs of any strength k: u = ½k Σ_{i<j} d² = ½·4k·|x|² for zero-centred x, so
    /// Z = (2π / 4k)³ and ⟨u⟩ = 3.
    #[test]
    fn springs_have_a_closed_form() {
        let k = 0.8;
        let (ln_z, mean) = four_in_the_plane(|d| 0.5 * k * d * d, [0.0, 9.0]);
        assert!((ln_z - 3.0 * (TAU / (4.0 * k)).ln()).abs() < 1e-3, "{ln_z}");
        assert!((mean - 3.0).abs() < 1e-3, "{mean}");
    }
}
