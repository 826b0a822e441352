//! Joining and cutting dual values along an axis.

use super::Dual;
use burn::tensor::Tensor;

impl<const R: usize> Dual<R> {
    /// y = [s, t] along `axis` ≥ 1, ẏ = [ṡ, ṫ]; a missing tangent is zero.
    ///
    /// # Shapes
    /// `[N, …, a, …]` and `[N, …, b, …]` to `[N, …, a + b, …]`, with the same K or one without
    /// tangents.
    ///
    /// # Panics
    /// If `axis` is 0, along which directions are stacked.
    #[must_use]
    pub fn concat(self, other: Self, axis: usize) -> Self {
        assert!(axis > 0, "cannot join along axis 0: directions are stacked along it");
        let tangents = match (self.tangents, other.tangents) {
            (None, None) => None,
            (Some(a), Some(b)) => Some(Tensor::cat(vec![a, b], axis)),
            (Some(a), None) => {
                let zeros = zeros_like(&other.value, a.dims()[0]);
                Some(Tensor::cat(vec![a, zeros], axis))
            }
            (None, Some(b)) => {
                let zeros = zeros_like(&self.value, b.dims()[0]);
                Some(Tensor::cat(vec![zeros, b], axis))
            }
        };
        Self { value: Tensor::cat(vec![self.value, other.value], axis), tangents }
    }

    /// y = elements `start … start + length` of t along `axis` ≥ 1, ẏ the same of ṫ.
    ///
    /// # Panics
    /// If `axis` is 0, along which directions are stacked.
    #[must_use]
    pub fn narrow(self, axis: usize, start: usize, length: usize) -> Self {
        assert!(axis > 0, "cannot cut along axis 0: directions are stacked along it");
        self.map_linear(|t| t.narrow(axis, start, length))
    }
}

/// Zero tangents of a value, `[rows, …]`.
fn zeros_like<const R: usize>(value: &Tensor<R>, rows: usize) -> Tensor<R> {
    let mut shape = value.dims();
    shape[0] = rows;
    Tensor::zeros(shape, (&value.device(), value.dtype()))
}
