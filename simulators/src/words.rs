//! Numbers in words.

/// A count and what is counted, which takes an s but for one: `1 parameter`, `2 parameters`.
#[must_use]
pub fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn one_has_no_s() {
        let words = [0, 1, 2].map(|count| counted(count, "row"));
        assert_eq!(words, ["0 rows", "1 row", "2 rows"]);
    }
}
