//! Networks as data: what a free-form flow's encoder and decoder look like, which tensors they
//! own, and how those are initialised. Both engines read the same description and the same
//! weights.

mod activation;
mod initialize;
mod layout;
mod spec;
mod weights;

pub use activation::Activation;
pub use layout::{Layout, TensorSlot};
pub use spec::{NetworkSpec, SpecError};
pub use weights::FlowWeights;
