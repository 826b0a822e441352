//! Lotka-Volterra: the rates of predator and prey from noisy counts of both.

use differential_equations::ode::ODE;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use super::ode;
use super::simulator::{BenchmarkSimulator, TaskInfo, normal_ln_pdf};
use crate::{Marginal, Prior, PriorError, SimulationError, SimulationRng, Simulator};

pub(super) const INFO: TaskInfo = TaskInfo {
    name: "lotka_volterra",
    description: "rates of predator and prey from 10 noisy counts of each",
    parameter_dim: 4,
    data_dim: LotkaVolterra::DATA,
    data: include_str!("data/lotka_volterra.csv"),
    build: || Ok(Box::new(LotkaVolterra::new()?)),
};

/// α, γ ~ LogN(−0.125, 0.5), β, δ ~ LogN(−3, 0.5); prey u' = αu − βuv and predators
/// v' = −γv + δuv from (30, 1); x ~ LogN(log of the populations, 0.1) at t = 0, 2.1, …, 18.9:
/// ten values of prey, then ten of predators. Populations are clipped to [10⁻¹⁰, 10⁴].
#[derive(Clone, Debug)]
pub struct LotkaVolterra {
    prior: Prior,
}

impl LotkaVolterra {
    /// Number of data values.
    pub const DATA: usize = 2 * Self::TIMES;
    /// Number of observation times.
    pub const TIMES: usize = 10;
    /// Days between them.
    pub const SPACING: f64 = 2.1;
    /// Standard deviation of the data's logarithm.
    pub const NOISE: f64 = 0.1;
    const START: [f64; 2] = [30.0, 1.0];
    const CLIP: [f64; 2] = [1e-10, 1e4];

    /// The task's simulator.
    ///
    /// # Errors
    /// None in practice: the prior's constants are valid.
    pub fn new() -> Result<Self, PriorError> {
        let law = |location| Marginal::LogNormal { location, scale: 0.5 };
        let prior = Prior::independent([
            ("alpha", law(-0.125)),
            ("beta", law(-3.0)),
            ("gamma", law(-0.125)),
            ("delta", law(-3.0)),
        ])?;
        Ok(Self { prior })
    }

    /// Logarithms of the clipped populations for θ = (α, β, γ, δ), in the order of the data,
    /// `[20]`: the means of the logarithms of x. `None` if the solver gives up.
    #[must_use]
    pub fn log_populations(theta: &[f64]) -> Option<[f64; Self::DATA]> {
        let system = Logarithmic { rates: [theta[0], theta[1], theta[2], theta[3]] };
        let states: [[f64; 2]; Self::TIMES] =
            ode::solve(&system, Self::START.map(f64::ln), Self::SPACING)?;
        let [low, high] = Self::CLIP.map(f64::ln);
        let clipped = |k: usize| states[k % Self::TIMES][k / Self::TIMES].clamp(low, high);
        Some(std::array::from_fn(clipped))
    }

    /// Draws data x `[20]` around the logarithms of the populations.
    pub fn observe(log_populations: &[f64; Self::DATA], rng: &mut impl Rng, x: &mut [f64]) {
        for (value, mean) in x.iter_mut().zip(log_populations) {
            let noise: f64 = StandardNormal.sample(rng);
            *value = (mean + Self::NOISE * noise).exp();
        }
    }
}

/// The equations in (log prey, log predators).
struct Logarithmic {
    rates: [f64; 4],
}

impl ODE<f64, [f64; 2]> for Logarithmic {
    fn diff(&self, _t: f64, state: &[f64; 2], slope: &mut [f64; 2]) {
        let [alpha, beta, gamma, delta] = self.rates;
        slope[0] = alpha - beta * state[1].exp();
        slope[1] = delta * state[0].exp() - gamma;
    }
}

impl Simulator for LotkaVolterra {
    fn prior(&self) -> &Prior {
        &self.prior
    }

    fn data_dim(&self) -> usize {
        Self::DATA
    }

    fn simulate(
        &self,
        theta: &[f64],
        rng: &mut SimulationRng,
        x: &mut [f64],
    ) -> Result<(), SimulationError> {
        let Some(means) = Self::log_populations(theta) else {
            // As in the release: a failed solve is a row without data.
            x.fill(f64::NAN);
            return Ok(());
        };
        Self::observe(&means, rng, x);
        Ok(())
    }

    fn data_names(&self) -> Vec<String> {
        let names = |animal| (1..=Self::TIMES).map(move |k| format!("{animal}{k}"));
        names("prey").chain(names("predators")).collect()
    }
}

impl BenchmarkSimulator for LotkaVolterra {
    /// −∞ for data that are not positive, or if the solver gives up.
    fn log_likelihood(&self, theta: &[f64], x: &[f64]) -> f64 {
        let Some(means) = Self::log_populations(theta) else {
            return f64::NEG_INFINITY;
        };
        let value = |(&value, mean): (&f64, f64)| {
            if value <= 0.0 {
                return f64::NEG_INFINITY;
            }
            normal_ln_pdf(value.ln(), mean, Self::NOISE) - value.ln()
        };
        x.iter().zip(means).map(value).sum()
    }
}
