//! A simulator of one's own in Rust: ten noisy angles of a pendulum, then its posterior.

use freeform_sbi::{
    Fit, Marginal::Uniform, Prior, SimulatorFn, ndarray::Axis, ndarray::arr2, simulate,
};
use rand_distr::{Distribution, Normal};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let amplitude = ("amplitude", Uniform { low: 0.1, high: 1.0 });
    let prior = Prior::independent([amplitude, ("frequency", Uniform { low: 0.5, high: 2.0 })])?;
    let angle = |[a, f]: [f64; 2], step: usize| a * (f * 0.3 * step as f64).cos();
    let noise = Normal::new(0.0, 0.05)?;
    let pendulum = SimulatorFn::new(prior.clone(), 10, move |theta, rng, x| {
        x.iter_mut().enumerate().for_each(|(step, value)| {
            *value = angle([theta[0], theta[1]], step) + noise.sample(rng);
        });
        Ok(())
    });
    let posterior = Fit::new(&prior).run(simulate(&pendulum, 5_000, 1)?.simulations)?;
    let observed: Vec<f64> = (0..10).map(|step| angle([0.6, 1.2], step)).collect();
    let draws = posterior.sample(&observed, 1_000, 1)?.theta;
    println!("mean {:.2} (truth 0.60, 1.20)", draws.mean_axis(Axis(0)).unwrap());
    let at_truth = posterior.log_prob(&arr2(&[[0.6, 1.2]]).view(), &observed, 1)?;
    println!("log p at the truth {:.2}", at_truth[0]);
    Ok(())
}
