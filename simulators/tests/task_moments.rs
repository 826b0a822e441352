//! Moments of 100,000 simulations against closed forms, at several parameters of each task.

mod support;

use std::f64::consts::PI;

use freeform_simulators::{Task, TwoMoons};
use support::{assert_columns, assert_covariance, repeated};

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
