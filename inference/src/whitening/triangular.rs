//! One row's affine map u ↦ (I + N)·(e^s ⊙ (u − μ)), N strictly lower triangular.
//!
//! The shear N acts on what is scaled already, so that it is a matter of correlations alone: one that stays the same
//! while scales change with the context is a constant N. It has D(D − 1)/2 numbers, which are the first to be
//! learnt by heart; the network's outputs for it count only so much less that together they move like one.

/// The largest |s|.
const LARGEST_LOG_SCALE: f32 = 9.0;

/// Location, log-scale and shear of one row, read from a network's output
/// `[μ (D), raw s (D), raw N (D(D − 1)/2)]`.
pub(super) struct Triangular<'a> {
    output: &'a [f32],
    dim: usize,
}

/// Numbers that describe one such map.
pub(super) fn outputs(dim: usize) -> usize {
    2 * dim + dim * (dim - 1) / 2
}

/// Place of row i of raw N among the outputs; it has i numbers.
pub(super) fn shear_row(dim: usize, i: usize) -> usize {
    2 * dim + i * (i.max(1) - 1) / 2
}

/// What a raw N is multiplied by.
pub(super) fn shear_unit(dim: usize) -> f32 {
    1.0 / (dim * (dim - 1)).max(1) as f32
}

/// s of a raw output: itself near 0, bounded far away.
fn log_scale(raw: f32) -> f32 {
    LARGEST_LOG_SCALE * (raw / LARGEST_LOG_SCALE).tanh()
}

/// Rewrites the output of a network whose shear acts on what is not scaled yet, u ↦ e^s ⊙ (I + N)(u − μ), N as it
/// is put out: the form of earlier versions.
pub(super) fn shear_scaled(output: &mut [f32], dim: usize) {
    let (scales, shears) = output[dim..].split_at_mut(dim);
    let mut shears = shears.iter_mut();
    for i in 0..dim {
        for j in 0..i {
            let ratio = (log_scale(scales[i]) - log_scale(scales[j])).exp();
            shears.next().into_iter().for_each(|n| *n *= ratio / shear_unit(dim));
        }
    }
}

impl<'a> Triangular<'a> {
    pub fn new(output: &'a [f32], dim: usize) -> Self {
        Self { output, dim }
    }

    /// What row i of N adds to a scaled row.
    fn sheared(&self, i: usize, scaled: &[f32]) -> f32 {
        let raw = &self.output[shear_row(self.dim, i)..][..i];
        shear_unit(self.dim) * raw.iter().zip(scaled).map(|(n, z)| n * z).sum::<f32>()
    }

    fn log_scale(&self, i: usize) -> f32 {
        log_scale(self.output[self.dim + i])
    }

    /// Applies the map in place; returns its log-determinant.
    pub fn apply(&self, row: &mut [f32]) -> f64 {
        let mut log_det = 0.0;
        for (i, (u, mean)) in row.iter_mut().zip(self.output).enumerate() {
            let s = self.log_scale(i);
            *u = s.exp() * (*u - mean);
            log_det += f64::from(s);
        }
        for i in (1..self.dim).rev() {
            row[i] += self.sheared(i, row);
        }
        log_det
    }

    /// Undoes [`apply`](Self::apply) in place; returns the log-determinant of `apply`.
    pub fn invert(&self, row: &mut [f32]) -> f64 {
        for i in 1..self.dim {
            row[i] -= self.sheared(i, row);
        }
        let mut log_det = 0.0;
        for (i, (z, mean)) in row.iter_mut().zip(self.output).enumerate() {
            let s = self.log_scale(i);
            *z = (-s).exp() * *z + mean;
            log_det += f64::from(s);
        }
        log_det
    }

