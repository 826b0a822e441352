//! ln Z, and how well the chains mixed.

use super::autocorrelation::autocorrelation_time;
use super::bennett::free_energy_difference;
use super::chain::{Chain, Ground};
use crate::space::degrees_of_freedom;
use crate::system::virial;
use serde::Serialize;
use std::f64::consts::TAU;

/// A number and its standard error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// Its standard error.
    pub error: f64,
}

impl Estimate {
    /// The mean of values that are independent of each other.
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let value = values.iter().sum::<f64>() / n;
        let square = values.iter().map(|v| (v - value).powi(2)).sum::<f64>();
        Self { value, error: (square / (n * (n - 1.0).max(0.0))).sqrt() }
    }
}

/// What replica exchange found, and how well it mixed. Errors are from the spread of the chains.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReferenceReport {
    /// ln ∫ e^(−u) over the zero-centred subspace; none where some gap was never crossed.
    pub ln_z: Option<Estimate>,
    /// ⟨u⟩.
    pub mean_energy: Estimate,
    /// ⟨x · ∇u⟩, which is (N − 1)·n for a right sampler.
    pub virial: Estimate,
    /// (N − 1)·n.
    pub degrees_of_freedom: usize,
    /// Integrated autocorrelation time of u, in draws.
    pub autocorrelation_time: Option<f64>,
    /// Mean acceptance of offers over each gap, from the Gaussian to the target.
    pub swap_rates: Vec<f64>,
    /// Share of accepted moves on each rung.
    pub move_rates: Vec<f64>,
    /// λ of the first chain's rungs.
    pub rungs: Vec<f64>,
    /// Independent chains.
    pub chains: usize,
}

pub(super) fn report(ground: &Ground, chains: &[Chain]) -> ReferenceReport {
    let system = ground.system;
    let (dims, width) = (system.dims(), system.dims() * system.particles());
    let dof = degrees_of_freedom(system.particles(), dims);
    let means =
        |of: &dyn Fn(&Chain) -> f64| Estimate::of(&chains.iter().map(of).collect::<Vec<_>>());
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let ln_z: Option<Vec<f64>> = chains.iter().map(|chain| ln_z(ground, chain, dof)).collect();
    let virials = |chain: &Chain| {
        // So many a chain say enough: gradients may be dear.
        let every = (chain.count() / 5000).max(1);
        let rows = chain.draws.chunks_exact(width).step_by(every);
        mean(&rows.map(|x| virial(system, x)).collect::<Vec<_>>())
    };
    let rates = |of: &dyn Fn(&Chain) -> &Vec<[f64; 2]>| -> Vec<f64> {
        let count = of(&chains[0]).len();
        let rate = |at: usize| {
            let sum = |part: usize| chains.iter().map(|chain| of(chain)[at][part]).sum::<f64>();
            sum(1) / sum(0)
        };
        (0..count).map(rate).collect()
    };
    let energies: Vec<Vec<f64>> = chains.iter().map(|chain| chain.energies.clone()).collect();
    ReferenceReport {
        ln_z: ln_z.map(|values| Estimate::of(&values)),
        mean_energy: means(&|chain| mean(&chain.energies)),
        virial: means(&virials),
        degrees_of_freedom: dof,
        autocorrelation_time: autocorrelation_time(&energies),
        swap_rates: rates(&|chain| &chain.swaps),
        move_rates: rates(&|chain| &chain.moves),
        rungs: chains[0].rungs.clone(),
        chains: chains.len(),
    }
}

/// ln Z of the Gaussian less the sum of the free-energy differences over the gaps.
fn ln_z(ground: &Ground, chain: &Chain, dof: usize) -> Option<f64> {
    let count = chain.rungs.len();
    let mut ln_z = 0.5 * dof as f64 * (TAU / ground.stiffness).ln();
    for gap in 0..count - 1 {
        let width = chain.rungs[gap + 1] - chain.rungs[gap];
        let of = |rung: usize| -> Vec<f64> {
            chain.works.iter().skip(rung).step_by(count).map(|work| width * work).collect()
        };
        ln_z -= free_energy_difference(&of(gap), &of(gap + 1))?.difference;
    }
    Some(ln_z)
}
