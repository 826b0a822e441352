//! Positions in files: `.npz`, `.npy` and text as tables, `.xyz` as frames.

use crate::space::{center_rows, spread};
use crate::system::{System, SystemError, checked_energy};
use freeform_simulators::{
    ArrayError, FirstLine, TableOptions, prepare_output, read_table, write_arrays,
    write_bytes_atomically, write_table,
};
use ndarray::{Array2, ArrayView1, ArrayView2};
use std::fmt::Write;
use std::path::Path;

/// Positions that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// A table.
    #[error(transparent)]
    Array(#[from] ArrayError),
    /// Reading or writing.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A line of an `.xyz` file.
    #[error("{path}, line {line}: {reason}")]
    Line {
        /// The file.
        path: String,
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// A row that is no state of the system.
    #[error("{path}, row {row}: {source}")]
    Row {
        /// The file.
        path: String,
        /// Counted from 1.
        row: usize,
        /// What is wrong.
        source: SystemError,
    },
    /// Configurations that are not zero-centred.
    #[error(
        "{path}, row {row}: the centre of mass is {distance:.3} from the origin (so it is in {off} of {rows} \
         rows), and densities are over zero-centred positions"
    )]
    OffCentre {
        /// The file.
        path: String,
        /// The first, counted from 1.
        row: usize,
        /// How far, in the positions' units.
        distance: f64,
        /// Rows that are off.
        off: usize,
        /// All rows.
        rows: usize,
    },
}

/// How far the centre of zero-centred positions may be off, by rounding, as a share of particles' typical
/// distance from it.
const ROUNDING: f64 = 1e-3;

/// What is done with positions whose centre of mass is not the origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffCentre {
    /// They are refused.
    Refuse,
    /// They are moved there.
    Move,
}

fn is_xyz(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("xyz"))
}

/// Sees to it that positions can be written to `path`.
///
/// # Errors
/// [`ArrayError`] for an unknown extension or a folder that takes no files.
pub fn prepare_positions(path: &Path) -> Result<(), ArrayError> {
    // The same folder.
    if is_xyz(path) { prepare_output(path.with_extension("npy")) } else { prepare_output(path) }
}

/// Positions `[rows, N·n]` of an `.npz` (array `x`), `.npy`, text table or `.xyz`, with the energy of
/// each row; they are zero-centred, or, as `off_centre` says, made so.
///
/// # Errors
/// [`FileError`] for a file that cannot be read, and for the first row that is no state of the
/// system, or is not zero-centred.
pub fn read_positions(
    path: &Path,
    system: &dyn System,
    off_centre: OffCentre,
) -> Result<(Array2<f64>, Vec<f64>), FileError> {
    // Coordinates have no names.
    let options = TableOptions::observations().with_first_line(FirstLine::Numbers);
    let mut x = match is_xyz(path) {
        true => read_xyz(path, system.dims())?,
        false => read_table(path, &options)?.values,
    };
    if off_centre == OffCentre::Move && x.ncols() == system.particles() * system.dims() {
        center_rows(&mut x, system.dims());
    }
    let energies = x.rows().into_iter().enumerate().map(|(at, row)| {
        let path = || path.display().to_string();
        checked_energy(system, &row.to_vec()).map_err(|source| FileError::Row {
            path: path(),
            row: at + 1,
            source,
        })
    });
    let energies = energies.collect::<Result<_, _>>()?;
    let distances = x.rows().into_iter().map(|row| off_by(&row.to_vec(), system.dims()));
    let off: Vec<(usize, f64)> =
        distances.enumerate().filter_map(|(at, distance)| Some((at, distance?))).collect();
    match off.first() {
        None => Ok((x, energies)),
        Some(&(at, distance)) => Err(FileError::OffCentre {
            path: path.display().to_string(),
            row: at + 1,
            distance,
            off: off.len(),
            rows: x.nrows(),
        }),
    }
}

/// How far the centre of mass of x `[N, n]` is from the origin, where that is more than rounding.
fn off_by(x: &[f64], dims: usize) -> Option<f64> {
    let count = (x.len() / dims) as f64;
    let sum = |axis: usize| x.iter().skip(axis).step_by(dims).sum::<f64>();
    let distance = (0..dims).map(|axis| (sum(axis) / count).powi(2)).sum::<f64>().sqrt();
    (distance > ROUNDING * (spread(x, dims) / count).sqrt()).then_some(distance)
}

/// Writes positions `[rows, N·n]`: as frames to `.xyz`, with the further numbers of each row to `.npz`,
/// and by themselves to any other table.
///
/// # Errors
/// [`FileError`].
pub fn write_positions(
    path: &Path,
    x: ArrayView2<'_, f64>,
    dims: usize,
    more: &[(&str, &[f64])],
) -> Result<(), FileError> {
    let io = |source| FileError::Io { path: path.display().to_string(), source };
    if is_xyz(path) {
        return write_bytes_atomically(path, xyz(x, dims, more).as_bytes()).map_err(io);
    }
    if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("npz")) {
        let mut arrays = vec![("x", x.into_dyn())];
        arrays.extend(
            more.iter().map(|(name, values)| (*name, ArrayView1::from(*values).into_dyn())),
        );
        return Ok(write_arrays(path, &arrays)?);
    }
    Ok(write_table(path, "x", x)?)
}

