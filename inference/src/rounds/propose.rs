//! Parameters to simulate at: draws of the prior restricted to a region.

use super::Region;
use super::kernels::Kernels;
use crate::posterior::{Asking, PosteriorError};
use crate::random::{Purpose, stream};
use freeform_simulators::Prior;
use ndarray::{Array2, ArrayView2};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// Draws that are looked at together.
const BATCH: usize = 4096;
/// Below this share of the prior's draws inside the region, others are drawn.
const LEAST_ACCEPTANCE: f64 = 0.02;
/// Share of the weights' sum that may be cut off the largest of them.
const CUT: f64 = 0.01;
/// Batches after which what there is has to do.
const MOST_BATCHES: usize = 256;
/// Batches after which a region in which none was found counts as empty.
const EMPTY_BATCHES: usize = 16;

/// How parameters were drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProposedBy {
    /// From the prior.
    Prior,
    /// From the prior, those outside the region rejected.
    Rejection,
    /// From wide kernels around the posterior's draws, accepted by weight.
    Kernels,
    /// The same, resampled by weight: some occur more than once.
    Resampling,
}

/// Parameters to simulate at.
#[derive(Clone, Debug)]
pub struct Proposals {
    /// `[n, D]`.
    pub theta: Array2<f64>,
    /// How they were drawn.
    pub by: ProposedBy,
    /// Share of the draws that were accepted.
    pub acceptance: f64,
    /// Share of the prior's draws that lie in the region, as far as these were looked at.
    pub prior_share: f64,
    /// How many regions, from the innermost, were given up because no draw was found in them.
    pub widened: usize,
}

impl Proposals {
    /// What a user should know of them, in words.
    #[must_use]
    pub fn remark(&self) -> Option<String> {
        (self.by == ProposedBy::Resampling).then(|| {
            format!(
                "next to no draws were accepted ({:.1e} of them): parameters were resampled by weight, and \
                 some occur more than once",
                self.acceptance
            )
        })
    }
}

/// What draws parameters for one round.
pub(super) struct Proposer<'a> {
    pub prior: &'a Prior,
    /// Draws of the current posterior at the observation, and how far the region's bound lies below
    /// their median log-density.
    pub draws: &'a Array2<f64>,
    pub fall: f64,
    pub seed: u64,
    pub asking: Asking<'a>,
}

