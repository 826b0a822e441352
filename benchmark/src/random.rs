//! One random stream for each use.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The stream of a seed, a purpose (up to 24 bytes of its name count) and an index.
pub(crate) fn stream(seed: u64, purpose: &str, index: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    for (slot, byte) in key[8..].iter_mut().zip(purpose.bytes()) {
        *slot = byte;
    }
    let mut rng = ChaCha8Rng::from_seed(key);
    rng.set_stream(index);
    rng
}
