//! Ordered pairs (i, j) of different particles of each configuration.

use crate::network::NetworkSpec;
use freeform_inference::engine::burn::{Device, Dual, Int, Tensor};

/// Between particles, a row each of `[G·N, …]`, and pairs, a row each of `[G·N·(N − 1), …]`: of i's, by i
/// and then by j.
#[derive(Clone, Debug)]
pub(super) struct Pairs {
    particles: usize,
    /// j of each pair of a configuration, `[N·(N − 1)]`.
    second: Tensor<1, Int>,
}

impl Pairs {
    pub fn new(spec: &NetworkSpec, device: &Device) -> Self {
        let n = spec.particles;
        let others = |i: usize| (0..n).filter(move |j| *j != i).map(|j| j as i32);
        let second: Vec<i32> = (0..n).flat_map(others).collect();
        Self { particles: n, second: Tensor::from_ints(second.as_slice(), device) }
    }

    /// aᵢ + bⱼ, of numbers a and b of each particle.
    pub fn sums(&self, a: Dual, b: Dual) -> Dual {
        let (a, b) = self.both(a, b);
        rows(a.add(b))
    }

    /// xᵢ − xⱼ.
    pub fn differences(&self, x: Dual) -> Dual {
        let (own, other) = self.both(x.clone(), x);
        rows(own.sub(other))
    }

    /// Σ_{j≠i} of numbers of each pair.
    pub fn sum(&self, of: Dual) -> Dual {
        let ([count, width], others) = (of.value().dims(), self.particles - 1);
        of.reshape([count / others, others, width]).sum_dim(1).reshape([count / others, width])
    }

    /// aᵢ and bⱼ of each pair, `[G, N, N − 1, …]`.
    fn both(&self, a: Dual, b: Dual) -> (Dual<4>, Dual<4>) {
        let (n, [count, width]) = (self.particles, a.value().dims());
        let graphs = count / n;
        let b = b.reshape([graphs, n, width]).select(1, &self.second);
        let a = a.reshape([graphs, n, 1, width]).spread(2, n - 1);
        (a, b.reshape([graphs, n, n - 1, width]))
    }
}

/// A pair a row.
fn rows(of: Dual<4>) -> Dual {
    let [a, b, c, width] = of.value().dims();
    of.reshape([a * b * c, width])
}
