//! Where each key of a TOML text stands.

use super::Place;
use std::collections::BTreeMap;
use toml::de::{DeTable, DeValue};

/// Places of dotted keys; sections have places too.
pub(super) type Places = BTreeMap<String, Place>;

/// The places of all keys of a text that is TOML; `path` names the file that it came from.
pub(super) fn places(text: &str, path: Option<&str>) -> Places {
    let mut found = Places::new();
    if let Ok(table) = DeTable::parse(text) {
        collect(table.get_ref(), "", text, path, &mut found);
    }
    found
}

/// The line of a byte of a text, from 1.
pub(super) fn line_of(text: &str, byte: usize) -> usize {
    1 + text.bytes().take(byte).filter(|b| *b == b'\n').count()
}

fn collect(table: &DeTable, prefix: &str, text: &str, path: Option<&str>, into: &mut Places) {
    for (key, value) in table {
        let dotted = format!("{prefix}{}", key.get_ref());
        let line = line_of(text, key.span().start);
        let place = Place::Line { path: path.map(str::to_owned), line };
        into.insert(dotted.clone(), place);
        if let DeValue::Table(inner) = value.get_ref() {
            collect(inner, &format!("{dotted}."), text, path, into);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_in_sections_dotted_and_inline() {
        let text = "a.b = 1\n\n[c]\n# remark\nd = \"x\"\ne = { f = 2 }\n";
        let found = places(text, Some("s.toml"));
        let line = |key: &str| found[key].to_string();
        assert_eq!(line("a.b"), "s.toml, line 1");
        assert_eq!(line("c"), "s.toml, line 3");
        assert_eq!(line("c.d"), "s.toml, line 5");
        assert_eq!(line("c.e.f"), "s.toml, line 6");
        assert!(places("not = toml = at all", None).is_empty());
    }
}
