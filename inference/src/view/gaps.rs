//! Where numbers of x are missing: what the networks are told of it beside what was measured, and
//! whether the gaps of an observation are like those of the simulations.

mod count;
mod of_view;
mod standing;

pub(crate) use count::Structure;
pub use standing::GapsStanding;

use super::present::is_present;
use count::{Count, LEAST_POINTS, PARTS, deviation, more_than_chance};
use serde::{Deserialize, Serialize};

/// Patterns of gaps in a vector that have an indicator of their own, at most.
const MOST_PATTERNS: usize = 16;
/// A series' ends are told where they move by more than this share of it.
const MOVING_ENDS: f64 = 0.02;

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Figure {
    count: Count,
    /// In the simulations.
    least: f64,
    most: f64,
    /// Whether the networks are given it.
    shown: bool,
}

/// What is told of the gaps in x, and where those of the simulations lie.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Gaps {
    structure: Structure,
    /// Numbers in x of the simulations.
    numbers: usize,
    figures: Vec<Figure>,
    /// Of a vector: columns that are missing together in some simulations.
    patterns: Vec<Vec<usize>>,
    /// Whether the networks are told which of these are.
    indicated: bool,
}

impl Gaps {
    /// Of rows of x, each of `columns` numbers; `None` where nothing is missing.
    pub fn of(x: &[f64], columns: usize, structure: Structure) -> Option<Self> {
        if x.iter().all(is_present) {
            return None;
        }
        let channels = structure.channels();
        let points = columns / channels;
        let mut counts = vec![Count::Present];
        if matches!(structure, Structure::Series(_)) {
            counts.extend([Count::First, Count::Last]);
            if points >= LEAST_POINTS {
                counts.extend((0..PARTS).map(Count::Part));
            }
        }
        if channels > 1 {
            counts.extend((0..channels).map(Count::Channel));
        }
        let values: Vec<Vec<f64>> = counts
            .iter()
            .map(|count| x.chunks_exact(columns).map(|row| count.of(structure, row)).collect())
            .collect();
        let patterns = match structure {
            Structure::Vector => patterns(x, columns),
            _ => Vec::new(),
        };
        let indicated = patterns.len() <= MOST_PATTERNS && !patterns.is_empty();
        let figures = counts.iter().zip(&values).map(|(count, own)| {
            let least = own.iter().copied().fold(f64::INFINITY, f64::min);
            let most = own.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let tells = match count {
                Count::Present => !indicated,
                Count::First | Count::Last => deviation(own) > MOVING_ENDS * points as f64,
                Count::Part(_) => more_than_chance(own, points / PARTS),
                // Where it goes with its trial, that is said already.
                Count::Channel(_) => own != &values[0],
            };
            Figure { count: *count, least, most, shown: tells && least < most }
        });
        let figures = figures.collect();
        Some(Self { structure, numbers: columns, figures, patterns, indicated })
    }

    pub fn structure(&self) -> Structure {
        self.structure
    }

    /// The fewest and the most numbers, points or trials that a simulation has.
    pub fn present(&self) -> (usize, usize) {
        let Figure { least, most, .. } = self.figures[0];
        (least as usize, most as usize)
    }

    pub fn is_whole(&self, columns: usize) -> bool {
        let channels = self.structure.channels();
        let figure = |f: &Figure| {
            let fits = match f.count {
                Count::Channel(channel) => channel < channels,
                Count::Part(part) => part < PARTS,
                _ => true,
            };
            fits && f.least.is_finite() && f.most.is_finite()
        };
        self.numbers == columns
            && channels > 0
            && columns.is_multiple_of(channels)
            && self.figures.first().is_some_and(|f| f.count == Count::Present)
            && self.figures.iter().all(figure)
            && self.patterns.iter().all(|p| !p.is_empty() && p.iter().all(|c| *c < columns))
    }

    fn points(&self) -> usize {
        self.numbers / self.structure.channels()
    }

    fn shown(&self) -> impl Iterator<Item = &Figure> {
        self.figures.iter().filter(|figure| figure.shown)
    }

    /// The patterns that have an indicator.
    fn indicated(&self) -> &[Vec<usize>] {
        if self.indicated { &self.patterns } else { &[] }
    }

    pub fn outputs(&self) -> usize {
        self.shown().count() + self.indicated().len()
    }

    pub fn apply(&self, x: &[f64], out: &mut Vec<f64>) {
        let points = self.points();
        out.extend(self.shown().map(|f| f.count.shown(f.count.of(self.structure, x), points)));
        let missing = |pattern: &Vec<usize>| !is_present(&x[pattern[0]]);
        out.extend(self.indicated().iter().map(|pattern| f64::from(u8::from(missing(pattern)))));
    }

    /// What was applied, each whole number spread by `by`, from −½ to ½, over what it stands for.
    pub fn spread(&self, shown: &mut [f64], mut by: impl FnMut() -> f64) {
        let points = self.points();
        for (figure, value) in self.shown().zip(&mut *shown) {
            *value = figure.count.spread(*value, points, by());
        }
        let indicators = shown.len() - self.indicated().len();
        shown[indicators..].iter_mut().for_each(|value| *value += by());
    }

    pub fn names(&self) -> Vec<String> {
        let what = self.structure.name();
        let columns = |pattern: &Vec<usize>| match pattern.len() {
            1 => format!("whether column {} is missing", pattern[0] + 1),
            n => format!("whether column {} and {} more are missing", pattern[0] + 1, n - 1),
        };
        let figures = self.shown().map(|figure| figure.count.name(what));
        figures.chain(self.indicated().iter().map(columns)).collect()
    }

    /// The first number of `x`, from 0, that is missing though it is in no simulation: nothing was learnt
    /// of that. Of points and trials that is no question.
    pub fn never_missing(&self, x: &[f64]) -> Option<usize> {
        let known = |column: usize| self.patterns.iter().any(|pattern| pattern.contains(&column));
        let vector = self.structure == Structure::Vector;
        (0..x.len()).find(|column| vector && !is_present(&x[*column]) && !known(*column))
    }
}

/// Columns that are missing in some rows, together with those that are in the very same ones.
fn patterns(x: &[f64], columns: usize) -> Vec<Vec<usize>> {
    let missing = |column: usize| x.iter().skip(column).step_by(columns).map(|v| !is_present(v));
    let mut patterns: Vec<Vec<usize>> = Vec::new();
    for column in (0..columns).filter(|column| missing(*column).any(|gap| gap)) {
        match patterns.iter_mut().find(|p| missing(p[0]).eq(missing(column))) {
            Some(pattern) => pattern.push(column),
            None => patterns.push(vec![column]),
        }
    }
    patterns
}

#[cfg(test)]
mod tests;
