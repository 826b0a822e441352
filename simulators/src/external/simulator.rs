//! An external program as a source of simulations.

use std::ops::Range;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use ndarray::{Array2, ArrayView2};

use super::pool::{Job, run};
use super::{ExternalError, ExternalSettings};
use crate::layout::{DataLayout, Layout};
use crate::missing::Missing;
use crate::simulation::{DrawTheta, SimulationSource, SourceError, collect};
use crate::{Expected, Precision, Prior, SimulateError, SimulatedBatch, TableOptions, read_table};

/// Files of the command larger than this are not read to tell versions apart.
const LARGEST_HASHED: u64 = 64 << 20;

/// The content of the file in `folder` that an argument of a command names, if it does and is not large.
pub(crate) fn named_file(folder: &Path, argument: &str) -> Option<Vec<u8>> {
    let path = folder.join(argument);
    let small = path.metadata().is_ok_and(|m| m.is_file() && m.len() <= LARGEST_HASHED);
    small.then(|| std::fs::read(&path).ok()).flatten()
}

/// A program described by `simulator.toml`.
#[derive(Clone, Debug)]
pub struct ExternalSimulator {
    settings: ExternalSettings,
}

impl ExternalSimulator {
    /// Reads `simulator.toml`, or the file of that name in a folder.
    ///
    /// # Errors
    /// As [`ExternalSettings::read`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, ExternalError> {
        Ok(Self { settings: ExternalSettings::read(path)? })
    }

    /// What the file says.
    #[must_use]
    pub fn settings(&self) -> &ExternalSettings {
        &self.settings
    }

    /// The same with another answer to what a NaN means than the file has, where there is one.
    #[must_use]
    pub fn with_missing(mut self, missing: Option<Missing>) -> Self {
        self.settings.missing = missing.unwrap_or(self.settings.missing);
        self
    }

    /// What an observation must be.
    #[must_use]
    pub fn expected(&self) -> Expected {
        let layout = self.settings.layout.clone().unwrap_or_default();
        Expected {
            data_dim: self.settings.data_names.len(),
            any_number: layout.layout == Layout::Set && self.settings.missing.is_allowed(),
            layout,
        }
    }

    /// What the numbers of x are called, `[C]`, where `data_names` says so.
    #[must_use]
    pub fn data_names(&self) -> Option<&[String]> {
        self.settings.data_are_named.then_some(&*self.settings.data_names)
    }

    /// How many observations the file named by `observations` holds; 0 without one.
    ///
    /// # Errors
    /// [`SourceError`] if the file cannot be read or its columns are not the data values, in number or, where
    /// both have them, in names.
    pub fn observation_count(&self) -> Result<usize, SourceError> {
        Ok(self.observations()?.map_or(0, |table| table.nrows()))
    }

    /// Row `number`, counted from 1, of the file named by `observations`, `[C]`.
    ///
    /// # Errors
    /// [`SourceError`] as above, or if there is no such row.
    pub fn observation(&self, number: usize) -> Result<Vec<f64>, SourceError> {
        let table = self.observations()?;
        let rows = table.as_ref().map_or(0, Array2::nrows);
        let row = number.checked_sub(1).filter(|&row| row < rows);
        match (table, row) {
            (Some(table), Some(row)) => Ok(table.row(row).to_vec()),
            _ => {
                let path = self.settings.path.clone();
                Err(match self.settings.observations {
                    Some(_) => ExternalError::NoObservation { path, number, count: rows },
                    None => ExternalError::NoObservations { path, number },
                }
                .into())
            }
        }
    }

    fn observations(&self) -> Result<Option<Array2<f64>>, SourceError> {
        let Some(path) = &self.settings.observations else { return Ok(None) };
        let mut table =
            read_table(path, &TableOptions::observations()).map_err(ExternalError::from)?;
        if let Some(known) = self.data_names() {
            table = table.data_in_order(known).map_err(ExternalError::from)?;
        }
        let (found, expected) = (table.values.ncols(), self.settings.data_names.len());
        if found == expected {
            return Ok(Some(table.values));
        }
        // All of it may be one.
        let one = table.observation(None, self.expected()).ok();
        let fits = |one: &Vec<f64>| self.expected().admits(one.len());
        let one = one.filter(fits).and_then(|one| Array2::from_shape_vec((1, one.len()), one).ok());
        match one {
            None if self.expected().admits(found) => Ok(Some(table.values)),
            Some(one) => Ok(Some(one)),
            None => {
                let path = path.clone();
                Err(ExternalError::ObservationSize { path, found, expected }.into())
            }
        }
    }

    /// Simulates once at each row of `theta` `[n, D]`, as for posterior predictive checks.
    ///
    /// # Errors
    /// [`SourceError`] for a wrong number of columns, a program that cannot be started, or too
    /// large a share of failures.
    pub fn simulate_at(
        &self,
        theta: ArrayView2<'_, f64>,
        seed: u64,
    ) -> Result<SimulatedBatch, SourceError> {
        let (found, expected) = (theta.ncols(), self.settings.prior.dim());
        if found != expected {
            return Err(SimulateError::ParameterDim { found, expected }.into());
        }
        let draw = |index: u64, out: &mut [f64]| {
            let row = theta.row(index as usize);
            row.iter().zip(out).for_each(|(value, slot)| *slot = *value);
        };
        let stop = AtomicBool::new(false);
        let range = 0..theta.nrows() as u64;
        let job = self.job(Precision::Double, seed, range.clone(), &draw, &stop);
        collect(self, range, |sink| run(&job, sink))
    }

    fn job<'a>(
        &'a self,
        precision: Precision,
        seed: u64,
        range: Range<u64>,
        draw: DrawTheta<'a>,
        stop: &'a AtomicBool,
    ) -> Job<'a> {
        let settings = &self.settings;
        let workers = settings.workers.unwrap_or_else(rayon::current_num_threads).max(1);
        Job { settings, workers, precision, seed, range, draw, stop }
    }
}

