//! Many numbers of one kind, and a few points with weights that stand for them in every sum of a smooth
//! function.

/// Points that interpolate (Lagrange's polynomial of one degree less).
const ORDER: usize = 6;
/// Distance of nodes in units of the numbers' own spread: what a density of them changes over is hardly
/// narrower than a fifth of it.
const SPACING: f64 = 0.15;
/// Interquartile range of a normal law, in standard deviations.
const QUARTILES: f64 = 1.349;

/// Points, evenly spaced, and weights such that Σ f(number) = Σ weight · f(point) for every f that is a
/// polynomial between neighbours; `None` where these are no fewer than the numbers.
pub(super) fn nodes(numbers: &[f32]) -> Option<(Vec<f32>, Vec<f64>)> {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable_by(f32::total_cmp);
    let at = |share: f64| f64::from(sorted[(share * (sorted.len() - 1) as f64) as usize]);
    let (low, high) = (at(0.0), at(1.0));
    let step = SPACING * (at(0.75) - at(0.25)) / QUARTILES;
    let count = ((high - low) / step).ceil() + 1.0;
    // Where half of them are equal there is no spread, and no number of nodes.
    if count.is_nan() || count >= numbers.len() as f64 {
        return None;
    }
    let count = (count as usize).max(ORDER);
    let step = (high - low) / (count - 1) as f64;
    let mut weights = vec![0.0; count];
    for number in numbers {
        let place = (f64::from(*number) - low) / step;
        let first = (place as usize).saturating_sub(ORDER / 2 - 1).min(count - ORDER);
        let place = place - first as f64;
        for own in 0..ORDER {
            let others = (0..ORDER).filter(|other| *other != own);
            let factor = |other| (place - other as f64) / (own as f64 - other as f64);
            weights[first + own] += others.map(factor).product::<f64>();
        }
    }
    Some(((0..count).map(|node| (low + step * node as f64) as f32).collect(), weights))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, stream};
    use rand_distr::{Distribution, StandardNormal};

    /// The log-likelihood of 1,000 numbers under Student laws, narrower and wider than they are: within a
    /// hundredth of a nat, by a tenth as many points.
    #[test]
    fn a_few_points_give_the_sum_over_many_numbers() {
        let mut rng = stream(1, Purpose::Choices, 99);
        let numbers: Vec<f32> = (0..1000)
            .map(|_| {
                let z: f32 = StandardNormal.sample(&mut rng);
                0.3 * z + 1.0
            })
            .collect();
        let (points, weights) = nodes(&numbers).unwrap();
        assert!(points.len() < 100, "{}", points.len());
        assert!((weights.iter().sum::<f64>() - 1000.0).abs() < 1e-6);
        for (location, scale) in [(1.0, 0.3), (1.1, 0.2), (0.5, 0.6)] {
            let log = |v: &f32| -3.0 * ((f64::from(*v) - location) / scale).powi(2).ln_1p();
            let all: f64 = numbers.iter().map(log).sum();
            let few: f64 = points.iter().map(log).zip(&weights).map(|(l, w)| l * w).sum();
            assert!((all - few).abs() < 0.01, "{all} {few}");
        }
        assert_eq!(nodes(&[0.0, 1.0, 2.0, 3.0, 4.0]), None);
        assert_eq!(nodes(&[2.0; 500]), None);
    }
}
