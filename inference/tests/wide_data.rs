//! x too wide for its likelihood to be learnt, and nothing known of its layout: that of a summary
//! corrects the posterior.

use freeform_inference::{EngineKind, Fit, Model, Overrides, Posterior};
use freeform_simulators::{Marginal, Prior, SimulationError, SimulationRng, Simulator, simulate};
use ndarray::Axis;
use rand_distr::{Distribution, StandardNormal};
use statrs::distribution::{Continuous, ContinuousCDF, Normal};

const COLUMNS: usize = 60;
const NOISE: f64 = 4.0;

/// θ ~ U(−1, 1)², x_j = θ_(j mod 2) + 4 ε_j.
struct Wide {
    prior: Prior,
}

impl Simulator for Wide {
    fn prior(&self) -> &Prior {
        &self.prior
    }

    fn data_dim(&self) -> usize {
        COLUMNS
    }

    fn simulate(
        &self,
        theta: &[f64],
        rng: &mut SimulationRng,
        x: &mut [f64],
    ) -> Result<(), SimulationError> {
        for (j, x) in x.iter_mut().enumerate() {
            let noise: f64 = StandardNormal.sample(rng);
            *x = theta[j % 2] + NOISE * noise;
        }
        Ok(())
    }
}

/// Each parameter is independently normal about the mean of its 30 numbers, cut off at −1 and 1.
fn exact_log_prob(theta: &[f64], x: &[f64]) -> f64 {
    let n = (COLUMNS / 2) as f64;
    let each = theta.iter().enumerate().map(|(i, t)| {
        let mean = x.iter().skip(i).step_by(2).sum::<f64>() / n;
        let normal = Normal::new(mean, NOISE / n.sqrt()).unwrap();
        normal.ln_pdf(*t) - (normal.cdf(1.0) - normal.cdf(-1.0)).ln()
    });
    each.sum()
}

fn trained(correction: &str) -> Model {
    let simulator = Wide { prior: prior() };
    let simulations = simulate(&simulator, 600, 1).unwrap().simulations;
    let settings = format!(
        "
        training.members = 2
        training.max_epochs = 20
        network.width = 16
        network.blocks = 1
        whitening.steps = 2000
        transform.layout = \"vector\"
        transform.screening = false
        posterior.correction = \"{correction}\"
        "
    );
    let settings = Overrides::parse(&settings).unwrap();
    let posterior = Fit::new(&simulator.prior).settings(settings).run(simulations).unwrap();
    posterior.model().clone()
}

fn prior() -> Prior {
    Prior::identical(2, Marginal::Uniform { low: -1.0, high: 1.0 }).unwrap()
}

/// Mean of log p at the true parameters of new simulations below the exact posterior's, in nats.
fn shortfall(model: &Model) -> f64 {
    let posterior = Posterior::new(model.clone(), EngineKind::default());
    let fresh = simulate(&Wide { prior: prior() }, 150, 2).unwrap().simulations;
    let rows = fresh.theta.rows().into_iter().zip(fresh.x.rows());
    let sum: f64 = rows
        .map(|(theta, x)| {
            let (theta, x) = (theta.to_vec(), x.to_vec());
            let row = ndarray::aview1(&theta);
            let learnt = posterior.log_prob(&row.insert_axis(Axis(0)), &x, 1).unwrap()[0];
            exact_log_prob(&theta, &x) - learnt
        })
        .sum();
    sum / fresh.len() as f64
}

#[test]
fn a_summary_s_likelihood_corrects_the_posterior() {
    let (corrected, plain) = (trained("auto"), trained("off"));
    assert_eq!(corrected.summary_dim(), Some(2));
    let [with, without] = [&corrected, &plain].map(shortfall);
    // 0.10 and 0.14; the training's rounding moves either by less than the slack.
    assert!(with < without + 0.02, "{with} nats with the correction, {without} without");
    assert!((-0.02..0.2).contains(&with), "{with} nats");

    // The files hold all of it.
    let folder = tempfile::tempdir().unwrap();
    corrected.save(folder.path()).unwrap();
    let x = [0.5; COLUMNS];
    let draws = |model: Model| Posterior::new(model, EngineKind::default()).sample(&x, 500, 3);
    let read = Model::load(folder.path()).unwrap();
    assert_eq!(draws(read).unwrap(), draws(corrected).unwrap());
}
