//! Observations like the simulations, and unlike them: who is warned.

use freeform_inference::{Asking, Fit, Posterior, PosteriorError};
use freeform_simulators::{
    Marginal, Prior, SimulationError, SimulationRng, Simulations, Simulator, Task, simulate,
};
use rand_distr::{Distribution, StandardNormal};

/// A short training.
fn posterior(prior: &Prior, simulations: Simulations) -> Posterior {
    let mut fit = Fit::new(prior).seed(1);
    for setting in ["training.max_epochs=20", "training.members=2", "whitening.steps=20000"] {
        fit = fit.set(setting).unwrap();
    }
    fit.run(simulations).unwrap()
}

/// Whether anything is said against the observation itself.
fn warned(posterior: &Posterior, x: &[f64]) -> bool {
    let beyond = posterior.distance(x).unwrap().unwrap().is_beyond();
    beyond || posterior.standing(x).unwrap().unwrap().is_unusual()
}

/// A decaying curve at eight times, with noise of 0.05: two parameters.
struct Decay(Prior);

const TIMES: usize = 8;

impl Decay {
    fn new() -> Self {
        let laws = [
            ("amplitude", Marginal::LogNormal { location: 0.0, scale: 0.3 }),
            ("rate", Marginal::Uniform { low: 0.1, high: 2.0 }),
        ];
        Self(Prior::independent(laws).unwrap())
    }
}

impl Simulator for Decay {
    fn prior(&self) -> &Prior {
        &self.0
    }
    fn data_dim(&self) -> usize {
        TIMES
    }
    fn simulate(
        &self,
        theta: &[f64],
        rng: &mut SimulationRng,
        x: &mut [f64],
    ) -> Result<(), SimulationError> {
        for (i, slot) in x.iter_mut().enumerate() {
            let noise: f64 = StandardNormal.sample(rng);
            let time = 3.0 * i as f64 / (TIMES - 1) as f64;
            *slot = theta[0] * (-theta[1] * time).exp() + 0.05 * noise;
        }
        Ok(())
    }
}

/// At most 2% of 200 ordinary observations are warned of, on each of several simulators.
#[test]
fn ordinary_observations_are_left_alone() {
    for name in ["gaussian_linear", "two_moons", "slcp", "bernoulli_glm_raw", "lotka_volterra"] {
        let task = Task::by_name(name).unwrap();
        let trained = simulate(task.simulator(), 1000, 1).unwrap().simulations;
        let posterior = posterior(task.prior(), trained);
        let fresh = simulate(task.simulator(), 200, 2).unwrap().simulations;
        let count = fresh.x.rows().into_iter().filter(|x| warned(&posterior, &x.to_vec())).count();
        println!("{name}: {count}");
        assert!(count <= 4, "{name}: {count} of 200");
    }
}

