//! The tables that flows train on: standardised in place, shuffled by seed.

use super::likelihood::{LikelihoodTables, MOST_TARGETS, Reversed, regressors, varying};
use super::scores::Scored;
use super::{Fold, Role};
use crate::config::{Config, Correction, ThetaTransform};
use crate::random::{Purpose, stream};
use crate::summary::{Regressed, Summary};
use crate::transform::{DataTransform, ParameterTransform, informative_columns};
use crate::work::{Halt, Part, Work};
use freeform_simulators::{Prior, Simulations};
use rand::seq::SliceRandom;
use std::borrow::Cow;

/// Simulations that cannot be trained on.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// Too few rows.
    #[error(
        "{rows} usable simulations leave {training} for training and {validation} for validation; \
         at least {MIN_TRAINING} and 1 are needed: simulate more"
    )]
    TooFew {
        /// Usable rows.
        rows: usize,
        /// Of these, for training.
        training: usize,
        /// Of these, for validation.
        validation: usize,
    },
    /// theta does not fit the prior.
    #[error("simulations have {columns} columns of theta, but the prior has {dim} parameters")]
    PriorMismatch {
        /// Columns of theta.
        columns: usize,
        /// Parameters of the prior.
        dim: usize,
    },
    /// Parameters outside the prior.
    #[error(
        "row {row} of theta lies outside the prior's support ({theta:?}): these simulations were \
         not drawn from this prior"
    )]
    OutsidePrior {
        /// First such row, counted from 0.
        row: usize,
        /// Its parameters.
        theta: Vec<f64>,
    },
    /// Numbers whose spread no precision holds.
    #[error("{column}: values as large as {value:e} are too large to be scaled; use larger units")]
    TooLarge {
        /// Which column.
        column: String,
        /// Its farthest value.
        value: f64,
    },
    /// A value beside which the others are all the same.
    #[error(
        "{column} has the value {value:e} in row {row}, so far from the others that z-scores do not \
         tell these apart: leave that simulation out, or set {fix}"
    )]
    FarOut {
        /// Which column.
        column: String,
        /// The value.
        value: f64,
        /// Its row, counted from 1.
        row: usize,
        /// The setting that would do.
        fix: &'static str,
    },
    /// A parameter that never varies.
    #[error("parameter `{name}` is constant ({value}) in all simulations: fix it in the simulator")]
    ConstantParameter {
        /// Its name.
        name: String,
        /// Its value.
        value: f64,
    },
    /// Told to stop, or unable to keep what was done.
    #[error(transparent)]
    Halt(#[from] Halt),
}

/// Fewer training rows than this make no standard deviation worth the name.
const MIN_TRAINING: usize = 8;

/// Standardised simulations in a seeded order, and the maps that made them.
#[derive(Debug)]
pub struct TrainingData {
    /// θ in the flow's space, `[n, D]`.
    theta: Vec<f32>,
    /// x as the networks see it, `[n, kept columns]`.
    x: Vec<f32>,
    /// What a likelihood needs, where one is learnt.
    likelihood: Option<LikelihoodTables>,
    /// Of each row, log|det ∂(flow space)/∂θ|.
    log_dets: Vec<f64>,
    /// All rows, shuffled by seed: folds are runs of these.
    order: Vec<u32>,
    validation_fraction: f64,
    parameters: ParameterTransform,
    data: DataTransform,
}

