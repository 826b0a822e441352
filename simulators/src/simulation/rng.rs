//! One random stream for each simulation.

use std::convert::Infallible;

use rand::SeedableRng;
use rand::rand_core::TryRng;
use rand_chacha::ChaCha8Rng;

/// The random numbers of one simulation: ChaCha8, keyed by the run's seed, with the simulation's
/// index as stream number. The same on every machine and for any order of execution.
///
/// It is a [`rand::Rng`], so everything in `rand` and `rand_distr` works with it.
#[derive(Clone, Debug)]
pub struct SimulationRng(ChaCha8Rng);

impl SimulationRng {
    /// The stream from which simulation `index` of a run with this seed draws its noise.
    #[must_use]
    pub fn new(seed: u64, index: u64) -> Self {
        Self::keyed(seed, b"simulate", index)
    }

    /// The stream that draws simulation `index`'s parameters; apart from its noise, so that
    /// simulating at a table of earlier prior draws repeats the run.
    pub(crate) fn for_prior(seed: u64, index: u64) -> Self {
        Self::keyed(seed, b"theta___", index)
    }

    fn keyed(seed: u64, purpose: &[u8; 8], index: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(purpose);
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(index);
        Self(rng)
    }
}

impl TryRng for SimulationRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.0.try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0.try_next_u64()
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Infallible> {
        self.0.try_fill_bytes(dst)
    }
}
