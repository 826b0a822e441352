//! Where the kind of whitening is left open, the flows are those over the kind that new simulations are
//! likelier by.

use freeform_inference::{Fit, Posterior};
use freeform_simulators::{Simulations, Task, simulate};
use ndarray::Axis;

fn fit(task: &Task, simulations: &Simulations, kind: &str) -> Posterior {
    let settings = [
        "training.members=2",
        "training.max_epochs=200",
        "whitening.steps=6000",
        "posterior.correction=off",
        &format!("whitening.kind={kind}"),
    ];
    let fit = Fit::new(task.prior()).seed(2);
    let fit = settings.iter().fold(fit, |fit, set| fit.set(set).unwrap());
    fit.run(simulations.clone()).unwrap()
}

/// Mean log p(θ | x) at the parameters of simulations.
fn log_prob(posterior: &Posterior, simulations: &Simulations) -> f64 {
    let of = |row: usize| {
        let (theta, x) = (simulations.theta.select(Axis(0), &[row]), simulations.x.row(row));
        posterior.log_prob(&theta.view(), &x.to_vec(), 1).unwrap()[0]
    };
    (0..simulations.len()).map(of).sum::<f64>() / simulations.len() as f64
}

/// Whether the linear kind is chosen, and what it gains over the other one on 100 new simulations, in nats.
fn choice(name: &str) -> (bool, f64) {
    let task = Task::by_name(name).unwrap();
    let training = simulate(task.simulator(), 1000, 2).unwrap().simulations;
    let fresh = simulate(task.simulator(), 100, 77).unwrap().simulations;
    let [auto, linear, network] = ["auto", "linear", "network"].map(|k| fit(&task, &training, k));
    let members = &auto.model().training.members;
    let of_linear = members.iter().filter(|m| m.name.ends_with("-linear")).count();
    assert!([0, 2].contains(&of_linear), "{members:?}");
    let is_linear = of_linear == 2;
    let (own, other) = if is_linear { (&linear, &network) } else { (&network, &linear) };
    let [auto, own, other] = [&auto, own, other].map(|p| log_prob(p, &fresh));
    // The flows are those of a training that is told this kind.
    assert_eq!(auto.to_bits(), own.to_bits());
    (is_linear, own - other)
}

#[test]
fn nearly_linear_regressions_are_left_linear() {
    let (is_linear, gain) = choice("bernoulli_glm");
    assert!(is_linear && gain > 0.1, "{is_linear} {gain}");
}

#[test]
fn curved_ones_are_not() {
    let (is_linear, gain) = choice("sir");
    assert!(!is_linear && gain > 0.1, "{is_linear} {gain}");
}
