//! Results in words: one thing a line, and no line wider than a terminal.

/// Columns of a line.
const WIDTH: usize = 100;
/// Spaces before what belongs to the line above.
const INDENT: usize = 2;

/// The first part, and below it the others.
pub(super) fn lines(parts: impl IntoIterator<Item = String>) -> String {
    let mut parts = parts.into_iter();
    let first = parts.next().map(|part| wrapped(&part, INDENT));
    let others = parts.map(|part| wrapped(&format!("{:INDENT$}{part}", ""), 2 * INDENT));
    first.into_iter().chain(others).collect::<Vec<_>>().join("\n")
}

/// Text whose lines are broken between words, those from the second on indented by so many spaces.
pub(super) fn wrapped(text: &str, indent: usize) -> String {
    let mut out = String::new();
    let mut used = 0;
    for (index, word) in text.split(' ').enumerate() {
        let length = word.chars().count();
        if index > 0 && used + 1 + length > WIDTH && used > indent {
            out += &format!("\n{:indent$}", "");
            used = indent;
        } else if index > 0 {
            out.push(' ');
            used += 1;
        }
        out += word;
        used += length;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_no_wider_than_a_terminal_and_hold_all_words() {
        let words: Vec<String> = (0..60).map(|i| format!("{i:07}")).collect();
        let text = lines(["a.npy: ±10".to_owned(), words.join(" "), "x".repeat(130)]);
        let rows: Vec<&str> = text.lines().collect();
        // Twelve of seven and a space, after two or four spaces, are 97 or 99 columns.
        assert_eq!(rows.len(), 1 + 5 + 1, "{text}");
        assert_eq!(rows[0], "a.npy: ±10");
        assert_eq!(rows[1], format!("  {}", words[..12].join(" ")));
        assert_eq!(rows[2], format!("    {}", words[12..24].join(" ")));
        assert_eq!(rows[6].trim_start(), "x".repeat(130));
        let all: Vec<&str> = text.split_whitespace().collect();
        assert_eq!(all.len(), 2 + 60 + 1);
    }
}
