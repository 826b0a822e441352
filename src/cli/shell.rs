//! Paths in commands that a user may paste.

use std::path::Path;

/// The path as one word of a shell: quoted where it has blanks or anything else but plain characters.
pub(super) fn word(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+=:,@%".contains(c);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text,
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::word;
    use std::path::Path;

    #[test]
    fn only_what_a_shell_would_split_is_quoted() {
        let word = |text: &str| word(Path::new(text));
        assert_eq!(word("runs/two_moons-1.5"), "runs/two_moons-1.5");
        assert_eq!(word("my runs/$HOME"), "'my runs/$HOME'");
        assert_eq!(word("it's"), "'it'\\''s'");
    }
}
