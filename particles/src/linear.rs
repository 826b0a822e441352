//! Inverses and determinants.

/// Sign and log-size of a determinant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Determinant {
    /// Whether it is below zero.
    pub negative: bool,
    /// ln|det|.
    pub log: f64,
}

/// Replaces `a` `[n, n]` by its inverse: Gauss–Jordan elimination with partial pivoting. `None` if it
/// is singular or not finite; `a` is then garbage.
pub fn invert(n: usize, a: &mut [f64]) -> Option<Determinant> {
    let (mut log, mut negative) = (0.0, false);
    let mut pivots = vec![0; n];
    for k in 0..n {
        let size = |row: &usize| a[row * n + k].abs();
        let pivot = (k..n).max_by(|r, s| size(r).total_cmp(&size(s)))?;
        let value = a[pivot * n + k];
        if value == 0.0 || !value.is_finite() {
            return None;
        }
        log += value.abs().ln();
        negative ^= (value < 0.0) ^ (pivot != k);
        pivots[k] = pivot;
        if pivot != k {
            (0..n).for_each(|j| a.swap(k * n + j, pivot * n + j));
        }
        a[k * n + k] = 1.0;
        a[k * n..][..n].iter_mut().for_each(|v| *v /= value);
        let (above, rest) = a.split_at_mut(k * n);
        let (row, below) = rest.split_at_mut(n);
        for other in above.chunks_exact_mut(n).chain(below.chunks_exact_mut(n)) {
            let factor = std::mem::replace(&mut other[k], 0.0);
            other.iter_mut().zip(&*row).for_each(|(v, of)| *v -= factor * of);
        }
    }
    for k in (0..n).rev().filter(|k| pivots[*k] != *k) {
        (0..n).for_each(|r| a.swap(r * n + k, r * n + pivots[k]));
    }
    log.is_finite().then_some(Determinant { negative, log })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverse_times_matrix_is_the_identity() {
        // det = 0·(…) − 2·(1·1 − 3·4) + 1·(1·0 − 1·4) = 18; with two rows exchanged −18.
        let a = [0.0, 2.0, 1.0, 1.0, 1.0, 3.0, 4.0, 0.0, 1.0];
        let mut inverse = a;
        let found = invert(3, &mut inverse).unwrap();
        assert!(!found.negative && (found.log - 18.0_f64.ln()).abs() < 1e-12);
        for (i, row) in a.chunks_exact(3).enumerate() {
            for j in 0..3 {
                let product: f64 = (0..3).map(|k| row[k] * inverse[k * 3 + j]).sum();
                assert!((product - f64::from(u8::from(i == j))).abs() < 1e-12, "{i}, {j}");
            }
        }
        let mut exchanged = [1.0, 1.0, 3.0, 0.0, 2.0, 1.0, 4.0, 0.0, 1.0];
        assert!(invert(3, &mut exchanged).unwrap().negative);
        assert_eq!(invert(2, &mut [1.0, 2.0, 2.0, 4.0]), None);
        assert_eq!(invert(1, &mut [f64::NAN]), None);
    }
}
