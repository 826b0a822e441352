//! All chains of a job: split over threads, saved now and then.

use super::chain::{Chain, Ground};
use super::report::{self, ReferenceReport};
use super::state;
use crate::random::{Purpose, stream};
use crate::space::center;
use crate::system::{Sampling, System, SystemError};
use freeform_inference::Saver;
use ndarray::Array2;
use rand::seq::SliceRandom;
use rayon::prelude::*;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

/// A stretch of work between two looks at whether to go on.
const STRETCH: Duration = Duration::from_millis(150);

/// How many draws, and how they are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReferenceSettings {
    /// Draws.
    pub draws: usize,
    /// Seed.
    pub seed: u64,
    /// Chains that are independent of each other; at least two, for errors.
    pub chains: usize,
    /// Replicas and sweeps.
    pub sampling: Sampling,
}

impl ReferenceSettings {
    /// Numbers of double precision that are held at the end: positions, energies and works.
    #[must_use]
    pub fn numbers(&self, system: &dyn System) -> u128 {
        let [draws, chains, replicas] =
            [self.draws, self.chains, self.sampling.replicas].map(|n| n as u128);
        let width = (system.particles() * system.dims()) as u128;
        let rows = draws.max(chains);
        rows.saturating_mul(width + replicas + 1)
            .saturating_add(chains.saturating_mul(replicas).saturating_mul(width + 8))
    }
}

/// Draws of the target and what is known of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// Zero-centred positions, `[draws, N·n]`, rows and particles in random order.
    pub x: Array2<f64>,
    /// u(x), `[draws]`.
    pub energy: Vec<f64>,
    /// ln Z, rates and times.
    pub report: ReferenceReport,
}

/// How far sampling is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Intervals done, of all chains, the burn-in among them.
    pub done: usize,
    /// Of so many.
    pub total: usize,
    /// Whether all chains are past their burn-in.
    pub burnt_in: bool,
}

/// Sampling that ended without draws.
#[derive(Debug, thiserror::Error)]
pub enum ReferenceError {
    /// A system that cannot be sampled.
    #[error(transparent)]
    System(#[from] SystemError),
    /// A setting out of range.
    #[error("{name} = {value} must be at least {least}")]
    Setting {
        /// Its name.
        name: &'static str,
        /// What it is.
        value: usize,
        /// What it may be.
        least: usize,
    },
    /// Told to stop; what was done is in the state's file.
    #[error("interrupted")]
    Interrupted,
    /// The state's file.
    #[error("{path}: {reason}")]
    State {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
    },
}

/// Draws from the Boltzmann distribution of `system`. With `keep`, the state is saved in that file
/// every few seconds and when interrupted, and a job of the same settings goes on from there, to the
/// same draws; the caller removes the file when the draws are safe. `tick` is asked a few times a second, and told how far it is.
///
/// # Errors
/// [`ReferenceError`].
pub fn sample_reference(
    system: &dyn System,
    settings: &ReferenceSettings,
    keep: Option<&Path>,
    tick: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Reference, ReferenceError> {
    check(system, settings)?;
    let width = system.width();
    let ground = Ground { system, sampling: settings.sampling, stiffness: 1.0 / (width * width) };
    let nan = |_| SystemError::not_a_number(system);
    let kept = keep.map(|path| state::load(path, system, settings)).transpose()?.flatten();
    let mut chains = match kept {
        Some(chains) => chains,
        None => (0..settings.chains as u64)
            .into_par_iter()
            .map(|index| Chain::new(&ground, settings.seed, index).map_err(nan))
            .collect::<Result<Vec<_>, _>>()?,
    };
    let each = settings.draws.div_ceil(settings.chains);
    let goal = settings.sampling.burn_in + each;
    let mut saver = Saver::new();
    loop {
        let done = chains.iter().map(|chain| chain.done).sum();
        let burnt_in = chains.iter().all(|chain| chain.done >= settings.sampling.burn_in);
        let progress = Progress { done, total: goal * chains.len(), burnt_in };
        let stop = tick(progress).is_break();
        if let Some(path) = keep
            && (stop || saver.is_due())
        {
            state::save(path, system, settings, &chains)?;
        }
        if stop {
            return Err(ReferenceError::Interrupted);
        }
        if progress.done == progress.total {
            break;
        }
        chains.par_iter_mut().try_for_each(|chain| {
            let begun = Instant::now();
            while chain.done < goal && begun.elapsed() < STRETCH {
                chain.advance(&ground).map_err(nan)?;
            }
            Ok::<(), SystemError>(())
        })?;
    }
    let report = report::report(&ground, &chains);
    let (x, energy) = shuffled(system, settings, &chains);
    Ok(Reference { x, energy, report })
}

fn check(system: &dyn System, settings: &ReferenceSettings) -> Result<(), ReferenceError> {
    let (particles, dims) = (system.particles(), system.dims());
    if particles < 2 || dims == 0 {
        let name = system.name().to_owned();
        return Err(SystemError::TooSmall { name, particles, dims }.into());
    }
    let sampling = &settings.sampling;
    let least = [
        ("draws", settings.draws, 1),
        ("chains", settings.chains, 2),
        ("replicas", sampling.replicas, 2),
        ("sweeps", sampling.sweeps, 1),
        ("burn_in", sampling.burn_in, 8),
    ];
    match least.into_iter().find(|(_, value, least)| value < least) {
        Some((name, value, least)) => Err(ReferenceError::Setting { name, value, least }),
        None => Ok(()),
    }
}

/// The draws of all chains: rows in random order, and particles within a row, which are alike.
fn shuffled(
    system: &dyn System,
    settings: &ReferenceSettings,
    chains: &[Chain],
) -> (Array2<f64>, Vec<f64>) {
    let (particles, dims) = (system.particles(), system.dims());
    let width = particles * dims;
    let each = chains[0].count();
    let mut rng = stream(settings.seed, Purpose::Order, 0);
    let mut rows: Vec<usize> = (0..each * chains.len()).collect();
    rows.shuffle(&mut rng);
    rows.truncate(settings.draws);
    let mut order: Vec<usize> = (0..particles).collect();
    let mut x = Array2::zeros((settings.draws, width));
    let mut energy = Vec::with_capacity(settings.draws);
    let mut centred = vec![0.0; width];
    for (mut out, row) in x.rows_mut().into_iter().zip(rows) {
        let (chain, at) = (&chains[row % chains.len()], row / chains.len());
        centred.copy_from_slice(&chain.draws[at * width..][..width]);
        center(&mut centred, dims);
        order.shuffle(&mut rng);
        for (to, from) in order.iter().enumerate() {
            for axis in 0..dims {
                out[to * dims + axis] = centred[from * dims + axis];
            }
        }
        energy.push(chain.energies[at]);
    }
    (x, energy)
}
