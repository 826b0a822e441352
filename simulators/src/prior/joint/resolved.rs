//! The law of one parameter over known columns.

use crate::prior::marginal::Prepared;
use crate::prior::{Marginal, PriorError, Support};

/// Other parameters' columns that a law is given by, and what is known of where these lie.
#[derive(Clone, Debug)]
pub(super) struct Resolved {
    distribution: &'static str,
    /// A field; its number, or the column that gives it, and whether the field is its inverse.
    fields: Vec<(&'static str, Source)>,
    /// Where the law is the same whatever the others are: ready for use.
    fixed: Option<(Marginal, Prepared)>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Source {
    Number(f64),
    Column { column: usize, inverse: bool },
}

impl Resolved {
    pub(super) fn new(distribution: &'static str, fields: Vec<(&'static str, Source)>) -> Self {
        Self { distribution, fields, fixed: None }
    }

    /// Makes it ready where it is given by numbers alone; else checks those that there are.
    pub(super) fn fix(&mut self, parameter: &str) -> Result<(), PriorError> {
        if self.parents().next().is_some() {
            return self.check_numbers(parameter);
        }
        if let Some(marginal) = self.marginal(&[]) {
            let prepared = marginal.prepare(parameter)?;
            self.fixed = Some((marginal, prepared));
        }
        Ok(())
    }

    /// Columns that it is given by.
    pub(super) fn parents(&self) -> impl Iterator<Item = usize> + '_ {
        self.fields.iter().filter_map(|(_, source)| match source {
            Source::Number(_) => None,
            Source::Column { column, .. } => Some(*column),
        })
    }

    fn source(&self, field: &str) -> Option<Source> {
        self.fields.iter().find(|(known, _)| *known == field).map(|(_, source)| *source)
    }

    fn column(&self, field: &str) -> Option<usize> {
        match self.source(field)? {
            Source::Column { column, .. } => Some(column),
            Source::Number(_) => None,
        }
    }

    /// An end of a turn that is a parameter.
    pub(super) fn moving_turn(&self) -> Option<(&'static str, usize)> {
        let end = |end| self.column(end).map(|column| (end, column));
        self.is_circle().then(|| ["low", "high"].into_iter().find_map(end)).flatten()
    }

    /// Whether its lower end is given by this column: it lies above it.
    pub(super) fn lies_above(&self, column: usize) -> bool {
        self.column("low") == Some(column)
    }

    /// Whether its upper end is given by this column: it lies below it.
    pub(super) fn lies_below(&self, column: usize) -> bool {
        self.column("high") == Some(column)
    }

    /// The law where it does not depend on others.
    pub(super) fn fixed(&self) -> Option<&Marginal> {
        self.fixed.as_ref().map(|(marginal, _)| marginal)
    }

    /// The law given the others.
    fn marginal(&self, theta: &[f64]) -> Option<Marginal> {
        let number = |field: &'static str| {
            Ok::<f64, ()>(match self.source(field).unwrap_or(Source::Number(f64::NAN)) {
                Source::Number(number) => number,
                Source::Column { column, inverse: false } => theta[column],
                Source::Column { column, inverse: true } => theta[column].recip(),
            })
        };
        Marginal::by_name(self.distribution, number)?.ok()
    }

    /// Calls `f` with the law given the others, ready for use; `None` where their values, at the very
    /// end of what double precision holds, make none.
    pub(super) fn given<T>(
        &self,
        theta: &[f64],
        f: impl FnOnce(&Prepared, Support) -> T,
    ) -> Option<T> {
        match &self.fixed {
            Some((marginal, prepared)) => Some(f(prepared, marginal.support())),
            None => {
                let marginal = self.marginal(theta)?;
                Some(f(&marginal.prepare("").ok()?, marginal.support()))
            }
        }
    }

    /// Where it lies, given the others.
    pub(super) fn support(&self, theta: &[f64]) -> Option<Support> {
        match &self.fixed {
            Some((marginal, _)) => Some(marginal.support()),
            None => Some(self.marginal(theta)?.support()),
        }
    }

    /// Where it lies, whatever the others are.
    pub(super) fn envelope(&self, bounds: &dyn Fn(usize) -> (f64, f64)) -> Support {
        if let Some(marginal) = self.fixed() {
            return marginal.support();
        }
        let end = |field, side: fn((f64, f64)) -> f64| match self.source(field) {
            Some(Source::Number(number)) => Some(number),
            Some(Source::Column { column, .. }) => Some(side(bounds(column))),
            None => None,
        };
        match (end("low", |b| b.0), end("high", |b| b.1)) {
            (Some(low), Some(high)) => match Support::between(low, high) {
                Support::Interval { lower, upper } if self.is_circle() => {
                    Support::Circle { lower, upper }
                }
                other => other,
            },
            // Whatever the numbers are, these have one support.
            _ => self
                .marginal(&vec![1.0; 1 + self.parents().max().unwrap_or(0)])
                .map_or(Support::Real, |marginal| marginal.support()),
        }
    }

    fn is_circle(&self) -> bool {
        matches!(self.distribution, "von_mises" | "circular_uniform")
    }

    /// The lower end must lie below the upper one wherever they may lie.
    pub(super) fn check_order(
        &self,
        parameter: &str,
        names: &[String],
        bounds: &dyn Fn(usize) -> (f64, f64),
        above: &dyn Fn(usize, usize) -> bool,
    ) -> Result<(), PriorError> {
        let (Some(low), Some(high)) = (self.source("low"), self.source("high")) else {
            return Ok(());
        };
        let (text, sound) = match (low, high) {
            (Source::Number(_), Source::Number(_)) => return Ok(()),
            (Source::Column { column: low, .. }, Source::Column { column: high, .. }) => {
                let apart = bounds(low).1 <= bounds(high).0 || above(high, low);
                (format!("low = \"{}\"", names[low]), apart)
            }
            (Source::Number(low), Source::Column { column, .. }) => {
                (format!("low = {low}"), low <= bounds(column).0)
            }
            (Source::Column { column, .. }, Source::Number(high)) => {
                (format!("low = \"{}\"", names[column]), bounds(column).1 <= high)
            }
        };
        if sound {
            return Ok(());
        }
        let value = match high {
            Source::Number(high) => high.to_string(),
            Source::Column { column, .. } => format!("\"{}\"", names[column]),
        };
        Err(PriorError::BadValue {
            parameter: parameter.to_owned(),
            field: "high".to_owned(),
            value,
            requirement: format!(
                "it must lie above {text} whatever the parameters are; give the parameters bounds, or \
                 order them, so that it does"
            ),
        })
    }

    /// Checks those numbers that do not depend on others.
    fn check_numbers(&self, parameter: &str) -> Result<(), PriorError> {
        for (field, source) in &self.fields {
            let Source::Number(value) = *source else { continue };
            let free = matches!(*field, "low" | "high" | "mean" | "location");
            let open = matches!(*field, "low" | "high") && self.distribution == "truncated_normal";
            let requirement = if value.is_nan() || (value.is_infinite() && !open) {
                "it must be a finite number"
            } else if !free && value <= 0.0 {
                "it must be above 0"
            } else {
                continue;
            };
            return Err(PriorError::BadValue {
                parameter: parameter.to_owned(),
                field: (*field).to_owned(),
                value: value.to_string(),
                requirement: requirement.to_owned(),
            });
        }
        Ok(())
    }
}
