//! The E(n)-GNN (Satorras et al. 2021) as a map of positions onto positions, on the CPU.
//!
//! With h⁰ = one learnt vector, x⁰ = x and a_ij = |x⁰ᵢ − x⁰ⱼ|², each of L blocks does, for
//! d²_ij = |xᵢ − xⱼ|², twice an invariant layer
//! m_ij = φₑ(hᵢ, hⱼ, d²_ij, a_ij), hᵢ ← hᵢ + φₕ(hᵢ, Σ_{j≠i} σ(w·m_ij + c) m_ij / s),
//! then an equivariant update
//! xᵢ ← xᵢ + Σ_{j≠i} (xᵢ − xⱼ)/(√(d²_ij + 10⁻⁸) + 1) φₓ(hᵢ, hⱼ, d²_ij, a_ij) / s.
//! φₑ, φₕ, φₓ have one hidden layer, SiLU between layers (and after φₑ). The result is
//! x⁰ + v for v = x^L − x⁰ less its mean. Turned, reflected, moved or reordered positions give a turned,
//! reflected, moved or reordered result, so a flow of such maps keeps the symmetries of its latent law.
//!
//! The first layer of φₑ and φₓ is linear in hᵢ and hⱼ: it is a product for each node and a sum
//! for each pair. Values and tangents run through the same weights; [`Pass`] keeps what its
//! backward pass needs.

mod backward;
mod edge;
mod geometry;
mod layout;
#[cfg(test)]
pub(crate) mod naive;
mod node;
mod pass;
mod scratch;
mod spec;
#[cfg(test)]
mod tests;

pub use pass::{Kept, Pass};
pub use spec::{NetworkSpec, SpecError};

#[cfg(feature = "burn")]
pub(crate) use geometry::SOFT;
pub(crate) use layout::Layout;
