//! Prior draws against closed-form distribution functions, where single precision would not do.

use freeform_simulators::{Marginal, Prior, PriorError};
use statrs::distribution::{Beta, ContinuousCDF, Gamma};

const N: usize = 100_000;

/// Draws of one parameter, in order.
fn draws(marginal: Marginal, seed: u64) -> Vec<f64> {
    let prior = Prior::independent([("p", marginal)]).unwrap();
    let mut draws = prior.sample_n(seed, N).into_raw_vec_and_offset().0;
    draws.sort_by(f64::total_cmp);
    assert!(draws.iter().all(|v| prior.support()[0].contains_strictly(*v)), "{marginal:?}");
    draws
}

/// Asserts that the Kolmogorov-Smirnov distance is below what one law in a thousand exceeds. Draws
/// that are equal, as the smallest and largest numbers of a precision are, count at their end.
fn follows(marginal: Marginal, cdf: impl Fn(f64) -> f64) {
    let draws = draws(marginal, 5);
    let mut distance = 0.0_f64;
    for (index, value) in draws.iter().enumerate() {
        let next = draws.get(index + 1);
        if next == Some(value) {
            continue;
        }
        distance = distance.max(((index + 1) as f64 / N as f64 - cdf(*value)).abs());
    }
    // 1.95 / √n, and what a step of double precision holds of these laws is far less.
    assert!(distance < 1.95 / (N as f64).sqrt(), "{marginal:?}: {distance}");
}

#[test]
fn laws_that_crowd_at_a_bound_are_right() {
    for shape in [0.1, 0.05, 0.5] {
        let law = Beta::new(shape, shape).unwrap();
        // Near 1 the share above it is what keeps digits: the law is its own mirror image.
        let cdf = |x: f64| if x < 0.5 { law.cdf(x) } else { 1.0 - law.cdf(1.0 - x) };
        let above = |x: f64| if x == 1.0_f64.next_down() { 1.0 } else { cdf(x) };
        follows(Marginal::Beta { alpha: shape, beta: shape }, above);
    }
    // P(θ < t) = Σ: for small t, (rate t)^shape / Γ(shape + 1).
    for shape in [0.02, 0.005, 0.3] {
        let law = Gamma::new(shape, 2.0).unwrap();
        let small = |t: f64| (shape * (2.0 * t).ln() - ln_gamma(shape + 1.0)).exp();
        let cdf = |t: f64| if t < 1e-12 { small(t) } else { law.cdf(t) };
        follows(Marginal::Gamma { shape, rate: 2.0 }, cdf);
    }
}

fn ln_gamma(x: f64) -> f64 {
    statrs::function::gamma::ln_gamma(x)
}

#[test]
fn neither_origin_nor_unit_spoils_a_law() {
    for (low, width) in [(1.1e9, 0.2), (1.4e18, 1e9), (2.46e6, 1e-4), (0.0, 1e-50), (-1e300, 1e300)]
    {
        let high = low + width;
        follows(Marginal::Uniform { low, high }, |x| (x - low) / (high - low));
        let mut different = draws(Marginal::Uniform { low, high }, 5);
        different.dedup();
        let places = (high - low) / (high.abs().max(low.abs()) * f64::EPSILON / 2.0);
        // Birthdays: n²/2m pairs of n draws from m places are equal.
        let least = N as f64 - 1.5 * (N as f64).powi(2) / (2.0 * places) - 10.0;
        assert!(different.len() as f64 > least.min(0.9 * N as f64), "{low}: {}", different.len());
    }
    use statrs::distribution::Normal;
    for (mean, std) in [(1.1e9, 0.05), (0.0, 1e-50), (0.0, 1e200)] {
        let law = Normal::standard();
        follows(Marginal::Normal { mean, std }, |x| law.cdf((x - mean) / std));
    }
}

/// A normal prior that is moved, and one in other units, have the density of the plain one.
#[test]
fn densities_move_with_the_law() {
    let density =
        |marginal, at: f64| Prior::independent([("p", marginal)]).unwrap().log_prob(&[at]);
    let plain = density(Marginal::Normal { mean: 0.0, std: 1.0 }, 0.75);
    let moved = density(Marginal::Normal { mean: 1.1e9, std: 0.5 }, 1.1e9 + 0.375);
    assert!((moved - (plain - 0.5_f64.ln())).abs() < 1e-9, "{moved} {plain}");
    let tiny = density(Marginal::Normal { mean: 0.0, std: 1e-200 }, 0.75e-200);
    assert!((tiny - (plain - 1e-200_f64.ln())).abs() < 1e-9, "{tiny} {plain}");
    // Beta(.1, .1) at 1 − 2⁻⁴⁰ is what it is at 2⁻⁴⁰.
    let beta = Marginal::Beta { alpha: 0.1, beta: 0.1 };
    let edge = 2_f64.powi(-40);
    assert!((density(beta, 1.0 - edge) - density(beta, edge)).abs() < 1e-9);
}

#[test]
fn an_interval_with_hardly_a_number_inside_is_refused() {
    let prior = |high| Prior::independent([("time", Marginal::Uniform { low: 1.4e18, high })]);
    let error = prior(1.4e18 + 1000.0).unwrap_err();
    assert!(matches!(error, PriorError::BadValue { .. }));
    let text = error.to_string();
    assert!(text.contains("time") && text.contains("double precision"), "{text}");
    assert!(prior(1.4e18 + 1e6).is_ok());
}
