//! A view on trial: what held-out simulations say of θ by it.

use super::View;
use super::choose::Candidates;
use crate::config::DataTransform as Kind;
use crate::gain::Gain;
use crate::transform::{DataTransform, informative_columns};
use crate::whitening::{Whitening, WhiteningTable};
use crate::work::{Halt, Pack, Part, Unpack};
use rayon::prelude::*;

/// Simulations that judge: at most so many, and at most this share.
const MOST_JUDGES: usize = 1000;
const JUDGES_SHARE: usize = 5;
/// More simulations than these are not needed to choose.
const MOST_ROWS: usize = 20_000;

/// What networks learnt must bring, in nats.
const LEAST_LEARNT: f64 = 0.02;

/// A view, and log p(θ | view) of each judging simulation under a short training.
pub(super) struct Trial {
    pub view: View,
    scores: Vec<f64>,
}

impl Trial {
    pub fn mean(&self) -> f64 {
        mean(&self.scores)
    }

    /// What this one gains over another, of log p(θ | view).
    pub fn over(&self, other: &Self) -> Gain {
        Gain::of(&self.scores, &other.scores)
    }

    /// Whether what networks learnt is worth its place beside another view. Told by networks that have not seen the
    /// simulations, these numbers cost little where they tell nothing new.
    pub fn is_learnt_over(&self, other: &Self) -> bool {
        self.over(other).nats >= LEAST_LEARNT
    }

    /// The one with the best scores.
    pub fn best<'a>(trials: impl Iterator<Item = &'a Self>) -> Option<&'a Self> {
        trials.max_by(|a, b| a.mean().total_cmp(&b.mean()))
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

impl Candidates<'_> {
    /// Tries each of these views, in parallel; `name` begins the names of their pieces.
    pub(super) fn try_all(
        &self,
        views: Vec<View>,
        name: &str,
        part: &Part,
    ) -> Result<Vec<Trial>, Halt> {
        let trials = views
            .into_par_iter()
            .enumerate()
            .map(|(index, view)| self.trial(view, &part.part(&format!("{name}-{index}"))));
        trials.collect()
    }

    fn trial(&self, view: View, part: &Part) -> Result<Trial, Halt> {
        let known = part.recall().and_then(|piece| Unpack::new(&piece).doubles());
        if let Some(scores) = known {
            return Ok(Trial { view, scores });
        }
        let rows = &self.rows[..self.rows.len().min(MOST_ROWS)];
        let width = view.outputs();
        let seen: Vec<f64> = rows
            .par_iter()
            .flat_map_iter(|r| view.of_row(Some(*r as usize), self.row(*r)))
            .collect();
        part.go_on()?;
        let places: Vec<u32> = (0..rows.len() as u32).collect();
        let seen_row = |place: u32| &seen[place as usize * width..][..width];
        let theta =
            |place: u32| &self.theta[rows[place as usize] as usize * self.dim..][..self.dim];
        let kept = match self.transform.screening {
            false => (0..width).collect(),
            true => informative_columns(&places, theta, seen_row, width),
        };
        let kept = view.with_gaps(kept);
        let data =
            DataTransform::fit(Kind::Shape, width, kept, places.iter().map(|p| seen_row(*p)));
        let context_dim = data.kept().len();
        let mut context = vec![0.0; rows.len() * context_dim];
        for (row, out) in seen.chunks_exact(width).zip(context.chunks_exact_mut(context_dim)) {
            data.apply(row, out);
        }
        let mut target = vec![0.0; rows.len() * self.dim];
        for (place, out) in (0..).zip(target.chunks_exact_mut(self.dim)) {
            (self.point)(theta(place), out);
        }
        let judges = (rows.len() / JUDGES_SHARE).clamp(1, MOST_JUDGES);
        let (training, validation) = places.split_at(rows.len() - judges);
        let dims = (self.dim, context_dim);
        let table =
            WhiteningTable { target: &target, context: &context, dims, training, validation };
        let whitening = Whitening::fit(&table, &self.whitening.trial(), self.seed, part)?;
        let scores: Vec<f64> = validation
            .iter()
            .map(|place| {
                let place = *place as usize;
                let mut white = target[place * self.dim..][..self.dim].to_vec();
                let context = &context[place * context_dim..][..context_dim];
                let log_det = whitening.as_ref().map_or(0.0, |w| w.apply(&mut white, context)[0]);
                log_det - 0.5 * white.iter().map(|z| f64::from(*z).powi(2)).sum::<f64>()
            })
            .collect();
        part.keep(|| Pack::default().doubles(&scores).finish())?;
        Ok(Trial { view, scores })
    }
}
