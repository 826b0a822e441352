//! Determinants and inverses of many small matrices, without allocation.

/// Replaces `a` `[D, D]` by its inverse and returns log|det a|: Gauss–Jordan elimination with
/// partial pivoting. NaN if `a` is singular or not finite; `a` is then garbage. `pivots` is
/// scratch of length D.
pub(crate) fn invert(dim: usize, a: &mut [f64], pivots: &mut [usize]) -> f64 {
    let mut log_det = 0.0;
    for k in 0..dim {
        let mut pivot = k;
        for r in k + 1..dim {
            if a[r * dim + k].abs() > a[pivot * dim + k].abs() {
                pivot = r;
            }
        }
        let value = a[pivot * dim + k];
        if value == 0.0 || !value.is_finite() {
            return f64::NAN;
        }
        log_det += value.abs().ln();
        pivots[k] = pivot;
        if pivot != k {
            (0..dim).for_each(|j| a.swap(k * dim + j, pivot * dim + j));
        }
        a[k * dim + k] = 1.0;
        (0..dim).for_each(|j| a[k * dim + j] /= value);
        for r in (0..dim).filter(|r| *r != k) {
            let factor = std::mem::replace(&mut a[r * dim + k], 0.0);
            for j in 0..dim {
                a[r * dim + j] -= factor * a[k * dim + j];
            }
        }
    }
    // Row exchanges on the way in are column exchanges of the inverse, undone backward.
    for k in (0..dim).rev().filter(|k| pivots[*k] != *k) {
        (0..dim).for_each(|r| a.swap(r * dim + k, r * dim + pivots[k]));
    }
    log_det
}

#[cfg(test)]
mod tests {
    use super::invert;

    #[test]
    fn inverse_times_matrix_is_the_identity() {
        // det = 0·(…) − 2·(1·1 − 3·4) + 1·(1·0 − 1·4) = 18, with a zero first pivot.
        let a = [0.0, 2.0, 1.0, 1.0, 1.0, 3.0, 4.0, 0.0, 1.0];
        let (mut inverse, mut pivots) = (a, [0; 3]);
        let log_det = invert(3, &mut inverse, &mut pivots);
        assert!((log_det - 18.0_f64.ln()).abs() < 1e-12);
        for i in 0..3 {
            for j in 0..3 {
                let product: f64 = (0..3).map(|k| a[i * 3 + k] * inverse[k * 3 + j]).sum();
                assert!((product - f64::from(u8::from(i == j))).abs() < 1e-12, "{i}, {j}");
            }
        }
    }

    #[test]
    fn singular_and_non_finite_matrices_are_nan() {
        assert!(invert(2, &mut [1.0, 2.0, 2.0, 4.0], &mut [0; 2]).is_nan());
        assert!(invert(2, &mut [1.0, f64::NAN, 2.0, 4.0], &mut [0; 2]).is_nan());
        assert!(invert(1, &mut [f64::INFINITY], &mut [0]).is_nan());
    }
}
