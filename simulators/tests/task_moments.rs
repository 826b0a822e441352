//! Moments of 100,000 simulations against closed forms, at several parameters of each task.

mod support;

use std::f64::consts::PI;

use freeform_simulators::{BernoulliGlmModel, DistractorMixture, SlcpDistractors, Task, TwoMoons};
use support::{assert_columns, assert_covariance, assert_mean, repeated};

const N: usize = 100_000;

#[test]
fn two_moons_moments() {
    let task = Task::by_name("two_moons").unwrap();
    for theta in [[0.0, 0.0], [-0.75, -0.5], [0.25, -0.875]] {
        let x = repeated(task.simulator(), &theta, N);
        let [across, along] = TwoMoons::displacement(&theta);
        // E cos a = 2/π, E cos² a = E sin² a = ½, E r² = 0.1² + 0.01².
        let mean = [0.2 / PI + 0.25 + across, along];
        let half_square = 0.5 * (0.01 + 0.0001);
        let variance = [half_square - (0.2 / PI).powi(2), half_square];
        assert_columns("two_moons", x.view(), &mean, &variance);
        assert_covariance("two_moons", x.view(), (0, 1), &mean, 0.0);
    }
    let displaced = TwoMoons::displacement(&[-0.6, -0.2]);
    assert!((displaced[0] + 0.8 / 2_f64.sqrt()).abs() < 1e-15);
    assert!((displaced[1] - 0.4 / 2_f64.sqrt()).abs() < 1e-15);
}

#[test]
fn gaussian_linear_moments() {
    let task = Task::by_name("gaussian_linear").unwrap();
    for shift in [-0.5, 0.0, 1.0] {
        let theta: Vec<f64> = (0..10).map(|i| shift + 0.125 * f64::from(i)).collect();
        let x = repeated(task.simulator(), &theta, N);
        assert_columns("gaussian_linear", x.view(), &theta, &[0.1; 10]);
        assert_covariance("gaussian_linear", x.view(), (2, 3), &theta, 0.0);
    }
}

#[test]
fn gaussian_linear_prior_moments() {
    let task = Task::by_name("gaussian_linear").unwrap();
    let theta = task.prior().sample_n(5, N);
    assert_columns("gaussian_linear prior", theta.view(), &[0.0; 10], &[0.1; 10]);
}

#[test]
fn slcp_moments() {
    let task = Task::by_name("slcp").unwrap();
    for theta in [
        [0.5_f64, -1.0, 1.25, -0.75, 0.5],
        [-2.875, 2.0, -2.0, 2.5, -2.75],
        [1.0, 0.25, 0.125, 1.5, 0.0],
    ] {
        let x = repeated(task.simulator(), &theta, N);
        let (s1, s2) = (theta[2].powi(2), theta[3].powi(2));
        let mean: Vec<f64> = (0..8).map(|i| theta[i % 2]).collect();
        let variance: Vec<f64> = (0..8).map(|i| [s1 * s1, s2 * s2][i % 2] + 1e-6).collect();
        assert_columns("slcp", x.view(), &mean, &variance);
        let covariance = theta[4].tanh() * s1 * s2;
        for point in 0..4 {
            assert_covariance("slcp", x.view(), (2 * point, 2 * point + 1), &mean, covariance);
        }
        assert_covariance("slcp", x.view(), (0, 2), &mean, 0.0);
    }
}

#[test]
fn gaussian_linear_uniform_moments() {
    let task = Task::by_name("gaussian_linear_uniform").unwrap();
    for shift in [-0.875, -0.5, 0.0] {
        let theta: Vec<f64> = (0..10).map(|i| shift + 0.09375 * f64::from(i)).collect();
        let x = repeated(task.simulator(), &theta, N);
        assert_columns("gaussian_linear_uniform", x.view(), &theta, &[0.1; 10]);
        assert_covariance("gaussian_linear_uniform", x.view(), (0, 9), &theta, 0.0);
    }
    let theta = task.prior().sample_n(6, N);
    assert_columns("gaussian_linear_uniform prior", theta.view(), &[0.0; 10], &[1.0 / 3.0; 10]);
}

#[test]
fn gaussian_mixture_moments() {
    let task = Task::by_name("gaussian_mixture").unwrap();
    for theta in [[0.0, 0.0], [-9.5, 4.25], [3.0, 7.75]] {
        let x = repeated(task.simulator(), &theta, N);
        assert_columns("gaussian_mixture", x.view(), &theta, &[0.505; 2]);
        // Both data values share the component, so their squares are correlated:
        // E a²b² = ½ (1 + 0.01²), and the fourth moment is 3/2 (1 + 0.01²).
        let deviations = || x.rows().into_iter().map(|r| (r[0] - theta[0], r[1] - theta[1]));
        let shared = 0.5 * (1.0 + 0.0001);
        assert_mean("squares", deviations().map(|(a, b)| (a * b).powi(2)), shared);
        assert_mean("fourth moment", deviations().map(|(a, _)| a.powi(4)), 3.0 * shared);
    }
}

