//! What a training remembers between steps, and on disk.

use super::train::TrainError;
use crate::tensors::Tensors;
use std::path::Path;

/// Steps in a row without a finite gradient that are only left out.
const PATIENCE: usize = 10;
/// Steps between two looks back.
const LOOK_BACK: usize = 100;

/// What stands in front of the engines in a file's line, where the CPU's was not the only one.
const ENGINES: &str = " engines ";
/// [`EngineKind::name`](freeform_inference::EngineKind::name) of the CPU's.
const CPU: &str = "cpu";

/// Weights, Adam's moments, averaged weights, steps done.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct State {
    pub step: usize,
    /// Names of the engines that did them, in order: results differ in rounding.
    pub engines: Vec<String>,
    /// The step after which the validation rows were last looked at.
    pub looked: usize,
    /// Sum of the losses since the last look at the validation rows, and their number.
    pub losses: [f64; 2],
    /// Steps without a finite gradient.
    pub skipped: usize,
    /// Such steps since the last finite one.
    pub in_a_row: usize,
    /// How often earlier weights were gone back to.
    pub falls: usize,
    pub weights: Vec<f32>,
    pub first: Vec<f32>,
    pub second: Vec<f32>,
    pub average: Vec<f32>,
    /// Averaged weights of the last look back, and of the one before it.
    pub earlier: [Vec<f32>; 2],
}

impl State {
    pub fn new(weights: Vec<f32>) -> Self {
        let zeros = vec![0.0; weights.len()];
        Self {
            step: 0,
            looked: 0,
            engines: Vec::new(),
            losses: [0.0; 2],
            skipped: 0,
            in_a_row: 0,
            falls: 0,
            average: weights.clone(),
            earlier: [weights.clone(), weights.clone()],
            first: zeros.clone(),
            second: zeros,
            weights,
        }
    }

    /// The steps that follow are an engine's.
    pub fn go_on_by(&mut self, engine: &str) {
        if self.engines.last().is_none_or(|last| last != engine) {
            self.engines.push(engine.to_owned());
        }
    }

    /// Counts a step with a finite gradient.
    pub fn stride(&mut self) {
        self.in_a_row = 0;
        if (self.step + 1).is_multiple_of(LOOK_BACK) {
            let [last, before] = &mut self.earlier;
            std::mem::swap(last, before);
            last.copy_from_slice(&self.average);
        }
    }

    /// Counts a step without one. After a few in a row the weights lie where they cannot go on from: those
    /// of the look back before the last, after which all went well for long, take their place, without
    /// momentum. Whether that was done.
    pub fn stumble(&mut self) -> bool {
        self.skipped += 1;
        self.in_a_row += 1;
        let falls = self.in_a_row == PATIENCE;
        if falls {
            self.in_a_row = 0;
            self.falls += 1;
            let [last, before] = &mut self.earlier;
            for weights in [&mut self.weights, &mut self.average, last] {
                weights.copy_from_slice(before);
            }
            // Second moments stay: from nothing they would make the first steps long.
            self.first.fill(0.0);
        }
        falls
    }

    /// Replaces the file.
    pub fn save(&self, path: &Path, identity: &str) -> Result<(), TrainError> {
        let by = match self.engines.iter().all(|engine| engine == CPU) {
            true => String::new(),
            false => format!("{ENGINES}{}", self.engines.join(",")),
        };
        let mut tensors = Tensors::new(&format!("{identity}{by}"));
        let [sum, count] = self.losses;
        let counts = [self.step, self.looked, self.skipped, self.in_a_row, self.falls];
        let counts = counts.map(|n| n as f64);
        tensors.put("counters", [&counts[..], &[sum, count]].concat());
        tensors.put_single("weights", self.weights.clone());
        tensors.put_single("first", self.first.clone());
        tensors.put_single("second", self.second.clone());
        tensors.put_single("average", self.average.clone());
        tensors.put_single("last", self.earlier[0].clone());
        tensors.put_single("before", self.earlier[1].clone());
        tensors.write(path).map_err(|error| TrainError::state(path, &error))
    }

    /// The state in a file, if there is one; `size` weights.
    pub fn load(path: &Path, identity: &str, size: usize) -> Result<Option<Self>, TrainError> {
        let Some(tensors) = Tensors::read(path).map_err(|e| TrainError::state(path, &e))? else {
            return Ok(None);
        };
        let by = tensors.identity().strip_prefix(identity).and_then(|by| match by {
            "" => Some(CPU),
            by => by.strip_prefix(ENGINES),
        });
        let Some(by) = by else {
            let reason = "it is of a training with other settings or data: give those again, or \
                          remove the file to start anew";
            return Err(TrainError::state(path, &reason));
        };
        let engines: Vec<String> = by.split(',').map(str::to_owned).collect();
        let of = |name: &str| tensors.get_single(name).filter(|values| values.len() == size);
        let state = || {
            let counters = tensors.get("counters")?;
            let &[step, looked, skipped, in_a_row, falls, sum, count] = counters.as_slice() else {
                return None;
            };
            Some(Self {
                step: step as usize,
                looked: looked as usize,
                engines: engines.clone(),
                losses: [sum, count],
                skipped: skipped as usize,
                in_a_row: in_a_row as usize,
                falls: falls as usize,
                weights: of("weights")?,
                first: of("first")?,
                second: of("second")?,
                average: of("average")?,
                earlier: [of("last")?, of("before")?],
            })
        };
        let broken = "it is not whole: remove it to start anew";
        state().map(Some).ok_or_else(|| TrainError::state(path, &broken))
    }
}
