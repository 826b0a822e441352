//! What is learnt of θ where some of it is categories: which, by a classifier, and all else given that.

use super::Fold;
use crate::classifier::{Classifier, ClassifierTable};
use crate::flow::Categories;
use crate::perceptron::Plan;
use crate::random::{Purpose, stream};
use crate::transform::Cells;
use crate::work::{Halt, Part};
use rand_distr::{Distribution, StandardNormal};
use std::borrow::Cow;
use std::f64::consts::TAU;

/// Rows over those of a batch, and its least and largest size.
const BATCHES: usize = 50;
const BATCH: [usize; 2] = [16, 128];
const EPOCHS: usize = 120;
const MOST_STEPS: usize = 30_000;
/// Epochs in vain that end it.
const PATIENCE: usize = 12;

/// Learns P(k | x) from a fold of θ; kept as `part`.
pub(super) fn learn(
    fold: &Fold,
    cells: &Cells,
    seed: u64,
    part: &Part,
) -> Result<Categories, Halt> {
    let (dim, width) = fold.dims;
    let class = |point: &[f32]| cells.class_at(point).unwrap_or(0) as u32;
    let classes: Vec<u32> = fold.target.chunks_exact(dim).map(class).collect();
    let table = ClassifierTable {
        context: &fold.context,
        width,
        classes: &classes,
        training: &fold.training,
        validation: &fold.validation,
    };
    let (shape, plan) = (Categories::shape(cells, width), plan(fold.training.len()));
    let classifier = Classifier::fit(&table, shape, &plan, seed, part)?;
    Ok(Categories::new(cells.clone(), classifier))
}

/// What the flow beside them learns from: the fold without its categories, which are given beside x.
pub(super) fn without<'a>(fold: &Fold<'a>, categories: &Categories, seed: u64) -> Fold<'a> {
    // Every row of training data lies in some combination.
    let split = categories.split(&fold.target, &fold.context);
    let sum: f64 = fold.validation.iter().map(|r| split.log_densities[*r as usize]).sum();
    let mut rng = stream(seed, Purpose::Nothing, 0);
    let mut nothing = || split.rows.iter().map(|_| StandardNormal.sample(&mut rng)).collect();
    let judges = fold.validation.len().max(1) as f64;
    let (target, of_nothing) = match split.others.is_empty() {
        false => (split.others, 0.0),
        true => {
            // What means nothing has a density, too, which is not θ's.
            let target: Vec<f32> = nothing();
            let squares = fold.validation.iter().map(|r| f64::from(target[*r as usize]).powi(2));
            let mean = squares.sum::<f64>() / judges;
            (target, 0.5 * (TAU.ln() + mean))
        }
    };
    Fold {
        target: Cow::Owned(target),
        context: Cow::Owned(split.contexts),
        dims: categories.dims(),
        offset: fold.offset - sum / judges - of_nothing,
        ..fold.clone()
    }
}

/// A whole number of epochs, however many rows there are.
fn plan(rows: usize) -> Plan {
    let batch = (rows / BATCHES).clamp(BATCH[0], BATCH[1]);
    let epoch = (rows / batch).max(1);
    Plan {
        batch,
        steps: (EPOCHS * epoch).min(MOST_STEPS),
        judged_every: epoch,
        patience: PATIENCE,
        learning_rate: 2e-3,
        weight_decay: 1e-3,
    }
}
