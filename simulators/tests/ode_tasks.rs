//! The two tasks with a differential equation: its solution against scipy's, its noise against
//! closed forms, and parameters that no solver can handle.

mod support;

use freeform_simulators::{
    LotkaVolterra, Marginal, Prior, SimulateError, SimulationError, SimulationRng, Simulator, Sir,
    Task, simulate, simulate_at,
};
use ndarray::{Array2, array, s};
use support::{SEED, assert_columns, fixture, official, repeated};

#[test]
fn sir_solutions_equal_scipys() {
    let task = Task::by_name("sir").unwrap();
    for (k, expected) in (1..).zip(fixture(include_str!("data/sir_means.csv"))) {
        let found = Sir::infected_share(&official(&task, k).0).unwrap();
        for (found, expected) in found.iter().zip(&expected) {
            let relative = (found - expected).abs() / expected;
            assert!(relative < 1e-6, "observation {k}: {found} {expected}");
        }
        assert_eq!(expected.len(), 10);
    }
}

#[test]
fn lotka_volterra_solutions_equal_scipys() {
    let task = Task::by_name("lotka_volterra").unwrap();
    for (k, expected) in (1..).zip(fixture(include_str!("data/lotka_volterra_means.csv"))) {
        let found = LotkaVolterra::log_populations(&official(&task, k).0).unwrap();
        for (found, expected) in found.iter().zip(&expected) {
            assert!((found - expected.ln()).abs() < 1e-6, "observation {k}: {found} {expected}");
        }
        assert_eq!(expected.len(), 20);
    }
}

/// 100,000 simulations at one θ, whose equation is solved once: the first ones are checked to be
/// what the simulator itself returns.
fn observed(
    task: &Task,
    theta: &[f64],
    observe: impl Fn(&mut SimulationRng, &mut [f64]),
) -> Array2<f64> {
    let (n, columns) = (100_000, task.simulator().data_dim());
    let mut table = Array2::zeros((n, columns));
    let mut x = vec![0.0; columns];
    for (index, mut row) in (0..).zip(table.rows_mut()) {
        observe(&mut SimulationRng::new(SEED, index), &mut x);
        row.iter_mut().zip(&x).for_each(|(slot, &value)| *slot = value);
    }
    assert_eq!(table.slice(s![..200, ..]), repeated(task.simulator(), theta, 200));
    table
}

#[test]
fn sir_moments() {
    let task = Task::by_name("sir").unwrap();
    for theta in [[0.4, 0.125], [0.75, 0.1875], [0.25, 0.15625]] {
        let shares = Sir::infected_share(&theta).unwrap();
        let x = observed(&task, &theta, |rng, x| Sir::observe(&shares, rng, x).unwrap());
        let mean = shares.map(|p| 1000.0 * p);
        let variance = shares.map(|p| 1000.0 * p * (1.0 - p));
        // Counts of shares below a few in a million hardly ever differ from zero: no moments.
        let common: Vec<usize> = (0..10).filter(|&k| mean[k] > 0.01).collect();
        assert!(common.len() >= 5);
        let pick = |all: [f64; 10]| common.iter().map(|&k| all[k]).collect::<Vec<_>>();
        let columns = x.select(ndarray::Axis(1), &common);
        assert_columns("sir", columns.view(), &pick(mean), &pick(variance));
        assert!(x.iter().all(|count| (0.0..=1000.0).contains(count) && count.fract() == 0.0));
    }
}

#[test]
fn lotka_volterra_moments() {
    let task = Task::by_name("lotka_volterra").unwrap();
    for theta in
        [[0.875, 0.0625, 0.75, 0.03125], [0.5, 0.125, 1.25, 0.09375], [1.5, 0.03125, 1.0, 0.0625]]
    {
        let means = LotkaVolterra::log_populations(&theta).unwrap();
        let x = observed(&task, &theta, |rng, x| LotkaVolterra::observe(&means, rng, x));
        let logs = x.mapv(f64::ln);
        assert_columns("lotka_volterra", logs.view(), &means, &[0.01; 20]);
    }
}

/// Parameters drawn from the prior's far tails: every one can be solved.
#[test]
fn prior_draws_can_be_solved() {
    for name in ["sir", "lotka_volterra"] {
        let task = Task::by_name(name).unwrap();
        let batch = simulate(task.simulator(), 5000, 3).unwrap();
        assert_eq!(batch.failures.total(), 0, "{name}: {:?}", batch.failures.first);
    }
}

#[test]
fn populations_are_clipped() {
    // With this much prey and no deaths the predators pass 10,000 and the prey vanishes.
    let logs = LotkaVolterra::log_populations(&[20.0, 0.001, 0.0001, 0.001]).unwrap();
    assert_eq!(logs.iter().fold(f64::NEG_INFINITY, |a, &b| a.max(b)), 1e4_f64.ln());
    assert_eq!(logs.iter().fold(f64::INFINITY, |a, &b| a.min(b)), 1e-10_f64.ln());
}

#[test]
fn failed_solves_are_rows_without_data() {
    for (name, theta) in [
        ("lotka_volterra", vec![f64::NAN; 4]),
        ("sir", vec![f64::NAN; 2]),
        ("sir", vec![1e300, 1.0]),
    ] {
        let task = Task::by_name(name).unwrap();
        let mut x = vec![0.0; task.simulator().data_dim()];
        let mut rng = SimulationRng::new(1, 0);
        task.simulator().simulate(&theta, &mut rng, &mut x).unwrap();
        assert!(x.iter().all(|v| v.is_nan()), "{name} {theta:?}: {x:?}");
        let (_, data) = official(&task, 1);
        assert_eq!(task.log_likelihood(&theta, &data), f64::NEG_INFINITY, "{name} {theta:?}");
    }
    let task = Task::by_name("lotka_volterra").unwrap();
    let theta = array![[0.7, 0.1, 0.9, 0.1], [f64::MAX, f64::MAX, f64::MAX, f64::MAX]];
    let batch = simulate_at(task.simulator(), theta.view(), 1).unwrap();
    assert_eq!((batch.indices, batch.failures.non_finite), (vec![0], 1));
}

#[test]
fn a_prior_that_no_solver_can_handle_is_an_error() {
    struct Extreme(Prior);
    impl Simulator for Extreme {
        fn prior(&self) -> &Prior {
            &self.0
        }
        fn data_dim(&self) -> usize {
            20
        }
        fn simulate(
            &self,
            theta: &[f64],
            rng: &mut SimulationRng,
            x: &mut [f64],
        ) -> Result<(), SimulationError> {
            LotkaVolterra::new().map_err(SimulationError::new)?.simulate(theta, rng, x)
        }
    }
    let marginal = Marginal::Uniform { low: 1e30, high: 1e31 };
    let simulator = Extreme(Prior::identical(4, marginal).unwrap());
    let error = simulate(&simulator, 3, 1).unwrap_err();
    assert!(matches!(error, SimulateError::AllFailed { requested: 3, .. }), "{error}");
}
