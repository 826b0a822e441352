//! A part of some work by name.

use super::{Halt, Work};
use std::time::{Duration, Instant};

/// Between two savings.
const SAVE_EVERY: Duration = Duration::from_secs(4);
/// What is made sooner than this is not worth a file.
const WORTH_KEEPING: Duration = Duration::from_millis(250);

/// A part of some work, and the name that its pieces go by.
#[derive(Clone)]
pub(crate) struct Part<'a> {
    work: &'a dyn Work,
    name: String,
    begun: Instant,
}

impl<'a> Part<'a> {
    pub fn new(work: &'a dyn Work, name: impl Into<String>) -> Self {
        Self { work, name: name.into(), begun: Instant::now() }
    }

    /// A part of this part, which begins now.
    pub fn part(&self, name: &str) -> Self {
        Self::new(self.work, format!("{}.{name}", self.name))
    }

    /// An error once the work is to stop.
    pub fn go_on(&self) -> Result<(), Halt> {
        if self.work.tick().is_break() { Err(Halt::Stopped) } else { Ok(()) }
    }

    /// What an earlier process kept of this part.
    pub fn recall(&self) -> Option<Vec<u8>> {
        self.work.recall(&self.name)
    }

    /// Keeps this part, made since it began; what took no time is made again as soon.
    pub fn keep(&self, piece: impl FnOnce() -> Vec<u8>) -> Result<(), Halt> {
        if self.begun.elapsed() >= WORTH_KEEPING { self.put(&piece()) } else { Ok(()) }
    }

    /// Keeps this part as it is at this moment.
    pub fn put(&self, piece: &[u8]) -> Result<(), Halt> {
        Ok(self.work.put(&self.name, piece)?)
    }
}

/// Says when a state is to be saved: every four seconds, so that with what a saving takes at most
/// five seconds of work are lost to a kill.
#[derive(Clone, Debug)]
pub struct Saver(Instant);

impl Default for Saver {
    fn default() -> Self {
        Self::new()
    }
}

impl Saver {
    /// A clock that starts at this moment.
    #[must_use]
    pub fn new() -> Self {
        Self(Instant::now())
    }

    /// Whether it is time; the clock then starts anew.
    pub fn is_due(&mut self) -> bool {
        let due = self.0.elapsed() >= SAVE_EVERY;
        if due {
            self.0 = Instant::now();
        }
        due
    }
}
