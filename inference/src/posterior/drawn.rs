//! Draws of flows so far.

use super::proposal::{CHUNK, table};
use ndarray::Array2;

/// Below this share of draws inside the support, redrawing gives up.
const LEAST_ACCEPTANCE: f64 = 1e-3;
/// It does so once draws this few would come about by chance this rarely at that share.
const GIVE_UP: f64 = 1e-3;

/// Draws inside the support so far, to be continued.
#[derive(Default)]
pub(super) struct Drawn {
    pub kept: Kept,
    /// Draws made.
    pub made: usize,
}

/// Draws inside the support.
#[derive(Default)]
pub(super) struct Kept {
    /// Row after row.
    pub theta: Vec<f64>,
    /// The flow that each came from.
    pub members: Vec<usize>,
    /// That flow's log-density of each.
    pub log_own: Vec<f64>,
}

impl Kept {
    pub fn append(&mut self, more: &mut Self) {
        self.theta.append(&mut more.theta);
        self.members.append(&mut more.members);
        self.log_own.append(&mut more.log_own);
    }
}

impl Drawn {
    /// How many lie inside.
    pub fn accepted(&self) -> usize {
        self.kept.members.len()
    }

    /// The share inside.
    pub fn acceptance(&self) -> f64 {
        self.accepted() as f64 / self.made as f64
    }

    /// Those inside.
    pub fn kept(&self) -> &Kept {
        &self.kept
    }

    /// The first `n` inside.
    pub fn first(&self, n: usize, dim: usize) -> Array2<f64> {
        table(self.kept.theta[..n * dim].to_vec(), dim)
    }

    /// Whether next to nothing of what is drawn lies inside.
    pub fn is_hopeless(&self) -> bool {
        let (expected, accepted) = (LEAST_ACCEPTANCE * self.made as f64, self.accepted());
        if self.made >= 200 * CHUNK && (accepted as f64) < expected {
            return true;
        }
        // Poisson's lower tail; few terms, since it is asked for few accepted draws only.
        if accepted as f64 >= expected {
            return false;
        }
        let (mut term, mut tail) = ((-expected).exp(), 0.0);
        for k in 0..=accepted {
            tail += term;
            term *= expected / (k + 1) as f64;
        }
        tail < GIVE_UP
    }
}