/// Far outside, one absurd number, and noise that is shifted: each is warned of, by draws and by
/// densities.
#[test]
fn unlike_observations_are_warned_of() {
    let decay = Decay::new();
    let trained = simulate(&decay, 2000, 1).unwrap().simulations;
    let posterior = posterior(&decay.0, trained);
    let fresh = simulate(&decay, 200, 2).unwrap().simulations;
    let usual = |x: &[f64]| !warned(&posterior, x);
    let rows = || fresh.x.rows().into_iter().map(|row| row.to_vec());
    let ordinary = rows().filter(|x| usual(x)).count();
    assert!(ordinary >= 196, "{ordinary} of 200");
    let changed = |change: &dyn Fn(usize, f64) -> f64| -> Vec<Vec<f64>> {
        rows().take(20).map(|x| (0..TIMES).map(|i| change(i, x[i])).collect()).collect()
    };
    let far = changed(&|_, v| 20.0 + 10.0 * v);
    let absurd = changed(&|i, v| if i == TIMES - 1 { 20.0 } else { v });
    // From the middle on, by six standard deviations of the noise.
    let shifted = changed(&|i, v| if i < TIMES / 2 { v } else { v + 0.3 });
    for (what, all, least) in [("far", far, 20), ("absurd", absurd, 20), ("shifted", shifted, 14)] {
        let count = all.iter().filter(|x| warned(&posterior, x)).count();
        println!("{what}: {count}");
        assert!(count >= least, "{what}: {count} of 20");
        let asking = Asking { anyway: true, ..Asking::default() };
        let x = all.iter().find(|x| warned(&posterior, x)).unwrap();
        let draws = posterior.sample_as(x, 500, 1, &asking).unwrap();
        assert!(!draws.warnings().is_empty(), "{what}");
        let density = posterior.log_prob_as(&draws.theta.view(), x, 1, &asking).unwrap();
        assert!(!density.warnings().is_empty(), "{what}");
    }
    // A number that does not fit the others is named.
    let mut x: Vec<f64> = (0..TIMES).map(|i| (-0.4 * i as f64).exp()).collect();
    assert!(usual(&x));
    x[4] += 1.5;
    let standing = posterior.standing(&x).unwrap().unwrap();
    let worst = standing.data.as_ref().and_then(|data| data.worst.first());
    assert!(worst.is_some_and(|w| w.name == "column 5" && w.deviations > 5.0), "{standing:?}");
    let warning = standing.warning().unwrap();
    assert!(warning.contains("column 5 (+"), "{warning}");
    // Every number of it lies within the simulations, but 30 standard deviations of the noise off the
    // others: refused, unless asked for.
    assert!(!posterior.distance(&x).unwrap().unwrap().is_beyond());
    let refused = posterior.sample(&x, 100, 1).unwrap_err();
    assert!(matches!(refused, PosteriorError::Unlike { .. }), "{refused}");
    assert!(refused.to_string().contains("column 5 (+"), "{refused}");
    let refused = posterior.log_prob(&ndarray::arr2(&[[1.0, 0.5]]).view(), &x, 1).unwrap_err();
    assert!(matches!(refused, PosteriorError::Unlike { .. }), "{refused}");
    let anyway = Asking { anyway: true, ..Asking::default() };
    assert!(posterior.sample_as(&x, 100, 1, &anyway).unwrap().are_worthless());
}

/// Of a set of trials, what the networks see are statistics, and are called so.
#[test]
fn statistics_are_not_called_columns() {
    let prior = Prior::identical(1, Marginal::Normal { mean: 0.0, std: 1.0 }).unwrap();
    let theta = prior.sample_n(1, 800);
    let noise = Prior::identical(30, Marginal::Normal { mean: 0.0, std: 1.0 }).unwrap();
    let x = noise.sample_n(2, 800) + &theta;
    let mut fit = Fit::new(&prior).set("transform.layout=set").unwrap();
    for setting in ["training.max_epochs=2", "training.members=1", "whitening.steps=300"] {
        fit = fit.set(setting).unwrap();
    }
    let posterior = fit.run(Simulations { theta, x }).unwrap();
    // All trials alike: no spread, as in no simulation.
    let standing = posterior.standing(&[0.3; 30]).unwrap().unwrap();
    let worst = standing.data.unwrap().worst;
    assert!(!worst.is_empty());
    assert!(worst.iter().all(|w| w.name.starts_with("statistic ")), "{worst:?}");
}

/// What is known of simulations comes back from a file.
#[test]
fn a_model_on_disk_says_the_same() {
    let decay = Decay::new();
    let trained = simulate(&decay, 500, 1).unwrap().simulations;
    let posterior = posterior(&decay.0, trained);
    let folder = tempfile::tempdir().unwrap();
    posterior.save(folder.path()).unwrap();
    let read = Posterior::load(folder.path(), freeform_inference::EngineKind::default()).unwrap();
    let x: Vec<f64> = (0..TIMES).map(|i| 1.5 - 0.1 * i as f64).collect();
    let standing = posterior.standing(&x).unwrap();
    assert!(standing.is_some());
    assert_eq!(standing, read.standing(&x).unwrap());
    assert_eq!(posterior.summary(&x).unwrap(), read.summary(&x).unwrap());
}
