//! The tables that flows train on: standardised in place, shuffled by seed.

mod folds;
mod known;

use super::bounds::{check_support, move_off};
use super::check::{check_layout, check_sizes, held_out};
use super::likelihood::{Given, LikelihoodTables, MOST_TARGETS, Reversed, regressors, varying};
use super::missing::{Described, check_measured, gaps};
use super::order::Groups;
use super::origin::{Outliers, ThetaOrigin};
use super::rows::{contiguous, row, transformed};
use super::scores::Scored;
use super::shown::Shown;
use super::trials::{TrialSource, TrialTables};
use super::{DataError, Finding, TrainedOn, columns};
use crate::config::{Config, Correction};
use crate::summary::{Regressed, Summary};
use crate::transform::{Cells, DataSpan, DataTransform, ParameterTransform, categories};
use crate::turn::{Turn, TurnTable};
use crate::view::{Candidates, Choice, View};
use crate::work::{Part, Work};
use freeform_simulators::Simulations;

/// Standardised simulations in a seeded order, and the maps that made them.
#[derive(Debug)]
pub struct TrainingData {
    /// θ by the parameters' map, `[n, D]`: the flow's space, but for angles.
    theta: Vec<f32>,
    /// The same with angles from a cut that depends on x, where there are any: the flow's space.
    turned: Option<Vec<f32>>,
    turn: Option<Turn>,
    /// Which of θ are categories, where any are.
    cells: Option<Cells>,
    /// x as the networks see it, `[n, kept columns]`.
    x: Vec<f32>,
    /// What a likelihood needs, where one is learnt.
    likelihood: Option<LikelihoodTables>,
    /// What that of one trial needs, where x is a set of them.
    trials: Option<TrialTables>,
    /// Of each row, log|det ∂(flow space)/∂θ|.
    log_dets: Vec<f64>,
    /// Of each row, the log-density of the law that θ was drawn from.
    log_priors: Vec<f64>,
    /// Points of the flow's space whose simulations failed, `[m, D]`.
    failed: Vec<f32>,
    /// All rows, shuffled by seed: folds are runs of these.
    order: Vec<u32>,
    groups: Groups,
    span: DataSpan,
    trained_on: TrainedOn,
    findings: Vec<Finding>,
    /// What is to be said of the view of x.
    remark: Option<String>,
    validation_fraction: f64,
    /// Which whitenings are known to be better, if that is.
    whitenings: Option<super::Choice>,
    parameters: ParameterTransform,
    view: View,
    data: DataTransform,
}

