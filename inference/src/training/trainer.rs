//! The training loop.

#[cfg(feature = "burn")]
mod in_step;
mod state;

use super::checkpoint::{Checkpoint, Progress};
use super::observer::{MOST_SKIPPED, Observer, Outcome, StepInfo, TrainError, TrainingState};
use super::{EpochMetrics, Fold, beta, draw_probes, learning_rate};
use crate::config::Config;
use crate::engine::{Batch, Engine, LogDet, LossReport, LossSettings, UpdateSettings};
use crate::flow::{FlowQuality, quality};
use crate::network::FlowWeights;
use crate::random::{Purpose, stream};
use rand::seq::SliceRandom;
use std::ops::ControlFlow;
use std::time::Instant;

/// One training: an engine, its data, and where it stands.
pub struct Trainer<'a> {
    engine: Box<dyn Engine>,
    data: &'a Fold<'a>,
    config: &'a Config,
    seed: u64,
    log_det: LogDet,
    validation: (Vec<f32>, Vec<f32>),
    progress: Progress,
    /// When this process took the training up.
    since: Instant,
    /// How many trainings share its time.
    sharers: usize,
}

impl<'a> Trainer<'a> {
    /// A training from its start. `identity` names it in checkpoints: a hash of everything that
    /// determines the result.
    pub fn new(
        engine: Box<dyn Engine>,
        data: &'a Fold<'a>,
        config: &'a Config,
        seed: u64,
        identity: String,
    ) -> Self {
        let log_det = config.log_det(data.dims.0);
        let validation = data.validation_tables();
        let progress = Progress { identity, ..Progress::default() };
        Self {
            engine,
            data,
            config,
            seed,
            log_det,
            validation,
            progress,
            since: Instant::now(),
            sharers: 1,
        }
    }

    /// Goes back to a checkpoint of the same training.
    ///
    /// # Errors
    /// In words what of it cannot be a state of this training.
    pub fn restore(&mut self, checkpoint: Checkpoint) -> Result<(), String> {
        let most = (self.config.training.max_epochs, self.steps_per_epoch());
        checkpoint.check(self.engine.spec().parameters(), most)?;
        self.engine.set_weights(&checkpoint.weights);
        self.engine.set_optimizer_state(&checkpoint.optimizer);
        self.engine.set_best(checkpoint.best.as_ref());
        self.progress = checkpoint.progress;
        Ok(())
    }

