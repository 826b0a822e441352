//! Joining, cutting, repeating and summing dual values along an axis, and their shape.

use super::Dual;
use burn::tensor::{Int, Tensor};

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

    /// y = the elements of t that `indices` number along `axis` ≥ 1, ẏ the same of ṫ; one may come
    /// often or never.
    ///
    /// # Shapes
    /// `[N, …, a, …]` and indices `[b]` below a to `[N, …, b, …]`.
    ///
    /// # Panics
    /// If `axis` is 0, along which directions are stacked.
    #[must_use]
    pub fn select(self, axis: usize, indices: &Tensor<1, Int>) -> Self {
        assert!(axis > 0, "cannot choose along axis 0: directions are stacked along it");
        self.map_linear(|t| t.select(axis, indices.clone()))
    }

    /// y = t, whose one element along `axis` ≥ 1 comes `count` times, ẏ the same of ṫ.
    ///
    /// # Shapes
    /// `[N, …, 1, …]` to `[N, …, count, …]`.
    ///
    /// # Panics
    /// If `axis` is 0, along which directions are stacked.
    #[must_use]
    pub fn spread(self, axis: usize, count: usize) -> Self {
        assert!(axis > 0, "cannot repeat along axis 0: directions are stacked along it");
        self.map_linear(|t| {
            let mut shape = t.dims();
            shape[axis] = count;
            t.expand(shape)
        })
    }

    /// y = the sum of t over `axis` ≥ 1, ẏ that of ṫ.
    ///
    /// # Shapes
    /// `[N, …, a, …]` to `[N, …, 1, …]`.
    ///
    /// # Panics
    /// If `axis` is 0, along which directions are stacked.
    #[must_use]
    pub fn sum_dim(self, axis: usize) -> Self {
        assert!(axis > 0, "cannot sum over axis 0: directions are stacked along it");
        self.map_linear(|t| t.sum_dim(axis))
    }

    /// The same numbers in another shape, those of a row beside one another.
    ///
    /// # Shapes
    /// `[N, …]` to `shape`, of as many numbers; tangents to K times as many rows.
    ///
    /// # Panics
    /// If the numbers are not as many.
    #[must_use]
    pub fn reshape<const S: usize>(self, shape: [usize; S]) -> Dual<S> {
        let mut stacked = shape;
        stacked[0] *= self.directions();
        Dual {
            value: self.value.reshape(shape),
            tangents: self.tangents.map(|t| t.reshape(stacked)),
        }
    }
}

/// Zero tangents of a value, `[rows, …]`.
fn zeros_like<const R: usize>(value: &Tensor<R>, rows: usize) -> Tensor<R> {
    let mut shape = value.dims();
    shape[0] = rows;
    Tensor::zeros(shape, (&value.device(), value.dtype()))
}
