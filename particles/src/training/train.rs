//! The loop of a training.

use super::batch::batch;
use super::data::{data_scale, fingerprint, split};
use super::engine::{self, Job};
use super::loss::LossReport;
use super::optimizer::Updater;
use super::settings::{LogDet, SettingsError, TrainSettings};
use super::state::State;
use crate::flow::Flow;
use crate::generator::densities;
use crate::network::NetworkSpec;
use freeform_inference::{DeviceError, EngineKind, Saver};
use freeform_kernels::{Isa, sum_squares};
use ndarray::{Array2, ArrayView2, Axis};
use serde::{Deserialize, Deserializer, Serialize};
use std::ops::ControlFlow;
use std::path::Path;

/// Validation of the averaged weights.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checked {
    /// After so many steps.
    pub step: usize,
    /// Mean loss of the steps since the last look.
    #[serde(deserialize_with = "number")]
    pub loss: f64,
    /// Mean −log q of the encoder over the validation rows: an honest density where f is
    /// injective.
    #[serde(deserialize_with = "number")]
    pub encoder_nll: f64,
    /// Mean −log q of the decoder at solved rows.
    #[serde(deserialize_with = "number")]
    pub nll: f64,
    /// Share of rows where g(z) = x was solved.
    #[serde(deserialize_with = "number")]
    pub solved: f64,
    /// Mean |g(f(x)) − x|² a degree of freedom, in the positions' units.
    #[serde(deserialize_with = "number")]
    pub reconstruction: f64,
}

/// JSON has no NaN: it is written as null, which is read as NaN.
fn number<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or(f64::NAN))
}

/// What a training tells while it goes on.
#[derive(Clone, Copy, Debug)]
pub enum Told<'a> {
    /// A step was done.
    Step {
        /// Steps done.
        step: usize,
        /// Its loss.
        report: &'a LossReport,
    },
    /// So many validation rows were looked at, of how many.
    Checking(usize, usize),
    /// All of them were.
    Checked(&'a Checked),
    /// A part of a long step was done, which is for nothing where it is told to stop.
    Part,
}

/// A training that ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    /// With the averaged weights.
    pub flow: Flow,
    /// Steps whose gradient was not finite: they changed nothing.
    pub skipped: usize,
    /// Names of the engines that did the steps, in order: `cpu`, `burn`.
    pub engines: Vec<String>,
}

/// A training without a flow.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// Settings.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// Data that cannot be trained on.
    #[error("{0}")]
    Data(String),
    /// A device that is not there, or that gave up; what was done is in the state's file.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// Told to stop; what was done is in the state's file.
    #[error("interrupted")]
    Interrupted,
    /// The loss is not finite, again and again.
    #[error(
        "step {step}: the loss ceased to be finite {falls} times, at half the learning rate each time; lower \
         learning_rate or clip, or raise beta_start"
    )]
    Diverged {
        /// The step.
        step: usize,
        /// How often earlier weights were gone back to.
        falls: usize,
    },
    /// The state's file.
    #[error("{path}: {reason}")]
    State {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
    },
}

impl TrainError {
    pub(super) fn state(path: &Path, reason: &(impl std::fmt::Display + ?Sized)) -> Self {
        Self::State { path: path.display().to_string(), reason: reason.to_string() }
    }
}

/// What a training starts from, checked.
struct Prepared {
    data: Array2<f64>,
    held_out: Array2<f64>,
    scale: f64,
    spec: NetworkSpec,
}

impl Prepared {
    fn new(
        settings: &TrainSettings,
        x: ArrayView2<'_, f64>,
        dims: usize,
    ) -> Result<Self, TrainError> {
        settings.check()?;
        let (data, held_out) = split(settings, x, dims)?;
        let scale = if settings.scale { data_scale(data.view(), dims) } else { 1.0 };
        if !(scale.is_finite() && scale > 0.0) {
            return Err(TrainError::Data(format!(
                "positions of standard deviation {scale}: give positions that differ, in units in which they are \
                 about 1"
            )));
        }
        let spec = settings.spec(x.ncols() / dims, dims);
        spec.check().map_err(SettingsError::from)?;
        Ok(Self { data, held_out, scale, spec })
    }
}

/// What [`train_on`] would refuse before its first step.
///
/// # Errors
/// [`TrainError::Settings`], [`TrainError::Data`].
pub fn check_training(
    settings: &TrainSettings,
    x: ArrayView2<'_, f64>,
    dims: usize,
) -> Result<(), TrainError> {
    Prepared::new(settings, x, dims).map(drop)
}

/// How often a training may go back to earlier weights.
const FALLS: usize = 8;

/// Trains a flow as [`train_on`] does, by the CPU's fused kernels.
///
/// # Errors
/// [`TrainError`].
pub fn train(
    settings: &TrainSettings,
    x: ArrayView2<'_, f64>,
    dims: usize,
    seed: u64,
    keep: Option<&Path>,
    tell: &mut dyn FnMut(Told) -> ControlFlow<()>,
) -> Result<Trained, TrainError> {
    train_on(EngineKind::Cpu, settings, x, dims, seed, keep, tell)
}

