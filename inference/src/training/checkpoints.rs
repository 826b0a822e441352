//! The checkpoints of one training: a folder with a file a flow.

use super::{Checkpoint, CheckpointError, Member, TrainingState};
use std::path::{Path, PathBuf};

/// A folder that holds the checkpoints of one training's flows.
#[derive(Clone, Debug)]
pub struct CheckpointFolder {
    path: PathBuf,
    identity: String,
}

impl CheckpointFolder {
    /// The checkpoints in `path` (made where it is missing) of the training that `identity` names:
    /// a hash of everything that determines its result.
    ///
    /// # Errors
    /// A folder that cannot be made.
    pub fn new(path: &Path, identity: &str) -> std::io::Result<Self> {
        let named = |e: std::io::Error| {
            std::io::Error::new(e.kind(), format!("cannot create {}: {e}", path.display()))
        };
        std::fs::create_dir_all(path).map_err(named)?;
        Ok(Self { path: path.to_owned(), identity: identity.to_owned() })
    }

    /// The state in which a flow was left, if it was.
    ///
    /// # Errors
    /// [`CheckpointError`] of a file that is damaged, or another training's.
    pub fn read(&self, member: Member) -> Result<Option<Checkpoint>, CheckpointError> {
        let path = self.file(member);
        if !path.exists() {
            return Ok(None);
        }
        Checkpoint::read(&path, &format!("{} {member}", self.identity)).map(Some)
    }

    /// Keeps a flow's state.
    ///
    /// # Errors
    /// Any error of writing.
    pub fn write(&self, member: Member, state: &dyn TrainingState) -> std::io::Result<()> {
        state.checkpoint().write(&self.file(member)).map_err(std::io::Error::other)
    }

    fn file(&self, member: Member) -> PathBuf {
        self.path.join(format!("{member}.safetensors"))
    }
}
