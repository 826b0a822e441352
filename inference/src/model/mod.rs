//! A trained model on disk: `model.toml` (what it is) and `weights.safetensors` (its numbers).

mod error;
mod files;
mod likelihood;
mod tensors;

pub use error::ModelError;
pub use files::FORMAT_VERSION;
pub(crate) use likelihood::LikelihoodModel;

use crate::config::Config;
use crate::flow::{ConditionalFlow, FlowQuality};
use crate::law::ThetaLaw;
use crate::masks::Masks;
use crate::summary::Summary;
use crate::training::TrainedOn;
use crate::transform::{Cells, DataSpan, DataTransform, ParameterTransform};
use crate::turn::Turn;
use crate::typical::Typical;
use crate::view::View;
use freeform_simulators::{DataLayout, Expected, Prior, Simulations};

/// A trained posterior estimator with everything that turns data into posterior draws.
#[derive(Clone, Debug)]
pub struct Model {
    /// Flows for p(θ | x), in the flow's space of θ given x as the networks see it; their average
    /// is the posterior.
    pub(crate) posterior: Vec<ConditionalFlow>,
    /// Flows for p(x | θ) that correct it, if there are any.
    pub(crate) likelihood: Option<LikelihoodModel>,
    /// The prior it was trained under.
    pub prior: Prior,
    /// θ to the flow's space and back.
    pub(crate) parameters: ParameterTransform,
    /// Where circles are cut for an x, where θ has angles.
    pub(crate) turn: Option<Turn>,
    /// What of x the networks are given.
    pub(crate) view: View,
    /// That to what the networks see.
    pub(crate) data: DataTransform,
    /// Where the simulated x lie; models of before do not know.
    pub(crate) span: Option<DataSpan>,
    /// What they look like as a whole; models of before do not know.
    pub(crate) typical: Option<Typical>,
    /// Which they are; models of before do not know.
    pub(crate) trained_on: Option<TrainedOn>,
    /// The law of θ of the simulations, as far as it is not the prior.
    pub(crate) law: ThetaLaw,
    /// The settings it was trained with.
    pub config: Config,
    /// What it was trained on, and how well that went.
    pub training: TrainingSummary,
}

/// How a model came to be.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingSummary {
    /// The benchmark task, or the absolute path of the `simulator.toml`, if it was one: lets
    /// `--observation 3` mean its third observation.
    pub task: Option<String>,
    /// Simulations used (training and validation).
    pub simulations: usize,
    /// Seed.
    pub seed: u64,
    /// Content of the simulator that `task` names, where that is a file: a hash of what it
    /// simulates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub simulator: Option<String>,
    /// What the numbers of x were called in the table that it was trained on, `[C]`, if they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_names: Option<Vec<String>>,
    /// The run whose model this is: a hash of all that determines it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// How the processor that trained it rounds: models of the same run made on processors of
    /// another kind differ by rounding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arithmetic: Option<String>,
    /// Where the training ended: `cpu`, `burn`, `wgpu:0`, ...
    #[serde(default)]
    pub device: String,
    /// Quality on the validation parts, averaged over the posterior flows; NLLs in the units of θ.
    pub quality: FlowQuality,
    /// What the likelihood's correction brings on held-out simulations, if one was learnt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correction: Option<CorrectionSummary>,
    /// What the flows learnt, as held-out simulations say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learnt: Option<LearntSummary>,
    /// What a user should know of the simulations and of the training, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
    /// The same where it need not worry anybody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What was hidden from simulations, where anything was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub masks: Option<Masks>,
    /// The observation that the simulations were made for, where they were made in rounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<LocalSummary>,
    /// Each flow's training.
    pub members: Vec<MemberSummary>,
}

/// What a model is valid for whose simulations were made near one observation.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalSummary {
    /// The observation, `[C]`.
    pub observation: Vec<f64>,
    /// The round that this model is of, from 1.
    pub round: usize,
    /// How far, in nats, the log-density at the true parameters of held-out simulations near the
    /// observation falls below its median over their posterior: all but one in 200 of them, or in as many as
    /// there are, fall less. `None` where there was nothing to judge by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<f64>,
}

/// One flow's training.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberSummary {
    /// `posterior-1`, …, `likelihood-1`, ….
    pub name: String,
    /// Epochs trained.
    pub epochs: usize,
    /// The epoch whose weights these are (from 1; 0: before training).
    pub best_epoch: usize,
    /// Validation NLL of the encoder.
    pub validation_nll: f64,
}

/// What held-out simulations say of the posterior flows, before any correction; in nats.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LearntSummary {
    /// Mean log p(θ | x) at the true parameters.
    pub log_prob: f64,
    /// Mean log-density there of the law that θ was drawn from: what knowing nothing of x gives.
    pub prior: f64,
    /// The first over the second.
    pub gain: f64,
    /// Its standard error.
    pub error: f64,
    /// Mean gain of the flows over their whitening alone, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_whitening: Option<f64>,
}

