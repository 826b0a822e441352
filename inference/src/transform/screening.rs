//! Which columns of a wide x say anything about θ.

/// Narrower data are taken whole: a network copes, and a column that matters only together with
/// others is not lost.
const WIDE: usize = 16;
/// Share of false discoveries allowed among the kept columns (Benjamini and Hochberg 1995).
const FALSE_DISCOVERIES: f64 = 0.2;
/// The same where a column that says nothing of θ costs much: a likelihood has to learn its density.
const FEW_FALSE_DISCOVERIES: f64 = 0.01;
/// More rows than these change no verdict.
const MOST_ROWS: usize = 20_000;

/// The columns of x (of `columns`) that depend on some column of θ, by correlations of normal
/// scores and of their squares; all of them where x is not wide or none stands out.
///
/// `theta` and `x` give a row of each table by number; `rows` are those to look at.
pub fn informative_columns<'a>(
    rows: &[u32],
    theta: impl Fn(u32) -> &'a [f64],
    x: impl Fn(u32) -> &'a [f64],
    columns: usize,
) -> Vec<usize> {
    passing(rows, theta, x, columns, FALSE_DISCOVERIES)
}

/// Those of `kept` that do so beyond doubt; all of them where x is not wide or none stands out.
pub(crate) fn surely_informative<'a>(
    rows: &[u32],
    theta: impl Fn(u32) -> &'a [f64],
    x: impl Fn(u32) -> &'a [f64],
    columns: usize,
    kept: Vec<usize>,
) -> Vec<usize> {
    let sure = passing(rows, theta, x, columns, FEW_FALSE_DISCOVERIES);
    let both: Vec<usize> = kept.iter().copied().filter(|c| sure.contains(c)).collect();
    if both.is_empty() { kept } else { both }
}

fn passing<'a>(
    rows: &[u32],
    theta: impl Fn(u32) -> &'a [f64],
    x: impl Fn(u32) -> &'a [f64],
    columns: usize,
    false_discoveries: f64,
) -> Vec<usize> {
    if columns <= WIDE || rows.len() < 3 {
        return (0..columns).collect();
    }
    match dependent_columns(rows, theta, x, columns, false_discoveries) {
        none if none.is_empty() => (0..columns).collect(),
        found => found,
    }
}

/// The same however few columns there are, with another share of false discoveries; none where none stands
/// out.
pub(crate) fn dependent_columns<'a, 'b>(
    rows: &[u32],
    theta: impl Fn(u32) -> &'a [f64],
    x: impl Fn(u32) -> &'b [f64],
    columns: usize,
    false_discoveries: f64,
) -> Vec<usize> {
    let rows = &rows[..rows.len().min(MOST_ROWS)];
    if rows.len() < 3 {
        return Vec::new();
    }
    let dim = theta(rows[0]).len();
    let scores = |value: &dyn Fn(u32) -> f64| -> [Vec<f64>; 2] {
        let values: Vec<f64> = rows.iter().map(|r| value(*r)).collect();
        let scores = normal_scores(&values);
        let squares = standardized(scores.iter().map(|s| s * s).collect());
        [standardized(scores), squares]
    };
    let targets: Vec<Vec<f64>> = (0..dim).flat_map(|d| scores(&|r| theta(r)[d])).collect();
    let n = rows.len() as f64;
    let p_values: Vec<f64> = (0..columns)
        .map(|column| {
            let features = scores(&|r| x(r)[column]);
            let tests = features.len() * targets.len();
            let strongest = features
                .iter()
                .flat_map(|f| targets.iter().map(move |t| correlation(f, t).abs()))
                .fold(0.0, f64::max);
            (tests as f64 * two_sided_p(strongest * n.sqrt())).min(1.0)
        })
        .collect();
    let mut order: Vec<usize> = (0..columns).collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    let passes = |rank: usize| {
        p_values[order[rank]] <= false_discoveries * (rank + 1) as f64 / columns as f64
    };
    match (0..columns).rev().find(|rank| passes(*rank)) {
        None => Vec::new(),
        Some(last) => {
            let mut kept = order[..=last].to_vec();
            kept.sort_unstable();
            kept
        }
    }
}

/// Ranks as quantiles of the standard normal; ties share their mean rank.
pub(crate) fn normal_scores(values: &[f64]) -> Vec<f64> {
    rank_shares(values).into_iter().map(normal_quantile).collect()
}

/// Ranks as shares of the values, from 0 to 1; ties share their mean rank.
pub(crate) fn rank_shares(values: &[f64]) -> Vec<f64> {
    let n = values.len();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut shares = vec![0.0; n];
    let mut start = 0;
    while start < n {
        let ties = order[start..].iter().take_while(|i| values[**i] == values[order[start]]);
        let end = start + ties.count().max(1);
        let rank = 0.5 * (start + end) as f64;
        order[start..end].iter().for_each(|i| shares[*i] = rank / n as f64);
        start = end;
    }
    shares
}

/// Mean 0, mean square 1; all zeros where there is no variation.
pub(crate) fn standardized(mut values: Vec<f64>) -> Vec<f64> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    values.iter_mut().for_each(|v| *v -= mean);
    let scale = (values.iter().map(|v| v * v).sum::<f64>() / n).sqrt();
    let factor = if scale > 0.0 { 1.0 / scale } else { 0.0 };
    values.iter_mut().for_each(|v| *v *= factor);
    values
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() / a.len() as f64
}

fn normal_quantile(p: f64) -> f64 {
    use statrs::distribution::{ContinuousCDF, Normal};
    Normal::standard().inverse_cdf(p)
}

fn two_sided_p(z: f64) -> f64 {
    statrs::function::erf::erfc(z / std::f64::consts::SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, stream};
    use rand_distr::{Distribution, StandardNormal};

    /// Of 40 columns, one follows θ₁, one spreads with |θ₂|, and 38 are noise.
    #[test]
    fn columns_that_follow_or_spread_with_a_parameter_are_found() {
        let (n, columns) = (1000, 40);
        let mut rng = stream(3, Purpose::Weights, 0);
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        let theta: Vec<f64> = (0..2 * n).map(|_| normal()).collect();
        let mut x: Vec<f64> = (0..columns * n).map(|_| normal()).collect();
        for row in 0..n {
            x[row * columns + 7] += 0.5 * theta[2 * row];
            x[row * columns + 31] *= theta[2 * row + 1];
        }
        let rows: Vec<u32> = (0..n as u32).collect();
        let theta = |r: u32| &theta[2 * r as usize..][..2];
        let kept = informative_columns(&rows, theta, |r| &x[r as usize * 40..][..40], 40);
        assert!(kept.contains(&7) && kept.contains(&31), "{kept:?}");
        assert!(kept.len() < 6, "{kept:?}");
        let sure = surely_informative(&rows, theta, |r| &x[r as usize * 40..][..40], 40, kept);
        assert_eq!(sure, [7, 31]);
        // Not wide: nothing is left out.
        let narrow = informative_columns(&rows, theta, |r| &x[r as usize * 40..][..10], 10);
        assert_eq!(narrow, (0..10).collect::<Vec<_>>());
    }

    #[test]
    fn ties_share_a_score() {
        let scores = normal_scores(&[2.0, 1.0, 2.0, 3.0]);
        assert_eq!(scores[0], scores[2]);
        // Quantiles of ½/4 and 2/4: −1.1503 and 0.
        assert!((scores[1] + 1.1503).abs() < 1e-3 && scores[0].abs() < 1e-9);
    }
}
