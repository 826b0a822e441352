//! Symmetric positive definite systems.

/// Lower Cholesky factor of a symmetric matrix given by its lower rows; a pivot that rounding made
/// negative counts as tiny.
pub(super) fn cholesky(mut a: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    for i in 0..a.len() {
        let (done, rest) = a.split_at_mut(i);
        let row = &mut rest[0];
        let floor = 1e-12 * row[i].abs() + f64::MIN_POSITIVE;
        for j in 0..i {
            let known: f64 = row[..j].iter().zip(&done[j]).map(|(x, y)| x * y).sum();
            row[j] = (row[j] - known) / done[j][j];
        }
        let known: f64 = row[..i].iter().map(|v| v * v).sum();
        row[i] = (row[i] - known).max(floor).sqrt();
    }
    a
}

/// Solves L·Lᵀ·x = b in place.
pub(super) fn solve(factor: &[Vec<f64>], b: &mut [f64]) {
    for i in 0..b.len() {
        let known: f64 = factor[i][..i].iter().zip(&*b).map(|(l, x)| l * x).sum();
        b[i] = (b[i] - known) / factor[i][i];
    }
    for i in (0..b.len()).rev() {
        let known: f64 = (i + 1..b.len()).map(|k| factor[k][i] * b[k]).sum();
        b[i] = (b[i] - known) / factor[i][i];
    }
}
