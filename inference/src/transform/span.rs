//! Where the simulated data lie, and how far from there an observation is.

use super::{ColumnMap, DataTransform};
use crate::view::is_present;
use freeform_simulators::{DataLayout, counted, tenths};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Rows that quantiles are taken from, at most.
const MOST_ROWS: usize = 20_000;
/// Quantiles between which a column's core lies: 99% of it.
const CORE: [f64; 2] = [0.005, 0.995];
/// As many columns beyond as come about by chance less often than this are more than chance.
const RARE: f64 = 0.002;
/// Widths of a column's core beyond all simulations: from the first on nobody calls it chance, from
/// the second on nothing is known there.
const NOTICEABLE: f64 = 0.5;
const FAR: f64 = 2.0;

/// Of each column of x (from the first, kept by the networks or not): the least and the largest
/// value simulated, and the quantiles that hold 99% of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSpan {
    rows: usize,
    least: Vec<f64>,
    most: Vec<f64>,
    low: Vec<f64>,
    high: Vec<f64>,
    /// What the columns are to each other, by which they are named; the model says it.
    #[serde(skip)]
    layout: DataLayout,
}

/// Where an observation lies among the simulations, column by column. What is unusual about its
/// columns together is not looked at.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Distance {
    /// Columns whose value lies beyond all simulated ones.
    pub columns_beyond: usize,
    /// Columns in all.
    pub columns: usize,
    /// How many of them would by chance, were it one more simulation.
    pub expected: f64,
    /// The column that lies farthest beyond, if one does.
    pub farthest: Option<Beyond>,
}

/// A number of an observation that lies beyond all simulated ones.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Beyond {
    /// Column of x, from 1.
    pub column: usize,
    /// Where that is in a series or a set of several channels: `point 12, channel 1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// What was observed.
    pub value: f64,
    /// Least simulated.
    pub least: f64,
    /// Largest simulated.
    pub most: f64,
    /// How far beyond, in widths of the middle 99% of the simulations, as the networks see them
    /// (infinite where the column is constant).
    pub widths: f64,
}

impl DataSpan {
    /// Of rows of x, each of `columns` numbers.
    #[must_use]
    pub fn of(columns: usize, x: &[f64]) -> Self {
        let rows = x.len() / columns;
        let stride = rows.div_ceil(MOST_ROWS).max(1);
        let (mut least, mut most) =
            (vec![f64::INFINITY; columns], vec![f64::NEG_INFINITY; columns]);
        for row in x.chunks_exact(columns) {
            // A NaN is neither less nor more.
            for ((value, least), most) in row.iter().zip(&mut least).zip(&mut most) {
                *least = least.min(*value);
                *most = most.max(*value);
            }
        }
        let quantiles = |column: usize| {
            let values = x.iter().skip(column).step_by(columns).filter(|v| is_present(v));
            let mut values: Vec<f64> = values.step_by(stride).copied().collect();
            values.sort_unstable_by(f64::total_cmp);
            let last = values.len().saturating_sub(1) as f64;
            // Of a point that no simulation has, nothing is known.
            CORE.map(|share| values.get((last * share).round() as usize).copied().unwrap_or(0.0))
        };
        let core: Vec<[f64; 2]> = (0..columns).into_par_iter().map(quantiles).collect();
        let (low, high) = core.into_iter().map(|[low, high]| (low, high)).unzip();
        let layout = DataLayout::default();
        Self { rows, least, most, low, high, layout }
    }

    /// The same of columns that are this to each other.
    #[must_use]
    pub fn laid_out(self, layout: DataLayout) -> Self {
        Self { layout, ..self }
    }

    /// Whether it describes x of so many columns.
    #[must_use]
    pub fn fits(&self, columns: usize) -> bool {
        [&self.least, &self.most, &self.low, &self.high].iter().all(|v| v.len() == columns)
    }

