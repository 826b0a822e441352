//! The simulations the other way round: x given θ.

use super::shapes::{candidates, counts, roots, spread};
use crate::config::WhiteningConfig;
use crate::summary::Summary;
use crate::transform::{DataTransform, ParameterTransform};
use crate::whitening::{Whitening, WhiteningTable};
use crate::work::{Halt, Part};
use freeform_simulators::Prior;
use rayon::prelude::*;

/// The widest x (as the networks see it) whose likelihood is learnt; that of a summary of it is where
/// x is wider.
pub(super) const MOST_TARGETS: usize = 32;
/// Held-out simulations that judge what targets tell, and the θ of others that theirs are told from.
const MOST_JUDGES: usize = 200;
const MOST_OTHERS: usize = 2000;
/// Nats by which a summary must tell more than what it is made of: flows learn of this what a Gaussian
/// does not.
const CLEARLY: f64 = 0.3;

/// What likelihoods learn from.
#[derive(Debug)]
pub struct LikelihoodTables {
    /// The columns of x, or of its summary, that vary, whole numbers spread over the intervals they
    /// stand for.
    pub targets: Vec<f32>,
    /// Raw x, or its summary, to one of its rows.
    pub data: DataTransform,
    /// What is described of x, if not x itself.
    pub summary: Option<Summary>,
    /// θ as the likelihood's networks see it, and what tells of gaps beside it, `[n, inputs]`.
    pub regressors: Vec<f32>,
    /// Raw θ to the first part of one of its rows.
    pub transform: ParameterTransform,
    /// Places among the numbers that the posterior's networks see that are its second part.
    pub conditions: Vec<usize>,
}

impl LikelihoodTables {
    /// Numbers in a row of regressors.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.transform.outputs() + self.conditions.len()
    }
}

/// What the likelihood is one given, beside θ.
pub(super) struct Given {
    /// Places among the numbers that the posterior's networks see.
    conditions: Vec<usize>,
    /// These numbers, row after row.
    rows: Vec<f32>,
}

impl Given {
    /// Of what is seen of x, `[n, width]`.
    pub fn of(conditions: &[usize], data: &DataTransform, (x, width): (&[f64], usize)) -> Self {
        let conditions = conditions.to_vec();
        if conditions.is_empty() {
            return Self { conditions, rows: Vec::new() };
        }
        let mut seen = vec![0.0; data.kept().len()];
        let mut rows = Vec::with_capacity(x.len() / width * conditions.len());
        for row in x.chunks_exact(width) {
            data.apply(row, &mut seen);
            rows.extend(conditions.iter().map(|place| seen[*place]));
        }
        Self { conditions, rows }
    }

    /// Numbers that are known of each row already, `[n, width]`.
    pub fn known(rows: Vec<f32>, width: usize) -> Self {
        Self { conditions: (0..width).collect(), rows }
    }

    /// Rows of θ with these beside them.
    fn beside(&self, theta: &[f32], outputs: usize) -> Vec<f32> {
        if self.conditions.is_empty() {
            return theta.to_vec();
        }
        let rows = theta.chunks_exact(outputs).zip(self.rows.chunks_exact(self.conditions.len()));
        rows.flat_map(|(theta, given)| theta.iter().chain(given)).copied().collect()
    }
}

/// What they are made of, but for x.
pub(super) struct Reversed<'a> {
    /// Numbers of a summary.
    pub dim: usize,
    /// θ as the likelihood's networks see it, `[n, D]`, and the map that made it.
    pub regressors: Vec<f32>,
    pub transform: ParameterTransform,
    pub given: Given,
    pub training: &'a [u32],
    pub validation: &'a [u32],
    pub settings: &'a WhiteningConfig,
    pub seed: u64,
}

