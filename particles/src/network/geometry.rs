//! Distances and the equivariant update: a few numbers a pair.

use super::scratch::Shape;

/// Kept from under the root, so that it has a slope where particles coincide.
pub(crate) const SOFT: f32 = 1e-8;

/// Of pair (i, j) in positions `[G·N, n]`: xᵢ − xⱼ along an axis.
macro_rules! difference {
    ($x:expr, $i:expr, $j:expr, $dims:expr, $axis:expr) => {
        $x[$i * $dims + $axis] - $x[$j * $dims + $axis]
    };
}

/// d² `[Q]` of positions x `[G·N, n]`.
pub(super) fn squared(shape: &Shape, x: &[f32], out: &mut [f32]) {
    let dims = shape.dims;
    shape.pairs.each(|q, i, j| {
        let square = |axis| {
            let delta: f32 = difference!(x, i, j, dims, axis);
            delta * delta
        };
        out[q] = (0..dims).map(square).sum();
    });
}

/// Tangents 2(xᵢ − xⱼ)·(ẋᵢ − ẋⱼ) `[T, Q]` of d².
pub(super) fn squared_tangents(shape: &Shape, x: &[f32], tangents: &[f32], out: &mut [f32]) {
    let (dims, count) = (shape.dims, shape.pairs.count());
    for (tangent, out) in tangents.chunks_exact(x.len()).zip(out.chunks_exact_mut(count)) {
        shape.pairs.each(|q, i, j| {
            let product = |axis| {
                let delta: f32 = difference!(x, i, j, dims, axis);
                delta * difference!(tangent, i, j, dims, axis)
            };
            out[q] = 2.0 * (0..dims).map(product).sum::<f32>();
        });
    }
}

/// Adds gradients `grad` `[S, Q]` of d² and its tangents, pulled back, to those of x and ẋ,
/// `to` `[S, G·N, n]`.
pub(super) fn squared_backward(
    shape: &Shape,
    x: &[f32],
    tangents: &[f32],
    grad: &[f32],
    to: &mut [f32],
) {
    let (dims, count, size) = (shape.dims, shape.pairs.count(), x.len());
    let (to_x, to_tangents) = to.split_at_mut(size);
    for s in 0..grad.len() / count {
        shape.pairs.each(|q, i, j| {
            let of = 2.0 * grad[s * count + q];
            for axis in 0..dims {
                let delta: f32 = difference!(x, i, j, dims, axis);
                let (a, b) = (i * dims + axis, j * dims + axis);
                if s == 0 {
                    to_x[a] += of * delta;
                    to_x[b] -= of * delta;
                } else {
                    let at = (s - 1) * size;
                    let turn = difference!(tangents[at..], i, j, dims, axis);
                    to_x[a] += of * turn;
                    to_x[b] -= of * turn;
                    to_tangents[at + a] += of * delta;
                    to_tangents[at + b] -= of * delta;
                }
            }
        });
    }
}

/// x ← x + Σⱼ rᵢⱼφᵢⱼ·scale for r = (xᵢ − xⱼ)/(√(d² + 10⁻⁸) + 1) of `from`.
pub(super) fn update(
    shape: &Shape,
    from: &[f32],
    squared: &[f32],
    phi: &[f32],
    scale: f32,
    x: &mut [f32],
) {
    let dims = shape.dims;
    shape.pairs.each(|q, i, j| {
        let by = scale * phi[q] / ((squared[q] + SOFT).sqrt() + 1.0);
        for axis in 0..dims {
            x[i * dims + axis] += by * difference!(from, i, j, dims, axis);
        }
    });
}

