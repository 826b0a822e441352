//! What the columns of x show before anything is learnt: counts of the rows, and trials that are none.

use super::Finding;
use freeform_simulators::{DataLayout, Layout};

/// Fewer rows may rise by chance.
const MANY_ROWS: usize = 50;
/// Standard deviations by which the means of trials that are alike do not differ, and standard errors.
const UNLIKE: f64 = 0.5;
const ERRORS: f64 = 6.0;

/// Notes what is amiss with x `[n, columns]`, in the order of its table.
pub(super) fn look(x: &[f64], columns: usize, layout: DataLayout, findings: &mut Vec<Finding>) {
    if columns == 0 || x.len() / columns < MANY_ROWS {
        return;
    }
    let column = |at: usize| x.iter().skip(at).step_by(columns).copied();
    let rises = |at: &usize| column(*at).zip(column(*at).skip(1)).all(|(a, b)| a < b);
    findings.extend((0..columns).filter(rises).map(|at| Finding::Rising { column: at + 1 }));
    if layout.layout == Layout::Set {
        findings.extend(unlike_trials(x, columns, layout.channels));
    }
}

/// The two places whose trials differ most, where these are not of one law.
fn unlike_trials(x: &[f64], columns: usize, channels: usize) -> Option<Finding> {
    let moments = |at: usize| {
        let values = x.iter().skip(at).step_by(columns).filter(|v| !v.is_nan());
        let (n, sum) = values.clone().fold((0.0, 0.0), |(n, sum), v| (n + 1.0, sum + v));
        let mean: f64 = sum / n;
        (n, mean, values.map(|v| (v - mean).powi(2)).sum::<f64>() / n)
    };
    let of_channel = |channel: usize| {
        let trials: Vec<_> = (channel..columns)
            .step_by(channels)
            .map(|at| (at / channels, moments(at)))
            .filter(|(_, (n, ..))| *n >= MANY_ROWS as f64)
            .collect();
        let low = trials.iter().min_by(|a, b| a.1.1.total_cmp(&b.1.1))?;
        let high = trials.iter().max_by(|a, b| a.1.1.total_cmp(&b.1.1))?;
        let ((a, mean_a, var_a), (b, mean_b, var_b)) = (low.1, high.1);
        let apart = mean_b - mean_a;
        // Where one law is meant, the spreads are one too.
        let unlike = apart > UNLIKE * var_a.min(var_b).sqrt()
            && apart > ERRORS * (var_a / a + var_b / b).sqrt();
        unlike.then(|| Finding::UnlikeTrials {
            channel: (channels > 1).then_some(channel + 1),
            trials: [low.0 + 1, high.0 + 1],
            means: [mean_a, mean_b],
        })
    };
    (0..channels).find_map(of_channel)
}

#[cfg(test)]
mod tests {
    use super::*;
    use freeform_simulators::{Marginal, Prior};

    fn found(x: &ndarray::Array2<f64>, layout: Layout, channels: usize) -> Vec<Finding> {
        let mut findings = Vec::new();
        let flat: Vec<f64> = x.iter().copied().collect();
        look(&flat, x.ncols(), DataLayout::new(layout, channels), &mut findings);
        findings
    }

    fn normals(columns: usize) -> ndarray::Array2<f64> {
        let law = Marginal::Normal { mean: 0.0, std: 1.0 };
        Prior::identical(columns, law).unwrap().sample_n(1, 400)
    }

    #[test]
    fn a_count_of_the_rows_is_named() {
        let mut x = normals(4);
        assert_eq!(found(&x, Layout::Series, 1), []);
        x.column_mut(2).iter_mut().enumerate().for_each(|(row, v)| *v = row as f64);
        assert_eq!(found(&x, Layout::Series, 1), [Finding::Rising { column: 3 }]);
    }

    /// Six trials of a time and a choice, side by side, and the times before the choices.
    #[test]
    fn trials_that_are_not_side_by_side_are_told() {
        let mut x = normals(12);
        let time = |v: f64| 0.5 + 0.2 * v.abs();
        let choice = |v: f64| f64::from(v > 0.0);
        for (at, mut column) in x.columns_mut().into_iter().enumerate() {
            column.mapv_inplace(if at % 2 == 0 { time } else { choice });
        }
        assert_eq!(found(&x, Layout::Set, 2), []);
        let order: Vec<usize> = (0..12).map(|at| at / 6 + 2 * (at % 6)).collect();
        let apart = x.select(ndarray::Axis(1), &order);
        let findings = found(&apart, Layout::Set, 2);
        let [Finding::UnlikeTrials { channel: Some(1), means, .. }] = &findings[..] else {
            panic!("{findings:?}")
        };
        assert!((means[0] - 0.5).abs() < 0.05 && (means[1] - 0.66).abs() < 0.05, "{means:?}");
        // As a series, they are points like any.
        assert_eq!(found(&apart, Layout::Series, 2), []);
    }
}
