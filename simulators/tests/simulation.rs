//! Parallel simulation: the same result for any schedule, and an account of every failure.

use std::sync::atomic::{AtomicUsize, Ordering};

use freeform_simulators::{
    FailureReport, Marginal, Prior, SimulateError, SimulationError, SimulationRng, Simulator, Task,
    simulate, simulate_at, simulate_range, tasks,
};
use ndarray::{Array2, Axis, concatenate};
use rand::RngExt;

/// Fails for θ < `fails_below`, leaves x unset for θ > `unset_above`, else x = θ + noise.
struct Fragile {
    prior: Prior,
    fails_below: f64,
    unset_above: f64,
}

impl Fragile {
    fn new(fails_below: f64, unset_above: f64) -> Self {
        let prior = Prior::identical(1, Marginal::Uniform { low: 0.0, high: 1.0 }).unwrap();
        Self { prior, fails_below, unset_above }
    }
}

impl Simulator for Fragile {
    fn prior(&self) -> &Prior {
        &self.prior
    }
    fn data_dim(&self) -> usize {
        1
    }
    fn simulate(
        &self,
        theta: &[f64],
        rng: &mut SimulationRng,
        x: &mut [f64],
    ) -> Result<(), SimulationError> {
        if theta[0] < self.fails_below {
            return Err(SimulationError::new("too small"));
        }
        if theta[0] <= self.unset_above {
            x[0] = theta[0] + rng.random::<f64>();
        }
        Ok(())
    }
}

fn with_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

fn bytes(table: &Array2<f64>) -> Vec<u64> {
    table.iter().map(|v| v.to_bits()).collect()
}

#[test]
fn thread_count_and_chunking_change_nothing() {
    for info in tasks() {
        let task = Task::by_name(info.name).unwrap();
        let run = || simulate(task.simulator(), 300, 7).unwrap().simulations;
        let (one, two) = (with_threads(1, run), with_threads(2, run));
        assert_eq!(bytes(&one.theta), bytes(&two.theta), "{}", info.name);
        assert_eq!(bytes(&one.x), bytes(&two.x), "{}", info.name);

        let part = |range| simulate_range(task.simulator(), 7, range, None).unwrap().simulations;
        let (head, tail) = (part(0..101), part(101..300));
        let joined = concatenate(Axis(0), &[head.x.view(), tail.x.view()]).unwrap();
        assert_eq!(bytes(&joined), bytes(&one.x), "{}", info.name);

        let other = simulate(task.simulator(), 300, 8).unwrap().simulations;
        assert_ne!(bytes(&other.x), bytes(&one.x), "{}: the seed must matter", info.name);
    }
}

#[test]
fn simulating_at_the_prior_draws_repeats_the_run() {
    let task = Task::by_name("slcp").unwrap();
    let theta = task.prior().sample_n(11, 200);
    let at = simulate_at(task.simulator(), theta.view(), 11).unwrap().simulations;
    assert_eq!(at, simulate(task.simulator(), 200, 11).unwrap().simulations);
}

#[test]
fn failures_are_counted_and_left_out() {
    let n = 5000;
    let whole = simulate(&Fragile::new(0.0, 1.0), n, 3).unwrap();
    assert_eq!(whole.failures, FailureReport { requested: n, ..FailureReport::default() });
    let theta: Vec<f64> = whole.simulations.theta.iter().copied().collect();
    let kept: Vec<u64> =
        (0..n as u64).filter(|&i| (0.2..=0.9).contains(&theta[i as usize])).collect();

    let batch = with_threads(2, || simulate(&Fragile::new(0.2, 0.9), n, 3).unwrap());
    assert_eq!(batch.indices, kept);
    assert_eq!(batch.failures.failed, theta.iter().filter(|&&t| t < 0.2).count());
    assert_eq!(batch.failures.non_finite, theta.iter().filter(|&&t| t > 0.9).count());
    for (row, &index) in kept.iter().enumerate() {
        assert_eq!(batch.simulations.theta[[row, 0]], theta[index as usize]);
        assert_eq!(batch.simulations.x[[row, 0]], whole.simulations.x[[index as usize, 0]]);
    }
    let left: Vec<f64> =
        theta.iter().copied().filter(|theta| !(0.2..=0.9).contains(theta)).collect();
    assert_eq!(batch.theta_failed.into_raw_vec_and_offset().0, left);
    let first = batch.failures.first.unwrap();
    let expected = theta.iter().position(|t| !(0.2..=0.9).contains(t)).unwrap();
    assert_eq!(first.index, expected as u64);
    assert_eq!(first.theta, [theta[expected]]);
}

#[test]
fn a_simulator_that_always_fails_is_an_error() {
    let error = simulate(&Fragile::new(2.0, 3.0), 100, 1).unwrap_err();
    let SimulateError::AllFailed { requested: 100, first } = &error else { panic!("{error}") };
    assert_eq!((first.index, first.message.as_str()), (0, "too small"));
    assert!(error.to_string().contains("simulation 0 at theta = [0."), "{error}");
    let error = simulate(&Fragile::new(0.0, -1.0), 100, 1).unwrap_err().to_string();
    assert!(error.contains("not finite") && error.contains("NaN"), "{error}");
    // A range may fail as a whole without being the end of the run.
    let batch = simulate_range(&Fragile::new(2.0, 3.0), 1, 5..9, None).unwrap();
    assert_eq!((batch.simulations.len(), batch.failures.total()), (0, 4));
}

#[test]
fn impossible_requests_are_errors() {
    let simulator = Fragile::new(0.0, 1.0);
    assert_eq!(simulate(&simulator, 0, 1).unwrap_err(), SimulateError::Nothing);
    let error = simulate(&simulator, usize::MAX / 2, 1).unwrap_err();
    assert!(matches!(error, SimulateError::TooLarge { .. }), "{error}");
    // 160 TB: a system that promises more memory than it has would say yes.
    let error = simulate(&simulator, 10_000_000_000_000, 1).unwrap_err().to_string();
    assert!(error.contains("160.0 TB of memory"), "{error}");
    let error = simulate_at(&simulator, Array2::zeros((3, 2)).view(), 1).unwrap_err();
    assert_eq!(error, SimulateError::ParameterDim { found: 2, expected: 1 });
}

#[test]
fn progress_adds_up() {
    let done = AtomicUsize::new(0);
    let count = |k: usize| {
        done.fetch_add(k, Ordering::Relaxed);
    };
    simulate_range(&Fragile::new(0.5, 1.0), 1, 0..1234, Some(&count)).unwrap();
    assert_eq!(done.into_inner(), 1234);
}