    /// Where `x` lies: as one row, or as several of which it is said whether any lies beyond; seen through the maps of `data` where these are of its columns.
    #[must_use]
    pub fn distance(&self, x: &[f64], data: Option<&DataTransform>) -> Distance {
        let map = |column: usize| {
            let Some(data) = data else { return ColumnMap::Identity };
            let place = data.kept().iter().position(|kept| *kept == column);
            place.map_or(ColumnMap::Identity, |place| data.maps()[place])
        };
        let (mut columns_beyond, mut farthest) = (0, None::<Beyond>);
        let columns = self.least.len();
        for (place, &value) in x.iter().enumerate().filter(|(_, v)| is_present(v)) {
            let index = place % columns;
            let (least, most) = (self.least[index], self.most[index]);
            if (least..=most).contains(&value) || least > most {
                continue;
            }
            columns_beyond += 1;
            let map = map(index);
            let [y, from, to] = [value, least, most].map(|v| map.apply(v));
            let core = map.apply(self.high[index]) - map.apply(self.low[index]);
            let width = if core > 0.0 { core } else { to - from };
            let widths = (from - y).max(y - to) / width;
            let column = place + 1;
            if farthest.as_ref().is_none_or(|f| f.widths < widths) {
                farthest = Some(Beyond {
                    column,
                    place: self.layout.place(place),
                    value,
                    least,
                    most,
                    widths,
                });
            }
        }
        // The least and the largest of n + 1 values each are the new one with probability
        // 1/(n + 1); of a constant column none is.
        let varying = self.least.iter().zip(&self.most).filter(|(l, m)| l < m).count();
        let rows = (x.len() / columns) as f64;
        let expected = 2.0 * rows * varying as f64 / (self.rows + 1) as f64;
        Distance { columns_beyond, columns: x.len(), expected, farthest }
    }
}

impl Distance {
    /// Whether it lies beyond the simulations by more than chance explains.
    #[must_use]
    pub fn is_beyond(&self) -> bool {
        let by_chance = at_least(self.columns_beyond, self.expected);
        by_chance < RARE || self.farthest.as_ref().is_some_and(|f| f.widths > NOTICEABLE)
    }

    /// Whether a number that varies in the simulations lies so far beyond them that nothing is known
    /// there.
    #[must_use]
    pub fn is_far(&self) -> bool {
        self.farthest.as_ref().is_some_and(|f| f.widths > FAR && f.least < f.most)
    }
}

impl fmt::Display for Distance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(Beyond { column, place, value, least, most, widths }) = &self.farthest else {
            return write!(f, "x lies within the simulations in every column");
        };
        write!(
            f,
            "x lies beyond all simulations in {} of {}",
            self.columns_beyond,
            counted(self.columns, "column")
        )?;
        let constant = least == most;
        let spread = if constant { (value - least).abs() } else { most - least };
        let [value, least, most] = [value, least, most].map(|v| readable(*v, spread));
        let place = place.as_ref().map_or(String::new(), |place| format!(" ({place})"));
        if constant {
            return write!(
                f,
                ": column {column}{place} is {value}, but {least} in every simulation"
            );
        }
        write!(
            f,
            ", farthest in column {column}{place}: {value}, where the simulations reach from {least} to \
             {most} ({} times their width away)",
            tenths(*widths)
        )
    }
}

/// The probability of at least `count` where `expected` are expected (Poisson).
fn at_least(count: usize, expected: f64) -> f64 {
    let terms = (0..count).scan((-expected).exp(), |term, k| {
        let this = *term;
        *term *= expected / (k + 1) as f64;
        Some(this)
    });
    1.0 - terms.sum::<f64>()
}