impl TrainingData {
    /// Shuffles by seed, learns the standardisation, and applies it in place.
    ///
    /// `simulations` must be finite (see [`Simulations::without_non_finite`]). What it takes long to
    /// find for a likelihood is kept by `work`.
    ///
    /// # Errors
    /// [`DataError`] where there are too few rows or they do not fit the prior.
    pub fn prepare(
        simulations: Simulations,
        prior: &Prior,
        config: &Config,
        seed: u64,
        work: &dyn Work,
    ) -> Result<Self, DataError> {
        let part = &Part::new(work, "data");
        Self::check(&simulations, prior, config, seed)?;
        let (rows, columns) = simulations.theta.dim();
        let context = simulations.x.ncols();
        let validation_fraction = config.training.validation_fraction;
        let held_out = held_out(rows, validation_fraction);
        let order = shuffled(rows, seed);
        // With one flow, its held-out rows take no part in anything; with several, every row is
        // held out by some and trained on by others.
        let seen = if config.training.members == 1 { &order[..rows - held_out] } else { &order };
        let theta = contiguous(simulations.theta);
        let x = contiguous(simulations.x);
        let theta_rows = || seen.iter().map(|r| row(&theta, columns, *r));
        let parameters = ParameterTransform::fit(config.transform.theta, prior, theta_rows());
        if let Some(&column) = parameters.scaler().constant_columns().first() {
            let (name, value) = (prior.names()[column].clone(), theta[column]);
            return Err(DataError::ConstantParameter { name, value });
        }
        Scored {
            table: &theta,
            width: columns,
            rows: seen,
            scaler: parameters.scaler(),
            columns: &(0..columns).collect::<Vec<_>>(),
            score: &|row, out| {
                parameters.apply(prior, row, out);
            },
            name: &|column| format!("parameter `{}`", prior.names()[column]),
            fix: "transform.theta = \"unconstrain\"",
        }
        .check()?;
        part.go_on()?;
        let kept = match config.transform.screening {
            false => (0..context).collect(),
            true => informative_columns(
                seen,
                |r| row(&theta, columns, r),
                |r| row(&x, context, r),
                context,
            ),
        };
        let data = DataTransform::fit(
            config.transform.data,
            context,
            kept,
            seen.iter().map(|r| row(&x, context, *r)),
        );
        Scored {
            table: &x,
            width: context,
            rows: seen,
            scaler: data.scaler(),
            columns: data.kept(),
            score: &|row, out| data.apply(row, out),
            name: &|column| format!("column {} of x", column + 1),
            fix: "transform.data = \"shape\"",
        }
        .check()?;
        part.go_on()?;
        let wanted = config.posterior.correction != Correction::Off;
        let mut reversed = wanted.then(|| {
            let transform = ParameterTransform::fit(ThetaTransform::Log, prior, theta_rows());
            Reversed {
                dim: columns,
                regressors: regressors(&transform, prior, &theta),
                transform,
                training: &order[..rows - held_out],
                validation: &order[rows - held_out..],
                settings: &config.whitening,
                seed,
            }
        });
        let kept = varying(&data);
        let mut likelihood = match kept.len() {
            1..=MOST_TARGETS => reversed.take().map(|r| r.tables(&x, context, &kept, part)),
            _ => None,
        }
        .transpose()?;
        part.go_on()?;
        let mut points = vec![0.0; theta.len()];
        let places = theta.chunks_exact(columns).zip(points.chunks_exact_mut(columns));
        let log_dets: Vec<f64> =
            places.map(|(row, point)| parameters.apply(prior, row, point)).collect();
        let theta = points;
        let x = transformed(&data, x);
        let summarised = kept.len() > MOST_TARGETS && columns <= MOST_TARGETS;
        if let (true, Some(reversed)) = (summarised, reversed) {
            let regressed = Regressed {
                theta: &theta,
                x: &x,
                dims: (columns, data.kept().len()),
                order: &order,
                validation_fraction,
                settings: &config.whitening,
                seed,
            };
            if let Some((summary, table)) = Summary::cross_fit(&regressed, part)? {
                let all: Vec<usize> = (0..columns).collect();
                let table: Vec<f64> = table.into_iter().map(f64::from).collect();
                let tables = reversed.tables(&table, columns, &all, part)?;
                likelihood = Some(LikelihoodTables { summary: Some(summary), ..tables });
            }
        }
        Ok(Self { theta, x, likelihood, log_dets, order, validation_fraction, parameters, data })
    }

    /// Whether these simulations can be trained on, at little cost.
    ///
    /// # Errors
    /// [`DataError`] where not.
    pub fn check(
        simulations: &Simulations,
        prior: &Prior,
        config: &Config,
        seed: u64,
    ) -> Result<(), DataError> {
        let (rows, columns) = simulations.theta.dim();
        if columns != prior.dim() {
            return Err(DataError::PriorMismatch { columns, dim: prior.dim() });
        }
        let held_out = held_out(rows, config.training.validation_fraction);
        if rows < held_out + MIN_TRAINING || held_out == 0 {
            let training = rows - held_out;
            return Err(DataError::TooFew { rows, training, validation: held_out });
        }
        let theta = simulations.theta.as_standard_layout();
        let theta = theta.as_slice().unwrap_or_default();
        check_support(theta, prior)?;
        let mut seen = shuffled(rows, seed);
        if config.training.members == 1 {
            seen.truncate(rows - held_out);
        }
        let seen = seen.iter().map(|r| row(theta, columns, *r));
        let parameters = ParameterTransform::fit(config.transform.theta, prior, seen);
        match parameters.scaler().constant_columns().first() {
            None => Ok(()),
            Some(&column) => {
                let (name, value) = (prior.names()[column].clone(), f64::from(theta[column]));
                Err(DataError::ConstantParameter { name, value })
            }
        }
    }

