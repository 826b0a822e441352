//! Chains that grow, beside the entry of the store that they are for.

use crate::Pieces;
use freeform_simulators::write_bytes_atomically;
use std::io;
use std::path::{Path, PathBuf};

/// Length of a piece's checksum, which comes first.
const CHECKSUM: usize = blake3::OUT_LEN;

/// A folder of pieces. The entry's name, a hash of all that determines its draws, names them.
pub(super) struct Growing {
    folder: PathBuf,
}

impl Growing {
    /// The pieces of an entry: those of `NAME.npy` lie in `NAME.growing`.
    pub(super) fn of(entry: &Path) -> Self {
        Self { folder: entry.with_extension("growing") }
    }

    /// Removes the pieces of draws that are complete.
    pub(super) fn clear(&self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }

    fn checksum(&self, name: &str, piece: &[u8]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.folder.file_name().unwrap_or_default().as_encoded_bytes());
        hasher.update(name.as_bytes());
        hasher.update(piece).finalize()
    }
}

impl Pieces for Growing {
    fn recall(&self, name: &str) -> Option<Vec<u8>> {
        let mut bytes = std::fs::read(self.folder.join(name)).ok()?;
        let (checksum, piece) = bytes.split_at_checked(CHECKSUM)?;
        if checksum != self.checksum(name, piece).as_bytes() {
            return None;
        }
        bytes.drain(..CHECKSUM);
        Some(bytes)
    }

    fn put(&self, name: &str, piece: &[u8]) -> io::Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        let checksum = self.checksum(name, piece);
        write_bytes_atomically(
            &self.folder.join(name),
            &[checksum.as_bytes().as_slice(), piece].concat(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_back_whole_or_not_at_all() {
        let scratch = tempfile::tempdir().unwrap();
        let pieces = Growing::of(&scratch.path().join("sir-0123.npy"));
        pieces.put("segment-1", b"numbers").unwrap();
        assert_eq!(pieces.recall("segment-1").as_deref(), Some(&b"numbers"[..]));
        let file = scratch.path().join("sir-0123.growing/segment-1");
        let whole = std::fs::read(&file).unwrap();
        std::fs::copy(&file, file.with_file_name("segment-2")).unwrap();
        assert_eq!(pieces.recall("segment-2"), None);
        for bit in 0..8 * whole.len() {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&file, bytes).unwrap();
            assert_eq!(pieces.recall("segment-1"), None, "bit {bit}");
        }
        pieces.clear();
        assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
    }
}
