//! The checksum of a sweep's own copy of its file.

use super::lines::short_hash;
use super::sweep::wrong;
use super::{GridError, Layout};

/// The last line of our copy of the sweep's file: a checksum of all before it, and of the number of
/// runs that the plan has at least.
pub(super) fn seal(text: &str, runs: usize) -> String {
    // Not of a sealed copy that is planned again.
    let text = &text[..text.len() - old_seal(text).map_or(0, str::len)];
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    let text = format!("{text}{end}");
    let hash = short_hash(&format!("{runs} {text}"));
    format!("{text}{SEAL}{runs} runs, blake3 {hash}\n")
}

const SEAL: &str = "# planned by freeform: ";

/// The last line of a text, if it is a seal, whole or damaged.
fn old_seal(text: &str) -> Option<&str> {
    let line = text.split_inclusive('\n').next_back()?;
    (line.contains(SEAL) || line.contains(" runs, blake3 ")).then_some(line)
}

/// How many runs the sealed text speaks of; none of a text without a seal, of an earlier version.
pub(super) fn sealed_runs(text: &str, layout: &Layout) -> Result<Option<usize>, GridError> {
    let Some(line) = old_seal(text) else { return Ok(None) };
    let runs = line.strip_prefix(SEAL).and_then(|rest| rest.split(' ').next()?.parse().ok());
    match runs.filter(|runs| seal(text, *runs) == text) {
        Some(runs) => Ok(Some(runs)),
        None => Err(wrong(
            &layout.sweep(),
            format!(
                "was changed or damaged since the sweep was planned; plan it again: freeform grid \
                 plan SWEEP.toml --out {}",
                layout.root().display()
            ),
        )),
    }
}
