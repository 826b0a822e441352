//! Symmetric positive definite systems.

use super::dot::dot;
use crate::work::{Halt, Part};

/// Lower Cholesky factor of a symmetric matrix given by its lower rows; a pivot that rounding made
/// negative counts as tiny.
pub(super) fn cholesky(a: Vec<Vec<f64>>, part: &Part) -> Result<Vec<Vec<f64>>, Halt> {
    factored(a, || part.go_on())
}

/// The same; `go_on` is asked before each row.
pub(crate) fn factored<E>(
    mut a: Vec<Vec<f64>>,
    go_on: impl Fn() -> Result<(), E>,
) -> Result<Vec<Vec<f64>>, E> {
    for i in 0..a.len() {
        go_on()?;
        let (done, rest) = a.split_at_mut(i);
        let row = &mut rest[0];
        let floor = 1e-12 * row[i].abs() + f64::MIN_POSITIVE;
        for j in 0..i {
            let known = dot(&row[..j], &done[j]);
            row[j] = (row[j] - known) / done[j][j];
        }
        let known = dot(&row[..i], &row[..i]);
        row[i] = (row[i] - known).max(floor).sqrt();
    }
    Ok(a)
}

/// Solves L·Lᵀ·x = b in place.
pub(crate) fn solve(factor: &[Vec<f64>], b: &mut [f64]) {
    for i in 0..b.len() {
        let known = dot(&factor[i][..i], b);
        b[i] = (b[i] - known) / factor[i][i];
    }
    // Row by row of L, as it lies in memory.
    for i in (0..b.len()).rev() {
        b[i] /= factor[i][i];
        let (below, at) = (&mut b[..=i], &factor[i]);
        let (at_i, below) =
            below.split_last_mut().map_or((0.0, &mut [][..]), |(x, rest)| (*x, rest));
        below.iter_mut().zip(at).for_each(|(b, l)| *b -= l * at_i);
    }
}
