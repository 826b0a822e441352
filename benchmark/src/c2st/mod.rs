//! The classifier two-sample test (Friedman 2003; Lopez-Paz & Oquab 2017): can a classifier tell
//! two sets of draws apart? Its held-out accuracy is ½ where it cannot, 1 where it always can.

mod error;
mod folds;
mod hidden;
mod logistic;
mod mlp;
mod part;
mod pieces;
mod remarks;
mod state;
mod table;

pub use error::C2stError;

use crate::{NoPieces, Pieces};
use folds::Folds;
use ndarray::ArrayView2;
use pieces::FoldPieces;
use rayon::prelude::*;
use std::sync::atomic::AtomicBool;
use table::Table;

/// Who tells the sets apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Classifier {
    /// The benchmark's: a multilayer perceptron with two hidden layers of 10·D rectified units, as
    /// scikit-learn's `MLPClassifier` trains it.
    Mlp,
    /// Logistic regression: fast, and blind to all but a shift of the mean.
    Logistic,
}

/// How to test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct C2stSettings {
    /// Who tells the sets apart.
    pub classifier: Classifier,
    /// Seed of folds, initial weights and batches.
    pub seed: u64,
    /// Folds of the cross-validation.
    pub folds: usize,
}

impl Default for C2stSettings {
    fn default() -> Self {
        Self { classifier: Classifier::Mlp, seed: 1, folds: 5 }
    }
}

/// The outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct C2stScore {
    /// Mean held-out accuracy over the folds: the C2ST.
    pub accuracy: f64,
    /// Held-out accuracy of each fold.
    pub folds: Vec<f64>,
    /// Rows of either set that were compared.
    pub rows: usize,
    /// What in the data makes the score say less than it seems to, in words.
    pub remarks: Vec<String>,
}

/// Tests whether rows of `x` `[n, D]` and `y` `[m, D]`, in single or double precision, come from one
/// law.
///
/// Accuracy means something against ½ only where both sets are equally large, so of the larger set
/// as many rows as the smaller one has are drawn with the seed, without replacement. `x` supplies
/// the z-scores (mean, standard deviation with ddof 1 of its rows that are compared): the published
/// tables give the reference draws as `x`. Folds run in parallel; the result does not depend on the
/// thread count. `stop`, once set, ends the test with an error.
///
/// # Errors
/// [`C2stError`] where the sets differ in columns, are too small, not finite, constant, or hold
/// numbers so far away that no classifier can be trained.
pub fn c2st<X: Copy + Into<f64>, Y: Copy + Into<f64>>(
    x: ArrayView2<X>,
    y: ArrayView2<Y>,
    settings: &C2stSettings,
    stop: &AtomicBool,
) -> Result<C2stScore, C2stError> {
    c2st_in_pieces(x, y, settings, stop, &NoPieces)
}

/// As [`c2st`], with what is done kept in `pieces` every few seconds: the same test goes on from there
/// to the same score.
///
/// # Errors
/// As [`c2st`], and pieces that cannot be written.
pub fn c2st_in_pieces<X: Copy + Into<f64>, Y: Copy + Into<f64>>(
    x: ArrayView2<X>,
    y: ArrayView2<Y>,
    settings: &C2stSettings,
    stop: &AtomicBool,
    pieces: &dyn Pieces,
) -> Result<C2stScore, C2stError> {
    let table = Table::new(x, y, (settings.folds, settings.seed))?;
    let folds = Folds::new(table.rows(), settings.folds, settings.seed);
    let accuracies = (0..settings.folds)
        .into_par_iter()
        // Folds take unequal times: whoever is free takes the next.
        .with_max_len(1)
        .map(|fold| {
            let pieces = FoldPieces::new(pieces, fold);
            if let Some(accuracy) = pieces.accuracy() {
                return Ok(accuracy);
            }
            let (training, held_out) = folds.split(fold);
            let accuracy = match settings.classifier {
                Classifier::Mlp => {
                    let seed = (settings.seed, &pieces);
                    mlp::accuracy(&table, &training, &held_out, seed, stop)
                }
                Classifier::Logistic => logistic::accuracy(&table, &training, &held_out),
            }?;
            pieces.keep_accuracy(accuracy)?;
            Ok(accuracy)
        })
        .collect::<Result<Vec<f64>, C2stError>>()?;
    let accuracy = accuracies.iter().sum::<f64>() / accuracies.len() as f64;
    let (rows, remarks) = (table.each(), table.remarks().to_vec());
    Ok(C2stScore { accuracy, folds: accuracies, rows, remarks })
}
