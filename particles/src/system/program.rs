//! Any program as an energy.

use super::{Sampling, System, SystemError, check_symmetries};
use freeform_simulators::ExternalFunction;
use serde::Deserialize;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// An energy that a program computes, described by a file:
///
/// ```toml
/// name = "springs"
/// particles = 3
/// dims = 2
/// command = ["python3", "energy.py"]   # run in the file's folder
/// width = 0.5                          # about the standard deviation of a coordinate
/// ```
///
/// `timeout` (seconds, 60), `replicas`, `sweeps` and `burn_in` may be given too. The program is started
/// once for each thread. It reads lines `INDEX 0 x1 y1 … x2 y2 …` and answers each with `INDEX u`, flushed at
/// the empty line that follows, or with `INDEX error MESSAGE`; `inf` is a state that cannot be. Energies that change
/// where all particles are moved, turned or reflected together, or where two change places, are refused.
pub struct Program {
    file: File,
    function: ExternalFunction,
    complaint: Mutex<Option<String>>,
    identity: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    particles: usize,
    dims: usize,
    command: Vec<String>,
    #[serde(default = "one")]
    width: f64,
    #[serde(default = "minute")]
    timeout: f64,
    replicas: Option<usize>,
    sweeps: Option<usize>,
    burn_in: Option<usize>,
}

fn one() -> f64 {
    1.0
}

fn minute() -> f64 {
    60.0
}

impl Program {
    /// Reads the file and starts the program.
    ///
    /// # Errors
    /// [`SystemError::File`].
    pub fn open(path: &Path) -> Result<Self, SystemError> {
        let failed =
            |reason: String| SystemError::File { path: path.display().to_string(), reason };
        let text = std::fs::read_to_string(path).map_err(|e| failed(e.to_string()))?;
        let file: File =
            toml::from_str(&text).map_err(|e| failed(e.to_string().trim_end().to_owned()))?;
        let positive = |v: f64| v.is_finite() && v > 0.0;
        if file.particles < 2 || file.dims == 0 {
            let (name, particles, dims) = (file.name, file.particles, file.dims);
            return Err(SystemError::TooSmall { name, particles, dims });
        }
        if file.command.is_empty() {
            return Err(failed("command: name a program".to_owned()));
        }
        if !positive(file.width) {
            return Err(failed(format!("width = {}: choose a length above 0", file.width)));
        }
        if !positive(file.timeout) || file.timeout > 1e9 {
            return Err(failed(format!("timeout = {}: choose seconds above 0", file.timeout)));
        }
        let timeout = Duration::from_secs_f64(file.timeout);
        let (name, command) = (file.name.clone(), file.command.clone());
        let function = ExternalFunction::start(path.to_owned(), name, command, timeout)
            .map_err(|error| failed(error.to_string()))?;
        let identity = blake3::hash(format!("{text}{}", function.identity()).as_bytes());
        let identity = identity.to_hex()[..32].to_owned();
        let program = Self { file, function, complaint: Mutex::new(None), identity };
        check_symmetries(&program)?;
        Ok(program)
    }
}

impl System for Program {
    fn name(&self) -> &str {
        &self.file.name
    }

    /// A hash of the file, and of the files beside it that the command names.
    fn identity(&self) -> String {
        self.identity.clone()
    }

    fn particles(&self) -> usize {
        self.file.particles
    }

    fn dims(&self) -> usize {
        self.file.dims
    }

    /// NaN where the program fails; [`System::complaint`] then says why.
    fn energy(&self, x: &[f64]) -> f64 {
        self.function.call(x).unwrap_or_else(|reason| {
            *self.complaint.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
            f64::NAN
        })
    }

    fn width(&self) -> f64 {
        self.file.width
    }

    fn complaint(&self) -> Option<String> {
        self.complaint.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Few replicas and sweeps: each energy is a question to the program.
    fn sampling(&self) -> Sampling {
        Sampling {
            replicas: self.file.replicas.unwrap_or(6),
            sweeps: self.file.sweeps.unwrap_or(5),
            burn_in: self.file.burn_in.unwrap_or(100),
        }
    }
}
