//! Removing a former run from its folder: its own files by their names, and no others.

use super::directory::{CONFIG, STATUS};
use super::host::CHECKPOINTS;
use super::scored::SCORES;
use std::io;
use std::path::Path;

/// Files of a run beside its folders. A calibration is of the model that goes.
const FILES: [&str; 11] = [
    CONFIG,
    STATUS,
    "metrics.jsonl",
    "model.toml",
    "weights.safetensors",
    SCORES,
    "calibration.json",
    "calibration/ranks.txt",
    "check.json",
    "report.html",
    "commands.txt",
];

/// Removes a former run's own files. What somebody else put beside them, in its folders too, stays.
pub(super) fn clear(folder: &Path) -> io::Result<()> {
    FILES.iter().try_for_each(|file| gone(std::fs::remove_file(folder.join(file))))?;
    clear_folder(&folder.join("samples"), |name| is_numbered(name, &[".npy", ".json"]))?;
    clear_folder(&folder.join("plots"), |name| {
        let stem = name.strip_suffix(".svg").or_else(|| name.strip_suffix(".pdf"));
        is_numbered(name, &[".svg", ".pdf"])
            || stem.is_some_and(|stem| ["training", "calibration", "check"].contains(&stem))
            || stem.is_some_and(is_of_check)
    })?;
    clear_checkpoints(folder)
}

/// Removes the checkpoints and pieces of a training.
pub(super) fn clear_checkpoints(folder: &Path) -> io::Result<()> {
    let folder = folder.join(CHECKPOINTS);
    clear_folder(&folder.join("pieces"), |_| true)?;
    clear_folder(&folder, is_checkpoint)
}

/// A removal of what may not be there.
pub(super) fn gone(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

/// Removes the files whose names are ours, and the folder once it is empty.
fn clear_folder(folder: &Path, is_ours: impl Fn(&str) -> bool) -> io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    for entry in entries {
        let entry = entry?;
        let is_file = !entry.file_type()?.is_dir();
        if is_file && entry.file_name().to_str().is_some_and(&is_ours) {
            gone(std::fs::remove_file(entry.path()))?;
        }
    }
    let _ = std::fs::remove_dir(folder);
    Ok(())
}

/// `observation_01` and its like.
fn is_numbered(name: &str, endings: &[&str]) -> bool {
    let number = endings.iter().find_map(|ending| name.strip_suffix(ending));
    let number = number.and_then(|stem| stem.strip_prefix("observation_"));
    number.is_some_and(|number| number.len() >= 2 && is_digits(number))
}

/// `checked-8bab4457` and its like.
fn is_of_check(stem: &str) -> bool {
    let hash = stem.strip_prefix("checked-");
    hash.is_some_and(|hash| hash.len() == 8 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// `posterior-1.safetensors`, `posterior-1-linear.safetensors` and their like.
fn is_checkpoint(name: &str) -> bool {
    let stem = name.strip_suffix(".safetensors");
    let stem = stem.map(|stem| stem.strip_suffix("-linear").unwrap_or(stem));
    stem.and_then(|stem| stem.rsplit_once('-')).is_some_and(|(role, number)| {
        ["posterior", "likelihood", "trials"].contains(&role) && is_digits(number)
    })
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_run_s_own_files_go() {
        let scratch = tempfile::tempdir().unwrap();
        let ours = [
            "config.toml",
            "samples/observation_01.npy",
            "samples/observation_123.json",
            "plots/training.svg",
            "plots/training.pdf",
            "plots/checked-8bab4457.svg",
            "plots/observation_10.svg",
            "checkpoints/posterior-2.safetensors",
            "checkpoints/likelihood-1-linear.safetensors",
            "checkpoints/pieces/whitening",
            "calibration/ranks.txt",
        ];
        let others = [
            "notes.txt",
            "samples/observation_01_thinned.npy",
            "samples/mine.npy",
            "plots/figure 2.svg",
            "plots/checked-mine.svg",
            "plots/sub/observation_01.svg",
            "checkpoints/best.safetensors",
            "calibration/simulations.npz",
        ];
        for name in ours.iter().chain(&others) {
            let path = scratch.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, name).unwrap();
        }
        clear(scratch.path()).unwrap();
        let there = |name: &&str| scratch.path().join(name).exists();
        assert!(!ours.iter().any(there));
        assert!(others.iter().all(there));
        assert!(!scratch.path().join("checkpoints/pieces").exists());
    }
}
