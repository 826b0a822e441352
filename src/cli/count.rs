//! Counts on the command line.

/// More than any machine holds: a single number for each of these takes 4 TB.
const MOST: f64 = 1e12;

/// A whole number of at least 1, as `10000`, `10_000`, `1e4`, `10k` or `1.5M`.
pub(super) fn count(text: &str) -> Result<usize, String> {
    let value = number(text).ok_or_else(|| {
        "is not a whole number; write it as 10000, 1e4, 10k or 2M, for instance".to_owned()
    })?;
    if value > MOST {
        let bytes = freeform_simulators::human_bytes((4.0 * value.min(1e30)) as u128);
        return Err(format!(
            "is too many: a single number for each would need {bytes} of memory; at most 1e12 are \
             allowed"
        ));
    }
    match value as usize {
        0 => Err("must be at least 1".to_owned()),
        n => Ok(n),
    }
}

fn number(text: &str) -> Option<f64> {
    let plain = text.trim().replace('_', "");
    let (digits, factor) = match plain.char_indices().last()? {
        (at, 'k' | 'K') => (&plain[..at], 1e3),
        (at, 'm' | 'M') => (&plain[..at], 1e6),
        (at, 'g' | 'G') => (&plain[..at], 1e9),
        _ => (plain.as_str(), 1.0),
    };
    // Not what else is read as a number: inf, nan, -1, +1.
    let numeral = digits.starts_with(|c: char| c.is_ascii_digit());
    let value = digits.parse::<f64>().ok().filter(|_| numeral)? * factor;
    // A product of decimal fractions may miss the whole number by its rounding.
    let whole = value.round();
    (value == whole || (value - whole).abs() <= 1e-9 * whole).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn counts_are_read_as_people_write_them() {
        for (text, n) in [
            ("1", 1),
            ("10000", 10_000),
            ("10_000", 10_000),
            ("1e4", 10_000),
            ("1E4", 10_000),
            ("1.5e3", 1500),
            ("10k", 10_000),
            ("10K", 10_000),
            ("2.3k", 2300),
            ("0.5M", 500_000),
            ("1e12", 1_000_000_000_000),
        ] {
            assert_eq!(count(text), Ok(n), "{text}");
        }
    }

    #[test]
    fn what_is_no_count_is_refused() {
        for text in
            ["", "k", "ten", "1.5", "1e-1", "-3", "+3", "nan", "inf", "1e4k4", "0x10", "1 0"]
        {
            assert!(count(text).unwrap_err().contains("whole number"), "{text}");
        }
        for text in ["0", "0k", "0e9"] {
            assert!(count(text).unwrap_err().contains("at least 1"), "{text}");
        }
        for text in ["9223372036854775808", "18446744073709551616", "1e400", "1e13", "2000G"] {
            let message = count(text).unwrap_err();
            assert!(message.contains("of memory") && message.contains("1e12"), "{text}: {message}");
        }
        assert!(count("9223372036854775808").unwrap_err().contains("36.9 EB"));
    }
}
