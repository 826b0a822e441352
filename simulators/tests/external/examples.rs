//! The examples work as they are.

use crate::support::{Project, example, have, have_numpy};
use freeform_simulators::{ExternalSimulator, SimulatedBatch, SimulationSource, SourceError};
use ndarray::ArrayView1;
use std::time::Instant;

fn run(name: &str, n: usize) -> SimulatedBatch {
    let simulator = ExternalSimulator::open(example(name)).unwrap();
    let batch = simulator.simulate(n, 1).unwrap();
    assert_eq!((batch.simulations.len(), batch.failures.total()), (n, 0), "{name}");
    let again = simulator.simulate(n, 1).unwrap();
    assert_eq!(batch.simulations, again.simulations, "{name}: the seed must decide everything");
    batch
}

/// Asserts that the mean is within five standard errors of `expected`.
fn check_mean(values: ArrayView1<'_, f64>, expected: f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
    let error = (variance / n).sqrt();
    assert!((mean - expected).abs() < 5.0 * error, "{mean} ± {error}, expected {expected}");
}

#[test]
fn the_shell_example_has_the_moments_of_its_model() {
    let batch = run("shell_gaussian", 800);
    let (theta, x) = (batch.simulations.theta.column(0), batch.simulations.x.view());
    check_mean((&x.column(0) - &theta).view(), 0.0);
    // Var = 0.25, and both readings have noise of their own.
    check_mean((&x.column(0) - &theta).mapv(|v| v * v).view(), 0.25);
    check_mean(((&x.column(0) - &theta) * (&x.column(1) - &theta)).view(), 0.0);
    let simulator = ExternalSimulator::open(example("shell_gaussian")).unwrap();
    assert_eq!(simulator.observation(1).unwrap(), [0.7, 0.4]);
    let error = simulator.observation(2).unwrap_err().to_string();
    assert!(error.contains("no observation 2"), "{error}");
}

#[test]
fn the_python_example_has_the_moments_of_its_model() {
    if !have_numpy() {
        return;
    }
    let batch = run("python_sir", 2000);
    // The first day's count is binomial: 990 people, risk 1 − exp(−β · 10 / 1000).
    let risk = batch.simulations.theta.column(0).mapv(|beta| 1.0 - (-beta * 0.01).exp());
    let surprise = &batch.simulations.x.column(0) - &(risk * 990.0);
    check_mean(surprise.view(), 0.0);
    let simulator = ExternalSimulator::open(example("python_sir")).unwrap();
    assert_eq!(simulator.observation(1).unwrap().len(), 10);
}

#[test]
fn the_r_example_has_the_moments_of_its_model() {
    if have("Rscript", &["--version"]) {
        check_line(&run("r_linear", 1000));
    }
}

#[test]
fn the_example_with_files_has_the_moments_of_its_model() {
    if have_numpy() {
        check_line(&run("files_linear", 1500));
    }
}

fn check_line(batch: &SimulatedBatch) {
    let (theta, x) = (&batch.simulations.theta, &batch.simulations.x);
    for (column, at) in [-1.0, -0.5, 0.0, 0.5, 1.0].into_iter().enumerate() {
        let residual = &x.column(column) - &(&theta.column(0) + &(&theta.column(1) * at));
        check_mean(residual.view(), 0.0);
        check_mean(residual.mapv(|v| v * v).view(), 0.04);
    }
}

#[test]
fn files_that_are_wrong_are_blamed_on_the_right_simulation() {
    if !have_numpy() {
        return;
    }
    let program = "import sys, numpy as np\n\
        theta, seeds = np.load(sys.argv[1]), np.load(sys.argv[3])\n\
        assert theta.max() < 0.95, 'too large'\n\
        np.save(sys.argv[2], np.column_stack([theta[:, 0], seeds % 1000]))\n";
    let settings = "data_dim = 2\nprotocol = \"files\"\nbatch = 40\n\
        command = [\"python3\", \"simulator.sh\", \"{theta}\", \"{x}\", \"{seeds}\"]";
    let project = Project::new(settings, program);
    let batch = project.open().simulate(120, 2).unwrap();
    let theta = project.open().settings().prior.sample_n(2, 120);
    let expected: Vec<u64> = (0..120).filter(|&i| theta[[i as usize, 0]] < 0.95).collect();
    assert!(expected.len() < 120);
    assert_eq!(batch.indices, expected);
    assert!(batch.failures.first.unwrap().message.contains("too large"));
}

#[test]
fn simulating_at_the_prior_draws_repeats_the_run() {
    let simulator = ExternalSimulator::open(example("shell_gaussian")).unwrap();
    let theta = simulator.settings().prior.sample_n(1, 20);
    let at = simulator.simulate_at(theta.view(), 1).unwrap().simulations;
    assert_eq!(at, simulator.simulate(20, 1).unwrap().simulations);
    let wrong = ndarray::Array2::zeros((3, 2));
    let error = simulator.simulate_at(wrong.view(), 1).unwrap_err();
    assert!(matches!(error, SourceError::Simulate(_)), "{error}");
}

/// Two workers halve the time of calls that take 10 ms, as they do where cores are free.
#[test]
fn workers_run_side_by_side() {
    let body = crate::support::script("sleep 0.01");
    let time = |workers: usize| {
        let project = Project::new(&format!("data_dim = 2\nworkers = {workers}"), &body);
        let started = Instant::now();
        project.open().simulate(150, 1).unwrap();
        started.elapsed().as_secs_f64()
    };
    let (one, four) = (time(1), time(4));
    // Loosely, because other tests run at the same time.
    assert!(one > 1.5 * four, "one worker {one:.2} s, four {four:.2} s");
}

#[test]
fn a_python_worker_costs_little_beside_its_own_work() {
    if !have_numpy() {
        return;
    }
    let program = "import sys\n\
        for line in sys.stdin:\n\
        \tif line.strip():\n\
        \t\tindex, seed, rate = line.split()\n\
        \t\tprint(index, rate)\n\
        \telse:\n\
        \t\tsys.stdout.flush()\n";
    let settings = "data_dim = 1\nworkers = 1\ncommand = [\"python3\", \"simulator.sh\"]";
    let project = Project::new(settings, program);
    let started = Instant::now();
    let batch = project.open().simulate(20_000, 1).unwrap();
    let each = started.elapsed().as_secs_f64() / 20_000.0;
    assert_eq!(batch.simulations.theta, batch.simulations.x);
    assert!(each < 0.2e-3, "{:.3} ms a simulation", 1e3 * each);
}