    /// ½‖out‖² − log-determinant of a row, and its gradient with respect to the outputs, times
    /// `weight`, into `gradient`. `scratch` has a length of 2·D.
    pub fn loss(&self, row: &[f32], weight: f32, gradient: &mut [f32], scratch: &mut [f32]) -> f64 {
        let (d, unit) = (self.dim, shear_unit(self.dim));
        let (scaled, pull) = scratch.split_at_mut(d);
        for (i, ((z, u), mean)) in scaled.iter_mut().zip(row).zip(self.output).enumerate() {
            *z = self.log_scale(i).exp() * (u - mean);
        }
        pull.fill(0.0);
        let mut loss = 0.0;
        for i in 0..d {
            let out = scaled[i] + self.sheared(i, scaled);
            loss += f64::from(0.5 * out * out - self.log_scale(i));
            pull[i] += out;
            let at = shear_row(d, i);
            let raw = &self.output[at..at + i];
            for (j, (slot, n)) in gradient[at..at + i].iter_mut().zip(raw).enumerate() {
                *slot = weight * unit * out * scaled[j];
                pull[j] += unit * out * n;
            }
        }
        for i in 0..d {
            let s = self.log_scale(i);
            // d s / d raw = 1 − (s / largest)².
            let slope = 1.0 - (s / LARGEST_LOG_SCALE).powi(2);
            gradient[d + i] = weight * (pull[i] * scaled[i] - 1.0) * slope;
            gradient[i] = -weight * pull[i] * s.exp();
        }
        loss
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> (Vec<f32>, [f32; 3]) {
        let output = [0.3, -0.2, 0.9, 0.4, -0.7, 1.1, 0.5, -0.6, 0.8];
        (output.to_vec(), [0.5, -1.2, 2.0])
    }

    #[test]
    fn inverse_undoes_and_log_det_is_that_of_the_jacobian() {
        let (output, row) = sample();
        let map = Triangular::new(&output, 3);
        let mut there = row;
        let log_det = map.apply(&mut there);
        let mut back = there;
        map.invert(&mut back);
        for (a, b) in back.iter().zip(row) {
            assert!((a - b).abs() < 1e-5);
        }
        // Triangular: the determinant is the product of the diagonal's finite differences.
        let h = 1e-2;
        let product: f64 = (0..3)
            .map(|i| {
                let (mut up, mut down) = (row, row);
                up[i] += h;
                down[i] -= h;
                map.apply(&mut up);
                map.apply(&mut down);
                f64::from((up[i] - down[i]) / (2.0 * h))
            })
            .product();
        assert!((product.ln() - log_det).abs() < 1e-4);
    }

    #[test]
    fn gradient_is_that_of_finite_differences() {
        let (output, row) = sample();
        let (mut gradient, mut scratch) = (vec![0.0; outputs(3)], [0.0; 6]);
        Triangular::new(&output, 3).loss(&row, 1.0, &mut gradient, &mut scratch);
        let h = 1e-2;
        for i in 0..output.len() {
            let at = |shift: f32| {
                let mut moved = output.clone();
                moved[i] += shift;
                let mut unused = vec![0.0; outputs(3)];
                Triangular::new(&moved, 3).loss(&row, 1.0, &mut unused, &mut [0.0; 6])
            };
            let difference = (at(h) - at(-h)) / f64::from(2.0 * h);
            let error = (difference - f64::from(gradient[i])).abs();
            assert!(error < 3e-3 * (1.0 + difference.abs()), "{i}: {} {difference}", gradient[i]);
        }
    }

    /// e^s ⊙ (I + N)(u − μ), N as it is put out, written out for D = 3.
    #[test]
    fn the_form_of_earlier_versions_is_rewritten() {
        let (mut output, row) = sample();
        let [a, b, c] = [0, 1, 2].map(|i| row[i] - output[i]);
        let scale = [3, 4, 5].map(|i| log_scale(output[i]).exp());
        let n = [output[6], output[7], output[8]];
        let expected =
            [scale[0] * a, scale[1] * (b + n[0] * a), scale[2] * (c + n[1] * a + n[2] * b)];
        shear_scaled(&mut output, 3);
        let mut there = row;
        Triangular::new(&output, 3).apply(&mut there);
        for (a, b) in there.iter().zip(expected) {
            assert!((a - b).abs() < 1e-5, "{there:?} {expected:?}");
        }
    }
}
