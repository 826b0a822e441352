//! One observation, few simulations: rounds that simulate where the posterior so far says.
//!
//! The first round draws θ from the prior. Each later one draws from the prior truncated to a region
//! that holds nearly all of the current posterior's mass at the observation x₀ (Deistler, Goncalves,
//! Macke, "Truncated proposals for scalable and hassle-free simulation-based inference", 2022), and
//! trains on all simulations so far that lie in it or not far from it.
//!
//! **Why no weights are needed.** Regions are nested. So all rounds' simulations together follow the prior
//! times a step function that is constant on the current region R, and smaller outside: flows that
//! learn from them learn a posterior which at x₀ is the right one on R, and less than that outside, where
//! hardly any of it lies. A round whose region turned out too narrow is left out. The likelihood p(x | θ) is the
//! same whatever law θ had; what a round buys it is simulations where it matters.
//!
//! **How narrow a region may be.** R is where log q(θ | x₀) is at most a fall D below its median over the
//! posterior's draws. D is what leaves out [`BEYOND`] of these draws, or, if that is more, what the
//! true parameters of held-out simulations near x₀ need at their own x ([`LocalSummary::reach`]): a
//! posterior that is too narrow has truths far out, and so a wide region.
//!
//! [`LocalSummary::reach`]: crate::LocalSummary::reach

mod drive;
mod kernels;
mod law;
mod memory;
mod outlook;
mod plan;
mod propose;
mod region;
mod stage;

pub use drive::infer;
pub use law::RoundsLaw;
pub use memory::{Rounds, RoundsError, simulate_round};
pub use outlook::Outlook;
pub use plan::RoundPlan;
pub use propose::{Proposals, ProposedBy};
pub use region::Region;
pub use stage::{Round, RoundReport, RoundStage, Simulated};

use crate::config::{Config, MOST_DEGREE, Overrides};
use crate::training::Choice;

/// Share of the posterior's draws that a region may leave out.
const BEYOND: f64 = 1e-3;
/// Flows of each kind in a round whose posterior only bounds the next one's region.
const INTERIM_MEMBERS: usize = 2;

/// The observation that simulations were made for, and where.
#[derive(Clone, Debug)]
pub struct Locality {
    /// The observation, `[C]`.
    pub observation: Vec<f64>,
    /// The round, from 1.
    pub round: usize,
    /// The law of their θ.
    pub law: RoundsLaw,
    /// The whitenings that an earlier round chose, where this one keeps to them.
    pub whitenings: Option<Choice>,
    /// Whether the posterior only bounds the next round's region: half as many flows do for that.
    pub interim: bool,
}

impl Locality {
    /// The settings of a training near an observation, if it is one, for which somebody `stated` some.
    #[must_use]
    pub fn settle(local: Option<&Self>, mut config: Config, stated: &Overrides) -> Config {
        let Some(local) = local else { return config };
        if local.interim {
            config.training.members = config.training.members.min(INTERIM_MEMBERS);
        }
        // In a small region nearly all is a low polynomial.
        if local.round > 1 && !stated.has("whitening.degree") {
            config.whitening.degree = MOST_DEGREE;
        }
        config
    }

    /// A text that is equal for equal ones only.
    #[must_use]
    pub fn identity(&self) -> String {
        let bits: Vec<u64> = self.observation.iter().map(|v| v.to_bits()).collect();
        format!(" round {} at {bits:?} in {}", self.round, self.law.identity())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Preset, Problem};
    use freeform_simulators::Missing;

    #[test]
    fn rounds_settle_what_nobody_stated() {
        let (simulations, theta_dim, context_dim) = (300, 2, 3);
        let (layout, missing) = (None, Missing::default());
        let problem = Problem { simulations, theta_dim, context_dim, layout, missing };
        let local = |round, interim| Locality {
            observation: vec![0.0; 3],
            round,
            law: RoundsLaw::default(),
            whitenings: None,
            interim,
        };
        let settle = |local: Option<&Locality>, text: &str| {
            let stated = Overrides::parse(text).unwrap();
            let config = stated.resolve(Preset::Recommended, &problem).unwrap();
            let config = Locality::settle(local, config, &stated);
            (config.training.members, config.whitening.degree)
        };
        assert_eq!(settle(None, ""), (4, 1));
        assert_eq!(settle(Some(&local(1, false)), ""), (4, 1));
        assert_eq!(settle(Some(&local(3, true)), ""), (2, 3));
        let text = "[whitening]\ndegree = 1\n[training]\nmembers = 1\n";
        assert_eq!(settle(Some(&local(3, true)), text), (1, 1));
        assert_eq!(settle(Some(&local(5, false)), "[whitening]\ndegree = 2\n"), (4, 2));
    }
}
