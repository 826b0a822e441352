//! Numbers that were measured among those that were not.

use std::borrow::Cow;

/// Whether a number was measured.
pub(crate) fn is_present(value: &f64) -> bool {
    !value.is_nan()
}

/// Those that were.
pub(super) fn present<I: Iterator<Item = f64>>(values: I) -> impl Iterator<Item = f64> + use<I> {
    values.filter(is_present)
}

/// x with each channel's gaps filled: between two points on the line that joins them, before the first
/// and behind the last with these. A channel that was never measured stays as it is.
pub(super) fn interpolated(x: &[f64], channels: usize) -> Cow<'_, [f64]> {
    if x.iter().all(is_present) {
        return Cow::Borrowed(x);
    }
    let mut filled = x.to_vec();
    for channel in 0..channels {
        let places: Vec<usize> =
            (channel..x.len()).step_by(channels).filter(|place| is_present(&x[*place])).collect();
        let (Some(&first), Some(&last)) = (places.first(), places.last()) else { continue };
        (channel..first).step_by(channels).for_each(|place| filled[place] = x[first]);
        (last..x.len()).step_by(channels).for_each(|place| filled[place] = x[last]);
        for pair in places.windows(2) {
            let [from, to] = [pair[0], pair[1]];
            for place in (from..to).step_by(channels).skip(1) {
                let share = (place - from) as f64 / (to - from) as f64;
                filled[place] = (1.0 - share) * x[from] + share * x[to];
            }
        }
    }
    Cow::Owned(filled)
}

/// The mean of each column over the rows where it was measured; 0 where it never was.
pub(super) fn means(x: &[f64], columns: usize) -> Vec<f64> {
    let (mut means, mut counts) = (vec![0.0; columns], vec![0.0; columns]);
    for row in x.chunks_exact(columns) {
        for ((mean, count), value) in means.iter_mut().zip(&mut counts).zip(row) {
            if is_present(value) {
                *count += 1.0;
                *mean += (value - *mean) / *count;
            }
        }
    }
    means
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_lie_on_the_line_between_their_neighbours() {
        let nan = f64::NAN;
        let x = [nan, nan, 1.0, 10.0, nan, nan, 4.0, nan, nan, 40.0, nan, nan];
        let filled = interpolated(&x, 2);
        assert_eq!(filled[..], [1.0, 10.0, 1.0, 10.0, 2.5, 20.0, 4.0, 30.0, 4.0, 40.0, 4.0, 40.0]);
        assert!(matches!(interpolated(&x[2..4], 1), Cow::Borrowed(_)));
        assert_eq!(means(&[1.0, nan, nan, nan, 3.0, nan], 2), [2.0, 0.0]);
    }
}