impl Reversed<'_> {
    /// The tables for the columns `kept` of raw x, or of its summary, `[n, width]`.
    pub fn tables(
        &self,
        x: &[f64],
        width: usize,
        kept: &[usize],
        part: &Part,
    ) -> Result<LikelihoodTables, Halt> {
        let counts = counts(x, width, kept);
        let x = spread(x, width, kept, self.seed);
        let regressors = self.given.beside(&self.regressors, self.transform.outputs());
        let dims = (0, self.transform.outputs() + self.given.conditions.len());
        let (training, validation) = (self.training, self.validation);
        let table =
            WhiteningTable { target: &[], context: &regressors, dims, training, validation };
        let roots = roots(&x, width, counts, &table, part)?;
        let rows = self.training.iter().map(|r| &x[*r as usize * width..][..width]);
        let tables = |(name, data): (&'static str, DataTransform)| {
            let mut targets = vec![0.0; x.len() / width * kept.len()];
            let rows = x.chunks_exact(width).zip(targets.chunks_exact_mut(kept.len()));
            rows.for_each(|(row, out)| data.apply(row, out));
            (name, (data, targets))
        };
        let shapes = candidates(width, kept, &roots, rows);
        let mut shapes: Vec<_> = shapes.into_iter().map(tables).collect();
        let mut best = 0;
        if shapes.len() > 1 {
            let nll =
                |(name, table): &(&str, _)| self.nll(table, &x, &regressors, &part.part(name));
            let nlls = shapes.par_iter().map(nll).collect::<Result<Vec<f64>, Halt>>()?;
            let places = 0..nlls.len();
            best = places.min_by(|a, b| nlls[*a].total_cmp(&nlls[*b])).unwrap_or(0);
        }
        let (_, (data, targets)) = shapes.swap_remove(best);
        let transform = self.transform.clone();
        let conditions = self.given.conditions.clone();
        Ok(LikelihoodTables { targets, data, summary: None, regressors, transform, conditions })
    }

    /// Tables of a summary with its rows, where there is one and it tells more than `direct` does.
    pub fn better_of(
        &self,
        direct: Option<LikelihoodTables>,
        summary: Option<(Summary, Vec<f32>)>,
        part: &Part,
    ) -> Result<Option<LikelihoodTables>, Halt> {
        let Some((summary, rows)) = summary else { return Ok(direct) };
        let all: Vec<usize> = (0..self.dim).collect();
        let rows: Vec<f64> = rows.into_iter().map(f64::from).collect();
        let tables = self.tables(&rows, self.dim, &all, &part.part("summary"))?;
        let summarised = LikelihoodTables { summary: Some(summary), ..tables };
        let Some(direct) = direct else { return Ok(Some(summarised)) };
        let [of_x, of_summary] = ["of-x", "of-summary"].map(|name| part.part(name));
        let (of_x, of_summary) = rayon::join(
            || self.information(&direct, &of_x),
            || self.information(&summarised, &of_summary),
        );
        let clearly = of_summary? > of_x? + CLEARLY;
        Ok(Some(if clearly { summarised } else { direct }))
    }

    /// Mean of log p(x | θ) / p(x) over held-out simulations, both by a Gaussian that a short whitening
    /// learns: a lower bound in expectation of what these targets tell of θ (van den Oord et al. 2018).
    pub fn information(&self, tables: &LikelihoodTables, part: &Part) -> Result<f64, Halt> {
        let (targets, dim) = (&tables.targets[..], tables.data.kept().len());
        let (training, validation) = (self.training, self.validation);
        let (dims, context) = ((dim, tables.inputs()), &tables.regressors[..]);
        let table = WhiteningTable { target: targets, context, dims, training, validation };
        let Some(whitening) = Whitening::fit(&table, &self.settings.trial(), self.seed, part)?
        else {
            return Ok(0.0);
        };
        let judges = &validation[..validation.len().min(MOST_JUDGES)];
        // A true θ is told from those of simulations that have nothing to do with it.
        let others = &training[..training.len().min(MOST_OTHERS)];
        let parameters = |row: u32| &context[row as usize * dims.1..][..dims.1];
        let told = judges.par_iter().map(|&judge| {
            part.go_on()?;
            let rows = std::iter::once(&judge).chain(others);
            // All under the judge's own gaps.
            let (own, outputs) = (parameters(judge), self.transform.outputs());
            let under = |row: &u32| parameters(*row)[..outputs].iter().chain(&own[outputs..]);
            let thetas: Vec<f32> = rows.flat_map(under).copied().collect();
            let target = &targets[judge as usize * dim..][..dim];
            let mut white = target.repeat(others.len() + 1);
            let log_dets = whitening.apply(&mut white, &thetas);
            let rows = log_dets.iter().zip(white.chunks_exact(dim));
            let log_densities: Vec<f64> = rows
                .map(|(log_det, z)| log_det - 0.5 * z.iter().map(|z| f64::from(z * z)).sum::<f64>())
                .collect();
            let most = log_densities.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let mean = log_densities.iter().map(|l| (l - most).exp()).sum::<f64>()
                / log_densities.len() as f64;
            Ok(log_densities[0] - most - mean.ln())
        });
        let told = told.collect::<Result<Vec<f64>, Halt>>()?;
        Ok(told.iter().sum::<f64>() / told.len().max(1) as f64)
    }

    /// Validation NLL of x, up to a constant, under a short whitening of these targets.
    fn nll(
        &self,
        (data, targets): &(DataTransform, Vec<f32>),
        x: &[f64],
        context: &[f32],
        part: &Part,
    ) -> Result<f64, Halt> {
        let (width, dim) = (data.columns(), data.kept().len());
        let dims = (dim, self.transform.outputs() + self.given.conditions.len());
        let (training, validation) = (self.training, self.validation);
        let table = WhiteningTable { target: targets, context, dims, training, validation };
        let whitening =
            Whitening::fit(&table, &self.settings.trial().with_network(), self.seed, part)?;
        part.go_on()?;
        let sum: f64 = validation
            .iter()
            .map(|&row| {
                let row = row as usize;
                let mut white = targets[row * dim..][..dim].to_vec();
                let context = &context[row * dims.1..][..dims.1];
                let log_det = whitening.as_ref().map_or(0.0, |w| w.apply(&mut white, context)[0]);
                let square: f64 = white.iter().map(|z| f64::from(*z).powi(2)).sum();
                0.5 * square - log_det - data.log_det(&x[row * width..][..width])
            })
            .sum();
        Ok(sum / validation.len() as f64)
    }
}

/// θ as the likelihood's networks see it, from raw θ `[n, D]`.
pub(super) fn regressors(transform: &ParameterTransform, prior: &Prior, theta: &[f64]) -> Vec<f32> {
    let (dim, outputs) = (prior.dim(), transform.outputs());
    let mut out = vec![0.0; theta.len() / dim * outputs];
    for (row, out) in theta.chunks_exact(dim).zip(out.chunks_exact_mut(outputs)) {
        transform.apply(prior, row, out);
    }
    out
}

/// The columns of x that the networks see and that vary.
pub(super) fn varying(data: &DataTransform) -> Vec<usize> {
    let constant = data.scaler().constant_columns();
    let kept = data.kept().iter().enumerate();
    kept.filter(|(index, _)| !constant.contains(index)).map(|(_, column)| *column).collect()
}
