//! Files to read.

use std::path::{Path, PathBuf};

use freeform_simulators::{ArrayError, FirstLine, Table, TableOptions, read_table};

/// A file of `tests/data`.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// Reads `content` as a file of this name.
pub fn read(name: &str, content: &[u8], options: &TableOptions) -> Result<Table, ArrayError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    read_table(&path, options)
}

/// Reads text whose first line is told by the rule.
pub fn text(content: &str) -> Result<Table, ArrayError> {
    read("t.csv", content.as_bytes(), &TableOptions::default())
}

/// Reads text under another rule.
pub fn text_with(content: &str, first_line: FirstLine) -> Result<Table, ArrayError> {
    let options = TableOptions::default().with_first_line(first_line);
    read("t.csv", content.as_bytes(), &options)
}

/// The message of an error that names all of `parts`.
#[track_caller]
pub fn refused<T: std::fmt::Debug>(result: Result<T, ArrayError>, parts: &[&str]) -> String {
    let message = result.expect_err("must be refused").to_string();
    for part in parts {
        assert!(message.contains(part), "`{part}` is missing in: {message}");
    }
    message
}

/// An `.npy` file with this header and data.
pub fn npy(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

/// An `.npy` file of f32 that claims `shape`, as `(3, 2)`.
pub fn npy_of_shape(shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n");
    npy(&header, data)
}