/// What the update depends on.
#[derive(Clone, Copy)]
pub(super) struct Update<'a> {
    /// Positions before it, `[G·N, n]`, and their tangents, `[T, G·N, n]`.
    pub x: [&'a [f32]; 2],
    /// d², `[Q]`, `[T, Q]`.
    pub squared: [&'a [f32]; 2],
    /// φ, `[Q]`, `[T, Q]`.
    pub phi: [&'a [f32]; 2],
    pub scale: f32,
}

impl Update<'_> {
    /// Adds the update's tangents to ẋ `[T, G·N, n]`.
    pub fn tangents(&self, shape: &Shape, out: &mut [f32]) {
        let (dims, count) = (shape.dims, shape.pairs.count());
        let (x, size) = (self.x[0], self.x[0].len());
        for (t, out) in out.chunks_exact_mut(size).enumerate() {
            let tangent = &self.x[1][t * size..][..size];
            shape.pairs.each(|q, i, j| {
                let root = (self.squared[0][q] + SOFT).sqrt();
                let inverse = 1.0 / (root + 1.0);
                let stretch = self.squared[1][t * count + q] / (2.0 * root);
                let (phi, turn) = (self.phi[0][q], self.phi[1][t * count + q]);
                let along = self.scale * inverse * (turn - phi * stretch * inverse);
                let across = self.scale * inverse * phi;
                for axis in 0..dims {
                    out[i * dims + axis] += along * difference!(x, i, j, dims, axis)
                        + across * difference!(tangent, i, j, dims, axis);
                }
            });
        }
    }

    /// Pulls gradients `grad` `[S, G·N, n]` of the new positions back: adds to those of the old, `to`,
    /// of which `grad` is a part already, and of d², `to_squared` `[S, Q]`; those of φ replace
    /// `to_phi` `[S, Q]`.
    pub fn backward(
        &self,
        shape: &Shape,
        grad: &[f32],
        to: &mut [f32],
        to_squared: &mut [f32],
        to_phi: &mut [f32],
    ) {
        let (dims, count) = (shape.dims, shape.pairs.count());
        let (x, size, scale) = (self.x[0], self.x[0].len(), self.scale);
        let tangents = grad.len() / size - 1;
        let mut of_delta = vec![0.0_f32; dims];
        shape.pairs.each(|q, i, j| {
            let root = (self.squared[0][q] + SOFT).sqrt();
            let inverse = 1.0 / (root + 1.0);
            let phi = self.phi[0][q];
            // Gradient of r, then of δ = xᵢ − xⱼ and ρ = √(d² + 10⁻⁸) + 1.
            let mut of_phi = 0.0;
            let mut of_rho = 0.0;
            let mut of_root = 0.0;
            for axis in 0..dims {
                let delta: f32 = difference!(x, i, j, dims, axis);
                let above = scale * grad[i * dims + axis];
                of_phi += above * delta * inverse;
                of_rho -= above * phi * delta * inverse * inverse;
                of_delta[axis] = above * phi * inverse;
            }
            for t in 0..tangents {
                let at = t * size;
                let stretch = self.squared[1][t * count + q] / (2.0 * root);
                let turn = self.phi[1][t * count + q];
                // r·Ȧ, ṙ·Ȧ and so on, for Ȧ the gradient of the new tangent.
                let (mut delta_above, mut tangent_above) = (0.0, 0.0);
                for axis in 0..dims {
                    let delta: f32 = difference!(x, i, j, dims, axis);
                    let tangent: f32 = difference!(self.x[1][at..], i, j, dims, axis);
                    let above = scale * grad[size + at + i * dims + axis];
                    delta_above += delta * above;
                    tangent_above += tangent * above;
                    // ṙ = δ̇/ρ − δρ̇/ρ².
                    of_delta[axis] += above * inverse * (turn - phi * stretch * inverse);
                    let of_tangent = above * phi * inverse;
                    to[size + at + i * dims + axis] += of_tangent;
                    to[size + at + j * dims + axis] -= of_tangent;
                }
                let two = inverse * inverse;
                of_phi += tangent_above * inverse - delta_above * stretch * two;
                to_phi[(1 + t) * count + q] = delta_above * inverse;
                of_rho -= turn * delta_above * two
                    + phi * (tangent_above * two - 2.0 * delta_above * stretch * two * inverse);
                let of_stretch = -phi * delta_above * two;
                to_squared[(1 + t) * count + q] += of_stretch / (2.0 * root);
                of_root -= of_stretch * stretch / root;
            }
            to_phi[q] = of_phi;
            to_squared[q] += (of_rho + of_root) / (2.0 * root);
            for axis in 0..dims {
                to[i * dims + axis] += of_delta[axis];
                to[j * dims + axis] -= of_delta[axis];
            }
        });
    }
}
