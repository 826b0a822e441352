//! Shuffled K-fold cross-validation.

use crate::random::stream;
use rand::seq::SliceRandom;

/// A shuffled order of the rows, cut into nearly equal folds (the first ones one row longer where
/// the division leaves a rest).
pub(super) struct Folds {
    order: Vec<u32>,
    folds: usize,
}

impl Folds {
    pub(super) fn new(rows: usize, folds: usize, seed: u64) -> Self {
        let mut order: Vec<u32> = (0..rows as u32).collect();
        order.shuffle(&mut stream(seed, "c2st folds", 0));
        Self { order, folds }
    }

    /// Training and held-out rows of a fold.
    pub(super) fn split(&self, fold: usize) -> (Vec<u32>, Vec<u32>) {
        let (size, rest) = (self.order.len() / self.folds, self.order.len() % self.folds);
        let start = fold * size + fold.min(rest);
        let end = start + size + usize::from(fold < rest);
        let training = [&self.order[..start], &self.order[end..]].concat();
        (training, self.order[start..end].to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_is_held_out_once() {
        let folds = Folds::new(23, 5, 1);
        let mut all = Vec::new();
        for fold in 0..5 {
            let (training, held_out) = folds.split(fold);
            assert_eq!(training.len() + held_out.len(), 23);
            assert!(held_out.iter().all(|row| !training.contains(row)));
            all.extend(held_out);
        }
        all.sort_unstable();
        assert_eq!(all, (0..23).collect::<Vec<u32>>());
    }
}
