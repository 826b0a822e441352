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

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::collections::HashMap;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    /// Keeps pieces, and stops work at a question of its choice.
    #[derive(Default)]
    pub(crate) struct Stopper {
        pieces: Mutex<HashMap<String, Vec<u8>>>,
        asked: AtomicUsize,
        stop_at: AtomicUsize,
    }

    impl Stopper {
        /// Lets the work be asked `questions` times from now on.
        pub fn allow(&self, questions: usize) {
            self.asked.store(0, Ordering::Relaxed);
            self.stop_at.store(questions, Ordering::Relaxed);
        }

        /// Questions since then.
        pub fn asked(&self) -> usize {
            self.asked.load(Ordering::Relaxed)
        }

        pub fn has(&self, name: &str) -> bool {
            self.pieces.lock().unwrap().contains_key(name)
        }
    }

    impl Work for Stopper {
        fn tick(&self) -> ControlFlow<()> {
            if self.asked.fetch_add(1, Ordering::Relaxed) < self.stop_at.load(Ordering::Relaxed) {
                return ControlFlow::Continue(());
            }
            // What took no time is not kept.
            std::thread::sleep(Duration::from_millis(300));
            ControlFlow::Break(())
        }

        fn recall(&self, name: &str) -> Option<Vec<u8>> {
            self.pieces.lock().unwrap().get(name).cloned()
        }

        fn put(&self, name: &str, piece: &[u8]) -> io::Result<()> {
            self.pieces.lock().unwrap().insert(name.to_owned(), piece.to_vec());
            Ok(())
        }
    }
}
