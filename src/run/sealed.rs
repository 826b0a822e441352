//! Results in JSON that are read back: each under a checksum of its own.

use freeform_simulators::write_bytes_atomically;
use serde::Serialize;
use std::path::Path;

/// The member that holds the checksum of the others.
const CHECK: &str = "blake3";

/// What such a file is.
pub(crate) enum Sealed {
    /// Not there.
    Absent,
    /// Not what was written.
    Damaged,
    /// Of an earlier version, without a checksum.
    Unsealed(serde_json::Value),
    /// As it was written.
    Whole(serde_json::Value),
}

impl Sealed {
    pub fn read(path: &Path) -> Self {
        let text = match std::fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Self::Absent,
            Err(_) => return Self::Damaged,
        };
        let parsed: Option<serde_json::Value> = serde_json::from_slice(&text).ok();
        let Some(mut value) = parsed.filter(serde_json::Value::is_object) else {
            return Self::Damaged;
        };
        match value.as_object_mut().and_then(|members| members.remove(CHECK)) {
            None => Self::Unsealed(value),
            Some(check) if check.as_str() == Some(&checksum(&value)) => Self::Whole(value),
            Some(_) => Self::Damaged,
        }
    }

    /// What it says, unless it is damaged.
    pub fn value(self) -> Option<serde_json::Value> {
        match self {
            Self::Unsealed(value) | Self::Whole(value) => Some(value),
            Self::Absent | Self::Damaged => None,
        }
    }
}

fn checksum(value: &serde_json::Value) -> String {
    blake3::hash(value.to_string().as_bytes()).to_hex().to_string()
}

/// Writes an object with its checksum, whole or not at all.
pub(super) fn write(path: &Path, object: &impl Serialize) -> std::io::Result<()> {
    let text = serde_json::to_string_pretty(object).map_err(std::io::Error::other)?;
    // Of the values as they are read back.
    let value: serde_json::Value = serde_json::from_str(&text).map_err(std::io::Error::other)?;
    let Some(open) = text.strip_suffix("\n}") else {
        return Err(std::io::Error::other("nothing to seal: it has no members"));
    };
    let text = format!("{open},\n  \"{CHECK}\": \"{}\"\n}}\n", checksum(&value));
    write_bytes_atomically(path, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_damaged_says_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let numbers = [0.1_f32, 1e-7, f32::MAX];
        let status = serde_json::json!({ "status": "done", "training_seconds": 0.1 + 0.2 });
        let path = folder.path().join("status.json");
        let read = || Sealed::read(&path).value();
        write(&path, &serde_json::json!({ "a": status, "b": numbers })).unwrap();
        assert_eq!(read().unwrap()["a"], status);
        let whole = std::fs::read(&path).unwrap();
        let before = read();
        for (at, bit) in (0..whole.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << bit;
            std::fs::write(&path, bytes).unwrap();
            let found = read();
            // Blanks say nothing; a checksum of another name is a member like others.
            let is_same = found.is_none() || found == before;
            let name = found.is_some_and(|f| f.as_object().unwrap().len() > 2);
            assert!(is_same || name, "byte {at}, bit {bit}");
        }
        std::fs::write(&path, status.to_string()).unwrap();
        assert_eq!(read(), Some(status));
    }
}
