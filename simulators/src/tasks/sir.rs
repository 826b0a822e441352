//! SIR: an epidemic's contact and recovery rates from noisy counts of the infected.

use differential_equations::ode::ODE;
use rand::Rng;
use rand_distr::{Binomial, BinomialError, Distribution};
use statrs::function::factorial::ln_binomial;

use super::ode;
use super::simulator::{BenchmarkSimulator, TaskInfo};
use crate::{Marginal, Prior, PriorError, SimulationError, SimulationRng, Simulator};

pub(super) const INFO: TaskInfo = TaskInfo {
    name: "sir",
    description: "contact and recovery rate of an epidemic from 10 counts of the infected",
    parameter_dim: 2,
    data_dim: Sir::TIMES,
    data: include_str!("data/sir.csv"),
    build: || Ok(Box::new(Sir::new()?)),
};

/// Contact rate β ~ LogN(log 0.4, 0.5), recovery rate γ ~ LogN(log 0.125, 0.2), in 1/days;
/// S' = −βSI/N, I' = βSI/N − γI with N = 10⁶ and I(0) = 1; x_k ~ Binomial(1000, I(t_k)/N) at
/// t = 0, 17, …, 153.
#[derive(Clone, Debug)]
pub struct Sir {
    prior: Prior,
}

impl Sir {
    /// Number of observation times.
    pub const TIMES: usize = 10;
    /// Days between them.
    pub const SPACING: f64 = 17.0;
    /// People tested at each time.
    pub const TESTED: u64 = 1000;
    const POPULATION: f64 = 1e6;
    const INFECTED_AT_START: f64 = 1.0;

    /// The task's simulator.
    ///
    /// # Errors
    /// None in practice: the prior's constants are valid.
    pub fn new() -> Result<Self, PriorError> {
        let law = |mean: f64, scale| Marginal::LogNormal { location: mean.ln(), scale };
        let prior = Prior::independent([("beta", law(0.4, 0.5)), ("gamma", law(0.125, 0.2))])?;
        Ok(Self { prior })
    }

    /// The infected share I/N at the ten times for θ = (β, γ); `None` if the solver gives up.
    #[must_use]
    pub fn infected_share(theta: &[f64]) -> Option<[f64; Self::TIMES]> {
        let system = Logarithmic { contact: theta[0], recovery: theta[1] };
        let infected = Self::INFECTED_AT_START / Self::POPULATION;
        let states = ode::solve(&system, [(-infected).ln_1p(), infected.ln()], Self::SPACING)?;
        Some(states.map(|[_, infected]| infected.exp().clamp(0.0, 1.0)))
    }

    /// Draws counts x `[10]` around the infected shares.
    ///
    /// # Errors
    /// If a share is not between 0 and 1.
    pub fn observe(
        shares: &[f64; Self::TIMES],
        rng: &mut impl Rng,
        x: &mut [f64],
    ) -> Result<(), BinomialError> {
        for (count, &share) in x.iter_mut().zip(shares) {
            *count = Binomial::new(Self::TESTED, share)?.sample(rng) as f64;
        }
        Ok(())
    }
}

/// The equations in (log S/N, log I/N).
struct Logarithmic {
    contact: f64,
    recovery: f64,
}

impl ODE<f64, [f64; 2]> for Logarithmic {
    fn diff(&self, _t: f64, state: &[f64; 2], slope: &mut [f64; 2]) {
        slope[0] = -self.contact * state[1].exp();
        slope[1] = self.contact * state[0].exp() - self.recovery;
    }
}

impl Simulator for Sir {
    fn prior(&self) -> &Prior {
        &self.prior
    }

    fn data_dim(&self) -> usize {
        Self::TIMES
    }

    fn simulate(
        &self,
        theta: &[f64],
        rng: &mut SimulationRng,
        x: &mut [f64],
    ) -> Result<(), SimulationError> {
        let Some(shares) = Self::infected_share(theta) else {
            // As in the release: a failed solve is a row without data.
            x.fill(f64::NAN);
            return Ok(());
        };
        Self::observe(&shares, rng, x).map_err(SimulationError::new)
    }
}

impl BenchmarkSimulator for Sir {
    /// −∞ for counts that are not whole numbers from 0 to 1000, or if the solver gives up.
    fn log_likelihood(&self, theta: &[f64], x: &[f64]) -> f64 {
        let Some(shares) = Self::infected_share(theta) else {
            return f64::NEG_INFINITY;
        };
        x.iter().zip(shares).map(|(&count, share)| binomial_ln_pmf(count, share)).sum()
    }
}

fn binomial_ln_pmf(count: f64, share: f64) -> f64 {
    let tested = Sir::TESTED as f64;
    if !(0.0..=tested).contains(&count) || count.fract() != 0.0 {
        return f64::NEG_INFINITY;
    }
    // A power of zero is one even where the logarithm of its base is infinite.
    let power = |exponent: f64, ln: f64| if exponent == 0.0 { 0.0 } else { exponent * ln };
    ln_binomial(Sir::TESTED, count as u64)
        + power(count, share.ln())
        + power(tested - count, (-share).ln_1p())
}
