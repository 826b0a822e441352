//! Linear maps, sums and products of dual values.

use super::Dual;
use burn::tensor::Tensor;

impl<const R: usize> Dual<R> {
    /// y = h(t), ẏ = h(ṫ) for a linear h that treats rows (the first axis) alike and apart:
    /// reshaping, sums, slices and matrix products over the other axes.
    ///
    /// # Shapes
    /// h maps `[M, …]` to `[M, …]` for any M.
    #[must_use]
    pub fn map_linear<const S: usize>(self, h: impl Fn(Tensor<R>) -> Tensor<S>) -> Dual<S> {
        Dual { value: h(self.value), tangents: self.tangents.map(h) }
    }

    /// y = s + t, ẏ = ṡ + ṫ; a missing tangent is zero.
    ///
    /// # Shapes
    /// Both `[N, …]` with the same K, or one without tangents.
    #[must_use]
    #[allow(clippy::should_implement_trait)]
    pub fn add(self, other: Self) -> Self {
        let tangents = match (self.tangents, other.tangents) {
            (Some(a), Some(b)) => Some(a + b),
            (a, b) => a.or(b),
        };
        Self { value: self.value + other.value, tangents }
    }

    /// y = s − t, ẏ = ṡ − ṫ; a missing tangent is zero.
    ///
    /// # Shapes
    /// Both `[N, …]` with the same K, or one without tangents.
    #[must_use]
    #[allow(clippy::should_implement_trait)]
    pub fn sub(self, other: Self) -> Self {
        let tangents = match (self.tangents, other.tangents) {
            (Some(a), Some(b)) => Some(a - b),
            (a, b) => a.or(b.map(Tensor::neg)),
        };
        Self { value: self.value - other.value, tangents }
    }

    /// y = t + c, ẏ = ṫ for a number c.
    #[must_use]
    pub fn add_scalar(self, number: f64) -> Self {
        Self { value: self.value.add_scalar(number), tangents: self.tangents }
    }

    /// y = c·t, ẏ = c·ṫ for a number c.
    #[must_use]
    pub fn scale(self, factor: f64) -> Self {
        self.map_linear(|t| t.mul_scalar(factor))
    }

    /// y = c ⊙ t, ẏ = c ⊙ ṫ for a tensor c that does not depend on the directions.
    ///
    /// # Shapes
    /// c: `[N, …]`, or 1 where it is shared along an axis.
    #[must_use]
    pub fn mul_constant(self, factor: &Tensor<R>) -> Self {
        let shape = self.value.dims();
        let factor =
            if factor.dims() == shape { factor.clone() } else { factor.clone().expand(shape) };
        let tangents = self.tangents.map(|tangents| along(tangents, &factor));
        Self { value: self.value * factor, tangents }
    }

    /// y = s ⊙ t, ẏ = ṡ ⊙ t + s ⊙ ṫ (the product rule).
    ///
    /// # Shapes
    /// Both `[N, …]` with the same K, or one without tangents.
    #[must_use]
    #[allow(clippy::should_implement_trait)]
    pub fn mul(self, other: Self) -> Self {
        let left = self.tangents.map(|tangents| along(tangents, &other.value));
        let right = other.tangents.map(|tangents| along(tangents, &self.value));
        let tangents = match (left, right) {
            (Some(a), Some(b)) => Some(a + b),
            (a, b) => a.or(b),
        };
        Self { value: self.value * other.value, tangents }
    }

    /// y = h(t), ẏ = h′(t) ⊙ ṫ for an elementwise h; `slope` gives h′(t) and is asked only when
    /// there are tangents.
    pub(super) fn elementwise(
        self,
        value: Tensor<R>,
        slope: impl FnOnce(Tensor<R>) -> Tensor<R>,
    ) -> Self {
        let tangents = self.tangents.map(|tangents| along(tangents, &slope(self.value)));
        Self { value, tangents }
    }
}

impl<const R: usize> Dual<R> {
    /// y = t·W + b, ẏ = ṫ·W; at rank 3 each of S models has its own W and b.
    ///
    /// # Shapes
    /// t `[N, in]`, W `[in, out]`, b `[1, out]`; at rank 3 t `[N, S, in]`, W `[S, in, out]`,
    /// b `[S, 1, out]`.
    #[must_use]
    pub fn linear(self, weight: &Tensor<R>, bias: Option<&Tensor<R>>) -> Self {
        // Models are the batch of the matrix product, rows are its rows.
        let turned = |t: Tensor<R>| if R == 2 { t } else { t.swap_dims(0, R - 2) };
        let value = turned(self.value).matmul(weight.clone());
        let value = match bias {
            Some(bias) => value + bias.clone(),
            None => value,
        };
        let tangents = self.tangents.map(|t| turned(turned(t).matmul(weight.clone())));
        Self { value: turned(value), tangents }
    }
}

/// Each direction's tangent times the same factor: ṫ_k ⊙ c.
///
/// # Shapes
/// tangents `[K·N, …]`, factor `[N, …]`.
fn along<const R: usize>(tangents: Tensor<R>, factor: &Tensor<R>) -> Tensor<R> {
    let (stacked, shape) = (tangents.dims(), factor.dims());
    if stacked == shape {
        return tangents * factor.clone();
    }
    let len: usize = shape.iter().product();
    let directions = stacked[0] / shape[0];
    let product = tangents.reshape([directions, len]) * factor.clone().reshape([1, len]);
    product.reshape(stacked)
}
