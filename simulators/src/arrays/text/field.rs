//! One field of a line.

/// The number that a field says: a decimal, `inf`, `nan`, or R's `NA`.
///
/// # Errors
/// What to do about a text that is none.
pub(super) fn number(field: &str) -> Result<f64, &'static str> {
    if field == "NA" {
        return Ok(f64::NAN);
    }
    match field.parse::<f64>() {
        Ok(value) if value.is_infinite() && field.bytes().any(|byte| byte.is_ascii_digit()) => {
            Err("is beyond double precision (1.8e308); write it in larger units")
        }
        Ok(value) => Ok(value),
        Err(_) if field.is_empty() => Err("is empty; write nan where a number is missing"),
        Err(_) if has_decimal_comma(field) => {
            Err("is not a number; write decimals with a point, not a comma")
        }
        Err(_) => Err("is not a number"),
    }
}

/// Whether a field is a number, perhaps one too large.
pub(super) fn is_number(field: &str) -> bool {
    field == "NA" || field.parse::<f64>().is_ok()
}

/// Whether a text that is no number looks like one that was mistyped, rather than like a name.
pub(super) fn is_mistyped(field: &str) -> bool {
    let starts = field.starts_with(|c: char| c.is_ascii_digit() || "+-.−,".contains(c));
    // An O for a 0, an l or I for a 1.
    let confused = |c: char| c.is_ascii_digit() || ".,+-eEOolI".contains(c);
    let digits = field.contains(|c: char| c.is_ascii_digit());
    let fraction = field.contains(['.', ',']);
    starts || (digits && fraction && field.chars().all(confused))
}

/// Whether a field is a number with a comma for its point.
pub(super) fn has_decimal_comma(field: &str) -> bool {
    field.contains(',') && field.replace(',', ".").parse::<f64>().is_ok()
}
