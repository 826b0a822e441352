//! LU decomposition of the small D × D Jacobians.

/// A row-major square matrix, decomposed with partial pivoting.
#[derive(Clone, Debug)]
pub struct Lu {
    dim: usize,
    factors: Vec<f64>,
    rows: Vec<usize>,
}

impl Lu {
    /// Decomposes `matrix` `[D, D]`; `None` where it is singular or not finite.
    #[must_use]
    pub fn new(dim: usize, matrix: &[f32]) -> Option<Self> {
        let mut factors: Vec<f64> = matrix.iter().map(|v| f64::from(*v)).collect();
        let mut rows: Vec<usize> = (0..dim).collect();
        for k in 0..dim {
            let magnitude = |r: &usize| factors[r * dim + k].abs();
            let pivot = (k..dim).max_by(|a, b| magnitude(a).total_cmp(&magnitude(b)))?;
            let value = factors[pivot * dim + k];
            if value == 0.0 || !value.is_finite() {
                return None;
            }
            if pivot != k {
                (0..dim).for_each(|j| factors.swap(k * dim + j, pivot * dim + j));
                rows.swap(k, pivot);
            }
            for r in k + 1..dim {
                let factor = factors[r * dim + k] / factors[k * dim + k];
                factors[r * dim + k] = factor;
                for j in k + 1..dim {
                    factors[r * dim + j] -= factor * factors[k * dim + j];
                }
            }
        }
        Some(Self { dim, factors, rows })
    }

    /// log|det|.
    #[must_use]
    pub fn log_abs_det(&self) -> f64 {
        (0..self.dim).map(|k| self.factors[k * self.dim + k].abs().ln()).sum()
    }

    /// Solves A·y = b.
    pub fn solve(&self, b: &[f64], y: &mut [f64]) {
        for r in 0..self.dim {
            let below: f64 = (0..r).map(|j| self.factors[r * self.dim + j] * y[j]).sum();
            y[r] = b[self.rows[r]] - below;
        }
        for r in (0..self.dim).rev() {
            let above: f64 = (r + 1..self.dim).map(|j| self.factors[r * self.dim + j] * y[j]).sum();
            y[r] = (y[r] - above) / self.factors[r * self.dim + r];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solves_and_takes_determinants_with_pivoting() {
        // det = 0·(…) − 2·(1·1 − 3·4) + 1·(1·0 − 1·4) = 22 − 4 = 18, zero first pivot.
        let a = [0.0_f32, 2.0, 1.0, 1.0, 1.0, 3.0, 4.0, 0.0, 1.0];
        let lu = Lu::new(3, &a).unwrap();
        assert!((lu.log_abs_det() - 18.0_f64.ln()).abs() < 1e-12);
        let mut y = [0.0; 3];
        lu.solve(&[7.0, 12.0, 7.0], &mut y);
        // A · (1, 2, 3) = (7, 12, 7).
        assert!(y.iter().zip([1.0, 2.0, 3.0]).all(|(a, b)| (a - b).abs() < 1e-12), "{y:?}");
        assert!(Lu::new(2, &[1.0, 2.0, 2.0, 4.0]).is_none());
        assert!(Lu::new(2, &[f32::NAN, 2.0, 2.0, 4.0]).is_none());
    }
}
