//! Long work: whether it goes on, and the pieces of it that outlive the process.

mod pack;
mod part;

pub(crate) use pack::{Pack, Unpack};
pub(crate) use part::Part;
pub use part::Saver;

use std::io;
use std::ops::ControlFlow;

/// Who is asked whether work goes on, and keeps its pieces.
pub trait Work: Sync {
    /// Asked now and then; `Break` stops.
    fn tick(&self) -> ControlFlow<()>;

    /// The piece of this name that an earlier process kept, whole and of this very work; else
    /// none, and it is made anew.
    fn recall(&self, name: &str) -> Option<Vec<u8>>;

    /// Keeps a piece.
    ///
    /// # Errors
    /// Any error of writing.
    fn put(&self, name: &str, piece: &[u8]) -> io::Result<()>;
}

/// Nobody stops the work or keeps its pieces.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Work for Unwatched {
    fn tick(&self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn recall(&self, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn put(&self, _: &str, _: &[u8]) -> io::Result<()> {
        Ok(())
    }
}

/// Why work ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum Halt {
    /// It was told to stop. What it had done is kept, where pieces are.
    #[error("interrupted")]
    Stopped,
    /// A piece could not be kept.
    #[error("{0}")]
    Io(#[from] io::Error),
}
