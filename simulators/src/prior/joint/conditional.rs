//! The law of one parameter whose numbers may be other parameters.

use super::super::marginal::{DISTRIBUTIONS, Prepared, default};
use crate::nearest::suggest;
use crate::prior::{Marginal, PriorError, Support};

/// A number of a law, or the parameter that gives it.
#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    /// A number.
    Number(f64),
    /// The name of another parameter.
    Parameter(String),
}

impl From<f64> for Term {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Term {
    fn from(name: &str) -> Self {
        Self::Parameter(name.to_owned())
    }
}

/// The law of one parameter: a distribution's name, and a number or another parameter for each of its
/// keys, as in `prior.toml`.
///
/// ```
/// use freeform_simulators::Conditional;
///
/// let law = Conditional::new("normal", [("mean", "mu".into()), ("std", 0.5.into())])?;
/// # Ok::<(), freeform_simulators::PriorError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Conditional {
    distribution: &'static str,
    terms: Vec<(&'static str, Term)>,
}

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
enum Source {
    Number(f64),
    Column { column: usize, inverse: bool },
}

impl Conditional {
    /// A law by the names and keys of the TOML form.
    ///
    /// # Errors
    /// [`PriorError`] for a distribution or a key that is not known, or a key that is missing.
    pub fn new<'a>(
        distribution: &str,
        terms: impl IntoIterator<Item = (&'a str, Term)>,
    ) -> Result<Self, PriorError> {
        Self::at(&format!("distribution \"{distribution}\""), distribution, terms)
    }

    /// [`Conditional::new`], with the place that errors name.
    pub(in crate::prior) fn at<'a>(
        place: &str,
        distribution: &str,
        terms: impl IntoIterator<Item = (&'a str, Term)>,
    ) -> Result<Self, PriorError> {
        let place = || place.to_owned();
        let names: Vec<&str> = DISTRIBUTIONS.iter().map(|(name, _)| *name).collect();
        let Some((distribution, keys)) =
            DISTRIBUTIONS.iter().find(|(known, _)| *known == distribution)
        else {
            return Err(PriorError::Unknown {
                place: place(),
                kind: "distribution",
                found: distribution.to_owned(),
                suggestion: suggest(distribution, &names),
            });
        };
        let mut known = Vec::new();
        for (key, term) in terms {
            let Some(key) = keys.iter().find(|known| **known == key) else {
                let (found, suggestion) = (key.to_owned(), suggest(key, keys));
                return Err(PriorError::Unknown { place: place(), kind: "key", found, suggestion });
            };
            known.push((*key, term));
        }
        let law = Self { distribution, terms: known };
        let missing = law
            .fields()
            .into_iter()
            .find(|field| law.term(field).is_none() && default(distribution, field).is_none());
        match missing {
            None => Ok(law),
            Some(field) => Err(PriorError::MissingField {
                place: place(),
                field: field.to_owned(),
                fix: format!("write {field} = <number>, or the name of another parameter"),
            }),
        }
    }

    /// The distribution's name.
    #[must_use]
    pub fn distribution(&self) -> &'static str {
        self.distribution
    }

    /// Its keys as they were given.
    #[must_use]
    pub fn terms(&self) -> &[(&'static str, Term)] {
        &self.terms
    }

    /// The fields of the distribution: its keys, but for a scale that stands for a rate.
    fn fields(&self) -> Vec<&'static str> {
        let keys = DISTRIBUTIONS.iter().find(|(known, _)| *known == self.distribution);
        let mut fields = keys.map_or(Vec::new(), |(_, keys)| keys.to_vec());
        if fields.contains(&"rate") {
            fields.retain(|field| *field != "scale");
        }
        fields
    }

    /// What stands for a field, and whether it is the field's inverse.
    fn term(&self, field: &str) -> Option<(&'static str, &Term, bool)> {
        let find = |key: &str| self.terms.iter().find(|(known, _)| *known == key);
        let inverse = || find("scale").filter(|_| field == "rate");
        let found = find(field).map(|(key, term)| (*key, term, false));
        found.or_else(|| inverse().map(|(key, term)| (*key, term, true)))
    }

    /// Checks it as the law of `parameter`, whose entry names `own`, in a prior over `names` of which
    /// `above` knows whether the first lies above the second wherever they may lie, and `bounds` where
    /// one lies.
    pub(super) fn resolve(
        &self,
        (parameter, own): (&str, &[String]),
        names: &[String],
        bounds: &dyn Fn(usize) -> (f64, f64),
        above: &dyn Fn(usize, usize) -> bool,
    ) -> Result<Resolved, PriorError> {
        let bad = |field: &str, value: String, requirement: String| {
            let (parameter, field) = (parameter.to_owned(), field.to_owned());
            Err(PriorError::BadValue { parameter, field, value, requirement })
        };
        let given = |key: &str| self.terms.iter().find(|(known, _)| *known == key);
        if let (Some((key, scale)), Some(_)) = (given("scale"), given("rate")) {
            let requirement = "`rate` is there too, which is 1 / scale: write one or the other";
            let value = match scale {
                Term::Number(number) => number.to_string(),
                Term::Parameter(name) => format!("\"{name}\""),
            };
            return bad(key, value, requirement.to_owned());
        }
        let mut fields = Vec::new();
        for field in self.fields() {
            let source = match self.term(field) {
                None => Source::Number(default(self.distribution, field).unwrap_or(f64::NAN)),
                Some((_, Term::Number(number), false)) => Source::Number(*number),
                Some((key, Term::Number(number), true)) => {
                    if !(*number > 0.0 && number.is_finite() && number.recip().is_finite()) {
                        let requirement = "it must be above 0, and a finite number";
                        return bad(key, number.to_string(), requirement.to_owned());
                    }
                    Source::Number(number.recip())
                }
                Some((key, Term::Parameter(name), inverse)) => {
                    if own.contains(name) {
                        return Err(PriorError::Circular(format!("{parameter} → {name}")));
                    }
                    let Some(column) = names.iter().position(|known| known == name) else {
                        let known: Vec<&str> = names.iter().map(String::as_str).collect();
                        return Err(PriorError::NoSuchParameter {
                            parameter: parameter.to_owned(),
                            field: key.to_owned(),
                            value: name.clone(),
                            suggestion: suggest(name, &known),
                        });
                    };
                    let positive = !matches!(field, "low" | "high" | "mean" | "location")
                        || (self.distribution == "loguniform" && field == "low");
                    if positive && bounds(column).0 < 0.0 {
                        let requirement = format!(
                            "it must be above 0, and {name} may lie below: give {name} a law of \
                             positive numbers, e.g. half_normal"
                        );
                        return bad(key, format!("\"{name}\""), requirement);
                    }
                    Source::Column { column, inverse }
                }
            };
            fields.push((field, source));
        }
        let mut resolved = Resolved { distribution: self.distribution, fields, fixed: None };
        if let Some((end, column)) = resolved.moving_turn() {
            let requirement = "the ends of a turn must be numbers".to_owned();
            return bad(end, format!("\"{}\"", names[column]), requirement);
        }
        resolved.check_order(parameter, names, bounds, above)?;
        if resolved.parents().next().is_some() {
            resolved.check_numbers(parameter)?;
        } else if let Some(marginal) = resolved.marginal(&[]) {
            let prepared = marginal.prepare(parameter)?;
            resolved.fixed = Some((marginal, prepared));
        }
        Ok(resolved)
    }
}

impl Resolved {
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
    fn moving_turn(&self) -> Option<(&'static str, usize)> {
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
    fn check_order(
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
