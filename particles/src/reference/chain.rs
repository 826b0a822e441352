//! One chain: a ladder of replicas.

use super::ladder;
use crate::random::{Purpose, stream};
use crate::space::{center, spread};
use crate::system::{Sampling, System};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Sweeps between two offers of neighbours.
const BETWEEN_SWAPS: usize = 5;
/// The share of moves that steps are chosen for.
const ACCEPTED: f64 = 0.4;

/// One state and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Replica {
    /// `[N, n]`.
    pub x: Vec<f64>,
    /// u(x).
    pub energy: f64,
    /// b(x).
    pub base: f64,
}

/// A ladder of replicas and what it has seen.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    pub rng: ChaCha8Rng,
    /// λ, `[K + 1]`.
    pub rungs: Vec<f64>,
    /// Largest move of a coordinate on each rung.
    pub steps: Vec<f64>,
    /// By rung.
    pub replicas: Vec<Replica>,
    /// Intervals of sweeps done, those of the burn-in among them.
    pub done: usize,
    /// Since the rungs or steps were last moved: moves tried, accepted `[K + 1]`.
    pub moves: Vec<[f64; 2]>,
    /// Offers and the sum of their acceptance probabilities `[K]`.
    pub swaps: Vec<[f64; 2]>,
    /// Whose turn it is: even or odd gaps.
    pub odd: bool,
    /// Draws of the target, one after another.
    pub draws: Vec<f64>,
    /// u − b of all replicas at each draw, `[draws, K + 1]`.
    pub works: Vec<f64>,
    /// u of the target's replica at each draw.
    pub energies: Vec<f64>,
}

/// What a chain is of.
pub(super) struct Ground<'a> {
    pub system: &'a dyn System,
    pub sampling: Sampling,
    /// 1/σ² of the Gaussian.
    pub stiffness: f64,
}

/// The energy is NaN.
#[derive(Debug)]
pub(super) struct NotANumber;

impl Chain {
    pub fn new(ground: &Ground, seed: u64, index: u64) -> Result<Self, NotANumber> {
        let mut rng = stream(seed, Purpose::Chain, index);
        let count = ground.sampling.replicas;
        let width = 1.0 / ground.stiffness.sqrt();
        let size = ground.system.particles() * ground.system.dims();
        let replicas = (0..count).map(|_| {
            let x: Vec<f64> =
                StandardNormal.sample_iter(&mut rng).take(size).map(|z: f64| width * z).collect();
            let mut replica = Replica { x, energy: 0.0, base: 0.0 };
            replica.measure(ground).map(|()| replica)
        });
        let replicas = replicas.collect::<Result<_, _>>()?;
        Ok(Self {
            rng,
            rungs: ladder::initial(count),
            steps: vec![0.5 * width; count],
            replicas,
            done: 0,
            moves: vec![[0.0; 2]; count],
            swaps: vec![[0.0; 2]; count - 1],
            odd: false,
            draws: Vec::new(),
            works: Vec::new(),
            energies: Vec::new(),
        })
    }

    /// Draws so far.
    pub fn count(&self) -> usize {
        self.energies.len()
    }

    /// One interval: sweeps and offers; then a draw, or a look at steps and rungs in the burn-in.
    pub fn advance(&mut self, ground: &Ground) -> Result<(), NotANumber> {
        let mut left = ground.sampling.sweeps;
        while left > 0 {
            let sweeps = left.min(BETWEEN_SWAPS);
            left -= sweeps;
            for rung in 0..self.replicas.len() {
                self.sweep(ground, rung, sweeps)?;
            }
            self.swap();
        }
        self.done += 1;
        let burn_in = ground.sampling.burn_in;
        if self.done <= burn_in {
            self.tune(burn_in);
        } else {
            let target = &self.replicas[self.replicas.len() - 1];
            self.draws.extend(&target.x);
            self.energies.push(target.energy);
            self.works.extend(self.replicas.iter().map(|r| r.energy - r.base));
        }
        Ok(())
    }

