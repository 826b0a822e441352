//! Comma-separated tables: one row a line, an optional header.

use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::Path;

use ndarray::{Array2, ArrayView2};

use super::ArrayError;

/// Reads a CSV file; a first line with a field that is not a number is a header.
pub(super) fn read(path: &Path) -> Result<Array2<f32>, ArrayError> {
    let file = File::open(path).map_err(|source| ArrayError::io("read", path, source))?;
    parse(BufReader::new(file), path)
}

/// Parses CSV text; `path` is for messages only. Lines that start with `#` are comments.
pub(crate) fn parse(reader: impl Read, path: &Path) -> Result<Array2<f32>, ArrayError> {
    let mut lines = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        .trim(csv::Trim::All)
        .from_reader(reader);
    let mut record = csv::StringRecord::new();
    let mut values = Vec::new();
    let mut columns = None;
    let mut rows = 0;
    while lines.read_record(&mut record).map_err(|error| explain(path, error))? {
        let line = record.position().map_or(0, csv::Position::line);
        let expected = *columns.get_or_insert(record.len());
        if record.len() != expected {
            let (path, found) = (path.to_owned(), record.len());
            return Err(ArrayError::RaggedCsv { path, line, found, expected });
        }
        let start = values.len();
        match parse_record(&record, &mut values) {
            Ok(()) => rows += 1,
            Err(_) if rows == 0 && start == 0 && is_header(&record) => values.clear(),
            Err(field) => {
                let (path, text) = (path.to_owned(), record[field].to_owned());
                return Err(ArrayError::NotANumber { path, line, field: field + 1, text });
            }
        }
    }
    let columns = columns.unwrap_or(0);
    Array2::from_shape_vec((rows, columns), values)
        .map_err(|error| ArrayError::malformed(path, "csv", error))
}

/// Appends the record's numbers, or returns the index of the first field that is none.
fn parse_record(record: &csv::StringRecord, values: &mut Vec<f32>) -> Result<(), usize> {
    for (index, field) in record.iter().enumerate() {
        values.push(field.parse().map_err(|_| index)?);
    }
    Ok(())
}

/// A header has names only: a line with some numbers is rather a data line with a fault in it.
fn is_header(record: &csv::StringRecord) -> bool {
    record.iter().all(|field| field.parse::<f32>().is_err())
}

pub(super) fn write(
    writer: impl Write,
    path: &Path,
    table: ArrayView2<'_, f32>,
    names: Option<&[String]>,
) -> Result<(), ArrayError> {
    let mut lines = csv::Writer::from_writer(writer);
    if let Some(names) = names {
        lines.write_record(names).map_err(|error| explain(path, error))?;
    }
    for row in table.rows() {
        // Display of f32 is the shortest text that reads back to the same bits.
        lines.write_record(row.iter().map(f32::to_string)).map_err(|error| explain(path, error))?;
    }
    lines.flush().map_err(|source| ArrayError::io("write", path, source))
}

fn explain(path: &Path, error: csv::Error) -> ArrayError {
    let message = error.to_string();
    match error.into_kind() {
        csv::ErrorKind::Io(source) => ArrayError::io("read or write", path, source),
        _ => ArrayError::malformed(path, "csv", message),
    }
}
