//! Values that carry tangents: forward-mode differentiation over tensors.

mod activation;
mod arithmetic;
mod join;
mod powers;

#[cfg(test)]
mod tests;

use burn::tensor::Tensor;

/// A value t and its directional derivatives ṫ along K directions.
///
/// Every operation applies itself to t and its differential to each ṫ, so that a network
/// u ↦ h(u) written over `Dual` maps (u, u̇) to (h(u), J_h(u) u̇): K Jacobian-vector products in one
/// pass. Without tangents (K = 0) it is the plain network.
///
/// Operations are ordinary tensor operations, so that reverse mode differentiates tangents as
/// well as values: what a loss on Jacobians needs.
///
/// # Shapes
/// - value: `[N, …]`, of rank R;
/// - tangents: `[K·N, …]`, direction k in rows k·N … (k+1)·N − 1.
#[derive(Clone, Debug)]
pub struct Dual<const R: usize = 2> {
    value: Tensor<R>,
    tangents: Option<Tensor<R>>,
}

impl<const R: usize> Dual<R> {
    /// A value with its tangents.
    ///
    /// # Panics
    /// If the tangents' shape is not that of K ≥ 1 stacked values.
    #[must_use]
    pub fn new(value: Tensor<R>, tangents: Tensor<R>) -> Self {
        let (of, given) = (value.dims(), tangents.dims());
        let stacked = given[0] > 0 && given[0] % of[0].max(1) == 0 && given[1..] == of[1..];
        assert!(stacked, "tangents {given:?} are no stack of values {of:?}");
        Self { value, tangents: Some(tangents) }
    }

    /// A value without tangents.
    #[must_use]
    pub fn constant(value: Tensor<R>) -> Self {
        Self { value, tangents: None }
    }

    /// The value t, `[N, …]`.
    #[must_use]
    pub fn value(&self) -> &Tensor<R> {
        &self.value
    }

    /// The tangents ṫ, `[K·N, …]`; none for K = 0.
    #[must_use]
    pub fn tangents(&self) -> Option<&Tensor<R>> {
        self.tangents.as_ref()
    }

    /// Value and tangents, by value.
    #[must_use]
    pub fn into_parts(self) -> (Tensor<R>, Option<Tensor<R>>) {
        (self.value, self.tangents)
    }

    /// K, the number of directions.
    #[must_use]
    pub fn directions(&self) -> usize {
        self.tangents.as_ref().map_or(0, |t| t.dims()[0] / self.value.dims()[0].max(1))
    }
}

impl<const R: usize> Dual<R> {
    /// A value with all D basis directions e_1 … e_D of its last axis as tangents, so that a
    /// network's tangents become its Jacobian's columns.
    ///
    /// # Shapes
    /// value `[N, …, D]`; tangents `[D·N, …, D]`.
    #[must_use]
    pub fn with_basis(value: Tensor<R>) -> Self {
        let (mut shape, device) = (value.dims(), value.device());
        let d = shape[R - 1];
        let rows = shape[..R - 1].iter().product();
        let basis = Tensor::<2>::eye(d, &device).cast(value.dtype());
        shape[0] *= d;
        let basis = basis.unsqueeze_dim::<3>(1).repeat_dim(1, rows).reshape(shape);
        Self::new(value, basis)
    }
}
