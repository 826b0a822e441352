//! What a training remembers between steps, and on disk.

use super::train::TrainError;
use crate::tensors::Tensors;
use std::path::Path;

/// Weights, Adam's moments, averaged weights, steps done.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct State {
    pub step: usize,
    /// Sum of the losses since the last look at the validation rows, and their number.
    pub losses: [f64; 2],
    /// Steps without a finite gradient.
    pub skipped: usize,
    pub weights: Vec<f32>,
    pub first: Vec<f32>,
    pub second: Vec<f32>,
    pub average: Vec<f32>,
}

impl State {
    pub fn new(weights: Vec<f32>) -> Self {
        let zeros = vec![0.0; weights.len()];
        Self {
            step: 0,
            losses: [0.0; 2],
            skipped: 0,
            average: weights.clone(),
            first: zeros.clone(),
            second: zeros,
            weights,
        }
    }

    /// Replaces the file.
    pub fn save(&self, path: &Path, identity: &str) -> Result<(), TrainError> {
        let mut tensors = Tensors::new(identity);
        let [sum, count] = self.losses;
        tensors.put("counters", vec![self.step as f64, sum, count, self.skipped as f64]);
        tensors.put_single("weights", self.weights.clone());
        tensors.put_single("first", self.first.clone());
        tensors.put_single("second", self.second.clone());
        tensors.put_single("average", self.average.clone());
        tensors.write(path).map_err(|error| TrainError::state(path, &error))
    }

    /// The state in a file, if there is one; `size` weights.
    pub fn load(path: &Path, identity: &str, size: usize) -> Result<Option<Self>, TrainError> {
        let Some(tensors) = Tensors::read(path).map_err(|e| TrainError::state(path, &e))? else {
            return Ok(None);
        };
        if tensors.identity() != identity {
            let reason = "it is of a training with other settings or data: give those again, or \
                          remove the file to start anew";
            return Err(TrainError::state(path, &reason));
        }
        let of = |name: &str| tensors.get_single(name).filter(|values| values.len() == size);
        let state = || {
            let counters = tensors.get("counters")?;
            let &[step, sum, count, skipped] = counters.as_slice() else { return None };
            Some(Self {
                step: step as usize,
                losses: [sum, count],
                skipped: skipped as usize,
                weights: of("weights")?,
                first: of("first")?,
                second: of("second")?,
                average: of("average")?,
            })
        };
        let broken = "it is not whole: remove it to start anew";
        state().map(Some).ok_or_else(|| TrainError::state(path, &broken))
    }
}
