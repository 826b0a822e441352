//! Gradients by central differences.

/// Step in units of 1 + |x|: the cube root of the rounding of doubles.
const STEP: f64 = 6e-6;

/// ∂u/∂x into `out`, by two energies a coordinate.
pub(super) fn gradient(energy: impl Fn(&[f64]) -> f64, x: &[f64], out: &mut [f64]) {
    let mut moved = x.to_vec();
    for (i, out) in out.iter_mut().enumerate() {
        let step = STEP * (1.0 + x[i].abs());
        moved[i] = x[i] + step;
        let (above, to) = (energy(&moved), moved[i]);
        moved[i] = x[i] - step;
        let (below, from) = (energy(&moved), moved[i]);
        *out = (above - below) / (to - from);
        moved[i] = x[i];
    }
}
