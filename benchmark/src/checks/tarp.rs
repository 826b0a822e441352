//! Tests of accuracy with random points (Lemos, Coogan, Hezaveh, Perreault-Levasseur 2023, "Sampling-based
//! accuracy testing of posterior estimators for general inference").

use ndarray::ArrayView2;

/// The credible level of the ball around `reference` that ends at the true parameters: the share of
/// draws that lie nearer to it, half a draw more, since the level lies between two draws.
///
/// Uniform from 0 to 1 for an exact posterior, wherever the reference lies, so long as it knows
/// nothing of the truth. `scale` has the unit of each parameter. Of draws as far away as the truth, as categories are, the
/// share `tie`, from 0 to 1, counts as nearer: a random number keeps the level uniform.
#[must_use]
pub fn tarp_share(
    draws: ArrayView2<'_, f64>,
    truth: &[f64],
    reference: &[f64],
    scale: &[f64],
    tie: f64,
) -> f64 {
    let distance = |point: &mut dyn Iterator<Item = f64>| -> f64 {
        point.zip(reference.iter().zip(scale)).map(|(v, (r, s))| ((v - r) / s).powi(2)).sum()
    };
    let limit = distance(&mut truth.iter().copied());
    let (mut nearer, mut as_far) = (0.0, 0.0);
    for row in draws.rows() {
        let own = distance(&mut row.iter().copied());
        nearer += f64::from(u8::from(own < limit));
        as_far += f64::from(u8::from(own == limit));
    }
    nearer += (tie * (as_far + 1.0)).floor().min(as_far);
    (nearer + 0.5) / (draws.nrows() as f64 + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr2;

    /// Of draws that are as far away as the truth the share that is asked for counts as nearer.
    #[test]
    fn ties_are_broken() {
        let draws = arr2(&[[0.0], [1.0], [1.0], [1.0], [2.0]]);
        let share = |tie| tarp_share(draws.view(), &[1.0], &[0.0], &[1.0], tie) * 6.0 - 0.5;
        for (tie, nearer) in [(0.0, 1.0), (0.3, 2.0), (0.6, 3.0), (0.99, 4.0), (1.0, 4.0)] {
            assert!((share(tie) - nearer).abs() < 1e-12, "{tie}: {}", share(tie));
        }
    }

    #[test]
    fn shares_are_counted_from_the_reference() {
        let draws = arr2(&[[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [0.0, 9.0]]);
        let share = |truth: f64, scale: f64| {
            tarp_share(draws.view(), &[truth, 0.0], &[0.0, 0.0], &[1.0, scale], 0.0)
        };
        assert_eq!(share(1.5, 1.0), 2.5 / 5.0);
        assert_eq!(share(-1.5, 1.0), 2.5 / 5.0);
        // In units of 10 the last draw is near.
        assert_eq!(share(1.5, 10.0), 3.5 / 5.0);
        assert_eq!(share(0.0, 1.0), 0.5 / 5.0);
    }
}