/// Trains a flow on positions `[rows, N·n]`, of which the last `validation` are kept apart. With `keep`, the
/// state is saved in that file every few seconds, when interrupted and when the device fails, and a
/// training of the same settings and data goes on from there: on the same engine to the same weights, on another
/// to weights that differ in rounding. `tell` is told of each step.
///
/// The engine computes losses and gradients; all else, validation too, is the CPU's.
///
/// # Errors
/// [`TrainError`].
pub fn train_on(
    engine: EngineKind,
    settings: &TrainSettings,
    x: ArrayView2<'_, f64>,
    dims: usize,
    seed: u64,
    keep: Option<&Path>,
    tell: &mut dyn FnMut(Told) -> ControlFlow<()>,
) -> Result<Trained, TrainError> {
    let Prepared { data, held_out, scale, spec } = Prepared::new(settings, x, dims)?;
    let scaled = data.mapv(|v| (v / scale) as f32);
    let isa = Isa::best();
    let of_data = fingerprint(x);
    let identity =
        format!("freeform particles train 4: {settings:?} {spec:?} {seed} {scale:?} {of_data}");
    let mut flow = Flow::initial(spec, scale, seed);
    let size = flow.weights.len();
    let kept = keep.map(|path| State::load(path, &identity, size)).transpose()?.flatten();
    let mut state = kept.unwrap_or_else(|| State::new(flow.weights.clone()));
    state.go_on_by(engine.name());
    let exact = settings.log_det == LogDet::Exact;
    let mut losses = engine::on(engine, &spec, exact, settings.batch)?;
    let updater = Updater::new(isa, &spec, settings.optimizer);
    let mut gradient = vec![0.0; size];
    let mut saver = Saver::new();
    loop {
        let all_done = state.step == settings.steps;
        let due = all_done || state.step.is_multiple_of(settings.validate_every);
        let stop = if due && state.step > state.looked {
            std::mem::swap(&mut flow.weights, &mut state.average);
            let loss = state.losses[0] / state.losses[1].max(1.0);
            let checked = check(&flow, &held_out, state.step, loss, tell);
            std::mem::swap(&mut flow.weights, &mut state.average);
            // Not looked at to the end: that is the first thing where the training goes on.
            checked.is_none_or(|checked| {
                state.looked = state.step;
                state.losses = [0.0; 2];
                tell(Told::Checked(&checked)).is_break()
            })
        } else if all_done {
            break;
        } else {
            let step = state.step;
            let rows = batch(scaled.view(), dims, settings.batch, seed, step);
            std::mem::swap(&mut flow.weights, &mut state.weights);
            let beta = settings.beta_at(step) as f32;
            let job = Job { flow: &flow, beta, x: &rows.x, probes: &rows.probes };
            let part = &mut || tell(Told::Part).is_continue();
            let computed = losses.of_batch(job, &mut gradient, part);
            std::mem::swap(&mut flow.weights, &mut state.weights);
            match computed {
                Ok(Some(report)) => {
                    let norm = sum_squares(isa, &gradient).sqrt();
                    if report.loss.is_finite() && norm.is_finite() {
                        updater.step(settings, &mut state, &gradient, norm);
                        state.losses[0] += report.loss;
                        state.losses[1] += 1.0;
                        state.stride();
                    } else if state.stumble() && state.falls == FALLS {
                        return Err(TrainError::Diverged { step, falls: FALLS });
                    }
                    state.step += 1;
                    tell(Told::Step { step: state.step, report: &report }).is_break()
                }
                // Told to stop in the middle of it.
                Ok(None) => true,
                Err(error) => {
                    keep.map_or(Ok(()), |path| state.save(path, &identity))?;
                    return Err(error.into());
                }
            }
        };
        let last = state.step == settings.steps && state.looked == settings.steps;
        if let Some(path) = keep
            && (stop || last || saver.is_due())
        {
            state.save(path, &identity)?;
        }
        if stop && !last {
            return Err(TrainError::Interrupted);
        }
    }
    flow.weights = state.average;
    Ok(Trained { flow, skipped: state.skipped, engines: state.engines })
}

/// Validates in pieces, between which it may be told to stop.
fn check(
    flow: &Flow,
    x: &Array2<f64>,
    step: usize,
    loss: f64,
    tell: &mut dyn FnMut(Told) -> ControlFlow<()>,
) -> Option<Checked> {
    /// Degrees of freedom of a piece: a second or so of the largest systems.
    const PIECE: usize = 300;
    let rows = (PIECE / flow.spec.dof()).max(1);
    let mut found = Vec::with_capacity(x.nrows());
    for piece in x.axis_chunks_iter(Axis(0), rows) {
        let positions: Vec<f64> = piece.iter().copied().collect();
        found.extend(densities(flow, &positions));
        if tell(Told::Checking(found.len(), x.nrows())).is_break() {
            return None;
        }
    }
    let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
    let solved: Vec<f64> = found.iter().filter(|d| d.is_solved()).map(|d| -d.log_q).collect();
    Some(Checked {
        step,
        loss,
        encoder_nll: mean(found.iter().map(|d| -d.encoder).collect()),
        solved: solved.len() as f64 / found.len() as f64,
        nll: mean(solved),
        reconstruction: mean(found.iter().map(|d| d.reconstruction).collect())
            / flow.spec.dof() as f64,
    })
}
