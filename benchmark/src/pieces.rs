//! What long work has done so far, kept by whoever asked for it.

use std::io;
use std::time::Duration;

/// Keeps pieces of a work by name. Whoever does answers for it that a piece comes back whole, and to
/// the same work on the same data only.
pub trait Pieces: Sync {
    /// The piece of this name, if an earlier process kept it.
    fn recall(&self, name: &str) -> Option<Vec<u8>>;

    /// Keeps a piece.
    ///
    /// # Errors
    /// Any error of writing.
    fn put(&self, name: &str, piece: &[u8]) -> io::Result<()>;

    /// Between two pieces of a classifier that learns: with what a piece takes, at most five seconds of
    /// work are lost to a kill.
    fn save_every(&self) -> Duration {
        Duration::from_secs(3)
    }
}

/// Nothing is kept.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoPieces;

impl Pieces for NoPieces {
    fn recall(&self, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn put(&self, _: &str, _: &[u8]) -> io::Result<()> {
        Ok(())
    }
}