impl SimulationSource for ExternalSimulator {
    fn name(&self) -> &str {
        &self.settings.name
    }

    fn prior(&self) -> &Prior {
        &self.settings.prior
    }

    fn data_dim(&self) -> usize {
        self.settings.data_names.len()
    }

    fn layout(&self) -> Option<DataLayout> {
        self.settings.layout.clone()
    }

    fn missing(&self) -> Missing {
        self.settings.missing
    }

    fn max_failure_share(&self) -> f64 {
        self.settings.max_failure_share
    }

    /// Command, protocol, prior, number of data values, environment and, unless `version` says it
    /// all, the content of those files in the simulator's folder that the command names.
    fn identity(&self) -> String {
        let settings = &self.settings;
        let mut hasher = blake3::Hasher::new();
        let mut part = |bytes: &[u8]| {
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        part(format!("{:?} {}", settings.protocol, settings.data_names.len()).as_bytes());
        if settings.missing.is_allowed() {
            part(b"missing numbers");
        }
        part(settings.prior.identity().as_bytes());
        part(format!("{:?} {:?}", settings.environment, settings.version).as_bytes());
        for argument in &settings.command {
            part(argument.as_bytes());
            if settings.version.is_none()
                && let Some(bytes) = named_file(settings.folder(), argument)
            {
                part(&bytes);
            }
        }
        hasher.finalize().to_hex()[..32].to_owned()
    }

    fn run_at(
        &self,
        draw: DrawTheta<'_>,
        precision: Precision,
        seed: u64,
        range: Range<u64>,
        stop: &AtomicBool,
        sink: &mut dyn FnMut(SimulatedBatch) -> Result<(), SourceError>,
    ) -> Result<(), SourceError> {
        run(&self.job(precision, seed, range, draw, stop), sink)
    }
}
