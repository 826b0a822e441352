//! The engine of hand-written kernels: f32, one core a step, no tensor framework.
//!
//! A step's tangent streams ride as extra rows of the primal stream's matrix products, gradients
//! are written by hand, and every buffer is kept from step to step: once the largest batch has been
//! seen, a step allocates nothing.

mod backward;
mod buffer;
mod evaluate;
mod forward;
mod optimize;
mod plan;
mod step;
mod tape;
mod terms;

use super::{Batch, Direction, Engine, LossReport, LossSettings, OptimizerState, UpdateSettings};
use crate::network::{FlowWeights, NetworkSpec};
use buffer::Buffer;
use forward::Network;
use freeform_kernels::Isa;
use optimize::{Optimizer, Pair, pair_of, weights_of};
use plan::Plan;
use step::{Lane, Step};
use tape::Tape;

/// The CPU engine: plain Rust kernels on the best instruction set of the machine.
#[derive(Debug)]
pub struct CpuEngine {
    isa: Isa,
    spec: NetworkSpec,
    plan: Plan,
    weights: Pair,
    optimizer: Optimizer,
    best: Option<FlowWeights>,
    /// At least one; the first holds the gradients.
    lanes: Vec<Lane>,
    /// For evaluation, which keeps no intermediate results.
    tape: Tape,
}

impl CpuEngine {
    /// An engine with these weights and a fresh optimiser.
    ///
    /// # Panics
    /// If the weights are not as long as the spec's layout says.
    #[must_use]
    pub fn new(spec: &NetworkSpec, weights: &FlowWeights) -> Self {
        Self::with_isa(Isa::best(), spec, weights)
    }

    /// As [`new`](Self::new) on a given instruction set.
    ///
    /// # Panics
    /// If the weights are not as long as the spec's layout says.
    #[must_use]
    pub fn with_isa(isa: Isa, spec: &NetworkSpec, weights: &FlowWeights) -> Self {
        let (plan, len) = (Plan::new(spec), spec.layout().len());
        let mut engine = Self {
            isa,
            spec: spec.clone(),
            lanes: vec![Lane::new(&plan, len)],
            plan,
            weights: [Buffer::zeros(len), Buffer::zeros(len)],
            optimizer: Optimizer::new(len),
            best: None,
            tape: Tape::new(false),
        };
        engine.set_weights(weights);
        engine
    }

    /// Memory of activations and gradients on the way, in bytes: what a training step needs beside
    /// the table, four numbers a parameter (weight, gradient, two moments) and the average.
    #[must_use]
    pub fn workspace_bytes(&self) -> usize {
        self.lanes.iter().map(|lane| lane.work.bytes()).sum::<usize>() + self.tape.bytes()
    }

    fn differentiate(&mut self, batch: &Batch, loss: &LossSettings) -> LossReport {
        let mut report = Step {
            isa: self.isa,
            plan: &self.plan,
            weights: [&self.weights[0], &self.weights[1]],
            loss,
        }
        .run(batch, &mut self.lanes);
        report.gradient_norm = Optimizer::norm(self.isa, &self.lanes[0].gradients);
        report
    }

    fn apply(
        &mut self,
        direction: Direction,
        input: &[f32],
        context: &[f32],
        output: &mut [f32],
        jacobian: &mut [f32],
    ) {
        let weights = match direction {
            Direction::Encode => &self.weights[0],
            Direction::Decode => &self.weights[1],
        };
        let network = Network { isa: self.isa, plan: &self.plan, weights };
        evaluate::transform(network, &mut self.tape, input, context, output, jacobian);
    }
}

impl Engine for CpuEngine {
    fn spec(&self) -> &NetworkSpec {
        &self.spec
    }

    fn weights(&self) -> FlowWeights {
        weights_of(&self.weights)
    }

    fn set_weights(&mut self, weights: &FlowWeights) {
        let lengths = [weights.encoder.len(), weights.decoder.len()];
        let expected = self.spec.layout().len();
        assert!(lengths == [expected; 2], "{lengths:?} weights for a layout of {expected}");
        self.weights = pair_of(weights);
    }

    fn optimizer_state(&self) -> OptimizerState {
        self.optimizer.state()
    }

    fn set_optimizer_state(&mut self, state: &OptimizerState) {
        self.optimizer = Optimizer::of(state);
    }

    fn best(&self) -> Option<FlowWeights> {
        self.best.clone()
    }

    fn set_best(&mut self, best: Option<&FlowWeights>) {
        self.best = best.cloned();
    }

    fn loss_and_gradients(
        &mut self,
        batch: &Batch,
        loss: &LossSettings,
    ) -> (LossReport, FlowWeights) {
        let report = self.differentiate(batch, loss);
        (report, weights_of(&self.lanes[0].gradients))
    }

    fn train_step(
        &mut self,
        batch: &Batch,
        loss: &LossSettings,
        update: &UpdateSettings,
    ) -> LossReport {
        let report = self.differentiate(batch, loss);
        if report.is_finite() {
            let norm = report.gradient_norm;
            self.optimizer.update(
                self.isa,
                update,
                &mut self.weights,
                &self.lanes[0].gradients,
                norm,
            );
        }
        report
    }

    fn transform(
        &mut self,
        direction: Direction,
        input: &[f32],
        context: &[f32],
        output: &mut [f32],
    ) {
        self.apply(direction, input, context, output, &mut []);
    }

    fn transform_with_jacobian(
        &mut self,
        direction: Direction,
        input: &[f32],
        context: &[f32],
        output: &mut [f32],
        jacobian: &mut [f32],
    ) {
        self.apply(direction, input, context, output, jacobian);
    }
}
