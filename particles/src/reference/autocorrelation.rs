//! How many draws in a row are worth one.

/// Integrated autocorrelation time 1 + 2 Σ_t ρ_t of series that go on independently of each other, in
/// units of their steps, summed up to the first window of five times itself (Sokal 1997); `None`
/// for too few numbers or none that differ.
#[must_use]
pub fn autocorrelation_time(series: &[Vec<f64>]) -> Option<f64> {
    let count: usize = series.iter().map(Vec::len).sum();
    let shortest = series.iter().map(Vec::len).min()?;
    if shortest < 10 {
        return None;
    }
    let mean = series.iter().flatten().sum::<f64>() / count as f64;
    let covariance = |lag: usize| {
        let of_one = |s: &Vec<f64>| {
            s.iter().zip(&s[lag..]).map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>()
        };
        let pairs = count - lag * series.len();
        series.iter().map(of_one).sum::<f64>() / pairs as f64
    };
    let variance = covariance(0);
    if !(variance > 0.0 && variance.is_finite()) {
        return None;
    }
    let mut time = 1.0;
    for lag in 1..shortest / 2 {
        time += 2.0 * covariance(lag) / variance;
        if lag as f64 >= 5.0 * time {
            break;
        }
    }
    Some(time.max(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, stream};
    use rand_distr::{Distribution, StandardNormal};

    /// x' = ρx + noise has ρ_t = ρᵗ: the time is (1 + ρ) / (1 − ρ).
    #[test]
    fn of_autoregressive_series() {
        for rho in [0.0, 0.5, 0.9] {
            let series: Vec<Vec<f64>> = (0..4)
                .map(|chain| {
                    let mut rng = stream(3, Purpose::Chain, chain);
                    let mut x = 0.0;
                    let step = |_| {
                        let noise: f64 = StandardNormal.sample(&mut rng);
                        x = rho * x + noise;
                        x
                    };
                    (0..20_000).map(step).collect()
                })
                .collect();
            let found = autocorrelation_time(&series).unwrap();
            let expected = (1.0 + rho) / (1.0 - rho);
            assert!((found / expected - 1.0).abs() < 0.1, "{found} for {expected}");
        }
        assert_eq!(autocorrelation_time(&[vec![1.0; 100]]), None);
    }
}
