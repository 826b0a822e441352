//! One row's affine map u ↦ e^s ⊙ (I + N)(u − μ), N strictly lower triangular.

/// The largest |s|.
const LARGEST_LOG_SCALE: f32 = 9.0;

/// Location, log-scale and shear of one row, read from a network's output
/// `[μ (D), raw s (D), N (D(D − 1)/2)]`.
pub(super) struct Triangular<'a> {
    output: &'a [f32],
    dim: usize,
}

/// Numbers that describe one such map.
pub(super) fn outputs(dim: usize) -> usize {
    2 * dim + dim * (dim - 1) / 2
}

/// s of a raw output: itself near 0, bounded far away.
fn log_scale(raw: f32) -> f32 {
    LARGEST_LOG_SCALE * (raw / LARGEST_LOG_SCALE).tanh()
}

impl<'a> Triangular<'a> {
    pub fn new(output: &'a [f32], dim: usize) -> Self {
        Self { output, dim }
    }

    fn shear(&self, i: usize) -> &'a [f32] {
        &self.output[2 * self.dim + i * (i.max(1) - 1) / 2..][..i]
    }

    fn log_scale(&self, i: usize) -> f32 {
        log_scale(self.output[self.dim + i])
    }

    /// Applies the map in place; returns its log-determinant.
    pub fn apply(&self, row: &mut [f32]) -> f64 {
        let mut log_det = 0.0;
        row.iter_mut().zip(self.output).for_each(|(u, mean)| *u -= mean);
        for i in (0..self.dim).rev() {
            let (below, rest) = row.split_at_mut(i);
            let sheared: f32 = self.shear(i).iter().zip(below.iter()).map(|(n, r)| n * r).sum();
            let s = self.log_scale(i);
            rest[0] = s.exp() * (rest[0] + sheared);
            log_det += f64::from(s);
        }
        log_det
    }

    /// Undoes [`apply`](Self::apply) in place; returns the log-determinant of `apply`.
    pub fn invert(&self, row: &mut [f32]) -> f64 {
        let mut log_det = 0.0;
        for i in 0..self.dim {
            let (below, rest) = row.split_at_mut(i);
            let sheared: f32 = self.shear(i).iter().zip(below.iter()).map(|(n, r)| n * r).sum();
            let s = self.log_scale(i);
            rest[0] = (-s).exp() * rest[0] - sheared;
            log_det += f64::from(s);
        }
        row.iter_mut().zip(self.output).for_each(|(u, mean)| *u += mean);
        log_det
    }

    /// ½‖out‖² − log-determinant of a row, and its gradient with respect to the outputs, times
    /// `weight`, into `gradient`. `centred` is scratch of length 2·D.
    pub fn loss(&self, row: &[f32], weight: f32, gradient: &mut [f32], scratch: &mut [f32]) -> f64 {
        let d = self.dim;
        let (centred, pull) = scratch.split_at_mut(d);
        for ((r, u), mean) in centred.iter_mut().zip(row).zip(self.output) {
            *r = u - mean;
        }
        pull.fill(0.0);
        let mut loss = 0.0;
        for i in 0..d {
            let shear = self.shear(i);
            let sheared: f32 = shear.iter().zip(centred.iter()).map(|(n, r)| n * r).sum();
            let s = self.log_scale(i);
            let scale = s.exp();
            let out = scale * (centred[i] + sheared);
            loss += f64::from(0.5 * out * out - s);
            // d s / d raw = 1 − (s / largest)².
            let slope = 1.0 - (s / LARGEST_LOG_SCALE).powi(2);
            gradient[d + i] = weight * (out * out - 1.0) * slope;
            let pulled = out * scale;
            pull[i] += pulled;
            let at = 2 * d + i * (i.max(1) - 1) / 2;
            for (j, slot) in gradient[at..at + i].iter_mut().enumerate() {
                *slot = weight * pulled * centred[j];
                pull[j] += pulled * shear[j];
            }
        }
        for (slot, p) in gradient[..d].iter_mut().zip(pull.iter()) {
            *slot = -weight * p;
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
}