impl Proposer<'_> {
    /// `n` draws of the prior restricted to the region, or, where none is found in it, to the innermost
    /// one around it in which some are; the same for a seed.
    pub fn propose(&self, region: &Region, n: usize) -> Result<Proposals, PosteriorError> {
        let (mut region, mut widened) = (region.clone(), 0);
        loop {
            match self.propose_in(&region, n)? {
                Some(proposals) => return Ok(Proposals { widened, ..proposals }),
                None => {
                    // All of the prior has draws.
                    region = region.outer();
                    widened += 1;
                }
            }
        }
    }

    fn propose_in(&self, region: &Region, n: usize) -> Result<Option<Proposals>, PosteriorError> {
        let dim = self.prior.dim();
        let (mut kept, mut drawn) = (Vec::new(), 0);
        loop {
            let batch = self.batch(drawn, &|rng, theta| {
                self.prior.sample(rng, theta);
                0.0
            });
            let inside = self.inside(region, &batch.0)?;
            for (row, inside) in batch.0.chunks_exact(dim).zip(inside) {
                if inside {
                    kept.extend_from_slice(row);
                }
            }
            drawn += 1;
            let accepted = kept.len() / dim;
            let acceptance = accepted as f64 / (drawn * BATCH) as f64;
            if accepted >= n {
                let by = ProposedBy::Rejection;
                return Ok(Some(made(kept, n, dim, (by, acceptance, acceptance))));
            }
            if acceptance < LEAST_ACCEPTANCE || drawn >= MOST_BATCHES {
                return self.by_kernels(region, n);
            }
        }
    }

    fn by_kernels(&self, region: &Region, n: usize) -> Result<Option<Proposals>, PosteriorError> {
        let Some(kernels) = Kernels::around(self.prior, self.draws, self.fall) else {
            return Ok(None);
        };
        let dim = self.prior.dim();
        // θ, its log-weight and the number that accepts it.
        let mut found: Vec<(Vec<f64>, f64, f64)> = Vec::new();
        for batch in 0.. {
            // Apart from the prior's.
            let (theta, weights, numbers) =
                self.batch(MOST_BATCHES + batch, &|rng, theta| kernels.draw(rng, theta));
            let inside = self.inside(region, &theta)?;
            let rows = theta.chunks_exact(dim).zip(weights.iter().zip(&numbers)).zip(inside);
            let rows = rows.filter(|((_, (weight, _)), inside)| *inside && weight.is_finite());
            found.extend(rows.map(|((row, (weight, number)), _)| (row.to_vec(), *weight, *number)));
            let weights: Vec<f64> = found.iter().map(|(_, weight, _)| *weight).collect();
            let bound = bound(&weights);
            let accepted = found.iter().filter(|(_, w, number)| number.ln() < w - bound);
            let accepted: Vec<&(Vec<f64>, f64, f64)> = accepted.collect();
            let drawn = ((batch + 1) * BATCH) as f64;
            // The weights' mean: what the region holds of the prior.
            let share = weights.iter().map(|w| w.exp()).sum::<f64>() / drawn;
            if accepted.len() >= n {
                let flat = accepted.iter().flat_map(|(row, _, _)| row).copied().collect();
                let acceptance = accepted.len() as f64 / drawn;
                let by = ProposedBy::Kernels;
                return Ok(Some(made(flat, n, dim, (by, acceptance, share))));
            }
            if found.is_empty() && batch + 1 >= EMPTY_BATCHES {
                return Ok(None);
            }
            if batch + 1 == MOST_BATCHES {
                let acceptance = accepted.len() as f64 / drawn;
                return Ok(self.resampled(&found, n, (acceptance, share)));
            }
        }
        Ok(None)
    }

    fn resampled(
        &self,
        found: &[(Vec<f64>, f64, f64)],
        n: usize,
        (acceptance, share): (f64, f64),
    ) -> Option<Proposals> {
        let most = found.iter().map(|f| f.1).fold(f64::NEG_INFINITY, f64::max);
        let weights = found.iter().map(|f| (f.1 - most).exp());
        let mut sums: Vec<f64> = Vec::with_capacity(found.len());
        weights.for_each(|w| sums.push(sums.last().unwrap_or(&0.0) + w));
        let total = *sums.last()?;
        let mut rng = stream(self.seed, Purpose::Proposals, u64::MAX);
        let flat = (0..n).flat_map(|_| {
            let at = rng.random_range(0.0..total);
            found[sums.partition_point(|sum| *sum <= at)].0.clone()
        });
        let dim = self.prior.dim();
        Some(made(flat.collect(), n, dim, (ProposedBy::Resampling, acceptance, share)))
    }

    fn inside(&self, region: &Region, theta: &[f64]) -> Result<Vec<bool>, PosteriorError> {
        let dim = self.prior.dim();
        let rows = ArrayView2::from_shape((theta.len() / dim, dim), theta);
        region.contains_until(&rows.expect("whole rows were drawn"), &self.asking)
    }

    /// θ, log-weights and uniform numbers of one batch, each draw with a stream of its own.
    fn batch(
        &self,
        batch: usize,
        draw: &(dyn Fn(&mut ChaCha8Rng, &mut [f64]) -> f64 + Sync),
    ) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let dim = self.prior.dim();
        let mut theta = vec![0.0; BATCH * dim];
        let rest: Vec<(f64, f64)> = theta
            .par_chunks_exact_mut(dim)
            .enumerate()
            .map(|(row, theta)| {
                let index = (batch * BATCH + row) as u64;
                let mut rng = stream(self.seed, Purpose::Proposals, index);
                let weight = draw(&mut rng, theta);
                (weight, rng.random_range(0.0..1.0))
            })
            .collect();
        let (weights, numbers) = rest.into_iter().unzip();
        (theta, weights, numbers)
    }
}

fn made(
    mut flat: Vec<f64>,
    n: usize,
    dim: usize,
    (by, acceptance, prior_share): (ProposedBy, f64, f64),
) -> Proposals {
    flat.truncate(n * dim);
    let theta = Array2::from_shape_vec((n, dim), flat).expect("whole rows were kept");
    Proposals { theta, by, acceptance, prior_share, widened: 0 }
}

/// The least log-weight above which no more than [`CUT`] of the weights' sum lies.
fn bound(log_weights: &[f64]) -> f64 {
    let mut sorted = log_weights.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let Some(&most) = sorted.first() else { return f64::INFINITY };
    let total: f64 = sorted.iter().map(|w| (w - most).exp()).sum();
    let (mut above, mut cut) = (0.0, most);
    for (count, weight) in sorted.iter().enumerate() {
        // What lies above this weight, of the larger ones.
        if above - count as f64 * (weight - most).exp() > CUT * total {
            break;
        }
        above += (weight - most).exp();
        cut = *weight;
    }
    cut
}
