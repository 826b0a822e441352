//! Numbers hidden from simulations, so that what is missing in them fits what is missing in observations.

use crate::random::{Purpose, stream};
use freeform_simulators::{DataLayout, Layout, Simulations};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// What is missing in some observations. A half of the simulations is given the very gaps of one of them,
/// the others as many at random places.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Masks {
    /// Numbers of x.
    numbers: usize,
    /// Numbers that are hidden together: those of a point or a trial, where they are missing together.
    together: usize,
    /// Of each observation, the first number of each hidden group, ascending.
    hidden: Vec<Vec<usize>>,
}

impl Masks {
    /// Those of observations of a model of `numbers` numbers laid out like this; `None` where none of
    /// them lacks anything. A set may have fewer trials than simulations; where it has more, or an
    /// observation has another length, nothing can be learnt from it here.
    #[must_use]
    pub fn of(observations: &[Vec<f64>], numbers: usize, layout: &DataLayout) -> Option<Self> {
        let is_set = layout.layout == Layout::Set;
        let missing: Vec<Vec<bool>> = observations
            .iter()
            .filter(|x| x.len() == numbers || (is_set && x.len() < numbers))
            .map(|x| (0..numbers).map(|at| x.get(at).is_none_or(|v| v.is_nan())).collect())
            .filter(|missing: &Vec<bool>| missing.contains(&true) && missing.contains(&false))
            .collect();
        let channels = if layout.layout == Layout::Vector { 1 } else { layout.channels.max(1) };
        let whole = |missing: &Vec<bool>| {
            missing.chunks(channels).all(|point| point.iter().all(|m| *m == point[0]))
        };
        let together = if missing.iter().all(whole) { channels } else { 1 };
        let hidden = missing.iter().map(|missing| {
            (0..numbers).step_by(together).filter(|at| missing[*at]).collect::<Vec<_>>()
        });
        let hidden: Vec<Vec<usize>> = hidden.collect();
        (!hidden.is_empty()).then_some(Self { numbers, together, hidden })
    }

    /// The share of numbers that are hidden, on average.
    #[must_use]
    pub fn share(&self) -> f64 {
        let hidden: usize = self.hidden.iter().map(Vec::len).sum();
        hidden as f64 * self.together as f64 / (self.hidden.len() * self.numbers) as f64
    }

    /// Hides numbers of each row of x: NaN stands in their place. The same seed hides the same ones of a
    /// row, however many rows there are. A simulation that would have nothing left stays as it is.
    pub fn apply(&self, simulations: &mut Simulations, seed: u64) {
        if simulations.x.ncols() != self.numbers {
            return;
        }
        for (index, mut row) in simulations.x.rows_mut().into_iter().enumerate() {
            let mut rng = stream(seed, Purpose::Masks, index as u64);
            let hidden = self.draw(&mut rng);
            let numbers = |group: usize| group..(group + self.together).min(self.numbers);
            let hides = |at: usize| hidden.binary_search(&(at - at % self.together)).is_ok();
            if (0..self.numbers).all(|at| hides(at) || row[at].is_nan()) {
                continue;
            }
            hidden.iter().flat_map(|group| numbers(*group)).for_each(|at| row[at] = f64::NAN);
        }
    }

    fn draw(&self, rng: &mut ChaCha8Rng) -> Vec<usize> {
        let own = &self.hidden[rng.random_range(0..self.hidden.len())];
        if rng.random_bool(0.5) {
            return own.clone();
        }
        let groups = self.numbers.div_ceil(self.together);
        let share = own.len() as f64 / groups as f64;
        let groups = (0..self.numbers).step_by(self.together);
        groups.filter(|_| rng.random_bool(share)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    fn of(observations: &[Vec<f64>], numbers: usize, layout: Layout, channels: usize) -> Masks {
        Masks::of(observations, numbers, &DataLayout::new(layout, channels)).unwrap()
    }

    fn masked(masks: &Masks, rows: usize, numbers: usize) -> Vec<Vec<bool>> {
        let (theta, x) = (Array2::zeros((rows, 1)), Array2::ones((rows, numbers)));
        let mut simulations = Simulations { theta, x };
        masks.apply(&mut simulations, 1);
        simulations.x.rows().into_iter().map(|r| r.iter().map(|v| v.is_nan()).collect()).collect()
    }

    /// Three of ten points: a half of the rows lacks these, and the others three on average.
    #[test]
    fn half_of_the_rows_have_the_very_gaps() {
        let mut x = vec![1.0; 20];
        [4, 5, 8, 9, 18, 19].into_iter().for_each(|at| x[at] = f64::NAN);
        let masks = of(&[x.clone()], 20, Layout::Series, 2);
        assert!((masks.share() - 0.3).abs() < 1e-12);
        let rows = masked(&masks, 4000, 20);
        let own: Vec<bool> = x.iter().map(|v| v.is_nan()).collect();
        let same = rows.iter().filter(|row| **row == own).count() as f64 / 4000.0;
        // Of the others, .3³ · .7⁷ are the same by chance.
        let expected = 0.5 + 0.5 * 0.3_f64.powi(3) * 0.7_f64.powi(7);
        assert!((same - expected).abs() < 4.0 * (0.25_f64 / 4000.0).sqrt(), "{same}");
        let all = rows.iter().flatten().filter(|m| **m).count() as f64 / 80_000.0;
        assert!((all - 0.3).abs() < 0.01, "{all}");
        // Both numbers of a point, or neither.
        assert!(rows.iter().all(|row| row.chunks(2).all(|point| point[0] == point[1])));
        assert_eq!(masked(&masks, 10, 20), rows[..10]);
    }

    /// Seven trials where simulations have ten.
    #[test]
    fn a_smaller_set_lacks_trials() {
        let masks = of(&[vec![1.0; 7]], 10, Layout::Set, 1);
        assert!((masks.share() - 0.3).abs() < 1e-12);
        let none = DataLayout::new(Layout::Set, 1);
        assert_eq!(Masks::of(&[vec![1.0; 10], vec![1.0; 14]], 10, &none), None);
        // Where one number of a trial is missing alone, numbers are hidden one by one.
        let masks = of(&[vec![1.0, f64::NAN, 1.0, 1.0]], 4, Layout::Set, 2);
        assert_eq!(masks.together, 1);
    }
}
