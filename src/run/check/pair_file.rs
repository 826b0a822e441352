//! Finished pairs on disk, so that an interrupted check goes on where it stopped, and another or a
//! larger one begins there.

use super::pairs::Pair;
use crate::run::RunError;
use freeform_inference::Ranked;
use freeform_simulators::Simulations;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// A file of one line a simulation: its number, what the posterior makes of it, and a checksum that also
/// covers the simulation and everything else that this depends on. Lines that are torn, damaged or of
/// another model or seed are no lines.
pub(super) struct PairFile {
    path: PathBuf,
    identity: [u8; 32],
    file: Mutex<File>,
}

impl PairFile {
    /// Opens or begins the file; also returns what it has of these simulations, by number.
    /// `identity` names the model, the seed and how pairs are made.
    pub fn open(
        path: &Path,
        identity: [u8; 32],
        simulations: &Simulations,
    ) -> Result<(Self, Vec<Option<Pair>>), RunError> {
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

    /// Keeps the pair of a simulation.
    pub fn keep(
        &self,
        index: usize,
        pair: &Pair,
        simulations: &Simulations,
    ) -> Result<(), RunError> {
        let content = content(index, pair);
        let line = format!("{content} {}\n", self.checksum(&content, index, simulations));
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(line.as_bytes()).map_err(|e| named(&self.path, e))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn parse(&self, line: &str, simulations: &Simulations) -> Option<(usize, Pair)> {
        let (content, checksum) = line.rsplit_once(' ')?;
        let dim = simulations.parameter_dim();
        let words: Vec<&str> = content.split(' ').collect();
        let (counts, numbers) = words.split_at_checked(2 + dim)?;
        let counts: Vec<usize> =
            counts.iter().map(|word| word.parse()).collect::<Result<_, _>>().ok()?;
        let numbers: Vec<f64> =
            numbers.iter().map(|word| word.parse()).collect::<Result<_, _>>().ok()?;
        let [index, higher, ranks @ ..] = &counts[..] else { return None };
        let [tarp, rest @ ..] = &numbers[..] else { return None };
        let fits = *index < simulations.len() && rest.len() == 3 * dim;
        if !fits || self.checksum(content, *index, simulations) != checksum {
            return None;
        }
        let part = |i: usize| rest[i * dim..(i + 1) * dim].to_vec();
        let ranked = Ranked { ranks: ranks.to_vec(), higher: *higher };
        Some((*index, Pair { ranked, tarp: *tarp, mean: part(0), std: part(1), draw: part(2) }))
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

fn content(index: usize, pair: &Pair) -> String {
    let Pair { ranked, tarp, mean, std, draw } = pair;
    let counts = [index, ranked.higher].into_iter().chain(ranked.ranks.iter().copied());
    let numbers = std::iter::once(tarp).chain(mean).chain(std).chain(draw);
    // The shortest digits that are read back as the same number.
    let words = counts.map(|count| count.to_string()).chain(numbers.map(|v| format!("{v:e}")));
    words.collect::<Vec<_>>().join(" ")
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
        let ranked = |i: usize| Pair {
            ranked: Ranked { ranks: vec![i, 399], higher: 10 + i },
            tarp: 0.1 * i as f64,
            mean: vec![1.0 / 3.0, -2e-30],
            std: vec![0.5, i as f64],
            draw: vec![1e300, -0.1],
        };
        let open = |identity: u8, simulations: &Simulations| {
            PairFile::open(&path, [identity; 32], simulations).unwrap()
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
            let right = |(found, expected): (&Option<Pair>, &Option<Pair>)| {
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