#[test]
fn bernoulli_glm_moments() {
    let (summary, raw) =
        (Task::by_name("bernoulli_glm").unwrap(), Task::by_name("bernoulli_glm_raw").unwrap());
    let design = BernoulliGlmModel::design_matrix();
    for scale in [0.0_f64, 0.5, -1.0] {
        let theta: Vec<f64> = (0..10).map(|i| scale * (1.0 - 0.25 * f64::from(i))).collect();
        let rate: Vec<f64> = design
            .iter()
            .map(|row| {
                let logit: f64 = row.iter().zip(&theta).map(|(v, t)| v * t).sum();
                1.0 / (1.0 + (-logit).exp())
            })
            .collect();
        let spread: Vec<f64> = rate.iter().map(|p| p * (1.0 - p)).collect();
        let n = N / 4;
        assert_columns("raw", repeated(raw.simulator(), &theta, n).view(), &rate, &spread);

        let project = |weights: &[f64], i: usize, j: Option<usize>| -> f64 {
            let rows = design.iter().zip(weights);
            rows.map(|(row, weight)| weight * row[i] * j.map_or(1.0, |j| row[j])).sum()
        };
        let mean: Vec<f64> = (0..10).map(|i| project(&rate, i, None)).collect();
        let variance: Vec<f64> = (0..10).map(|i| project(&spread, i, Some(i))).collect();
        let x = repeated(summary.simulator(), &theta, N);
        assert_columns("sufficient", x.view(), &mean, &variance);
        for (i, j) in [(0, 1), (1, 2), (3, 9)] {
            let covariance = project(&spread, i, Some(j));
            assert_covariance("sufficient", x.view(), (i, j), &mean, covariance);
        }
    }
}

#[test]
fn bernoulli_glm_prior_moments() {
    let task = Task::by_name("bernoulli_glm").unwrap();
    let law = task.prior().as_multivariate_normal().unwrap();
    let covariance = law.covariance();
    // P times the covariance is the identity.
    for (i, row) in BernoulliGlmModel::prior_precision().iter().enumerate() {
        for j in 0..10 {
            let product: f64 = row.iter().zip(covariance).map(|(p, c)| p * c[j]).sum();
            let identity = f64::from(u8::from(i == j));
            assert!((product - identity).abs() < 1e-9, "{i} {j} {product}");
        }
    }
    let variance: Vec<f64> = (0..10).map(|i| covariance[i][i]).collect();
    let theta = task.prior().sample_n(7, N);
    assert_columns("bernoulli_glm prior", theta.view(), &[0.0; 10], &variance);
}

/// The eight informative values have slcp's moments, wherever the order put them.
#[test]
fn slcp_distractors_hide_slcp() {
    let task = Task::by_name("slcp_distractors").unwrap();
    for theta in [
        [0.5_f64, -1.0, 1.25, -0.75, 0.5],
        [1.0, 0.25, 0.125, 1.5, 0.0],
        [-2.0, 2.0, 1.0, 1.0, -1.0],
    ] {
        let n = 20_000;
        let x = repeated(task.simulator(), &theta, n);
        let mut data = ndarray::Array2::zeros((n, 8));
        for (row, mut slot) in x.rows().into_iter().zip(data.rows_mut()) {
            let wide: Vec<f64> = row.to_vec();
            let part = SlcpDistractors::slcp_data(&wide);
            slot.assign(&ndarray::aview1(&part));
        }
        let (s1, s2) = (theta[2].powi(2), theta[3].powi(2));
        let mean: Vec<f64> = (0..8).map(|i| theta[i % 2]).collect();
        let variance: Vec<f64> = (0..8).map(|i| [s1 * s1, s2 * s2][i % 2] + 1e-6).collect();
        assert_columns("slcp_distractors", data.view(), &mean, &variance);
        let covariance = theta[4].tanh() * s1 * s2;
        assert_covariance("slcp_distractors", data.view(), (4, 5), &mean, covariance);
    }
}

/// A t with 2 degrees of freedom has no variance, but its distribution function is
/// F(t) = ½ + t / (2 √(2 + t²)); every linear combination of a multivariate t is such a t, so
/// F of any combination of the noise must be uniform.
#[test]
fn distractors_have_the_mixtures_distribution() {
    let task = Task::by_name("slcp_distractors").unwrap();
    let mixture = DistractorMixture::shared();
    let x = repeated(task.simulator(), &[0.0, 0.0, 1.0, 1.0, 0.0], 20_000);
    let position = |noise: usize| mixture.order().iter().position(|&s| s == 8 + noise).unwrap();
    for (i, j, weight) in [(0, 1, 0.0), (45, 46, 1.0), (91, 3, -1.0), (60, 90, 0.5)] {
        let laws: Vec<(f64, f64)> = (0..DistractorMixture::COMPONENTS)
            .map(|c| {
                let location = mixture.location(c)[i] + weight * mixture.location(c)[j];
                let entry =
                    |row: usize, k: usize| *mixture.scale_row(c, row).get(k).unwrap_or(&0.0);
                let square: f64 =
                    (0..92).map(|k| (entry(i, k) + weight * entry(j, k)).powi(2)).sum();
                (location, square.sqrt())
            })
            .collect();
        let uniform: Vec<f64> = x
            .rows()
            .into_iter()
            .map(|row| {
                let value = row[position(i)] + weight * row[position(j)];
                let cdf = laws.iter().map(|(location, scale)| {
                    let t = (value - location) / scale;
                    0.5 + t / (2.0 * (2.0 + t * t).sqrt())
                });
                cdf.sum::<f64>() / laws.len() as f64
            })
            .collect();
        for (power, expected) in [(1, 0.5), (2, 1.0 / 3.0), (4, 0.2), (20, 1.0 / 21.0)] {
            let label = format!("noise {i} + {weight} × noise {j}, power {power}");
            assert_mean(&label, uniform.iter().map(|u| u.powi(power)), expected);
        }
    }
}
