//! What can be wrong with a question to a posterior.

use crate::transform::Distance;
use crate::typical::Standing;
use freeform_simulators::{counted, written};

/// A question that the posterior cannot answer.
#[derive(Debug, thiserror::Error)]
pub enum PosteriorError {
    /// The observation does not fit the model.
    #[error(
        "the observation has {}, but the model was trained on {expected}{}",
        counted(*.length, "number"),
        if *.may_be_padded { ": write nan where a number was not measured, and behind its end" } else { "" }
    )]
    ObservationLength {
        /// Given.
        length: usize,
        /// Expected.
        expected: usize,
        /// Whether NaN may stand for numbers that were not measured.
        may_be_padded: bool,
    },
    /// The observation is no whole number of trials.
    #[error(
        "the observation has {}, which are no whole number of trials of {numbers}, at least one",
        counted(*.length, "number")
    )]
    ObservationTrials {
        /// Given.
        length: usize,
        /// Numbers of a trial.
        numbers: usize,
    },
    /// Every number of the observation is missing.
    #[error(
        "every number of the observation is NaN: nothing was measured, so that its posterior is the \
         prior"
    )]
    NothingMeasured,
    /// A number is missing that is there in every simulation.
    #[error(
        "number {} of the observation is NaN, but it is missing in no simulation that the model was \
         trained on: train with simulations that have such gaps (--masks-from with the observation's \
         file makes them)", index + 1
    )]
    GapNotTrained {
        /// Where, from 0.
        index: usize,
    },
    /// The observation has a hole.
    #[error(
        "number {} of the observation is {value}; all must be finite{}", index + 1, if value.is_nan() {
        ", unless the model is trained with --missing allowed" } else { "" }
    )]
    ObservationNotFinite {
        /// Where, from 0.
        index: usize,
        /// What stands there.
        value: f64,
    },
    /// The observation lies where networks have no numbers.
    #[error(
        "number {} of the observation is {}, so far from all simulations that networks have \
         no number for it: is it in the units of the simulations?",
        index + 1,
        written(*.value)
    )]
    ObservationTooFar {
        /// Where, from 0.
        index: usize,
        /// What stands there.
        value: f64,
    },
    /// theta does not fit the model.
    #[error(
        "theta has {}, but the model has {}",
        counted(*.columns, "column"), counted(*.dim, "parameter")
    )]
    ThetaColumns {
        /// Given.
        columns: usize,
        /// Expected.
        dim: usize,
    },
    /// The device failed.
    #[error(transparent)]
    Device(#[from] crate::engine::DeviceError),
    /// The flag that was handed in is set.
    #[error("interrupted before the answer was complete")]
    Interrupted,
    /// Almost no draw lies in the prior's support.
    #[error(
        "only {accepted} of {drawn} draws lie inside the prior's support: the observation is \
         unlike all simulations, or the flow is undertrained; check the observation's units, \
         simulate more, {}", if *unbounded { "or train longer" } else {
        "train longer, or set transform.theta = \"unconstrain\"" }
    )]
    Leakage {
        /// Draws inside.
        accepted: usize,
        /// Draws made.
        drawn: usize,
        /// Whether the flow's space has no bounds already.
        unbounded: bool,
    },
    /// The observation lies where nothing was simulated.
    #[error(
        "{distance}: far outside everything simulated, so that nothing is known of its posterior; \
         check the units and the order of its numbers"
    )]
    FarAway {
        /// Where it lies.
        distance: Box<Distance>,
    },
    /// The observation as a whole is like nothing simulated, however ordinary its numbers one by one.
    #[error(
        "{}: more than four times as far out as any simulation, so that nothing is known of its \
         posterior; check its units and the order of its numbers. If they are right, the simulator does \
         not make such data", .standing.unusual().unwrap_or_default()
    )]
    Unlike {
        /// Where it stands.
        standing: Box<Standing>,
    },
    /// Draws that are a few points repeated.
    #[error(
        "{proposals} draws of the posterior flows are worth {effective:.1} (effective number): the \
         answer would be a few points repeated. Either flows and learnt likelihood disagree at this \
         observation, which is unlike the simulations then (check its units) or wants more of them; or \
         the posterior is narrower than single precision resolves"
    )]
    Collapsed {
        /// Effective number of draws.
        effective: f64,
        /// Draws of the flows.
        proposals: usize,
    },
}
