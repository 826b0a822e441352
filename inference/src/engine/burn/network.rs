//! What a network must offer to be trained as a free-form flow.

use super::Dual;
use burn::tensor::Tensor;

/// A dimension-preserving conditional network written over [`Dual`].
///
/// A network owns its parameters as tensors of rank 2 (biases `[1, out]`). Which of them are
/// constants and which are tracked for reverse mode is up to the tensors; a network is rebuilt
/// with others by [`map_parameters`](Self::map_parameters).
///
/// At R = 3 it is a stack of S networks of one shape, each with its own parameters, data and loss:
/// the model is the second axis of values and the first one of parameters (biases `[S, 1, out]`).
///
/// ```
/// use freeform_inference::engine::burn::{Dual, DualNetwork, Tensor};
///
/// /// u ↦ u·W: the simplest flow.
/// struct Linear(Tensor<2>);
///
/// impl DualNetwork for Linear {
///     fn apply(&self, input: Dual, _context: &Tensor<2>) -> Dual {
///         input.linear(&self.0, None)
///     }
///
///     fn map_parameters(&self, visit: &mut dyn FnMut(&Tensor<2>) -> Tensor<2>) -> Self {
///         Linear(visit(&self.0))
///     }
/// }
/// ```
pub trait DualNetwork<const R: usize = 2>: Sized {
    /// The network's output, with the tangents that the input's become.
    ///
    /// # Shapes
    /// input and output `[N, D]`; context `[N, C]`, or `[1, C]` shared by all rows. At R = 3
    /// `[N, S, D]` and `[N, S, C]`.
    fn apply(&self, input: Dual<R>, context: &Tensor<R>) -> Dual<R>;

    /// The same network with every parameter replaced by what `visit` returns for it, in an order
    /// that never changes.
    #[must_use]
    fn map_parameters(&self, visit: &mut dyn FnMut(&Tensor<R>) -> Tensor<R>) -> Self;

    /// The same network with constant parameters: nothing is recorded for reverse mode.
    #[must_use]
    fn constant(&self) -> Self {
        self.map_parameters(&mut |parameter| parameter.clone().without_autodiff())
    }

    /// The same network with parameters whose gradients reverse mode will give.
    #[must_use]
    fn tracked(&self) -> Self {
        self.map_parameters(&mut |parameter| {
            parameter.clone().without_autodiff().autodiff().require_grad()
        })
    }
}
