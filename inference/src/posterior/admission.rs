//! Whether an observation is one that a model can be asked about.

use super::PosteriorError;
use crate::model::Model;
use freeform_simulators::Missing;

/// It has as many numbers as the model's simulations, or a whole number of trials; each is finite, or missing
/// as some simulations' are.
pub(super) fn admit(model: &Model, x: &[f64]) -> Result<(), PosteriorError> {
    let (view, missing) = (&model.view, model.config.transform.missing);
    let (length, expected) = (x.len(), model.data_dim());
    match view.trial() {
        Some(numbers) if length == 0 || !length.is_multiple_of(numbers) => {
            return Err(PosteriorError::ObservationTrials { length, numbers });
        }
        None if length != expected => {
            let may_be_padded = missing.is_allowed() && length < expected;
            return Err(PosteriorError::ObservationLength { length, expected, may_be_padded });
        }
        _ => {}
    }
    check_observation(x, missing)?;
    view.never_missing(x).map_or(Ok(()), |index| Err(PosteriorError::GapNotTrained { index }))
}

/// Whether each number of an observation is finite, or missing where that is allowed, and some are there.
///
/// # Errors
/// [`PosteriorError::ObservationNotFinite`], [`PosteriorError::NothingMeasured`].
pub fn check_observation(x: &[f64], missing: Missing) -> Result<(), PosteriorError> {
    if let Some(index) = x.iter().position(|v| !missing.admits(*v)) {
        return Err(PosteriorError::ObservationNotFinite { index, value: x[index] });
    }
    match x.iter().all(|v| v.is_nan()) {
        true => Err(PosteriorError::NothingMeasured),
        false => Ok(()),
    }
}
