//! The order of the simulations, of which folds are runs: simulations of one θ stay together.

use crate::random::{Purpose, stream};
use rand::seq::SliceRandom;
use std::collections::HashMap;

/// Fewer different θ than this share of the rows are replicates, not chance.
const REPLICATED: f64 = 0.95;
/// Fewer different θ than these cannot be held out as wholes.
const LEAST_GROUPS: usize = 20;

/// Rows of θ that are equal, bit by bit.
#[derive(Debug)]
pub(super) struct Groups {
    /// Of each row, the number of its θ, in order of appearance.
    of: Vec<u32>,
    /// How many θ there are.
    pub distinct: usize,
}

impl Groups {
    /// Of rows of θ, each of `columns` numbers.
    pub fn of(theta: &[f64], columns: usize) -> Self {
        let mut known: HashMap<Vec<u64>, u32> = HashMap::with_capacity(theta.len() / columns);
        let rows = theta.chunks_exact(columns);
        let of = rows
            .map(|row| {
                let next = known.len() as u32;
                *known.entry(row.iter().map(|v| v.to_bits()).collect()).or_insert(next)
            })
            .collect();
        Self { of, distinct: known.len() }
    }

    /// Of so many rows, each for itself.
    pub fn apart(rows: usize) -> Self {
        Self { of: (0..rows as u32).collect(), distinct: rows }
    }

    /// The first row of each θ.
    pub fn firsts(&self) -> Vec<u32> {
        let mut next = 0;
        let is_first = |(row, group): (usize, &u32)| {
            (*group == next).then(|| {
                next += 1;
                row as u32
            })
        };
        self.of.iter().enumerate().filter_map(is_first).collect()
    }

    /// Whether θ are repeated, and there are enough of them to hold some out.
    pub fn are_held_out_whole(&self) -> bool {
        let shared = (self.distinct as f64) < REPLICATED * self.of.len() as f64;
        shared && self.distinct >= LEAST_GROUPS
    }

    /// All rows in an order that the seed decides, those of one θ side by side where θ are repeated.
    pub fn shuffled(&self, seed: u64) -> Vec<u32> {
        let rng = &mut stream(seed, Purpose::Split, 0);
        let mut order: Vec<u32> = (0..self.of.len() as u32).collect();
        order.shuffle(rng);
        if self.are_held_out_whole() {
            let mut places: Vec<u32> = (0..self.distinct as u32).collect();
            places.shuffle(rng);
            order.sort_by_key(|row| places[self.of[*row as usize] as usize]);
        }
        order
    }

    /// `order` without the run `held_out` and without rows that share a θ with it.
    pub fn apart_from(&self, order: &[u32], held_out: std::ops::Range<usize>) -> Vec<u32> {
        let rest = order[..held_out.start].iter().chain(&order[held_out.end..]).copied();
        if !self.are_held_out_whole() {
            return rest.collect();
        }
        let group = |row: u32| self.of[row as usize];
        // Rows of one θ are neighbours: only those of the ends can stick out.
        let ends = [held_out.start, held_out.end - 1].map(|place| group(order[place]));
        rest.filter(|row| !ends.contains(&group(*row))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replicates_are_held_out_together_and_no_fold_shares_a_theta() {
        let theta: Vec<f64> = (0..1000).map(|i| (i % 50) as f64).collect();
        let groups = Groups::of(&theta, 1);
        assert_eq!((groups.distinct, groups.firsts().len()), (50, 50));
        let order = groups.shuffled(7);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..1000).collect::<Vec<u32>>());
        // 95 rows end in the middle of a θ's twenty.
        for start in [0, 310, 905] {
            let training = groups.apart_from(&order, start..start + 95);
            let held_out: Vec<f64> =
                order[start..start + 95].iter().map(|r| theta[*r as usize]).collect();
            assert!(training.iter().all(|r| !held_out.contains(&theta[*r as usize])));
            assert!(training.len() >= 1000 - 95 - 40);
        }
    }

    #[test]
    fn different_thetas_are_shuffled_row_by_row() {
        let theta: Vec<f64> = (0..100).map(|i| i as f64).collect();
        let groups = Groups::of(&theta, 1);
        assert!(!groups.are_held_out_whole());
        let mut expected: Vec<u32> = (0..100).collect();
        expected.shuffle(&mut stream(7, Purpose::Split, 0));
        assert_eq!(groups.shuffled(7), expected);
        assert_eq!(groups.apart_from(&expected, 90..100), expected[..90]);
    }
}
