//! Finished ranks of a calibration on disk, so that an interrupted one goes on where it stopped, and a
//! larger one from a smaller one.

use super::RunError;
use freeform_inference::Ranked;
use freeform_simulators::Simulations;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// A file of one line a simulation: its number, its ranks, and a checksum that also covers the
/// simulation and everything else that the ranks depend on. Lines that are torn, damaged or of
/// another calibration are no lines.
pub(super) struct RankFile {
    path: PathBuf,
    identity: [u8; 32],
    file: Mutex<File>,
}

impl RankFile {
    /// Opens or begins the file; also returns what it has of these simulations, by number.
    /// `identity` names the model, the seed and how ranks are made.
    pub fn open(
        path: &Path,
        identity: [u8; 32],
        simulations: &Simulations,
    ) -> Result<(Self, Vec<Option<Ranked>>), RunError> {
        let failed = |e| named(path, e);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let mut options = OpenOptions::new();
        let mut file = options.create(true).read(true).append(true).open(path).map_err(failed)?;
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        // A torn last line ends here.
        if bytes.last().is_some_and(|last| *last != b'\n') {
            file.write_all(b"\n").map_err(failed)?;
        }
        let this = Self { path: path.to_owned(), identity, file: Mutex::new(file) };
        let mut known = vec![None; simulations.len()];
        for line in String::from_utf8_lossy(&bytes).lines() {
            if let Some((index, ranked)) = this.parse(line, simulations) {
                known[index] = Some(ranked);
            }
        }
        Ok((this, known))
    }

    /// Keeps the ranks of a simulation.
    pub fn keep(
        &self,
        index: usize,
        ranked: &Ranked,
        simulations: &Simulations,
    ) -> Result<(), RunError> {
        let content = content(index, ranked);
        let line = format!("{content} {}\n", self.checksum(&content, index, simulations));
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(line.as_bytes()).map_err(|e| named(&self.path, e))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn parse(&self, line: &str, simulations: &Simulations) -> Option<(usize, Ranked)> {
        let (content, checksum) = line.rsplit_once(' ')?;
        let numbers: Vec<usize> =
            content.split(' ').map(str::parse).collect::<Result<_, _>>().ok()?;
        let [index, higher, ranks @ ..] = &numbers[..] else { return None };
        let fits = *index < simulations.len() && ranks.len() == simulations.parameter_dim();
        if !fits || self.checksum(content, *index, simulations) != checksum {
            return None;
        }
        Some((*index, Ranked { ranks: ranks.to_vec(), higher: *higher }))
    }

    fn checksum(&self, content: &str, index: usize, simulations: &Simulations) -> String {
        let mut hasher = blake3::Hasher::new_keyed(&self.identity);
        for table in [&simulations.theta, &simulations.x] {
            table.row(index).iter().for_each(|value| {
                hasher.update(&value.to_le_bytes());
            });
        }
        hasher.update(content.as_bytes());
        hasher.finalize().to_hex()[..16].to_owned()
    }
}

fn content(index: usize, ranked: &Ranked) -> String {
    let numbers = [index, ranked.higher].into_iter().chain(ranked.ranks.iter().copied());
    numbers.map(|number| number.to_string()).collect::<Vec<_>>().join(" ")
}

fn named(path: &Path, error: std::io::Error) -> RunError {
    std::io::Error::new(error.kind(), format!("{}: {error}", path.display())).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn only_whole_lines_of_the_same_calibration_count() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calibration/ranks.txt");
        let theta = array![[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]];
        let simulations = Simulations { x: theta.clone(), theta };
        let ranked = |i: usize| Ranked { ranks: vec![i, 399], higher: 10 + i };
        let open = |identity: u8, simulations: &Simulations| {
            RankFile::open(&path, [identity; 32], simulations).unwrap()
        };
        let (file, known) = open(1, &simulations);
        assert_eq!(known, [None, None, None]);
        [0, 2].iter().for_each(|&i| file.keep(i, &ranked(i), &simulations).unwrap());
        let both = [Some(ranked(0)), None, Some(ranked(2))];
        assert_eq!(open(1, &simulations).1, both);
        // Another model or seed; another simulation in its place.
        assert_eq!(open(2, &simulations).1, [None, None, None]);
        let mut other = simulations.clone();
        other.x[[0, 1]] = 0.9;
        assert_eq!(open(1, &other).1, [None, None, both[2].clone()]);
        // A kill in the middle of a line costs that line only, and not the next.
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 5]).unwrap();
        let (file, known) = open(1, &simulations);
        assert_eq!(known, [Some(ranked(0)), None, None]);
        file.keep(1, &ranked(1), &simulations).unwrap();
        assert_eq!(open(1, &simulations).1, [Some(ranked(0)), Some(ranked(1)), None]);
        // No flipped bit passes.
        std::fs::write(&path, &whole).unwrap();
        for bit in 0..8 * whole.len() {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&path, bytes).unwrap();
            let (_, known) = open(1, &simulations);
            let right = |(found, expected): (&Option<Ranked>, &Option<Ranked>)| {
                found.is_none() || found == expected
            };
            assert!(known.iter().zip(&both).all(right), "bit {bit}: {known:?}");
        }
        std::fs::write(&path, &whole).unwrap();
        // Those beyond a smaller calibration stay for a larger one.
        assert_eq!(open(1, &simulations.clone().first(1)).1, [Some(ranked(0))]);
        assert_eq!(open(1, &simulations).1, both);
    }
}
