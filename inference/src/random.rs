//! Random streams: every use of randomness has its own, so that none depends on how often
//! another was drawn from, on the thread count, or on where a run was interrupted.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// What a stream is for.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    /// Initial network weights (index: 0 encoder, 1 decoder).
    Weights = 1,
    /// The split into training and validation rows.
    Split = 2,
    /// The order of rows in an epoch (index: epoch).
    Shuffle = 3,
    /// Hutchinson probes (index: optimiser step).
    Probes = 4,
    /// Latent draws of posterior samples (index: chunk).
    Latents = 5,
    /// Resampling by a learnt likelihood.
    Resampling = 6,
    /// A conditional whitening (index 0: initial weights; then: epochs).
    Whitening = 7,
    /// Noise that spreads whole numbers over the intervals they stand for (index: row).
    Jitter = 8,
    /// A model of which simulations succeed (index: of a network).
    Success = 9,
    /// Directions that principal components are looked for from.
    Components = 10,
    /// Where circles are cut (index 0: initial weights; then: order of rows).
    Turn = 11,
    /// Parameters to simulate at in a round (index: batch).
    Proposals = 12,
    /// What stands in for a missing number where a likelihood is learnt (index: its place).
    Gaps = 13,
    /// Noise that spreads counts of what is missing (index: row).
    GapSpread = 14,
    /// Which numbers are hidden from a simulation (index: row).
    Masks = 15,
    /// Draws of a law that follows weighted ones (index: round, then chunk).
    Mixture = 16,
    /// Markov steps of draws that resampling repeated (index: chunk of draws).
    Moves = 17,
    /// What a category is, of a trial or of θ (index 0: initial weights; 1: order of rows).
    Choices = 18,
    /// A number that means nothing.
    Nothing = 19,
    /// Which of equal draws count as smaller than a true parameter.
    Ties = 20,
    /// Networks that learn what a series or a set says (index: of a network).
    Learnt = 21,
}

/// The stream of a seed, purpose and index.
#[must_use]
pub fn stream(seed: u64, purpose: Purpose, index: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&(purpose as u64).to_le_bytes());
    let mut rng = ChaCha8Rng::from_seed(key);
    rng.set_stream(index);
    rng
}

/// The seed of one member of an ensemble, which has initial weights and orders of its own.
#[must_use]
pub fn member_seed(seed: u64, member: u64) -> u64 {
    seed ^ member.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