    /// Seconds spent so far, those before a checkpoint included.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.progress.seconds + self.since.elapsed().as_secs_f64() / self.sharers as f64
    }

    /// Steps in one epoch; the last batch may be smaller.
    #[must_use]
    pub fn steps_per_epoch(&self) -> usize {
        self.data.training.len().div_ceil(self.config.training.batch_size)
    }

    /// Steps done.
    #[must_use]
    pub fn steps_done(&self) -> usize {
        self.progress.epoch * self.steps_per_epoch() + self.progress.step_in_epoch
    }

    /// Trains to the end, or until the observer stops it.
    ///
    /// # Errors
    /// [`TrainError::Diverged`], or an I/O error of the observer (in the outer result).
    pub fn run(
        &mut self,
        observer: &mut dyn Observer,
    ) -> std::io::Result<Result<Outcome, TrainError>> {
        while !self.is_finished() {
            match self.run_epoch(observer)? {
                Ok(ControlFlow::Continue(())) => self.end_epoch(),
                Ok(ControlFlow::Break(())) => return Ok(Ok(Outcome::Interrupted)),
                Err(error) => return Ok(Err(error)),
            }
            observer.offer(self)?;
        }
        Ok(Ok(Outcome::Finished))
    }

    pub(super) fn is_finished(&self) -> bool {
        let training = &self.config.training;
        let stale = self.progress.epoch - self.progress.best.map_or(0, |(epoch, _)| epoch);
        self.progress.epoch >= training.max_epochs
            || (training.patience > 0 && stale >= training.patience)
    }

    /// The current epoch's order of the training rows.
    pub(super) fn order(&self) -> Vec<u32> {
        let mut order = self.data.training.clone();
        order.shuffle(&mut stream(self.seed, Purpose::Shuffle, self.progress.epoch as u64));
        order
    }

    fn run_epoch(
        &mut self,
        observer: &mut dyn Observer,
    ) -> std::io::Result<Result<ControlFlow<()>, TrainError>> {
        let order = self.order();
        let mut probes = Vec::new();
        for rows in order.chunks(self.config.training.batch_size).skip(self.progress.step_in_epoch)
        {
            let report = match self.step(rows, &mut probes) {
                Ok(report) => report,
                Err(error) => return Ok(Err(error)),
            };
            let info = StepInfo {
                epoch: self.progress.epoch + 1,
                step: self.steps_done(),
                total_steps: self.total_steps(),
                report,
                last_epoch: self.progress.history.last(),
            };
            if observer.after_step(&info).is_break() {
                return Ok(Ok(ControlFlow::Break(())));
            }
            observer.offer(self)?;
        }
        Ok(Ok(ControlFlow::Continue(())))
    }

    fn step(&mut self, rows: &[u32], probes: &mut Vec<f32>) -> Result<LossReport, TrainError> {
        let step = self.steps_done();
        probes.clear();
        if let LogDet::Hutchinson { probes: k } = self.log_det {
            let dim = self.data.dims.0;
            probes.resize(k * rows.len() * dim, 0.0);
            draw_probes(self.seed, step as u64, k, rows.len(), dim, probes);
        }
        let batch = Batch { theta: &self.data.target, x: &self.data.context, rows, probes };
        let (loss, update) = self.settings(step);
        let report = self.engine.train_step(&batch, &loss, &update);
        self.count(&report, rows.len());
        if self.progress.skipped_in_a_row >= MOST_SKIPPED {
            return Err(self.diverged());
        }
        Ok(report)
    }

    /// What is to be said of the last step.
    pub(super) fn diverged(&self) -> TrainError {
        let (loss, update) = self.settings(self.steps_done().saturating_sub(1));
        TrainError::Diverged {
            epoch: self.progress.epoch + 1,
            beta: f64::from(loss.beta),
            learning_rate: f64::from(update.learning_rate),
        }
    }

    /// What a step does.
    pub(super) fn settings(&self, step: usize) -> (LossSettings, UpdateSettings) {
        let (optimizer, total) = (&self.config.optimizer, self.total_steps());
        let on = |value: f64| (value > 0.0).then_some(value as f32);
        let update = UpdateSettings {
            weight_decay: optimizer.weight_decay as f32,
            clip_norm: on(optimizer.clip_norm),
            average_decay: on(optimizer.average_decay),
            ..UpdateSettings::adam(learning_rate(optimizer, step, total) as f32)
        };
        let beta = beta(&self.config.loss, step, total) as f32;
        let latent_reconstruction = self.config.loss.latent_reconstruction as f32;
        (LossSettings { beta, latent_reconstruction, log_det: self.log_det }, update)
    }

    fn count(&mut self, report: &LossReport, samples: usize) {
        self.progress.step_in_epoch += 1;
        let Progress { sums, skipped_in_a_row, .. } = &mut self.progress;
        if !report.is_finite() {
            sums.skipped += 1;
            *skipped_in_a_row += 1;
            return;
        }
        *skipped_in_a_row = 0;
        let samples = samples as f64;
        sums.samples += samples;
        sums.loss += report.loss * samples;
        sums.reconstruction += report.reconstruction * samples;
        sums.gradient_norm += report.gradient_norm * samples;
    }

    fn end_epoch(&mut self) {
        let raw = self.engine.weights();
        let judged = self.engine.optimizer_state().average.unwrap_or_else(|| raw.clone());
        self.engine.set_weights(&judged);
        let validation = self.validate();
        self.engine.set_weights(&raw);
        if self.close_epoch(validation.encoder_nll, validation.reconstruction) {
            self.engine.set_best(Some(&judged));
        }
    }

    /// Bookkeeping at the end of an epoch.
    fn close_epoch(&mut self, nll: f64, reconstruction: f64) -> bool {
        let (step, total) = (self.steps_done(), self.total_steps());
        let sums = std::mem::take(&mut self.progress.sums);
        self.progress.epoch += 1;
        self.progress.step_in_epoch = 0;
        let best = nll.is_finite() && self.progress.best.is_none_or(|(_, least)| nll < least);
        if best {
            self.progress.best = Some((self.progress.epoch, nll));
        }
        self.progress.history.push(EpochMetrics {
            epoch: self.progress.epoch,
            step,
            loss: sums.loss / sums.samples,
            reconstruction: sums.reconstruction / sums.samples,
            validation_nll: nll,
            validation_reconstruction: reconstruction,
            beta: beta(&self.config.loss, step, total),
            learning_rate: learning_rate(&self.config.optimizer, step, total),
            gradient_norm: sums.gradient_norm / sums.samples,
            skipped_steps: sums.skipped,
            best,
        });
        best
    }

    /// Quality on the validation part, NLLs in the units of the data.
    fn validate(&mut self) -> FlowQuality {
        let (theta, x) = &self.validation;
        let mut quality = quality(&mut *self.engine, theta, x);
        quality.encoder_nll += self.data.offset;
        quality.decoder_nll += self.data.offset;
        quality
    }

    /// Counts the weights before the first step among the candidates: a start next to the
    /// identity may be better than all that follows.
    pub fn judge_start(&mut self) {
        if self.progress.epoch > 0
            || self.progress.step_in_epoch > 0
            || self.progress.best.is_some()
        {
            return;
        }
        let nll = self.validate().encoder_nll;
        if nll.is_finite() {
            self.progress.best = Some((0, nll));
            let weights = self.engine.weights();
            self.engine.set_best(Some(&weights));
        }
    }

    /// Validation NLL of other weights, in the units of the data.
    pub(super) fn nll_of(&mut self, weights: &FlowWeights) -> f64 {
        self.engine.set_weights(weights);
        self.validate().encoder_nll
    }

    /// Ends the training: the best epoch's weights, their number of the epoch, and their quality.
    ///
    /// # Errors
    /// [`TrainError::NoModel`] where no epoch was usable.
    pub fn into_best(mut self) -> Result<(FlowWeights, usize, FlowQuality), TrainError> {
        let weights = self.engine.best().ok_or(TrainError::NoModel)?;
        self.engine.set_weights(&weights);
        let epoch = self.progress.best.map_or(0, |(epoch, _)| epoch);
        Ok((weights, epoch, self.validate()))
    }
}
