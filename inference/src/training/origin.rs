//! Where the θ of simulations came from, and what their table shows of it.

use super::agreement::deviations;
use super::order::Groups;
use super::rows::TableRows;
use super::{DataError, Finding, bounds};
use crate::rounds::Locality;
use crate::transform::ParameterTransform;
use freeform_simulators::{Prior, Simulations};
use ndarray::{Array2, Axis};

/// Where the θ of simulations came from.
#[derive(Clone, Copy, Debug)]
pub struct ThetaOrigin<'a> {
    /// The prior that the posterior is asked under.
    pub prior: &'a Prior,
    /// The law that θ was drawn from, where it is another.
    pub drawn_from: Option<&'a Prior>,
    /// θ whose simulations failed `[m, D]`, where they are known.
    pub failed: Option<&'a Array2<f64>>,
    /// The observation that they were simulated for, and where, if for one only.
    pub local: Option<&'a Locality>,
    /// Which row of their table, from 0, each simulation is, where others were left out.
    pub rows: Option<&'a [usize]>,
}

impl<'a> ThetaOrigin<'a> {
    /// θ drawn from the prior, all of it simulated.
    #[must_use]
    pub fn prior(prior: &'a Prior) -> Self {
        Self { prior, drawn_from: None, failed: None, local: None, rows: None }
    }

    /// Refuses θ outside the law that it is said to be drawn from.
    pub(super) fn check_law(&self, theta: &[f64], rows: &TableRows) -> Result<(), DataError> {
        let Some(law) = self.drawn_from else { return Ok(()) };
        for (column, name) in self.prior.names().iter().enumerate() {
            let named = |prior: &Prior| {
                let own = prior.category(column)?;
                Some((0..own.probabilities().len()).map(|k| own.label(k)).collect::<Vec<_>>())
            };
            let (wanted, found) = (named(self.prior), named(law));
            if wanted != found {
                let in_words = |labels: Option<Vec<String>>| {
                    labels.map_or("no category".to_owned(), |labels| labels.join(", "))
                };
                let (wanted, found) = (in_words(wanted), in_words(found));
                return Err(DataError::OtherCategories { name: name.clone(), wanted, found });
            }
        }
        match bounds::check_support(theta, law, rows) {
            Err(DataError::OutsidePrior(found)) => Err(DataError::OutsideLaw(found)),
            other => other,
        }
    }

    /// Rows of θ that failed, inside the prior's support.
    fn failed_rows(&self) -> Vec<f64> {
        let dim = self.prior.dim();
        let Some(failed) = self.failed.filter(|f| f.ncols() == dim) else { return Vec::new() };
        let mut flat: Vec<f64> = failed.iter().copied().collect();
        bounds::move_off(&mut flat, self.prior);
        let inside = |row: &&[f64]| self.prior.contains(row);
        flat.chunks_exact(dim).filter(inside).flatten().copied().collect()
    }

    /// Points of the flow's space whose simulations failed, row after row.
    pub(super) fn failed_points(&self, parameters: &ParameterTransform) -> Vec<f32> {
        let (rows, dim) = (self.failed_rows(), self.prior.dim());
        let mut points = vec![0.0; rows.len()];
        for (row, point) in rows.chunks_exact(dim).zip(points.chunks_exact_mut(dim)) {
            parameters.apply(self.prior, row, point);
        }
        points
    }

    /// The simulations inside the prior's support, where θ was drawn from another law: those outside
    /// have no weight in the posterior. With them, which rows of their table they are.
    pub(super) fn inside(
        &self,
        from: Simulations,
        findings: &mut Vec<Finding>,
    ) -> (Simulations, TableRows) {
        let table = TableRows::of(self.rows);
        if self.drawn_from.is_none() || from.theta.ncols() != self.prior.dim() {
            return (from, table);
        }
        let mut theta: Vec<f64> = from.theta.iter().copied().collect();
        bounds::move_off(&mut theta, self.prior);
        let rows = theta.chunks_exact(self.prior.dim());
        let inside = |(index, row): (usize, &[f64])| self.prior.contains(row).then_some(index);
        let keep: Vec<usize> = rows.enumerate().filter_map(inside).collect();
        let (of, rows) = (from.len(), from.len() - keep.len());
        if rows == 0 {
            return (from, table);
        }
        findings.push(Finding::OutsidePrior { rows, of });
        let (theta, x) = (from.theta.select(Axis(0), &keep), from.x.select(Axis(0), &keep));
        (Simulations { theta, x }, table.kept(&keep))
    }

