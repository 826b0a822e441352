//! Priors against scipy's log-densities, closed-form moments and finite differences.

mod support;

use freeform_simulators::{Marginal, MultivariateNormal, Prior, Support};
use support::{assert_close, assert_columns, assert_covariance};

/// Every marginal with a point, scipy's `logpdf` there, its mean and its variance.
fn marginals() -> Vec<(Marginal, f64, f64, f64, f64)> {
    vec![
        (
            Marginal::Uniform { low: -2.0, high: 3.0 },
            0.5,
            -1.609_437_912_434_100_3,
            0.5,
            25.0 / 12.0,
        ),
        (Marginal::Normal { mean: 1.0, std: 2.0 }, -3.3, -3.923_335_713_764_618, 1.0, 4.0),
        (
            Marginal::LogNormal { location: -0.9, scale: 0.5 },
            0.7,
            -0.459_520_641_793_953_6,
            0.460_703_780_998_965_8,
            0.060_283_819_207_269_52,
        ),
        (Marginal::Exponential { rate: 2.5 }, 0.3, 0.166_290_731_874_155_1, 0.4, 0.16),
        (Marginal::Gamma { shape: 2.0, rate: 0.5 }, 3.7, -1.927_961_541_469_712, 4.0, 8.0),
        (
            Marginal::Beta { alpha: 2.0, beta: 3.5 },
            0.2,
            0.589_543_574_552_017,
            0.363_636_363_636_363_65,
            0.035_600_762_873_490_15,
        ),
        (
            Marginal::StudentT { degrees_of_freedom: 4.0, location: 1.0, scale: 2.0 },
            -2.2,
            -2.910_717_038_161_939_4,
            1.0,
            8.0,
        ),
    ]
}

fn all() -> Prior {
    Prior::independent(marginals().into_iter().enumerate().map(|(i, m)| (format!("p{i}"), m.0)))
        .unwrap()
}

fn normal() -> Prior {
    let covariance = vec![vec![2.0, 0.3, -0.4], vec![0.3, 1.0, 0.2], vec![-0.4, 0.2, 0.5]];
    let law = MultivariateNormal::new(vec![0.1, -0.2, 0.3], covariance).unwrap();
    Prior::multivariate_normal(law, None).unwrap()
}

#[test]
fn log_densities_equal_scipys() {
    for (marginal, at, expected, ..) in marginals() {
        let prior = Prior::independent([("p", marginal)]).unwrap();
        assert_close(marginal.distribution(), prior.log_prob(&[at]), expected, 1e-12);
    }
    let (point, sum): (Vec<f64>, f64) =
        (marginals().iter().map(|m| m.1).collect(), marginals().iter().map(|m| m.2).sum());
    assert_close("joint", all().log_prob(&point), sum, 1e-12);
    assert_close("mvn", normal().log_prob(&[1.0, 0.5, -0.7]), -4.281_769_264_939_832_5, 1e-12);
}

#[test]
fn samples_have_the_right_moments() {
    let draws = all().sample_n(3, 100_000);
    let (means, variances): (Vec<_>, Vec<_>) = marginals().iter().map(|m| (m.3, m.4)).unzip();
    // The variance of a t with 4 degrees of freedom has no finite error: means only, there.
    let regular = draws.slice(ndarray::s![.., ..6]);
    assert_columns("independent", regular, &means[..6], &variances[..6]);
    support::assert_mean("t", draws.column(6).iter().copied(), means[6]);

    let draws = normal().sample_n(4, 100_000);
    let mean = [0.1, -0.2, 0.3];
    assert_columns("mvn", draws.view(), &mean, &[2.0, 1.0, 0.5]);
    for (pair, covariance) in [((0, 1), 0.3), ((0, 2), -0.4), ((1, 2), 0.2)] {
        assert_covariance("mvn", draws.view(), pair, &mean, covariance);
    }
}

#[test]
fn outside_the_support_there_is_no_density() {
    let prior = all();
    let inside: Vec<f64> = marginals().iter().map(|m| m.1).collect();
    assert!(prior.contains(&inside));
    for (index, value) in
        [(0, 3.1), (0, f64::NAN), (2, 0.0), (2, -1.0), (3, -1e-9), (5, 1.1), (1, f64::INFINITY)]
    {
        let mut outside = inside.clone();
        outside[index] = value;
        assert!(!prior.contains(&outside), "{index} {value}");
        assert_eq!(prior.log_prob(&outside), f64::NEG_INFINITY, "{index} {value}");
    }
    assert_eq!(prior.support()[0], Support::Interval { lower: -2.0, upper: 3.0 });
    assert_eq!(prior.support()[2], Support::Positive { lower: 0.0 });
}

#[test]
fn the_bijection_round_trips_up_to_the_edges() {
    let prior = all();
    let (mut u, mut back) = (vec![0.0; 7], vec![0.0; 7]);
    for tiny in [0.3, 1e-3, 1e-9, 1e-15] {
        // Near lower bounds that are not zero, θ itself has no more digits than the last.
        let theta = [-2.0 + tiny, -7.0, tiny, tiny, tiny, tiny, 4.0];
        let log_det = prior.to_unconstrained(&theta, &mut u);
        let back_det = prior.from_unconstrained(&u, &mut back);
        for (found, expected) in back.iter().zip(&theta) {
            assert!((found - expected).abs() <= 2e-15 * expected.abs(), "{found} {expected}");
        }
        assert_close("log det both ways", back_det, log_det, 1e-13);
    }
    // At the upper end of (0, 1) the logit of 1 − 2⁻⁵³ is 53 log 2.
    let beta = Support::Interval { lower: 0.0, upper: 1.0 };
    let (u, _) = beta.to_unconstrained(1.0 - f64::EPSILON / 2.0);
    assert_close("logit", u, 53.0 * std::f64::consts::LN_2, 1e-15);
    // Far out, θ stays the number next to the end and the slope finite.
    let (theta, log_slope) = beta.from_unconstrained(800.0);
    assert_eq!((theta, log_slope), (1.0_f64.next_down(), -800.0));
}

#[test]
fn log_determinants_equal_finite_differences() {
    let prior = all();
    for shift in [-2.5, -0.4, 0.0, 1.7] {
        let u: Vec<f64> = (0..7).map(|i| shift + 0.2 * f64::from(i)).collect();
        let mut theta = vec![0.0; 7];
        let log_det = prior.from_unconstrained(&u, &mut theta);
        let mut expected = 0.0;
        for i in 0..7 {
            let h = 1e-5;
            let (mut high, mut low) = (u.clone(), u.clone());
            (high[i], low[i]) = (u[i] + h, u[i] - h);
            let (mut above, mut below) = (vec![0.0; 7], vec![0.0; 7]);
            prior.from_unconstrained(&high, &mut above);
            prior.from_unconstrained(&low, &mut below);
            expected += ((above[i] - below[i]) / (2.0 * h)).ln();
        }
        assert_close("log det", log_det, expected, 1e-8);
    }
}
