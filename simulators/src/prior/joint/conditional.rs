//! The law of one parameter whose numbers may be other parameters.

use super::resolved::{Resolved, Source};
use crate::nearest::suggest;
use crate::prior::PriorError;
use crate::prior::marginal::{DISTRIBUTIONS, default};

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
                        let requirement = format!(
                            "it is neither a number nor a parameter of this prior; {}",
                            suggest(name, &known)
                        );
                        return bad(key, format!("\"{name}\""), requirement);
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
        let mut resolved = Resolved::new(self.distribution, fields);
        if let Some((end, column)) = resolved.moving_turn() {
            let requirement = "the ends of a turn must be numbers".to_owned();
            return bad(end, format!("\"{}\"", names[column]), requirement);
        }
        resolved.check_order(parameter, names, bounds, above)?;
        resolved.fix(parameter)?;
        Ok(resolved)
    }
}
