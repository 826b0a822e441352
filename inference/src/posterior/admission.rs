//! Whether an observation is one that a model can be asked about.

use super::PosteriorError;
use crate::model::Model;

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
    if let Some(index) = x.iter().position(|v| !missing.admits(*v)) {
        return Err(PosteriorError::ObservationNotFinite { index, value: x[index] });
    }
    if x.iter().all(|v| v.is_nan()) {
        return Err(PosteriorError::NothingMeasured);
    }
    let never = match view.gaps() {
        None => x.iter().position(|v| v.is_nan()),
        Some(gaps) => gaps.never_missing(x),
    };
    never.map_or(Ok(()), |index| Err(PosteriorError::GapNotTrained { index }))
}
