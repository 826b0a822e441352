//! Sums over pairs of particles.

/// A potential between two particles, as a function of the squared distance.
pub(super) trait Pair {
    /// v(d²).
    fn value(&self, squared: f64) -> f64;

    /// dv/d(d²).
    fn slope(&self, squared: f64) -> f64;
}

fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// Σ_{i<j} v(d_ij).
pub(super) fn energy(pair: &impl Pair, x: &[f64], dims: usize) -> f64 {
    let mut sum = 0.0;
    for (i, a) in x.chunks_exact(dims).enumerate() {
        for b in x[..i * dims].chunks_exact(dims) {
            sum += pair.value(squared_distance(a, b));
        }
    }
    sum
}

/// Adds ∂/∂x Σ_{i<j} v(d_ij) to `out`.
pub(super) fn add_gradient(pair: &impl Pair, x: &[f64], dims: usize, out: &mut [f64]) {
    let count = x.len() / dims;
    for i in 0..count {
        for j in 0..i {
            let slope =
                2.0 * pair.slope(squared_distance(&x[i * dims..][..dims], &x[j * dims..][..dims]));
            for axis in 0..dims {
                let pull = slope * (x[i * dims + axis] - x[j * dims + axis]);
                out[i * dims + axis] += pull;
                out[j * dims + axis] -= pull;
            }
        }
    }
}

/// The change of the sum where particle `i` goes `to` another place.
pub(super) fn moved(pair: &impl Pair, x: &[f64], i: usize, to: &[f64]) -> f64 {
    // Loops of known length: these two are most of the time of sampling.
    match to.len() {
        2 => moved_in::<2>(pair, x, i, to),
        3 => moved_in::<3>(pair, x, i, to),
        dims => {
            let from = &x[i * dims..][..dims];
            let others = x.chunks_exact(dims).enumerate().filter(|(j, _)| *j != i);
            let change = |(_, other): (usize, &[f64])| {
                pair.value(squared_distance(other, to)) - pair.value(squared_distance(other, from))
            };
            others.map(change).sum()
        }
    }
}

fn moved_in<const D: usize>(pair: &impl Pair, x: &[f64], i: usize, to: &[f64]) -> f64 {
    let (places, _) = x.as_chunks::<D>();
    let mut end = [0.0; D];
    end.copy_from_slice(to);
    let start = places[i];
    let change = |others: &[[f64; D]]| -> f64 {
        let mut sum = 0.0;
        for other in others {
            let (mut new, mut old) = (0.0, 0.0);
            for axis in 0..D {
                let (a, b) = (other[axis] - end[axis], other[axis] - start[axis]);
                new += a * a;
                old += b * b;
            }
            sum += pair.value(new) - pair.value(old);
        }
        sum
    };
    change(&places[..i]) + change(&places[i + 1..])
}
