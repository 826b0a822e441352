//! The inverse and log-determinant of a small matrix.

/// Replaces the row-major D × D `matrix` by its inverse and returns log|det matrix|, by
/// Gauss–Jordan elimination with partial pivoting. A singular or non-finite matrix gives NaN in
/// both.
pub(super) fn invert(d: usize, matrix: &mut [f64]) -> f64 {
    let mut log_det = 0.0;
    let mut swaps = Vec::with_capacity(d);
    for column in 0..d {
        let size = |row: usize| matrix[row * d + column].abs();
        let best = (column..d).max_by(|a, b| size(*a).total_cmp(&size(*b))).unwrap_or(column);
        let pivot = matrix[best * d + column];
        if pivot == 0.0 || !pivot.is_finite() {
            matrix.fill(f64::NAN);
            return f64::NAN;
        }
        log_det += pivot.abs().ln();
        swap_rows(d, matrix, column, best);
        swaps.push((column, best));
        eliminate(d, matrix, column);
    }
    // Rows were exchanged on the way: the inverse's columns go back in reverse order.
    for (a, b) in swaps.into_iter().rev() {
        for row in matrix.chunks_exact_mut(d) {
            row.swap(a, b);
        }
    }
    log_det
}

/// One Gauss–Jordan step in place: the pivot's row and column become the inverse's.
fn eliminate(d: usize, matrix: &mut [f64], pivot: usize) {
    let scale = 1.0 / matrix[pivot * d + pivot];
    matrix[pivot * d + pivot] = 1.0;
    matrix[pivot * d..][..d].iter_mut().for_each(|entry| *entry *= scale);
    for row in (0..d).filter(|row| *row != pivot) {
        let factor = std::mem::replace(&mut matrix[row * d + pivot], 0.0);
        for j in 0..d {
            matrix[row * d + j] -= factor * matrix[pivot * d + j];
        }
    }
}

fn swap_rows(d: usize, matrix: &mut [f64], a: usize, b: usize) {
    if a != b {
        (0..d).for_each(|j| matrix.swap(a * d + j, b * d + j));
    }
}

#[cfg(test)]
mod tests {
    use super::invert;

    #[test]
    fn inverse_and_determinant_of_a_matrix_that_needs_pivoting() {
        // det = 0·(…) − 2·(1·1 − 3·4) + 1·(1·0 − 1·4) = 22 − 4 = 18; adjugate by hand.
        let mut matrix = [0.0, 2.0, 1.0, 1.0, 1.0, 3.0, 4.0, 0.0, 1.0];
        let log_det = invert(3, &mut matrix);
        let adjugate = [1.0, -2.0, 5.0, 11.0, -4.0, 1.0, -4.0, 8.0, -2.0];
        assert!((log_det - 18f64.ln()).abs() < 1e-14);
        for (entry, adjugate) in matrix.iter().zip(adjugate) {
            assert!((entry - adjugate / 18.0).abs() < 1e-14, "{entry} for {adjugate}/18");
        }
    }

    #[test]
    fn singular_matrices_give_nan() {
        for mut matrix in [[1.0, 2.0, 2.0, 4.0], [0.0; 4], [f64::NAN, 0.0, 0.0, 1.0]] {
            assert!(invert(2, &mut matrix).is_nan());
            assert!(matrix.iter().all(|entry| entry.is_nan()));
        }
    }
}