    /// Notes what is amiss with a table's θ, before anything is moved.
    pub(super) fn look(&self, theta: &[f64], groups: &Groups, findings: &mut Vec<Finding>) {
        let dim = self.prior.dim();
        let rows = theta.len() / dim;
        if groups.distinct < rows / 2 + 1 && rows > groups.distinct {
            let held_out_whole = groups.are_held_out_whole();
            findings.push(Finding::Replicates { distinct: groups.distinct, rows, held_out_whole });
        }
        for (column, name) in self.prior.names().iter().enumerate() {
            if let Some(law) = self.prior.category(column) {
                // Near one observation some may be gone.
                let all = 0..if self.local.is_none() { law.probabilities().len() } else { 0 };
                for k in all {
                    let own = theta.iter().skip(column).step_by(dim).filter(|v| **v == k as f64);
                    let (name, label, own) = (name.clone(), law.label(k), own.count());
                    if own < FEW_OF_A_CATEGORY {
                        findings.push(Finding::RareCategory { name, label, rows: own, of: rows });
                    }
                }
                continue;
            }
            let values = theta.iter().skip(column).step_by(dim);
            if let Some(distinct) = few_values(values, rows) {
                findings.push(Finding::FewValues { name: name.clone(), distinct, rows });
            }
        }
        // Draws of parts of the prior's support are unlike those of the prior.
        if self.local.is_some_and(|local| !local.law.is_prior()) {
            return;
        }
        // Rows outside the prior's support were left out, not refused by the law of θ.
        if findings.iter().any(|f| matches!(f, Finding::OutsidePrior { .. })) {
            return;
        }
        let row = |r: &u32| theta[*r as usize * dim..][..dim].iter().copied();
        let mut different: Vec<f64> = groups.firsts().iter().flat_map(row).collect();
        let failed = self.failed_rows();
        let with_failed = !failed.is_empty();
        different.extend(failed);
        let law = self.drawn_from.unwrap_or(self.prior);
        let (mut columns, pairs) = deviations(&different, law);
        columns.sort_by(|a, b| b.distance.total_cmp(&a.distance));
        if !(columns.is_empty() && pairs.is_empty()) {
            let proposal = self.drawn_from.is_some();
            findings.push(Finding::NotFromPrior { columns, pairs, proposal, with_failed });
        }
    }
}

/// Simulations of a category that say next to nothing of it.
const FEW_OF_A_CATEGORY: usize = 10;
/// Fewer different values than this, among so many rows, are no draws from a continuous law.
const FEW_VALUES: usize = 10;
const MANY_ROWS: usize = 100;

/// How many different values there are, where they are few among many rows.
fn few_values<'a>(values: impl Iterator<Item = &'a f64>, rows: usize) -> Option<usize> {
    let mut known: Vec<f64> = Vec::new();
    for value in values {
        if !known.contains(value) {
            known.push(*value);
        }
        if known.len() >= FEW_VALUES {
            return None;
        }
    }
    (rows >= MANY_ROWS).then_some(known.len())
}

/// Values that stand out of their whole column.
pub(super) struct Outliers<'a> {
    table: &'a TableRows,
    /// What each column of x, or of its view, is beyond its number.
    meanings: &'a [Option<String>],
    /// Squared scores from here on hold more than half of a column's variance.
    limit: f32,
    found: Vec<Finding>,
}

/// In shorter tables one value often holds half of the variance.
const LEAST_ROWS: usize = 50;

impl<'a> Outliers<'a> {
    /// For columns of `rows` values, which are these of their table; `meanings` says what those of x
    /// are.
    pub fn new(rows: usize, table: &'a TableRows, meanings: &'a [Option<String>]) -> Self {
        let limit = if rows < LEAST_ROWS { f32::INFINITY } else { 0.5 * rows as f32 };
        Self { table, meanings, limit, found: Vec::new() }
    }

    /// Looks at the scores of a row's columns (from 0) of `theta`, or of x.
    pub fn look<'s>(
        &mut self,
        table: &'static str,
        row: usize,
        scores: impl Iterator<Item = (usize, &'s f32)>,
        raw: &[f64],
    ) {
        for (column, score) in scores {
            if score * score > self.limit {
                let meaning = self.meanings.get(column).filter(|_| table != "theta");
                self.found.push(Finding::Dominated {
                    table,
                    column: column + 1,
                    meaning: meaning.cloned().flatten(),
                    row: self.table.row_of(row) + 1,
                    value: raw[column],
                });
            }
        }
    }

    /// What was found, in the order of the tables' rows, in whatever order these were looked at.
    pub fn findings(self) -> Vec<Finding> {
        let mut found = self.found;
        found.sort_by_key(|finding| match finding {
            Finding::Dominated { table, row, .. } => (*table, *row),
            _ => ("", 0),
        });
        found
    }
}

#[cfg(test)]
mod tests {
    use super::few_values;

    #[test]
    fn a_handful_of_values_in_many_rows_is_few() {
        let values: Vec<f64> = (0..500).map(|i| f64::from(i % 2) * 3.0).collect();
        assert_eq!(few_values(values.iter(), 500), Some(2));
        assert_eq!(few_values(values[..50].iter(), 50), None);
        let values: Vec<f64> = (0..500).map(|i| f64::from(i % 20)).collect();
        assert_eq!(few_values(values.iter(), 500), None);
    }
}
