//! What stands between the fields of a line.

use std::borrow::Cow;

/// A separator of fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Separator {
    Comma,
    Semicolon,
    Tab,
    /// Any number of spaces and tabs.
    Spaces,
}

impl Separator {
    /// The separator of a table. Its second line decides, which has numbers only, or its only one:
    /// no number has any of these characters in it. A file of several uses the first of
    /// semicolon, comma, tab and spaces.
    pub(super) fn of(text: &str) -> Self {
        let mut lines = text.split(['\n', '\r']).map(str::trim);
        let mut next = || lines.find(|line| !line.is_empty() && !line.starts_with('#'));
        let (first, second) = (next(), next());
        let line = second.or(first).unwrap_or_default();
        if line.contains(';') {
            Self::Semicolon
        } else if line.contains(',') {
            Self::Comma
        } else if line.contains('\t') {
            Self::Tab
        } else if line.contains(' ') {
            Self::Spaces
        } else {
            Self::Comma
        }
    }

    pub(super) fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Spaces => b' ',
        }
    }

    /// The text with one space between fields, where any number may be; lines stay lines.
    pub(super) fn normalised(self, text: &str) -> Cow<'_, str> {
        if self != Self::Spaces {
            return Cow::Borrowed(text);
        }
        let mut result = String::with_capacity(text.len());
        for line in text.split_inclusive(['\n', '\r']) {
            let content = line.trim_end_matches(['\n', '\r']);
            // Spaces within quotes belong to a name.
            for (index, part) in content.trim().split('"').enumerate() {
                if index > 0 {
                    result.push('"');
                }
                if index % 2 == 1 {
                    result.push_str(part);
                    continue;
                }
                let blank = |c: char| c.is_ascii_whitespace();
                if part.starts_with(blank) {
                    result.push(' ');
                }
                let mut words = part.split_ascii_whitespace();
                result.push_str(words.next().unwrap_or_default());
                words.for_each(|word| {
                    result.push(' ');
                    result.push_str(word);
                });
                if part.ends_with(blank)
                    && part.len() > part.trim().len()
                    && !part.trim().is_empty()
                {
                    result.push(' ');
                }
            }
            result.push_str(&line[content.len()..]);
        }
        Cow::Owned(result)
    }
}
