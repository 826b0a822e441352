//! The benchmark's released draws, out of its Python package.

use super::store::io;
use super::{ReferenceDraws, ReferenceError, ReferenceStore};
use crate::support::outside;
use bzip2::read::BzDecoder;
use freeform_simulators::{ArrayError, Task, tasks};
use ndarray::Array2;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

/// What an import found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// Task.
    pub task: &'static str,
    /// Its observations with draws, by number.
    pub observations: Vec<usize>,
}

/// Reads `reference_posterior_samples.csv.bz2` of every task and observation from a `sbibm` wheel
/// (read in place) or from a folder that holds the package, into the store.
///
/// # Errors
/// [`ReferenceError::NoPackage`] where there is none, [`ReferenceError::Package`] for a damaged
/// file, [`ReferenceError::NoStore`] without a folder to write to.
pub fn import_released(
    path: &Path,
    store: &ReferenceStore,
) -> Result<Vec<Imported>, ReferenceError> {
    let mut package = Package::open(path)?;
    let mut found = Vec::new();
    for info in tasks() {
        let task = Task::by_name(info.name)?;
        let mut observations = Vec::new();
        for number in 1..=Task::OBSERVATIONS {
            let Some(theta) = package.draws(&task, number)? else { continue };
            let to = store.released_entry(&task, number).ok_or(ReferenceError::NoStore)?;
            to.write(&ReferenceDraws { theta, diagnostics: None, remark: None })?;
            observations.push(number);
        }
        if !observations.is_empty() {
            found.push(Imported { task: info.name, observations });
        }
    }
    if found.is_empty() {
        return Err(ReferenceError::NoPackage { path: path.display().to_string() });
    }
    Ok(found)
}

/// More draws of one observation than any package has.
const MOST_ROWS: usize = 1_000_000;
/// The text of so many.
const MOST_BYTES: u64 = 1 << 28;

/// The package's files.
enum Package {
    Wheel(PathBuf, Box<zip::ZipArchive<BufReader<File>>>),
    /// The folder that has a folder for each task.
    Folder(PathBuf),
}

/// Tasks whose posterior is another task's, and which may come without files of their own.
const SHARED: [(&str, &str); 2] =
    [("slcp_distractors", "slcp"), ("bernoulli_glm_raw", "bernoulli_glm")];

impl Package {
    fn open(path: &Path) -> Result<Self, ReferenceError> {
        if path.is_dir() {
            let places = ["sbibm/tasks", "tasks", ""].map(|inside| path.join(inside));
            let task = |place: &&PathBuf| place.join("two_moons/files").is_dir();
            return match places.iter().find(task) {
                Some(place) => Ok(Self::Folder(place.clone())),
                None => Err(ReferenceError::NoPackage { path: path.display().to_string() }),
            };
        }
        let file = File::open(path).map_err(|e| io("read", path, e))?;
        let archive =
            zip::ZipArchive::new(BufReader::new(file)).map_err(|e| damaged(path, "", &e))?;
        Ok(Self::Wheel(path.to_owned(), Box::new(archive)))
    }

    /// The draws of an observation, if the package has them.
    fn draws(&mut self, task: &Task, number: usize) -> Result<Option<Array2<f32>>, ReferenceError> {
        let shared = SHARED.iter().find(|(name, _)| *name == task.name()).map(|(_, base)| *base);
        for name in [Some(task.name()), shared].into_iter().flatten() {
            let member = format!(
                "{name}/files/num_observation_{number}/reference_posterior_samples.csv.bz2"
            );
            let table = match self {
                Self::Wheel(path, archive) => {
                    match archive.by_name(&format!("sbibm/tasks/{member}")) {
                        Ok(file) => Some(parse(path, &member, file, task)?),
                        Err(zip::result::ZipError::FileNotFound) => None,
                        Err(error) => return Err(damaged(path, &member, &error)),
                    }
                }
                Self::Folder(folder) => match File::open(folder.join(&member)) {
                    Ok(file) => Some(parse(folder, &member, file, task)?),
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
                    Err(error) => return Err(damaged(folder, &member, &error)),
                },
            };
            if table.is_some() {
                return Ok(table);
            }
        }
        Ok(None)
    }
}

/// Unpacks and reads one table, header first.
fn parse(
    path: &Path,
    member: &str,
    packed: impl Read,
    task: &Task,
) -> Result<Array2<f32>, ReferenceError> {
    let dim = task.prior().dim();
    // A small file can unpack to more than any memory holds.
    let mut reader = csv::Reader::from_reader(BzDecoder::new(packed).take(MOST_BYTES));
    let mut values: Vec<f32> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| damaged(path, member, &e))?;
        if values.len() >= MOST_ROWS * dim {
            return Err(damaged(path, member, &format!("more than {MOST_ROWS} draws")));
        }
        if record.len() != dim {
            let columns = record.len();
            return Err(damaged(path, member, &format!("{columns} columns, not {dim}")));
        }
        for field in &record {
            match field.trim().parse::<f64>() {
                // What single precision does not hold is not finite there.
                Ok(value) if (value as f32).is_finite() => values.push(value as f32),
                _ => {
                    let line = record.position().map_or(0, csv::Position::line);
                    let reason = format!(
                        "line {line}: `{field}` is no finite number within single precision \
                         (3.4e38)"
                    );
                    return Err(damaged(path, member, &reason));
                }
            }
        }
    }
    if reader.get_ref().limit() == 0 {
        return Err(damaged(path, member, &format!("more than {MOST_BYTES} bytes of text")));
    }
    let rows = values.len() / dim;
    if rows == 0 {
        return Err(damaged(path, member, &"no draws"));
    }
    let table =
        Array2::from_shape_vec((rows, dim), values).map_err(|e| damaged(path, member, &e))?;
    if let Some(found) = outside(task.prior(), table.view()) {
        let reason = format!(
            "{} of {rows} draws lie outside the prior, the first in line {}: {} = {}",
            found.rows,
            found.first + 2,
            found.name,
            found.value
        );
        return Err(damaged(path, member, &reason));
    }
    Ok(table)
}

fn damaged(path: &Path, member: &str, reason: &dyn std::fmt::Display) -> ReferenceError {
    let place = path.join(member).display().to_string();
    ReferenceError::Package { place, reason: reason.to_string() }
}

impl From<ArrayError> for ReferenceError {
    fn from(error: ArrayError) -> Self {
        Self::Array(Box::new(error))
    }
}
