//! The commands that made what a folder holds.

use freeform_simulators::write_bytes_atomically;
use std::path::Path;

const FILE: &str = "commands.txt";

/// Keeps `command` as the one that did `verb` in the folder, in place of a former one.
///
/// # Errors
/// The system's.
pub fn record_command(folder: &Path, verb: &str, command: &str) -> std::io::Result<()> {
    let mut lines = read(folder);
    lines.retain(|(known, _)| known != verb);
    lines.push((verb.to_owned(), command.replace(['\n', '\t'], " ")));
    write(folder, &lines)
}

/// Keeps `command` as one that did `verb` in the folder, beside those before it.
///
/// # Errors
/// The system's.
pub fn add_command(folder: &Path, verb: &str, command: &str) -> std::io::Result<()> {
    let command = command.replace(['\n', '\t'], " ");
    let mut lines = read(folder);
    lines.retain(|(_, known)| *known != command);
    lines.push((verb.to_owned(), command));
    write(folder, &lines)
}

fn write(folder: &Path, lines: &[(String, String)]) -> std::io::Result<()> {
    let text: String = lines.iter().map(|(verb, command)| format!("{verb}\t{command}\n")).collect();
    write_bytes_atomically(&folder.join(FILE), text.as_bytes())
}

/// Verbs and commands, the oldest first.
pub(super) fn read(folder: &Path) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(folder.join(FILE)).unwrap_or_default();
    let line = |line: &str| {
        let (verb, command) = line.split_once('\t')?;
        Some((verb.to_owned(), command.to_owned()))
    };
    text.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verb_has_its_last_command() {
        let folder = tempfile::tempdir().unwrap();
        for (verb, command) in
            [("run", "freeform run a"), ("check", "freeform check a"), ("run", "b")]
        {
            record_command(folder.path(), verb, command).unwrap();
        }
        let known = |verb: &str, command: &str| (verb.to_owned(), command.to_owned());
        assert_eq!(read(folder.path()), [known("check", "freeform check a"), known("run", "b")]);
        for command in ["more", "more", "and more"] {
            add_command(folder.path(), "run", command).unwrap();
        }
        let all = ["freeform check a", "b", "more", "and more"];
        assert!(read(folder.path()).iter().map(|(_, command)| command).eq(&all));
    }
}
