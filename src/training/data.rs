//! The table a flow trains on: standardised in place, split by seed.

use crate::config::Config;
use crate::random::{Purpose, stream};
use crate::transform::{DataTransform, ParameterTransform};
use freeform_simulators::{Prior, Simulations};
use rand::seq::SliceRandom;

/// Simulations that cannot be trained on.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// Too few rows.
    #[error(
        "{rows} usable simulations leave {training} for training and {validation} for validation; \
         at least {MIN_TRAINING} and 1 are needed: simulate more"
    )]
    TooFew {
        /// Usable rows.
        rows: usize,
        /// Of these, for training.
        training: usize,
        /// Of these, for validation.
        validation: usize,
    },
    /// theta does not fit the prior.
    #[error("simulations have {columns} columns of theta, but the prior has {dim} parameters")]
    PriorMismatch {
        /// Columns of theta.
        columns: usize,
        /// Parameters of the prior.
        dim: usize,
    },
    /// Parameters outside the prior.
    #[error(
        "row {row} of theta lies outside the prior's support ({theta:?}): these simulations were \
         not drawn from this prior"
    )]
    OutsidePrior {
        /// First such row, counted from 0.
        row: usize,
        /// Its parameters.
        theta: Vec<f32>,
    },
    /// A parameter that never varies.
    #[error("parameter `{name}` is constant ({value}) in all simulations: fix it in the simulator")]
    ConstantParameter {
        /// Its name.
        name: String,
        /// Its value.
        value: f64,
    },
}

/// Fewer training rows than this make no standard deviation worth the name.
const MIN_TRAINING: usize = 8;

/// Standardised simulations with their split and the maps that made them.
#[derive(Debug)]
pub struct TrainingData {
    pub(super) theta: Vec<f32>,
    pub(super) x: Vec<f32>,
    pub(super) training: Vec<u32>,
    pub(super) validation: Vec<u32>,
    pub(super) parameters: ParameterTransform,
    pub(super) data: DataTransform,
    /// Mean over validation of −log|det ∂(flow space)/∂θ|: turns an NLL in the flow's space into
    /// one of θ itself.
    pub(super) nll_offset: f64,
}

impl TrainingData {
    /// Splits by seed, learns the standardisation on the training part, and applies it in place.
    ///
    /// `simulations` must be finite (see [`Simulations::without_non_finite`]).
    ///
    /// # Errors
    /// [`DataError`] where there are too few rows or they do not fit the prior.
    pub fn prepare(
        simulations: Simulations,
        prior: &Prior,
        config: &Config,
        seed: u64,
    ) -> Result<Self, DataError> {
        let (rows, columns) = simulations.theta.dim();
        let context = simulations.x.ncols();
        if columns != prior.dim() {
            return Err(DataError::PriorMismatch { columns, dim: prior.dim() });
        }
        let (training, validation) = split(rows, config.training.validation_fraction, seed);
        if training.len() < MIN_TRAINING || validation.is_empty() {
            let (training, validation) = (training.len(), validation.len());
            return Err(DataError::TooFew { rows, training, validation });
        }
        let mut theta = contiguous(simulations.theta);
        let mut x = contiguous(simulations.x);
        check_support(&theta, prior)?;
        let parameters = ParameterTransform::fit(
            config.transform.theta,
            prior,
            training.iter().map(|r| row(&theta, columns, *r)),
        );
        if let Some(&column) = parameters.scaler().constant_columns().first() {
            let (name, value) = (prior.names()[column].clone(), f64::from(theta[column]));
            return Err(DataError::ConstantParameter { name, value });
        }
        let data = DataTransform::fit(
            config.transform.data,
            context,
            training.iter().map(|r| row(&x, context, *r)),
        );
        let mut log_dets = vec![0.0; rows];
        let mut buffer = vec![0.0; columns];
        for (row, log_det) in theta.chunks_exact_mut(columns).zip(&mut log_dets) {
            *log_det = parameters.apply(prior, row, &mut buffer);
            row.copy_from_slice(&buffer);
        }
        let mut buffer = vec![0.0; context];
        for row in x.chunks_exact_mut(context) {
            data.apply(row, &mut buffer);
            row.copy_from_slice(&buffer);
        }
        let held_out = validation.iter().map(|r| log_dets[*r as usize]).sum::<f64>();
        let nll_offset = -held_out / validation.len() as f64;
        Ok(Self { theta, x, training, validation, parameters, data, nll_offset })
    }

    /// Number of parameters D.
    #[must_use]
    pub fn theta_dim(&self) -> usize {
        self.parameters.scaler().columns()
    }

    /// Length of the data C.
    #[must_use]
    pub fn context_dim(&self) -> usize {
        self.data.scaler().columns()
    }

    /// The parameter map learnt here.
    #[must_use]
    pub fn parameters(&self) -> &ParameterTransform {
        &self.parameters
    }

    /// The data map learnt here.
    #[must_use]
    pub fn data(&self) -> &DataTransform {
        &self.data
    }

    /// The validation rows of θ and x in the flow's space, `[n, D]` and `[n, C]`.
    pub(super) fn validation_tables(&self) -> (Vec<f32>, Vec<f32>) {
        let gather = |flat, width| {
            self.validation.iter().flat_map(|r| row(flat, width, *r)).copied().collect()
        };
        (gather(&self.theta, self.theta_dim()), gather(&self.x, self.context_dim()))
    }
}

fn row(flat: &[f32], width: usize, index: u32) -> &[f32] {
    &flat[index as usize * width..][..width]
}

/// Training and validation rows: a seeded shuffle, its last part held out.
fn split(rows: usize, fraction: f64, seed: u64) -> (Vec<u32>, Vec<u32>) {
    let mut order: Vec<u32> = (0..rows as u32).collect();
    order.shuffle(&mut stream(seed, Purpose::Split, 0));
    let held_out = ((rows as f64 * fraction).round() as usize).clamp(1.min(rows), rows);
    let validation = order.split_off(rows - held_out);
    (order, validation)
}

/// The array's numbers row by row, without a copy where they lie that way already.
fn contiguous(table: ndarray::Array2<f32>) -> Vec<f32> {
    if table.is_standard_layout() && table.len() == table.as_slice().map_or(0, <[f32]>::len) {
        let (flat, offset) = table.into_raw_vec_and_offset();
        if offset.unwrap_or(0) == 0 {
            return flat;
        }
        return flat[offset.unwrap_or(0)..].to_vec();
    }
    table.iter().copied().collect()
}

fn check_support(theta: &[f32], prior: &Prior) -> Result<(), DataError> {
    let mut buffer = vec![0.0; prior.dim()];
    for (index, row) in theta.chunks_exact(prior.dim()).enumerate() {
        buffer.iter_mut().zip(row).for_each(|(b, v)| *b = f64::from(*v));
        if !prior.contains(&buffer) {
            return Err(DataError::OutsidePrior { row: index, theta: row.to_vec() });
        }
    }
    Ok(())
}
