//! The benchmark tasks: names, official observations and likelihoods, against the released
//! package's files and scipy.

mod support;

use freeform_simulators::{Slcp, Task, TwoMoons, tasks};
use support::assert_close;

/// Sum of log-likelihoods: `log p(x_k | θ_k)` of the ten observations at their true parameters,
/// from scipy.
fn assert_likelihoods(name: &str, expected: [f64; 10]) {
    let task = Task::by_name(name).unwrap();
    for (k, expected) in (1..).zip(expected) {
        let observation = task.observation(k).unwrap();
        let wide = |values: &[f32]| values.iter().map(|&v| f64::from(v)).collect::<Vec<_>>();
        let (theta, x) = (wide(&observation.true_parameters), wide(&observation.x));
        let found = task.log_likelihood(&theta, &x);
        assert_close(&format!("{name}, observation {k}"), found, expected, 1e-9);
    }
}

#[test]
fn every_task_is_complete() {
    for info in tasks() {
        let task = Task::by_name(info.name).unwrap();
        assert_eq!((task.name(), task.description()), (info.name, info.description));
        assert_eq!(task.prior().dim(), info.parameter_dim, "{}", info.name);
        assert_eq!(task.simulator().data_dim(), info.data_dim, "{}", info.name);
        assert_eq!(task.simulator().data_names().len(), info.data_dim, "{}", info.name);
        for k in 1..=Task::OBSERVATIONS {
            let observation = task.observation(k).unwrap();
            assert_eq!(observation.number, k);
            assert_eq!(observation.x.len(), info.data_dim, "{}", info.name);
            let theta: Vec<f64> = observation.true_parameters.iter().map(|&v| v.into()).collect();
            assert!(task.prior().contains(&theta), "{} {k}", info.name);
        }
    }
}

#[test]
fn unknown_names_and_numbers_are_errors() {
    let error = Task::by_name("two_mons").unwrap_err().to_string();
    assert!(error.contains("did you mean \"two_moons\"?"), "{error}");
    let error = Task::by_name("zzz").unwrap_err().to_string();
    assert!(!error.contains("did you mean") && error.contains("slcp"), "{error}");
    let task = Task::by_name("slcp").unwrap();
    for number in [0, 11] {
        let error = task.observation(number).unwrap_err().to_string();
        assert!(error.contains("1 to 10") && error.contains(&number.to_string()), "{error}");
    }
}

#[test]
fn released_observations_are_embedded() {
    let moons = Task::by_name("two_moons").unwrap().observation(1).unwrap();
    assert_eq!(moons.x, [-0.639_670_6, 0.162_346_57]);
    assert_eq!(moons.true_parameters, [-0.817_665_6, -0.575_680_6]);
}

#[test]
fn two_moons_likelihood() {
    let expected = [
        4.804159832576998,
        3.6337089602808934,
        4.5625149387920665,
        3.4389503349346855,
        4.8491377087730045,
        4.792470985693686,
        4.756376157575127,
        4.842710564819837,
        4.793653235846353,
        4.835414267786481,
    ];
    assert_likelihoods("two_moons", expected);
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

#[test]
fn gaussian_linear_likelihood() {
    let expected = [
        -2.6423164688515035,
        -6.713239593753167,
        -2.1081408067385565,
        -3.9396691514831605,
        -2.61743104088577,
        -3.5956502890077733,
        -4.445680430057353,
        -2.042177279028527,
        -3.76071335819518,
        -5.501998454374505,
    ];
    assert_likelihoods("gaussian_linear", expected);
}

#[test]
fn slcp_likelihood() {
    let expected = [
        -10.853893186536881,
        -15.97727152356314,
        -21.5830316137912,
        0.052966552618388896,
        -22.191495512596102,
        -11.785880522759701,
        -14.988899296374534,
        -13.736958442474064,
        -13.087368388735861,
        -4.3927887378451675,
    ];
    assert_likelihoods("slcp", expected);
    // A nearly singular covariance: one scale tiny, correlation .995.
    let theta = [0.1, 0.2, 0.05, -2.9, 3.0];
    let x = [0.1, 0.3, 0.11, 0.2, 0.09, -0.5, 0.1, 0.25];
    assert_close("slcp", Slcp::log_density(&theta, &x), -80.62366399985304, 1e-9);
}
