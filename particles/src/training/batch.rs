//! The rows of a step and their probes: from the seed and the number of the step alone.

use crate::random::{Purpose, stream};
use crate::space::{center, degrees_of_freedom};
use ndarray::ArrayView2;
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

/// What a step is computed from, `[B, N·n]` each.
pub(super) struct Batch {
    pub x: Vec<f32>,
    pub probes: Vec<f32>,
}

/// `count` rows of `data` `[rows, N·n]` (zero-centred, in the flow's units), drawn with replacement, and
/// probes uniform on the sphere of radius √dof in the subspace.
pub(super) fn batch(
    data: ArrayView2<'_, f32>,
    dims: usize,
    count: usize,
    seed: u64,
    step: usize,
) -> Batch {
    let mut rng = stream(seed, Purpose::Batch, step as u64);
    let size = data.ncols();
    let mut x = Vec::with_capacity(count * size);
    for _ in 0..count {
        x.extend(data.row(rng.random_range(0..data.nrows())));
    }
    let radius = (degrees_of_freedom(size / dims, dims) as f64).sqrt();
    let mut probes = Vec::with_capacity(count * size);
    for _ in 0..count {
        let mut v: Vec<f64> = StandardNormal.sample_iter(&mut rng).take(size).collect();
        center(&mut v, dims);
        let scale = radius / v.iter().map(|v| v * v).sum::<f64>().sqrt();
        probes.extend(v.iter().map(|v| (v * scale) as f32));
    }
    Batch { x, probes }
}
