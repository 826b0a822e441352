//! Sums of products.

/// Sums that a loop of [`dot`] keeps apart, so that it need not wait for each.
const LANES: usize = 8;

/// Σ aᵢ·bᵢ.
pub(super) fn dot<T: Copy + Into<f64>>(a: &[f64], b: &[T]) -> f64 {
    let (blocks, rest) = a.as_chunks::<LANES>();
    let (others, last) = b[..a.len()].as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for (a, b) in blocks.iter().zip(others) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * (*b).into();
        }
    }
    let tail = rest.iter().zip(last).map(|(a, b)| a * (*b).into()).sum::<f64>();
    if blocks.is_empty() { tail } else { sums.iter().sum::<f64>() + tail }
}
