//! The state of a job on disk: named arrays, and what they are of.

use super::ReferenceError;
use super::chain::{Chain, Replica};
use super::job::ReferenceSettings;
use crate::random::{Purpose, stream};
use crate::system::System;
use crate::tensors::Tensors;
use std::path::Path;

/// Replaces the file by the state of these chains.
pub(super) fn save(
    path: &Path,
    system: &dyn System,
    settings: &ReferenceSettings,
    chains: &[Chain],
) -> Result<(), ReferenceError> {
    let mut tensors = Tensors::new(&identity(system, settings));
    for (index, chain) in chains.iter().enumerate() {
        let name = |part: &str| format!("{index}.{part}");
        let of_replicas = |of: fn(&Replica) -> f64| chain.replicas.iter().map(of).collect();
        let position = chain.rng.get_word_pos();
        // Halves of a u128 as bits.
        let words = [position as u64, (position >> 64) as u64, chain.done as u64, chain.odd.into()];
        tensors.put(&name("counters"), words.map(f64::from_bits).to_vec());
        tensors.put(&name("rungs"), chain.rungs.clone());
        tensors.put(&name("steps"), chain.steps.clone());
        tensors.put(&name("x"), chain.replicas.iter().flat_map(|r| r.x.clone()).collect());
        tensors.put(&name("energy"), of_replicas(|r| r.energy));
        tensors.put(&name("base"), of_replicas(|r| r.base));
        tensors.put(&name("moves"), chain.moves.as_flattened().to_vec());
        tensors.put(&name("swaps"), chain.swaps.as_flattened().to_vec());
        tensors.put(&name("draws"), chain.draws.clone());
        tensors.put(&name("works"), chain.works.clone());
        tensors.put(&name("energies"), chain.energies.clone());
    }
    tensors.write(path).map_err(|error| failed(path, &error))
}

/// The chains of a file, if there is one.
pub(super) fn load(
    path: &Path,
    system: &dyn System,
    settings: &ReferenceSettings,
) -> Result<Option<Vec<Chain>>, ReferenceError> {
    let Some(tensors) = Tensors::read(path).map_err(|error| failed(path, &error))? else {
        return Ok(None);
    };
    if tensors.identity() != identity(system, settings) {
        let reason = "it is the state of sampling with other settings or of a system that was changed: give those again, or remove \
                      the file to start anew";
        return Err(failed(path, &reason));
    }
    let chain = |index: usize| chain(&tensors, system, settings, index);
    let chains: Option<Vec<Chain>> = (0..settings.chains).map(chain).collect();
    let broken = "it is not whole: remove it to start anew";
    chains.map(Some).ok_or_else(|| failed(path, &broken))
}

fn chain(
    tensors: &Tensors,
    system: &dyn System,
    settings: &ReferenceSettings,
    index: usize,
) -> Option<Chain> {
    let get = |part: &str| tensors.get(&format!("{index}.{part}"));
    let pairs = |part: &str| Some(get(part)?.as_chunks::<2>().0.to_vec());
    let width = system.particles() * system.dims();
    let counters: Vec<u64> = get("counters")?.iter().map(|word| word.to_bits()).collect();
    let &[low, high, done, odd] = counters.as_slice() else { return None };
    let mut rng = stream(settings.seed, Purpose::Chain, index as u64);
    rng.set_word_pos(u128::from(low) | u128::from(high) << 64);
    let (x, energy, base) = (get("x")?, get("energy")?, get("base")?);
    let replicas: Vec<Replica> = x
        .chunks_exact(width)
        .zip(energy.iter().zip(&base))
        .map(|(x, (&energy, &base))| Replica { x: x.to_vec(), energy, base })
        .collect();
    let chain = Chain {
        rng,
        rungs: get("rungs")?,
        steps: get("steps")?,
        replicas,
        done: done as usize,
        moves: pairs("moves")?,
        swaps: pairs("swaps")?,
        odd: odd != 0,
        draws: get("draws")?,
        works: get("works")?,
        energies: get("energies")?,
    };
    let (count, draws) = (settings.sampling.replicas, chain.count());
    let fits = [chain.rungs.len(), chain.steps.len(), chain.replicas.len(), chain.moves.len()]
        == [count; 4]
        && chain.swaps.len() + 1 == count
        && chain.draws.len() == draws * width
        && chain.works.len() == draws * count
        && draws == chain.done.saturating_sub(settings.sampling.burn_in);
    fits.then_some(chain)
}

/// What must be the same for a state to go on.
fn identity(system: &dyn System, settings: &ReferenceSettings) -> String {
    format!(
        "freeform particles reference 2: {} {}x{} {settings:?}",
        system.identity(),
        system.particles(),
        system.dims()
    )
}

fn failed(path: &Path, reason: &(impl std::fmt::Display + ?Sized)) -> ReferenceError {
    ReferenceError::State { path: path.display().to_string(), reason: reason.to_string() }
}
