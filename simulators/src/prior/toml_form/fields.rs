//! Typed access to tables, with errors that name place and fix.

use toml::{Table, Value};

use crate::nearest::suggest;
use crate::prior::PriorError;

pub(super) fn known_keys(place: &str, table: &Table, known: &[&str]) -> Result<(), PriorError> {
    match table.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(PriorError::Unknown {
            place: place.to_owned(),
            kind: "key",
            found: key.clone(),
            suggestion: suggest(key, known),
        }),
    }
}

pub(super) fn missing(place: &str, field: &str, fix: &str) -> PriorError {
    let (place, field, fix) = (place.to_owned(), field.to_owned(), fix.to_owned());
    PriorError::MissingField { place, field, fix }
}

pub(super) fn text(
    place: &str,
    table: &Table,
    field: &str,
    fix: &str,
) -> Result<String, PriorError> {
    let value = table.get(field).and_then(Value::as_str);
    value.map(str::to_owned).ok_or_else(|| missing(place, field, fix))
}

pub(super) fn number(value: &Value) -> Option<f64> {
    // Whole numbers may be written without a decimal point.
    value.as_float().or_else(|| value.as_integer().map(|integer| integer as f64))
}

pub(super) fn numbers(value: &Value) -> Option<Vec<f64>> {
    value.as_array()?.iter().map(number).collect()
}

pub(super) fn rows(value: &Value) -> Option<Vec<Vec<f64>>> {
    value.as_array()?.iter().map(numbers).collect()
}

pub(super) fn texts(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|text| Some(text.as_str()?.to_owned())).collect()
}
