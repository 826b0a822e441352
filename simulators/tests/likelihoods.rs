//! Likelihoods of the benchmark tasks against scipy's densities.

mod support;

use freeform_simulators::{Slcp, Task, TwoMoons, tasks};
use support::{assert_close, fixture, official};

/// log p(x | θ) of the ten official observations at their true parameters.
#[test]
fn every_likelihood_equals_scipys() {
    let text = include_str!("data/log_likelihoods.csv");
    let names: Vec<_> = text.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(names, tasks().iter().map(|info| info.name).collect::<Vec<_>>());
    for (name, expected) in names.iter().zip(fixture(text)) {
        let task = Task::by_name(name).unwrap();
        // Where an ODE stands behind it, at the solver's accuracy in units of the noise.
        let relative = if ["sir", "lotka_volterra"].contains(name) { 1e-6 } else { 1e-9 };
        for (k, &expected) in (1..).zip(&expected) {
            let (theta, x) = official(&task, k);
            let found = task.log_likelihood(&theta, &x);
            assert_close(&format!("{name}, observation {k}"), found, expected, relative);
        }
        assert_eq!(expected.len(), Task::OBSERVATIONS);
    }
}

/// The density integrates to one over the plane: the factor 1/r is there.
#[test]
fn two_moons_likelihood_is_normalised() {
    let task = Task::by_name("two_moons").unwrap();
    let theta = [0.3, -0.5];
    let [across, along] = TwoMoons::displacement(&theta);
    let (cells, half) = (800, 0.2);
    let step = 2.0 * half / f64::from(cells);
    let mut mass = 0.0;
    for i in 0..cells {
        for j in 0..cells {
            let place = |k: i32| (f64::from(k) + 0.5) * step - half;
            let x = [across + TwoMoons::SHIFT + place(i), along + place(j)];
            mass += task.log_likelihood(&theta, &x).exp() * step * step;
        }
    }
    assert_close("mass", mass, 1.0, 1e-3);
}

/// A nearly singular covariance: one scale tiny, correlation .995; the figure is scipy's.
#[test]
fn slcp_likelihood_is_accurate_at_the_edge() {
    let theta = [0.1, 0.2, 0.05, -2.9, 3.0];
    let x = [0.1, 0.3, 0.11, 0.2, 0.09, -0.5, 0.1, 0.25];
    assert_close("slcp", Slcp::log_density(&theta, &x), -80.623_663_999_853_04, 1e-9);
}

#[test]
fn impossible_data_have_no_likelihood() {
    let impossible = |name: &str, column: usize, value: f64| {
        let task = Task::by_name(name).unwrap();
        let (theta, mut x) = official(&task, 1);
        x[column] = value;
        let found = task.log_likelihood(&theta, &x);
        assert_eq!(found, f64::NEG_INFINITY, "{name} with x[{column}] = {value}");
    };
    impossible("bernoulli_glm_raw", 3, 0.5);
    impossible("sir", 2, 1001.0);
    impossible("sir", 2, -1.0);
    impossible("sir", 2, 0.5);
    impossible("lotka_volterra", 4, 0.0);
    impossible("lotka_volterra", 4, -3.0);
    impossible("two_moons", 0, -2.0);
}
