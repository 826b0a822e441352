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

/// How many times, or widths, something is: `4.5`, and `3.0e16` where nobody reads the digits.
#[must_use]
pub fn tenths(value: f64) -> String {
    match value.abs() < 1e5 {
        true => format!("{value:.1}"),
        false => format!("{value:.1e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{counted, tenths, written};

    #[test]
    fn large_multiples_have_exponents() {
        let texts = [4.52, -0.04, 99_999.0, 29_969_187_625_718_580.0, -1.2e17, f64::INFINITY];
        assert_eq!(texts.map(tenths), ["4.5", "-0.0", "99999.0", "3.0e16", "-1.2e17", "inf"]);
    }

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
