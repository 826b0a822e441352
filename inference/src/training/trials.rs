//! What the likelihood of one trial learns from: trials of all simulations.

use super::likelihood::{Given, LikelihoodTables, Reversed};
use crate::classifier::{Classifier, ClassifierShape, ClassifierTable, OF_MANY};
use crate::config::WhiteningConfig;
use crate::random::member_seed;
use crate::transform::ParameterTransform;
use crate::trials::{TrialForm, evenly};
use crate::view::View;
use crate::work::{Halt, Part};

/// Trials that are learnt from, over all simulations, and of one at least.
const MOST_TRIALS: usize = 64_000;
const LEAST_EACH: usize = 2;
/// Fewer are too few.
const LEAST_TRIALS: usize = 500;
/// Trials of a simulation that judges, at most.
const MOST_JUDGED: usize = 1000;
/// Seeds of classifiers, apart from those of flows.
const SEEDS: u64 = 1 << 35;

/// Trials, a row each, those of one simulation side by side.
#[derive(Debug)]
pub(crate) struct TrialTables {
    pub form: TrialForm,
    /// Their quantities, given θ and indicators of their class.
    pub tables: LikelihoodTables,
    /// The class of each.
    classes: Vec<u32>,
    /// The first of each simulation; their number at the end.
    starts: Vec<u32>,
    /// All trials of each simulation as their density is asked, padded with NaN: `[n, width]`.
    sets: Vec<f32>,
    width: usize,
}

/// Simulations of a set.
pub(super) struct TrialSource<'a> {
    pub view: &'a View,
    /// Raw x `[n, C]`.
    pub x: &'a [f64],
    pub columns: usize,
    /// θ as the likelihood's networks see it, and the map that made it.
    pub regressors: &'a [f32],
    pub transform: &'a ParameterTransform,
    /// Simulations to train on, and held out.
    pub training: &'a [u32],
    pub validation: &'a [u32],
    pub settings: &'a WhiteningConfig,
    pub seed: u64,
}

impl TrialSource<'_> {
    /// The tables; `None` where x is no set, a trial lacks some of its numbers, or there are too few.
    pub fn tables(&self, part: &Part) -> Result<Option<TrialTables>, Halt> {
        let Some(form) = TrialForm::of(self.view).filter(|form| !form.has_torn(self.x)) else {
            return Ok(None);
        };
        let (n, channels) = (self.x.len() / self.columns, form.channels());
        let most = (MOST_TRIALS / n).max(LEAST_EACH);
        let inputs = self.transform.outputs();
        let (mut trials, mut classes, mut starts) = (Vec::new(), Vec::new(), vec![0]);
        let (mut theta, mut indicators) = (Vec::new(), Vec::new());
        for (x, own) in self.x.chunks_exact(self.columns).zip(self.regressors.chunks_exact(inputs))
        {
            for trial in spaced(&form, x, most) {
                let class = form.class_of(trial);
                trials.extend_from_slice(trial);
                classes.push(class as u32);
                theta.extend_from_slice(own);
                indicators
                    .extend((0..form.indicators()).map(|at| f32::from(u8::from(at == class))));
            }
            starts.push(classes.len() as u32);
        }
        if classes.len() < LEAST_TRIALS {
            return Ok(None);
        }
        let reversed = Reversed {
            dim: inputs,
            regressors: theta,
            given: Given::known(indicators, form.indicators()),
            transform: self.transform.clone(),
            training: &rows_of(&starts, self.training),
            validation: &rows_of(&starts, self.validation),
            settings: self.settings,
            seed: self.seed,
        };
        let part = part.part("trials");
        let tables = reversed.tables(&trials, channels, &form.quantities(), &part)?;
        let width = (self.columns / channels).min(MOST_JUDGED) * (1 + form.quantities().len());
        let mut sets = vec![f32::NAN; n * width];
        for (x, set) in self.x.chunks_exact(self.columns).zip(sets.chunks_exact_mut(width)) {
            let rows = spaced(&form, x, MOST_JUDGED).flat_map(|t| form.row(t, &tables.data));
            set.iter_mut().zip(rows).for_each(|(slot, value)| *slot = value);
        }
        Ok(Some(TrialTables { form, tables, classes, starts, sets, width }))
    }
}

/// At most so many of the whole trials of an x, evenly spaced.
fn spaced<'x>(form: &TrialForm, x: &'x [f64], most: usize) -> impl Iterator<Item = &'x [f64]> {
    let trials: Vec<&[f64]> = form.whole_trials(x).collect();
    evenly(trials.len(), most).map(move |at| trials[at])
}

/// Rows of trials of some simulations.
fn rows_of(starts: &[u32], simulations: &[u32]) -> Vec<u32> {
    let own = |s: &u32| starts[*s as usize]..starts[*s as usize + 1];
    simulations.iter().flat_map(own).collect()
}

impl TrialTables {
    /// Rows of the trials of some simulations.
    pub fn rows(&self, simulations: &[u32]) -> Vec<u32> {
        rows_of(&self.starts, simulations)
    }

    /// All trials of some simulations as their density is asked, `[n, width]`.
    pub fn sets(&self, simulations: &[u32]) -> Vec<f32> {
        let set = |row: &u32| &self.sets[*row as usize * self.width..][..self.width];
        simulations.iter().flat_map(set).copied().collect()
    }

    /// Mean number of trials in a simulation, of those that judge.
    pub fn mean_count(&self) -> f64 {
        let trials = self.sets.chunks_exact(1 + self.tables.data.kept().len());
        let there = trials.filter(|trial| !trial[0].is_nan()).count();
        (there * self.width) as f64 / self.sets.len() as f64
    }

    /// The classifier of trials that member `index` goes with, of rows to train on and to judge by; kept as
    /// `part`. `None` where trials have no category.
    pub fn choices(
        &self,
        (training, validation): (&[u32], &[u32]),
        index: usize,
        seed: u64,
        part: &Part,
    ) -> Result<Option<Classifier>, Halt> {
        if self.form.indicators() == 0 {
            return Ok(None);
        }
        let table = ClassifierTable {
            context: &self.tables.regressors,
            width: self.tables.inputs(),
            classes: &self.classes,
            training,
            validation,
        };
        let inputs = self.tables.transform.outputs();
        let shape = ClassifierShape { inputs, classes: self.form.classes() };
        let seed = member_seed(seed, SEEDS + index as u64);
        let part = part.part(&format!("choices-{}", index + 1));
        Classifier::fit(&table, shape, &OF_MANY, seed, &part).map(Some)
    }
}
