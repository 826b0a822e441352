//! Tests of accuracy with random points (Lemos, Coogan, Hezaveh, Perreault-Levasseur 2023, "Sampling-based
//! accuracy testing of posterior estimators for general inference").

use ndarray::ArrayView2;

/// The credible level of the ball around `reference` that ends at the true parameters: the share of
/// draws that lie nearer to it, half a draw more, since the level lies between two draws.
///
/// Uniform from 0 to 1 for an exact posterior, wherever the reference lies, so long as it knows
/// nothing of the truth. `scale` has the unit of each parameter.
#[must_use]
pub fn tarp_share(
    draws: ArrayView2<'_, f64>,
    truth: &[f64],
    reference: &[f64],
    scale: &[f64],
) -> f64 {
    let distance = |point: &mut dyn Iterator<Item = f64>| -> f64 {
        point.zip(reference.iter().zip(scale)).map(|(v, (r, s))| ((v - r) / s).powi(2)).sum()
    };
    let limit = distance(&mut truth.iter().copied());
    let nearer =
        draws.rows().into_iter().filter(|row| distance(&mut row.iter().copied()) < limit).count();
    (nearer as f64 + 0.5) / (draws.nrows() as f64 + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr2;

    #[test]
    fn shares_are_counted_from_the_reference() {
        let draws = arr2(&[[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [0.0, 9.0]]);
        let share = |truth: f64, scale: f64| {
            tarp_share(draws.view(), &[truth, 0.0], &[0.0, 0.0], &[1.0, scale])
        };
        assert_eq!(share(1.5, 1.0), 2.5 / 5.0);
        assert_eq!(share(-1.5, 1.0), 2.5 / 5.0);
        // In units of 10 the last draw is near.
        assert_eq!(share(1.5, 10.0), 3.5 / 5.0);
        assert_eq!(share(0.0, 1.0), 0.5 / 5.0);
    }
}