    /// Number of parameters D.
    #[must_use]
    pub fn theta_dim(&self) -> usize {
        self.parameters.scaler().columns()
    }

    /// Numbers of x that the networks see.
    #[must_use]
    pub fn context_dim(&self) -> usize {
        self.data.kept().len()
    }

    /// Number of simulations.
    #[must_use]
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there are none (never, after [`prepare`](Self::prepare)).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The parameter map learnt here.
    #[must_use]
    pub fn parameters(&self) -> &ParameterTransform {
        &self.parameters
    }

    /// The data map learnt here.
    #[must_use]
    pub fn data(&self) -> &DataTransform {
        &self.data
    }

    /// What likelihoods learn from; `None` where none is to be learnt.
    #[must_use]
    pub fn likelihood(&self) -> Option<&LikelihoodTables> {
        self.likelihood.as_ref()
    }

    /// What member `index` of an ensemble of one role learns from: θ given x or x given θ, the
    /// `index`-th part of the shuffled rows held out.
    ///
    /// # Panics
    /// If no likelihood is to be learnt and `role` asks for one.
    #[must_use]
    pub fn fold(&self, role: Role, index: usize) -> Fold<'_> {
        let (n, held_out) = (self.len(), held_out(self.len(), self.validation_fraction));
        // The last part first: what a single flow holds out.
        let start = (n - held_out) - (index * held_out) % (n - held_out + 1);
        let validation = self.order[start..start + held_out].to_vec();
        let training = [&self.order[..start], &self.order[start + held_out..]].concat();
        let (target, context, dims, offset) = match (role, &self.likelihood) {
            (Role::Posterior, _) => {
                let sum: f64 = validation.iter().map(|r| self.log_dets[*r as usize]).sum();
                let dims = (self.theta_dim(), self.context_dim());
                (&self.theta, &self.x, dims, -sum / held_out as f64)
            }
            (Role::Likelihood, Some(tables)) => {
                let dims = (tables.data.kept().len(), self.theta_dim());
                (&tables.targets, &tables.regressors, dims, 0.0)
            }
            (Role::Likelihood, None) => panic!("no likelihood was asked for"),
        };
        Fold { target: Cow::Borrowed(target), context, dims, training, validation, offset }
    }
}

/// Pieces of a table that is given back while it is mapped.
const PIECES: usize = 32;

/// Rows of raw x as the networks see them. Piece by piece from the end, each given back at once:
/// both tables together never take much more room than x alone.
fn transformed(data: &DataTransform, mut x: Vec<f64>) -> Vec<f32> {
    let (width, kept) = (data.columns(), data.kept().len());
    let rows = x.len() / width;
    let mut out = vec![0.0; rows * kept];
    for piece in (0..PIECES).rev() {
        let start = rows * piece / PIECES;
        let places = x[start * width..].chunks_exact(width);
        let places = places.zip(out[start * kept..].chunks_exact_mut(kept));
        places.for_each(|(row, out)| data.apply(row, out));
        x.truncate(start * width);
        x.shrink_to_fit();
    }
    out
}

fn row(flat: &[f64], width: usize, index: u32) -> &[f64] {
    &flat[index as usize * width..][..width]
}

/// All rows in an order that the seed decides.
fn shuffled(rows: usize, seed: u64) -> Vec<u32> {
    let mut order: Vec<u32> = (0..rows as u32).collect();
    order.shuffle(&mut stream(seed, Purpose::Split, 0));
    order
}

/// How many rows a member holds out.
fn held_out(rows: usize, fraction: f64) -> usize {
    ((rows as f64 * fraction).round() as usize).clamp(1.min(rows), rows)
}

/// The array's numbers row by row, without a copy where they lie that way already.
fn contiguous(table: ndarray::Array2<f64>) -> Vec<f64> {
    if !table.is_standard_layout() {
        return table.iter().copied().collect();
    }
    let len = table.len();
    let (mut flat, offset) = table.into_raw_vec_and_offset();
    flat.truncate(offset.unwrap_or(0) + len);
    flat.drain(..offset.unwrap_or(0));
    flat
}

fn check_support(theta: &[f64], prior: &Prior) -> Result<(), DataError> {
    for (index, row) in theta.chunks_exact(prior.dim()).enumerate() {
        if !prior.contains(row) {
            return Err(DataError::OutsidePrior { row: index, theta: row.to_vec() });
        }
    }
    Ok(())
}
