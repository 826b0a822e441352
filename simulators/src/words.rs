//! Numbers in words.

/// A count and what is counted, which takes an s but for one: `1 parameter`, `2 parameters`.
#[must_use]
pub fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

/// A number of a user's as a person reads it, with all of its digits: `0.1`, `-3`, `1e300`.
#[must_use]
pub fn written(value: f64) -> String {
    let size = value.abs();
    match (1e-5..1e16).contains(&size) || size == 0.0 || !size.is_finite() {
        true => value.to_string(),
        false => format!("{value:e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{counted, written};

    #[test]
    fn long_numbers_have_exponents() {
        let texts = [0.0, -3.0, 0.1, 1e15, 1e300, -2.5e-9, f64::NAN].map(written);
        assert_eq!(texts, ["0", "-3", "0.1", "1000000000000000", "1e300", "-2.5e-9", "NaN"]);
    }

    #[test]
    fn one_has_no_s() {
        let words = [0, 1, 2].map(|count| counted(count, "row"));
        assert_eq!(words, ["0 rows", "1 row", "2 rows"]);
    }
}
