//! Correlations that are the same everywhere, in closed form.

use super::super::cholesky::cholesky;
use super::super::triangular::{shear_row, shear_unit};
use super::{CHUNK, Halt, Part, WhiteningNetwork, WhiteningTable, outputs};

impl WhiteningNetwork {
    /// The network with the correlations that are left of its whitened training rows taken out of them, where
    /// held-out rows are likelier by it. A network learns them slowly by itself, as they are so many.
    pub(super) fn decorrelated(self, table: &WhiteningTable, part: &Part) -> Result<Self, Halt> {
        let d = self.dim;
        if d < 2 {
            return Ok(self);
        }
        let mut moments: Vec<Vec<f64>> = (0..d).map(|i| vec![0.0; i + 1]).collect();
        let mut mlp = self.mlp(CHUNK);
        self.whiten(&mut mlp, table, table.training, part, |white, _| {
            for (i, row) in moments.iter_mut().enumerate() {
                let pairs = row.iter_mut().zip(white);
                pairs.for_each(|(sum, other)| *sum += f64::from(white[i]) * f64::from(*other));
            }
        })?;
        let widths: Vec<f64> = (0..d).map(|i| moments[i][i].sqrt()).collect();
        for (i, row) in moments.iter_mut().enumerate() {
            row.iter_mut().zip(&widths).for_each(|(sum, width)| *sum /= widths[i] * width);
        }
        if moments.iter().flatten().any(|correlation| !correlation.is_finite()) {
            return Ok(self);
        }
        let mut other = self.clone();
        other.shear_by(&inverse(&cholesky(moments, part)?), part)?;
        let before = self.nll(&mut mlp, table, part)?;
        let after = other.nll(&mut other.mlp(CHUNK), table, part)?;
        Ok(if after < before { other } else { self })
    }

    /// Whitened rows are multiplied by M, a lower triangle, from now on. With d its diagonal, z ↦ (I + N)·z becomes
    /// d ⊙ z ↦ M·(I + N)·diag(1/d)·(d ⊙ z): the last layer says so alone, as that is linear in N. (Of a raw
    /// log-scale far from zero the bound is not minded.)
    fn shear_by(&mut self, inverse: &[Vec<f64>], part: &Part) -> Result<(), Halt> {
        let (d, n, unit) = (self.dim, outputs(self.dim), f64::from(shear_unit(self.dim)));
        let start = self.weights.len() - (self.width + 1) * n;
        // Weights from each hidden unit, then the biases, which the identity counts among.
        for (unit_index, row) in self.weights[start..].chunks_exact_mut(n).enumerate() {
            part.go_on()?;
            let bias = f64::from(u8::from(unit_index == self.width));
            let old = row.to_vec();
            for (i, m) in inverse.iter().enumerate() {
                row[d + i] += (bias * m[i].ln()) as f32;
                for j in 0..i {
                    let below = (j + 1..=i).map(|k| m[k] * f64::from(old[shear_row(d, k) + j]));
                    let sheared = bias * m[j] + unit * below.sum::<f64>();
                    row[shear_row(d, i) + j] = (sheared / inverse[j][j] / unit) as f32;
                }
            }
        }
        Ok(())
    }
}

/// The inverse of a lower triangle.
fn inverse(factor: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut inverse: Vec<Vec<f64>> = Vec::with_capacity(factor.len());
    for (i, row) in factor.iter().enumerate() {
        let known = |j: usize| (j..i).map(|k| row[k] * inverse[k][j]).sum::<f64>();
        let below: Vec<f64> = (0..i).map(|j| -known(j) / row[i]).collect();
        inverse.push([below, vec![1.0 / row[i]]].concat());
    }
    inverse
}