/// What held-out simulations say of a correction by the likelihood.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorrectionSummary {
    /// α, between 0 (none) and 1.
    pub strength: f64,
    /// s: the power that what was learnt counts to, 1 where it is no surer than it may be.
    #[serde(default = "no_power", skip_serializing_if = "is_no_power")]
    pub power: f64,
    /// Mean gain in log p(θ | x) at the true parameters, in nats; a lower bound.
    pub gain: f64,
    /// Its standard error.
    pub error: f64,
}

impl CorrectionSummary {
    /// What is told after the strength where the power is less than 1.
    #[must_use]
    pub fn and_power(&self) -> String {
        match is_no_power(&self.power) {
            true => String::new(),
            false => format!(" and power {:.3}", self.power),
        }
    }
}

/// The power that changes nothing: what earlier versions, which knew none, mean.
fn no_power() -> f64 {
    1.0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's form")]
fn is_no_power(power: &f64) -> bool {
    *power == no_power()
}

impl Model {
    /// D.
    #[must_use]
    pub fn theta_dim(&self) -> usize {
        self.prior.dim()
    }

    /// C: numbers in an observation.
    #[must_use]
    pub fn data_dim(&self) -> usize {
        self.view.inputs()
    }

    /// What an observation must be: C numbers, and how many of them make a point or a trial, as was
    /// stated or found.
    #[must_use]
    pub fn expected(&self) -> Expected {
        Expected {
            data_dim: self.data_dim(),
            layout: self.layout(),
            any_number: self.view.trial().is_some(),
        }
    }

    /// What the numbers of an observation are to each other, as was stated or found.
    #[must_use]
    pub fn layout(&self) -> DataLayout {
        self.view.layout_of_x(&self.config.transform)
    }

    /// The same, with what the numbers of x are called where it is said how an observation lies among
    /// the simulations.
    pub(crate) fn named(mut self) -> Self {
        let (layout, kept) = (self.layout(), self.data.kept());
        self.span = self.span.map(|span| span.laid_out(layout.clone()));
        if let Some(typical) = &mut self.typical {
            let meanings = self.view.meanings(&layout);
            typical.meanings = kept.iter().map(|at| meanings.get(*at).cloned().flatten()).collect();
        }
        self
    }

    /// Numbers in the learnt summary of x whose likelihood corrects the posterior, where there is one.
    #[must_use]
    pub fn summary_dim(&self) -> Option<usize> {
        self.likelihood.as_ref()?.summary.as_ref().map(Summary::dim)
    }

    /// Where θ's circles are cut, given x as the networks see it: one number a circle.
    pub(crate) fn cuts(&self, context: &[f32]) -> Vec<f64> {
        self.turn.as_ref().map_or(Vec::new(), |turn| turn.cuts(context))
    }

    /// The point of the flows' space of θ inside the prior's support, its circles cut there; returns
    /// log|det ∂point/∂θ|.
    pub(crate) fn point_of(&self, theta: &[f64], cuts: &[f64], point: &mut [f32]) -> f64 {
        let log_det = self.parameters.apply(&self.prior, theta, point);
        log_det + self.turn.as_ref().map_or(0.0, |turn| turn.apply(point, cuts))
    }

    /// θ at a point of the flows' space, its circles cut there.
    pub(crate) fn theta_at(&self, point: &[f32], cuts: &[f64], theta: &mut [f64]) {
        match &self.turn {
            None => self.parameters.invert(&self.prior, point, theta),
            Some(turn) => {
                let mut point = point.to_vec();
                turn.invert(&mut point, cuts);
                self.parameters.invert(&self.prior, &point, theta);
            }
        }
    }

    /// Share of `simulations` that this model was trained on, from 0 to 1, estimated from up to 1,024 rows
    /// that it remembers; `None` where that is not known, or fewer than three are found.
    #[must_use]
    pub fn share_trained_on(&self, simulations: &Simulations) -> Option<f64> {
        /// One or two may be chance, where simulations are of few numbers.
        const LEAST: usize = 3;
        let x = simulations.x.as_standard_layout();
        let x = x.as_slice()?.chunks_exact(simulations.data_dim());
        let theta = simulations.theta.rows().into_iter().map(|row| row.to_vec());
        let (share, found) = self.trained_on.as_ref()?.share(theta.zip(x));
        (found >= LEAST).then_some(share)
    }

    /// Whether all of θ is categories: equal draws are then no copies of each other.
    pub(crate) fn is_categories_alone(&self) -> bool {
        Cells::of(&self.prior).is_some_and(|cells| cells.are_all())
    }

    /// Whether the prior's support is all of R^D, so that no draw can leave it.
    #[must_use]
    pub fn is_always_inside(&self) -> bool {
        self.prior.is_everywhere()
    }
}