impl TrainingData {
    /// Shuffles by seed, learns the standardisation, and applies it in place.
    ///
    /// `simulations` must be finite, but for NaN in x where `config` allows it (see
    /// [`Simulations::usable_rows`]); `origin` says where their θ came from. What it takes long to find for a likelihood is kept by `work`.
    ///
    /// # Errors
    /// [`DataError`] where there are too few rows or they do not fit the prior.
    pub fn prepare(
        simulations: Simulations,
        origin: &ThetaOrigin,
        config: &Config,
        seed: u64,
        work: &dyn Work,
    ) -> Result<Self, DataError> {
        let part = &Part::new(work, "data");
        let (prior, drawn_from) = (origin.prior, origin.drawn_from.unwrap_or(origin.prior));
        let mut findings = Vec::new();
        let (simulations, table_rows) = origin.inside(simulations, &mut findings);
        check_sizes(&simulations, origin, config)?;
        let (rows, columns) = simulations.theta.dim();
        let columns_of_x = simulations.x.ncols();
        check_layout(columns_of_x, &config.transform)?;
        let validation_fraction = config.training.validation_fraction;
        let whitenings = origin.local.and_then(|local| local.whitenings.clone());
        let held_out = held_out(rows, validation_fraction);
        let mut theta = contiguous(simulations.theta);
        let cells = Cells::of(prior);
        // Where all of θ is categories, equal ones are no replicates.
        let groups = match cells.as_ref().is_some_and(Cells::are_all) {
            true => Groups::apart(rows),
            false => Groups::of(&theta, columns),
        };
        origin.look(&theta, &groups, &mut findings);
        let order = groups.shuffled(seed);
        // With one flow, its held-out rows take no part in anything; with several, every row is
        // held out by some and trained on by others.
        let seen = if config.training.members == 1 { &order[..rows - held_out] } else { &order };
        let x = contiguous(simulations.x);
        columns::look(&x, columns_of_x, config.transform.layout(), &mut findings);
        let trained_on = TrainedOn::of((&theta, columns), (&x, columns_of_x));
        move_off(&mut theta, prior);
        check_support(&theta, prior, &table_rows)?;
        origin.check_law(&theta, &table_rows)?;
        let observation = origin.local.map(|local| &local.observation[..]);
        check_measured((&x, columns_of_x), observation, &table_rows, &config.transform)?;
        let theta_rows = || seen.iter().map(|r| row(&theta, columns, *r));
        let parameters = ParameterTransform::fit(config.transform.theta, prior, theta_rows());
        // Near one observation a category may be sure.
        let same = |(column, _): &(usize, usize)| {
            let mut values = theta.iter().skip(*column).step_by(columns);
            origin.local.is_none() && values.all(|value| *value == theta[*column])
        };
        let same = categories(prior).find(same).map(|(column, _)| column);
        if let Some(column) = parameters.scaler().constant_columns().first().copied().or(same) {
            let (name, value) = (prior.names()[column].clone(), theta[column]);
            return Err(DataError::ConstantParameter { name, value });
        }
        Scored {
            table: &theta,
            width: columns,
            rows: seen,
            table_rows: &table_rows,
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
        let in_rounds = origin.local.is_some();
        // What x may tell of: a category's number is no quantity.
        let wanted = config.posterior.correction != Correction::Off;
        let regressed = (wanted || cells.is_some()).then(|| {
            let transform = ParameterTransform::regressors(prior, theta_rows());
            (regressors(&transform, prior, &theta), transform)
        });
        let told = regressed.as_ref().filter(|_| cells.is_some()).map(|(rows, transform)| {
            (rows.iter().map(|v| f64::from(*v)).collect::<Vec<f64>>(), transform.outputs())
        });
        let (told, told_width) = told.as_ref().map_or((&theta, columns), |(t, w)| (t, *w));
        let told_row = |r: u32| row(told, told_width, r);
        let candidates = Candidates {
            x: &x,
            columns: columns_of_x,
            theta: told,
            dim: told_width,
            point: &|row, out| match &cells {
                None => {
                    parameters.apply(prior, row, out);
                }
                Some(_) => row.iter().zip(out).for_each(|(value, slot)| *slot = *value as f32),
            },
            rows: seen,
            transform: &config.transform,
            whitening: &config.whitening,
            seed,
            in_rounds,
        };
        let Choice { view, remark, doubt } = candidates.choose(&part.part("view"))?;
        findings.extend(doubt);
        let span = DataSpan::of(view.compared(), &x);
        let missing = if view.filled().is_empty() { Vec::new() } else { gaps(&x) };
        let (training, validation) = (&order[..rows - held_out], &order[rows - held_out..]);
        let reversed = regressed.filter(|_| wanted);
        let of_trials = |(regressors, transform): &(Vec<f32>, ParameterTransform)| {
            let (view, x, settings) = (&view, &x[..], &config.whitening);
            let columns = columns_of_x;
            TrialSource {
                view,
                x,
                columns,
                regressors,
                transform,
                training,
                validation,
                settings,
                seed,
            }
            .tables(part)
        };
        let mut trials = reversed.as_ref().map(of_trials).transpose()?.flatten();
        let (x, context) = (view.table(x), view.outputs());
        let view = view.forgetting();
        part.go_on()?;
        let meanings = view.meanings(&view.layout_of_x(&config.transform));
        let shown =
            Shown { x: &x, width: context, view: &view, rows: seen, table_rows: &table_rows };
        let data = shown.transform(&config.transform, told_row)?;
        let x_name = shown.name();
        part.go_on()?;
        let seen_of_x =
            Described { x: &x, width: context, view: &view, data: &data, gaps: &missing, seed };
        let conditions = match wanted {
            true => seen_of_x.conditions(seen, told_row),
            false => Vec::new(),
        };
        let spread = (wanted && !view.all_gaps().is_empty()).then(|| seen_of_x.spread());
        // A number of trials that depends on θ is data, which trials alone do not tell.
        trials = trials.filter(|_| conditions.len() == view.of_gaps().len());
        let reversed = reversed.map(|(regressors, transform)| Reversed {
            dim: told_width,
            regressors,
            given: Given::of(&conditions, &data, (&x, context)),
            transform,
            training,
            validation,
            settings: &config.whitening,
            seed,
        });
        let mut kept = varying(&data);
        kept.retain(|column| !conditions.iter().any(|place| data.kept()[*place] == *column));
        let described_x = spread.as_ref().unwrap_or(&x);
        let described = (1..=MOST_TARGETS).contains(&kept.len());
        // A round's region is so small that single columns tell little of θ there, and all together much.
        if wanted && described && !in_rounds {
            kept = shown.described(&config.transform, told_row, kept);
        }
        let describe = |r: &Reversed| r.tables(described_x, context, &kept, part);
        let mut likelihood = reversed.as_ref().filter(|_| described).map(describe).transpose()?;
        part.go_on()?;
        let failed = origin.failed_points(&parameters);
        let (mut log_dets, mut log_priors) = (vec![0.0; rows], vec![0.0; rows]);
        let mut points = vec![0.0; theta.len()];
        let mut outliers = Outliers::new(rows, &table_rows, &meanings);
        let places = theta.chunks_exact(columns).zip(points.chunks_exact_mut(columns));
        for (index, (row, point)) in places.enumerate() {
            log_priors[index] = drawn_from.log_prob(row);
            log_dets[index] = parameters.apply(prior, row, point);
            outliers.look("theta", index, (0..columns).zip(&*point), row);
        }
        let told: Option<Vec<f32>> =
            cells.as_ref().map(|_| told.iter().map(|value| *value as f32).collect());
        let theta = points;
        let x = transformed(&data, x, x_name, &mut outliers);
        let seen_by_turn = TurnTable {
            points: &theta,
            context: &x,
            dims: (columns, data.kept().len()),
            training,
            validation,
        };
        let turn = Turn::fit(&seen_by_turn, prior, seed, part)?;
        let turned = turn.as_ref().map(|turn| turn.turned(&seen_by_turn, &mut log_dets));
        findings.extend(outliers.findings());
        // Statistics depend on each other, and may have a density that nothing learns.
        let doubtful = !described || view.has_statistics();
        let summarised = doubtful && !kept.is_empty() && told_width <= MOST_TARGETS;
        if let (true, Some(reversed)) = (summarised, &reversed) {
            let regressed = Regressed {
                theta: told.as_ref().unwrap_or(&theta),
                x: &x,
                dims: (told_width, data.kept().len()),
                order: &order,
                validation_fraction,
                settings: &config.whitening,
                seed,
            };
            let summary = Summary::cross_fit(&regressed, part)?;
            likelihood = reversed.better_of(likelihood, summary, part)?;
        }
        Ok(Self {
            theta,
            turned,
            turn,
            cells,
            x,
            likelihood,
            trials,
            log_dets,
            log_priors,
            failed,
            order,
            groups,
            span,
            trained_on,
            findings,
            remark,
            validation_fraction,
            whitenings,
            parameters,
            view,
            data,
        })
    }

    /// The whitenings that are known to be better, where an earlier round of the same inference chose.
    #[must_use]
    pub fn whitenings(&self) -> Option<&super::Choice> {
        self.whitenings.as_ref()
    }
}
