//! The checkpoints of one training: a folder with a file a flow, and pieces of what comes before
//! and after the flows.

use super::checkpoint::FORMAT;
use super::{Checkpoint, CheckpointError, Member, TrainingState};
use freeform_simulators::write_bytes_atomically;
use std::io;
use std::path::{Path, PathBuf};

/// Where pieces lie.
const PIECES: &str = "pieces";
/// Length of a piece's checksum, which comes first.
const CHECKSUM: usize = blake3::OUT_LEN;

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
    pub fn new(path: &Path, identity: &str) -> io::Result<Self> {
        let named = |e: io::Error| {
            io::Error::new(e.kind(), format!("cannot create {}: {e}", path.display()))
        };
        std::fs::create_dir_all(path.join(PIECES)).map_err(named)?;
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
    pub fn write(&self, member: Member, state: &dyn TrainingState) -> io::Result<()> {
        state.checkpoint().write(&self.file(member)).map_err(io::Error::other)
    }

    /// The piece of this name, if it is there, whole, and of this training; pieces that are not can
    /// be made anew.
    #[must_use]
    pub fn read_piece(&self, name: &str) -> Option<Vec<u8>> {
        let mut bytes = std::fs::read(self.piece(name)).ok()?;
        let (checksum, piece) = bytes.split_at_checked(CHECKSUM)?;
        if checksum != self.checksum(name, piece).as_bytes() {
            return None;
        }
        bytes.drain(..CHECKSUM);
        Some(bytes)
    }

    /// Keeps a piece.
    ///
    /// # Errors
    /// Any error of writing.
    pub fn write_piece(&self, name: &str, piece: &[u8]) -> io::Result<()> {
        let checksum = self.checksum(name, piece);
        write_bytes_atomically(&self.piece(name), &[checksum.as_bytes(), piece].concat())
    }

    /// Removes the pieces of a training that has ended.
    pub fn clear_pieces(&self) {
        // Only room is lost where this does not work.
        let _ = std::fs::remove_dir_all(self.path.join(PIECES));
    }

    fn checksum(&self, name: &str, piece: &[u8]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new();
        hasher.update(format!("{FORMAT} {}\n{name}\n", self.identity).as_bytes());
        hasher.update(piece).finalize()
    }

    fn file(&self, member: Member) -> PathBuf {
        self.path.join(format!("{member}.safetensors"))
    }

    fn piece(&self, name: &str) -> PathBuf {
        self.path.join(PIECES).join(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_back_whole_and_to_their_own_training_or_not_at_all() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = |identity| CheckpointFolder::new(scratch.path(), identity).unwrap();
        let (mine, other) = (folder("mine"), folder("other"));
        mine.write_piece("a.b", b"some numbers").unwrap();
        assert_eq!(mine.read_piece("a.b").as_deref(), Some(&b"some numbers"[..]));
        assert_eq!(other.read_piece("a.b"), None);
        assert_eq!(mine.read_piece("a"), None);
        let path = mine.piece("a.b");
        std::fs::copy(&path, mine.piece("c")).unwrap();
        assert_eq!(mine.read_piece("c"), None);
        let bytes = std::fs::read(&path).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&path, damaged).unwrap();
            assert_eq!(mine.read_piece("a.b"), None, "bit {bit}");
        }
        std::fs::write(&path, &bytes[..20]).unwrap();
        assert_eq!(mine.read_piece("a.b"), None);
    }
}
