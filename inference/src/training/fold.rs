//! What one flow trains on.

use crate::whitening::{Whitening, WhiteningTable};
use std::borrow::Cow;
use std::fmt;

/// Which conditional density a flow learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// p(θ | x).
    Posterior,
    /// p(x | θ).
    Likelihood,
    /// p(trial | θ), multiplied over the trials of a set.
    Trials,
}

/// One flow of an ensemble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// What it learns.
    pub role: Role,
    /// Which of its role, from 0.
    pub index: usize,
    /// Whether it works over a linear whitening, where the settings leave its kind open.
    pub linear: bool,
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let role = match self.role {
            Role::Posterior => "posterior",
            Role::Likelihood => "likelihood",
            Role::Trials => "trials",
        };
        let kind = if self.linear { "-linear" } else { "" };
        write!(f, "{role}-{}{kind}", self.index + 1)
    }
}

/// Targets u and contexts c with the rows that one flow trains on and those that judge it.
#[derive(Clone, Debug)]
pub struct Fold<'a> {
    /// u, `[n, D]`.
    pub target: Cow<'a, [f32]>,
    /// c, `[n, C]`.
    pub context: Cow<'a, [f32]>,
    /// D and C.
    pub dims: (usize, usize),
    /// Rows to train on.
    pub training: Vec<u32>,
    /// Rows held out.
    pub validation: Vec<u32>,
    /// What is added to an NLL of u to make it one of the data: the mean over the held-out rows
    /// of −log|det ∂u/∂(data)|.
    pub offset: f64,
}

impl Fold<'_> {
    /// The fold as a whitening learns from it.
    #[must_use]
    pub fn table(&self) -> WhiteningTable<'_> {
        let Self { target, context, dims, training, validation, .. } = self;
        WhiteningTable { target, context, dims: *dims, training, validation }
    }

    /// The same rows with whitened targets.
    #[must_use]
    pub fn whitened(&self, whitening: &Whitening) -> Self {
        let mut white = self.target.to_vec();
        let log_dets = whitening.apply(&mut white, &self.context);
        let sum: f64 = self.validation.iter().map(|r| log_dets[*r as usize]).sum();
        let offset = self.offset - sum / self.validation.len().max(1) as f64;
        Self { target: Cow::Owned(white), offset, ..self.clone() }
    }

    /// The held-out rows of u and c, `[n, D]` and `[n, C]`.
    #[must_use]
    pub fn validation_tables(&self) -> (Vec<f32>, Vec<f32>) {
        self.judges(self.validation.len())
    }

    /// The same of the first `most` at most.
    pub(crate) fn judges(&self, most: usize) -> (Vec<f32>, Vec<f32>) {
        let gather = |flat: &[f32], width: usize| -> Vec<f32> {
            let row = |r: &u32| flat[*r as usize * width..][..width].to_vec();
            self.validation.iter().take(most).flat_map(row).collect()
        };
        (gather(&self.target, self.dims.0), gather(&self.context, self.dims.1))
    }
}
