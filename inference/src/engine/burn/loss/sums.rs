//! Sums of a batch for each model of a stack.

use burn::tensor::Tensor;

/// The sum over all that belongs to one model, `[S]`: at R = 3 the model is the second axis, at
/// R = 2 there is but one.
pub(super) fn per_model<const R: usize>(numbers: Tensor<R>) -> Tensor<1> {
    if R == 2 {
        return numbers.sum();
    }
    let models = numbers.dims()[1];
    numbers.sum_dim(R - 1).sum_dim(0).reshape([models])
}
