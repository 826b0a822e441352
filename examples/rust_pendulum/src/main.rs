//! A simulator of one's own in Rust: ten noisy angles of a pendulum, then its posterior.

use freeform_sbi::{Fit, Marginal, Prior, SimulationError, SimulationRng, Simulator, simulate};
use rand_distr::{Distribution, Normal};

struct Pendulum(Prior);

impl Simulator for Pendulum {
    fn prior(&self) -> &Prior {
        &self.0
    }
    fn data_dim(&self) -> usize {
        10
    }
    fn simulate(
        &self,
        theta: &[f64],
        rng: &mut SimulationRng,
        x: &mut [f64],
    ) -> Result<(), SimulationError> {
        let noise = Normal::new(0.0, 0.05).map_err(SimulationError::new)?;
        let (amplitude, frequency) = (theta[0], theta[1]);
        for (step, value) in x.iter_mut().enumerate() {
            *value = amplitude * (frequency * 0.3 * step as f64).cos() + noise.sample(rng);
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let uniform = |low, high| Marginal::Uniform { low, high };
    let prior =
        Prior::independent([("amplitude", uniform(0.1, 1.0)), ("frequency", uniform(0.5, 2.0))])?;
    let simulations = simulate(&Pendulum(prior.clone()), 5_000, 1)?.simulations;
    let observed: Vec<f64> =
        (0..10).map(|step| 0.6 * (1.2 * 0.3 * f64::from(step)).cos()).collect();
    let fit = Fit::new(&prior).set("training.max_epochs=30")?.set("whitening.steps=3000")?;
    let posterior = fit.run(simulations)?;
    let draws = posterior.sample(&observed, 1_000, 1)?.theta;
    let mean = |column| draws.column(column).mean().unwrap_or(f64::NAN);
    println!("amplitude {:.2}, frequency {:.2} (truth 0.60, 1.20)", mean(0), mean(1));
    Ok(())
}