/// As many digits as a person reads, and as tell values apart whose spread this is.
fn readable(value: f64, spread: f64) -> String {
    let decimals = (5.0 - spread.log10()).clamp(0.0, 17.0);
    let rounded = format!("{value:.*}", decimals as usize).parse().unwrap_or(value);
    if rounded == 0.0 || (1e-4..1e9).contains(&f64::abs(rounded)) {
        format!("{rounded}")
    } else {
        format!("{rounded:e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::DataTransform as Kind;
    use freeform_simulators::Layout;

    fn of(column: impl Fn(usize) -> f64, rows: usize) -> (DataSpan, DataTransform) {
        let x: Vec<f64> = (0..rows).map(column).collect();
        let data = DataTransform::fit(Kind::Shape, 1, vec![0], x.chunks_exact(1));
        (DataSpan::of(1, &x), data)
    }

    #[test]
    fn distances_are_counted_in_widths_of_the_core() {
        // 0, 1, …, 1000: the core is 5 to 995.
        let (span, data) = of(|i| i as f64, 1001);
        let at = |x: f64| span.distance(&[x], Some(&data));
        assert!(!at(0.0).is_beyond() && !at(1000.0).is_beyond() && at(500.0).farthest.is_none());
        let near = at(1001.0);
        assert!((near.farthest.as_ref().unwrap().widths - 1.0 / 990.0).abs() < 1e-12);
        assert!(near.is_beyond() && !near.is_far());
        assert!(at(-999.0).is_beyond() && !at(-999.0).is_far());
        assert!(at(-2000.0).is_far() && at(1e6).is_far());
        let text = at(-2000.0).to_string();
        assert!(
            text.contains("column 1: -2000, where the simulations reach from 0 to 1000"),
            "{text}"
        );
    }

    /// Of eight columns and 1000 simulations one in sixty new simulations has one beyond all others.
    #[test]
    fn one_column_a_little_beyond_is_chance() {
        // scipy.stats.poisson.sf([0, 1, 4], [.016, .016, 2]).
        for (count, expected, p) in
            [(1, 0.016, 0.015_872_7), (2, 0.016, 0.000_126_6), (5, 2.0, 0.052_653)]
        {
            assert!((at_least(count, expected) - p).abs() < 1e-6, "{count} of {expected}");
        }
        assert_eq!(at_least(0, 0.1), 1.0);
    }

    #[test]
    fn skewed_columns_are_judged_as_the_networks_see_them() {
        // log x from −5 to 5.
        let (span, data) = of(|i| (i as f64 / 100.0 - 5.0).exp(), 1001);
        assert!(matches!(data.maps()[0], ColumnMap::Log { .. }));
        let at = |x: f64| span.distance(&[x], Some(&data)).farthest.unwrap().widths;
        assert!((at(10_f64.exp()) - 5.0 / 9.9).abs() < 1e-3);
        assert!(at(-999.0) > 1e3);
    }

    #[test]
    fn chance_explains_one_of_a_thousand_columns_and_a_constant_column_is_named() {
        let columns = 1000;
        let x: Vec<f64> = (0..1000 * columns).map(|i| (i / columns) as f64).collect();
        let data = DataTransform::fit(Kind::Standardize, columns, vec![0], x.chunks_exact(columns));
        let span = DataSpan::of(columns, &x);
        let mut observed = vec![500.0; columns];
        (observed[3], observed[8]) = (-1.0, 1000.0);
        let distance = span.distance(&observed, Some(&data));
        assert_eq!(distance.columns_beyond, 2);
        assert!(!distance.is_beyond(), "{distance}");
        let (span, data) = of(|_| 2.0, 50);
        let distance = span.distance(&[3.0], Some(&data));
        assert!(distance.is_beyond() && !distance.is_far());
        assert!(distance.to_string().contains("column 1 is 3, but 2 in every"), "{distance}");
        // Of two channels, the sixth number is the third point's second.
        let x: Vec<f64> = (0..60).map(f64::from).collect();
        let layout = DataLayout::new(Layout::Series, 2);
        let span = DataSpan::of(6, &x).laid_out(layout);
        let said = span.distance(&[6.0, 7.0, 8.0, 9.0, 10.0, -900.0], None).to_string();
        assert!(said.contains("farthest in column 6 (point 3, channel 2): -900"), "{said}");
    }
}
