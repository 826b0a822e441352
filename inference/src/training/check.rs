//! Whether simulations can be trained on.

use super::DataError;
use super::bounds::{check_support, move_off};
use super::data_error::MIN_TRAINING;
use super::origin::ThetaOrigin;
use super::rows::contiguous;
use crate::config::{Config, TransformConfig};
use freeform_simulators::{LayoutMisfit, Simulations};
use ndarray::Array2;

/// Whether these simulations can be trained on, at little cost.
///
/// # Errors
/// [`DataError`] where not.
pub fn check_simulations(
    simulations: &Simulations,
    origin: &ThetaOrigin,
    config: &Config,
) -> Result<(), DataError> {
    let columns = simulations.data_dim();
    // Without x, which may be large.
    let (theta, x) = (simulations.theta.clone(), Array2::zeros((simulations.len(), 0)));
    let (simulations, rows) = origin.inside(Simulations { theta, x }, &mut Vec::new());
    check_sizes(&simulations, origin, config)?;
    check_layout(columns, &config.transform)?;
    let mut theta = contiguous(simulations.theta);
    move_off(&mut theta, origin.prior);
    check_support(&theta, origin.prior, &rows)?;
    origin.check_law(&theta, &rows)
}

/// There are rows enough, of as many parameters as the prior has.
pub(super) fn check_sizes(
    simulations: &Simulations,
    origin: &ThetaOrigin,
    config: &Config,
) -> Result<(), DataError> {
    let (rows, columns) = simulations.theta.dim();
    for dim in [Some(origin.prior.dim()), origin.drawn_from.map(|law| law.dim())] {
        if let Some(dim) = dim.filter(|dim| *dim != columns) {
            return Err(DataError::PriorMismatch { columns, dim });
        }
    }
    let held_out = held_out(rows, config.training.validation_fraction);
    if rows < held_out + MIN_TRAINING || held_out == 0 {
        let training = rows - held_out;
        return Err(DataError::TooFew { rows, training, validation: held_out });
    }
    Ok(())
}

/// Whether x of so many numbers can have its layout: channels divide it, and leave points enough; an image has its
/// pixels; parts have its numbers.
///
/// # Errors
/// [`DataError`] where not.
pub fn check_layout(columns: usize, transform: &TransformConfig) -> Result<(), DataError> {
    let channels = transform.channels;
    match transform.layout().misfit(columns) {
        None => Ok(()),
        Some(LayoutMisfit::Uneven) => Err(DataError::Channels { columns, channels }),
        Some(LayoutMisfit::FewPoints(points)) => {
            Err(DataError::FewPoints { columns, channels, points })
        }
        Some(LayoutMisfit::NoShape) => Err(DataError::NoPixels { columns, channels }),
        Some(LayoutMisfit::Parts(numbers)) => Err(DataError::Parts { columns, numbers }),
        Some(LayoutMisfit::Shape([high, wide])) => {
            Err(DataError::Pixels { columns, high, wide, channels })
        }
    }
}

/// How many rows a member holds out.
pub(super) fn held_out(rows: usize, fraction: f64) -> usize {
    ((rows as f64 * fraction).round() as usize).clamp(1.min(rows), rows)
}
