//! Numbers hidden from simulations, so that what is missing in them fits what is missing in observations.

use crate::random::{Purpose, stream};
use freeform_simulators::{DataLayout, Layout, Simulations};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// What is missing in some observations. A half of the simulations is given the very gaps of one of them,
/// the others as many at random places.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Masks {
    /// Numbers of x.
    numbers: usize,
    /// Numbers that are hidden together: those of a point or a trial, where they are missing together.
    together: usize,
    /// Where x has parts, the first number of each group in their place, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    groups: Vec<usize>,
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
        let of = |layout: &DataLayout, own: Range<usize>| {
            let channels = if layout.layout == Layout::Vector { 1 } else { layout.channels.max(1) };
            let whole = |missing: &Vec<bool>| {
                let mut points = missing[own.clone()].chunks(channels);
                points.all(|point| point.iter().all(|m| *m == point[0]))
            };
            if missing.iter().all(whole) { channels } else { 1 }
        };
        let groups: Vec<usize> = layout
            .placed_parts()
            .flat_map(|(from, part)| {
                let own = from..from + part.numbers();
                own.clone().step_by(of(part.layout(), own))
            })
            .collect();
        let together = if groups.is_empty() { of(layout, 0..numbers) } else { 1 };
        let masks = Self { numbers, together, groups, hidden: Vec::new() };
        let hidden = missing
            .iter()
            .map(|missing| masks.starts().filter(|at| missing[*at]).collect::<Vec<_>>());
        let hidden: Vec<Vec<usize>> = hidden.collect();
        (!hidden.is_empty()).then_some(Self { hidden, ..masks })
    }

    /// The first number of each group.
    fn starts(&self) -> Box<dyn Iterator<Item = usize> + '_> {
        match self.groups.is_empty() {
            true => Box::new((0..self.numbers).step_by(self.together)),
            false => Box::new(self.groups.iter().copied()),
        }
    }

    /// The numbers of the group that begins there.
    fn group(&self, start: usize) -> Range<usize> {
        let next = self.groups.partition_point(|other| *other <= start);
        let end = match self.groups.is_empty() {
            true => start + self.together,
            false => self.groups.get(next).copied().unwrap_or(self.numbers),
        };
        start..end.min(self.numbers)
    }

    /// The share of numbers that are hidden, on average.
    #[must_use]
    pub fn share(&self) -> f64 {
        let hidden = self.hidden.iter().flatten().map(|start| self.group(*start).len());
        hidden.sum::<usize>() as f64 / (self.hidden.len() * self.numbers) as f64
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
            let hidden: Vec<usize> =
                hidden.into_iter().flat_map(|start| self.group(start)).collect();
            let hides = |at: usize| hidden.binary_search(&at).is_ok();
            if (0..self.numbers).all(|at| hides(at) || row[at].is_nan()) {
                continue;
            }
            hidden.into_iter().for_each(|at| row[at] = f64::NAN);
        }
    }

    fn draw(&self, rng: &mut ChaCha8Rng) -> Vec<usize> {
        let own = &self.hidden[rng.random_range(0..self.hidden.len())];
        if rng.random_bool(0.5) {
            return own.clone();
        }
        let share = own.len() as f64 / self.starts().count() as f64;
        self.starts().filter(|_| rng.random_bool(share)).collect()
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

    /// Of a part of five points of two channels and one of three numbers, a point and a number are missing.
    #[test]
    fn parts_lack_points_and_numbers() {
        let parts = ["series:5x2", "vector:3"].map(|part| part.parse().unwrap());
        let mut x = vec![1.0; 13];
        [2, 3, 11].into_iter().for_each(|at| x[at] = f64::NAN);
        let layout = DataLayout::of_parts(parts.into());
        let masks = Masks::of(&[x.clone()], 13, &layout).unwrap();
        assert!((masks.share() - 3.0 / 13.0).abs() < 1e-12);
        let rows = masked(&masks, 2000, 13);
        let own: Vec<bool> = x.iter().map(|v| v.is_nan()).collect();
        let same = rows.iter().filter(|row| **row == own).count();
        assert!((900..1100).contains(&same), "{same}");
        assert!(rows.iter().all(|row| row[..10].chunks(2).all(|point| point[0] == point[1])));
        assert!(rows.iter().any(|row| row[10] && !row[11]));
    }
}
