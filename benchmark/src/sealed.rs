//! Tables that are read back, with their checksum beside them: `results.csv` and `results.blake3`, which
//! `b3sum --check` reads.

use crate::TableError;
use freeform_simulators::write_bytes_atomically;
use std::io;
use std::path::{Path, PathBuf};

/// What a table is, by the checksum beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seal {
    /// What was written.
    Whole,
    /// A former version's, which has no checksum.
    Missing,
}

/// Writes a table and its checksum. A kill at any moment leaves a table whose checksum is there: for a
/// while that of the next table is, too.
pub(crate) fn write_sealed(path: &Path, bytes: &[u8]) -> Result<(), TableError> {
    let (new, beside) = (line(path, bytes), seal_of(path));
    let old = std::fs::read(path).ok().map(|bytes| line(path, &bytes));
    let known = std::fs::read_to_string(&beside).unwrap_or_default();
    let old = old.filter(|old| known.split_inclusive('\n').any(|line| line == old));
    let write = |path: &Path, bytes: &[u8]| {
        write_bytes_atomically(path, bytes).map_err(|e| crate::scores::wrong(path, e.into()))
    };
    write(&beside, (new.clone() + &old.unwrap_or_default()).as_bytes())?;
    write(path, bytes)?;
    write(&beside, new.as_bytes())
}

/// Reads a table, unless it is not what was written.
pub(crate) fn read_sealed(path: &Path) -> Result<(Vec<u8>, Seal), TableError> {
    let failed = |path: &Path, e: io::Error| crate::scores::wrong(path, e.into());
    let bytes = std::fs::read(path).map_err(|e| failed(path, e))?;
    let beside = seal_of(path);
    let known = match std::fs::read(&beside) {
        Ok(known) => known,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok((bytes, Seal::Missing)),
        Err(e) => return Err(failed(&beside, e)),
    };
    let line = line(path, &bytes);
    match known.split_inclusive(|byte| *byte == b'\n').any(|known| known == line.as_bytes()) {
        true => Ok((bytes, Seal::Whole)),
        false => Err(TableError::Changed { path: path.to_owned(), seal: beside }),
    }
}

fn seal_of(path: &Path) -> PathBuf {
    path.with_extension("blake3")
}

/// A line as `b3sum` has it.
fn line(path: &Path, bytes: &[u8]) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!("{}  {name}\n", blake3::hash(bytes).to_hex())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_flipped_bit_passes_and_no_kill_looks_like_one() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("results.csv");
        let read = || read_sealed(&path);
        write_sealed(&path, b"a,b\n1,2\n").unwrap();
        let [table, seal] = [&path, &seal_of(&path)].map(|path| std::fs::read(path).unwrap());
        assert_eq!(read().unwrap(), (table.clone(), Seal::Whole));
        for (file, whole) in [(&path, &table), (&seal_of(&path), &seal)] {
            for bit in 0..8 * whole.len() {
                let mut bytes = whole.clone();
                bytes[bit / 8] ^= 1 << (bit % 8);
                std::fs::write(file, bytes).unwrap();
                assert!(matches!(read(), Err(TableError::Changed { .. })), "{file:?}, bit {bit}");
            }
            std::fs::write(file, whole).unwrap();
        }
        // Between the second writing's three steps either table counts.
        write_sealed(&path, b"a,b\n3,4\n").unwrap();
        let next = std::fs::read(&path).unwrap();
        std::fs::write(seal_of(&path), [line(&path, &next), line(&path, &table)].concat()).unwrap();
        for bytes in [&table, &next] {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(read().unwrap(), (bytes.clone(), Seal::Whole));
        }
        std::fs::remove_file(seal_of(&path)).unwrap();
        assert_eq!(read().unwrap().1, Seal::Missing);
    }
}
