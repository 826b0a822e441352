//! Random streams: every use of randomness has its own.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// What a stream is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    /// A chain of replica exchange (index: chain).
    Chain = 101,
    /// The order of draws, and of particles in a draw.
    Order = 102,
    /// Initial weights (index: 0 encoder, 1 decoder).
    Weights = 103,
    /// The rows of a batch and their probes (index: step).
    Batch = 104,
    /// Latent draws (index: draw).
    Latent = 105,
    /// Configurations that symmetries are tried on (index: configuration).
    Symmetry = 106,
}

/// The stream of a seed, purpose and index.
pub(crate) fn stream(seed: u64, purpose: Purpose, index: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&(purpose as u64).to_le_bytes());
    let mut rng = ChaCha8Rng::from_seed(key);
    rng.set_stream(index);
    rng
}