/// One frame a row: the number of particles, a line of further numbers, a line a particle; axes that a
/// system lacks are 0.
fn xyz(x: ArrayView2<'_, f64>, dims: usize, more: &[(&str, &[f64])]) -> String {
    let mut text = String::new();
    let count = x.ncols() / dims;
    for (row, x) in x.rows().into_iter().enumerate() {
        let notes: Vec<String> =
            more.iter().map(|(name, values)| format!("{name}={}", values[row])).collect();
        // Writing to a text cannot fail.
        let _ = writeln!(text, "{count}\n{}", notes.join(" "));
        for i in 0..count {
            let at = |axis: usize| if axis < dims { x[i * dims + axis] } else { 0.0 };
            let _ = write!(text, "X");
            (0..dims.max(3)).for_each(|axis| {
                let _ = write!(text, " {}", at(axis));
            });
            text.push('\n');
        }
    }
    text
}

fn read_xyz(path: &Path, dims: usize) -> Result<Array2<f64>, FileError> {
    let shown = || path.display().to_string();
    let text =
        std::fs::read_to_string(path).map_err(|source| FileError::Io { path: shown(), source })?;
    let error = |line: usize, reason: String| FileError::Line { path: shown(), line, reason };
    let mut lines = text.lines().enumerate().map(|(at, line)| (at + 1, line)).peekable();
    let (mut values, mut count, mut rows) = (Vec::new(), None, 0);
    while let Some((at, line)) = lines.next() {
        if line.trim().is_empty() && lines.clone().all(|(_, line)| line.trim().is_empty()) {
            break;
        }
        let found: usize = line
            .trim()
            .parse()
            .map_err(|_| error(at, format!("{line:?} is not a number of particles")))?;
        if found == 0 || *count.get_or_insert(found) != found {
            return Err(error(at, format!("a frame of {found} particles among others")));
        }
        lines.next();
        for _ in 0..found {
            let Some((at, line)) = lines.next() else {
                return Err(error(at, "the frame ends early".to_owned()));
            };
            let places: Vec<&str> = line.split_whitespace().skip(1).collect();
            if places.len() < dims {
                let reason = format!("a name and {dims} coordinates are wanted, not {line:?}");
                return Err(error(at, reason));
            }
            for place in &places[..dims] {
                let value: Result<f64, _> = place.parse();
                values.push(value.map_err(|_| error(at, format!("{place:?} is not a number")))?);
            }
        }
        rows += 1;
    }
    let width = count.unwrap_or(0) * dims;
    Array2::from_shape_vec((rows, width), values)
        .ok()
        .filter(|x| !x.is_empty())
        .ok_or_else(|| error(1, "there is no frame".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::DoubleWell;

    #[test]
    fn positions_come_back_from_every_format() {
        let folder = tempfile::tempdir().unwrap();
        let x = ndarray::arr2(&[
            [-0.1, -0.75, 3.1, -0.25, 0.0, 2.5, -3.0, -1.5],
            [-3.0, -3.5, -1.0, -1.5, 1.0, 1.5, 3.0, 3.5],
        ]);
        let dw4 = DoubleWell::dw4();
        for name in ["a.npz", "a.npy", "a.csv", "a.xyz"] {
            let path = folder.path().join(name);
            write_positions(&path, x.view(), 2, &[("energy", &[1.5, 2.5])]).unwrap();
            let (back, energies) = read_positions(&path, &dw4, OffCentre::Refuse).unwrap();
            assert_eq!(back, x, "{name}");
            assert_eq!(energies[0], dw4.energy(&x.row(0).to_vec()));
        }
        let text = std::fs::read_to_string(folder.path().join("a.xyz")).unwrap();
        assert!(text.starts_with("4\nenergy=1.5\nX -0.1 -0.75 0\nX 3.1 -0.25 0\n"), "{text}");
        let refused = |text: &str| {
            let path = folder.path().join("bad.xyz");
            std::fs::write(&path, text).unwrap();
            read_positions(&path, &dw4, OffCentre::Refuse).unwrap_err().to_string()
        };
        assert!(refused("").contains("there is no frame"));
        assert!(refused("4\n\nX 1 2 0\n").contains("ends early"));
        assert!(refused("1\n\nX 1 b 0\n").contains("line 3: \"b\" is not a number"));
        assert!(
            refused("2\n\nX 1 2 0\nX 3 4 0\n").contains("4 coordinates a row; dw4 has 4 particles")
        );
    }

    #[test]
    fn positions_off_the_centre_are_refused_or_moved() {
        let folder = tempfile::tempdir().unwrap();
        let dw4 = DoubleWell::dw4();
        let centred = [-3.0, -3.5, -1.0, -1.5, 1.0, 1.5, 3.0, 3.5];
        let moved: [f64; 8] = std::array::from_fn(|k| centred[k] + [3.0, 4.0][k % 2]);
        let path = folder.path().join("a.npy");
        let x = ndarray::arr2(&[centred, moved]);
        write_positions(&path, x.view(), 2, &[]).unwrap();
        let error = read_positions(&path, &dw4, OffCentre::Refuse).unwrap_err().to_string();
        assert!(error.contains("row 2: the centre of mass is 5.000 from the origin"), "{error}");
        assert!(error.contains("1 of 2"), "{error}");
        let (back, energies) = read_positions(&path, &dw4, OffCentre::Move).unwrap();
        assert_eq!(back, ndarray::arr2(&[centred, centred]));
        assert_eq!(energies[0], energies[1]);
    }
}