    /// Moves each particle of a rung's replica once a sweep.
    fn sweep(&mut self, ground: &Ground, rung: usize, sweeps: usize) -> Result<(), NotANumber> {
        let (rng, replica) = (&mut self.rng, &mut self.replicas[rung]);
        let (lambda, step) = (self.rungs[rung], self.steps[rung]);
        let (system, dims) = (ground.system, ground.system.dims());
        let particles = system.particles();
        let (mut to, mut sum) = (vec![0.0; dims], vec![0.0; dims]);
        let mut accepted = 0;
        for _ in 0..sweeps {
            center(&mut replica.x, dims);
            sum.fill(0.0);
            for i in 0..particles {
                let mut spread = 0.0;
                for axis in 0..dims {
                    let from = replica.x[i * dims + axis];
                    let by = step * (2.0 * rng.random::<f64>() - 1.0);
                    to[axis] = from + by;
                    // Σ|x|² − |Σx|²/N.
                    spread +=
                        by * (to[axis] + from) - by * (2.0 * sum[axis] + by) / particles as f64;
                }
                let base = (1.0 - lambda) * 0.5 * ground.stiffness * spread;
                let target =
                    if lambda > 0.0 { lambda * system.moved(&replica.x, i, &to) } else { 0.0 };
                let mut change = base + target;
                if change.is_nan() {
                    change = out_of_nowhere(system, &replica.x, i, &to)?;
                }
                if change <= 0.0 || rng.random::<f64>() < (-change).exp() {
                    for axis in 0..dims {
                        sum[axis] += to[axis] - replica.x[i * dims + axis];
                    }
                    replica.x[i * dims..][..dims].copy_from_slice(&to);
                    accepted += 1;
                }
            }
        }
        self.moves[rung][0] += (sweeps * particles) as f64;
        self.moves[rung][1] += f64::from(accepted);
        // Anew, so that no rounding adds up.
        replica.measure(ground)
    }

    /// Offers the states of every other gap to each other.
    fn swap(&mut self) {
        for gap in (usize::from(self.odd)..self.swaps.len()).step_by(2) {
            let work = |r: &Replica| r.energy - r.base;
            let (low, high) = (work(&self.replicas[gap]), work(&self.replicas[gap + 1]));
            let change = (self.rungs[gap + 1] - self.rungs[gap]) * (low - high);
            // Two states that cannot be change nothing.
            let chance = if change.is_nan() { 0.0 } else { (-change).exp().min(1.0) };
            self.swaps[gap][0] += 1.0;
            self.swaps[gap][1] += chance;
            if self.rng.random::<f64>() < chance {
                self.replicas.swap(gap, gap + 1);
            }
        }
        self.odd = !self.odd;
    }

    /// In the burn-in: steps often, rungs at 1/8, 1/4 and 1/2 of it. Both stay as they are for its last
    /// quarter.
    fn tune(&mut self, burn_in: usize) {
        if self.done * 4 > burn_in * 3 {
            if self.done == burn_in {
                self.forget();
            }
            return;
        }
        let move_rungs = [8, 4, 2].iter().any(|part| self.done == burn_in.div_ceil(*part));
        if move_rungs {
            let rejected: Vec<f64> =
                self.swaps.iter().map(|[offers, taken]| 1.0 - taken / offers.max(1.0)).collect();
            self.rungs = ladder::even(&self.rungs, &rejected);
        }
        for (step, [tried, accepted]) in self.steps.iter_mut().zip(&self.moves) {
            *step *= ((accepted / tried.max(1.0)) / ACCEPTED).clamp(0.5, 2.0).sqrt();
        }
        self.moves.fill([0.0; 2]);
        if move_rungs {
            self.forget();
        }
    }

    fn forget(&mut self) {
        self.moves.fill([0.0; 2]);
        self.swaps.fill([0.0; 2]);
    }
}

/// The change where it is no number: a state that cannot be is left for any that can.
fn out_of_nowhere(system: &dyn System, x: &[f64], i: usize, to: &[f64]) -> Result<f64, NotANumber> {
    let mut moved = x.to_vec();
    moved[i * to.len()..][..to.len()].copy_from_slice(to);
    match system.energy(&moved) {
        energy if energy.is_nan() => Err(NotANumber),
        f64::INFINITY => Ok(f64::INFINITY),
        _ => Ok(f64::NEG_INFINITY),
    }
}

impl Replica {
    fn measure(&mut self, ground: &Ground) -> Result<(), NotANumber> {
        self.energy = ground.system.energy(&self.x);
        self.base = 0.5 * ground.stiffness * spread(&self.x, ground.system.dims());
        if self.energy.is_nan() { Err(NotANumber) } else { Ok(()) }
    }
}
