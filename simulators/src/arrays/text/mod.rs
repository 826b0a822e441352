//! Tables as text: one row a line, fields between commas, semicolons, tabs or spaces.

mod field;
mod first_line;
mod separator;

use std::io::{Read, Write};
use std::path::Path;

use ndarray::{Array2, ArrayView2};

use super::npy::{self, Number};
use super::{ArrayError, FirstLine};
use separator::Separator;

/// The numbers of a text file, and the names above them if there are any.
pub(crate) struct TextTable {
    pub(crate) names: Option<Vec<String>>,
    /// Words in a comment above the first row, one a column.
    pub(crate) labels: Option<Vec<String>>,
    pub(crate) values: Array2<f64>,
}

/// Reads a text file.
pub(super) fn read(path: &Path, first_line: FirstLine) -> Result<TextTable, ArrayError> {
    let (file, length) = npy::open(path)?;
    let mut bytes = Vec::new();
    // No more than there was, should the file grow.
    file.take(length).read_to_end(&mut bytes).map_err(|e| ArrayError::io("read", path, e))?;
    parse(&bytes, path, first_line)
}

/// Reads text; `path` is for messages only. Lines that start with `#` are comments, and empty
/// lines count for nothing.
pub(crate) fn parse(
    bytes: &[u8],
    path: &Path,
    first_line: FirstLine,
) -> Result<TextTable, ArrayError> {
    let text = decode(bytes, path)?;
    let separator = Separator::of(text);
    let text = separator.normalised(text);
    let mut lines = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        .trim(csv::Trim::All)
        .delimiter(separator.byte())
        .from_reader(text.as_bytes());
    let mut record = csv::StringRecord::new();
    let mut first = None;
    let mut names = None;
    let (mut values, mut columns, mut rows) = (Vec::new(), 0, 0);
    let failed = |error: csv::Error| ArrayError::malformed(path, "text", error);
    while lines.read_record(&mut record).map_err(failed)? {
        if record.len() == 1 && record[0].is_empty() {
            continue;
        }
        let line = record.position().map_or(0, csv::Position::line);
        if first.is_none() {
            first = Some(record.clone());
            columns = record.len();
            // Names in a comment are those that are meant, and the first line is one of numbers.
            if first_line == FirstLine::Names && record.iter().all(field::is_number) {
                names = labels(&text, separator, columns);
            }
            if names.is_none() && first_line::is_names(&record, first_line, path, line)? {
                names = Some(record.iter().map(str::to_owned).collect());
                continue;
            }
        }
        if record.len() != columns {
            let (path, found) = (path.to_owned(), record.len());
            return Err(ArrayError::Ragged { path, line, found, expected: columns });
        }
        for (index, field) in record.iter().enumerate() {
            values.push(field::number(field).map_err(|reason| {
                let (path, text) = (path.to_owned(), super::error::shorten(field, 40));
                ArrayError::NotANumber { path, line, field: index + 1, text, reason }
            })?);
        }
        rows += 1;
    }
    if rows == 0 || columns == 0 {
        let below = if names.is_some() { ", below the names in its first line," } else { "" };
        let what = format!("{}{below}", path.display());
        return Err(ArrayError::Empty { what, rows, columns });
    }
    let values = Array2::from_shape_vec((rows, columns), values)
        .map_err(|error| ArrayError::malformed(path, "text", error))?;
    if let (None, FirstLine::Auto, Some(first)) = (&names, first_line, &first) {
        first_line::refuse_labels(first, values.view(), path)?;
    }
    let labels = if names.is_none() { labels(&text, separator, columns) } else { None };
    Ok(TextTable { names, labels, values })
}

/// The words of the last comment above the first row, where they are as many as there are columns, as
/// `numpy.savetxt(…, header="a b c")` writes them.
fn labels(text: &str, separator: Separator, columns: usize) -> Option<Vec<String>> {
    let comments = text.lines().take_while(|line| line.is_empty() || line.starts_with('#'));
    let last = comments.filter(|line| line.starts_with('#')).last()?;
    let words = last.trim_start_matches('#').trim();
    let by_separator = || words.split(char::from(separator.byte())).map(str::trim);
    let by_spaces = || words.split_ascii_whitespace();
    // Counted first: a long comment takes no memory.
    if by_separator().count() == columns && by_separator().all(|word| !word.is_empty()) {
        return Some(by_separator().map(str::to_owned).collect());
    }
    (by_spaces().count() == columns).then(|| by_spaces().map(str::to_owned).collect())
}

fn decode<'a>(bytes: &'a [u8], path: &Path) -> Result<&'a str, ArrayError> {
    let fault = |reason: String| ArrayError::malformed(path, "text", reason);
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(fault("it is UTF-16; save it as UTF-8".to_owned()));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        fault(format!("line {line} is not text in UTF-8; save it as UTF-8"))
    })
}

/// Writes a table, under names if there are any. Fields have a decimal point or an exponent, so
/// that a first row is never taken for names.
pub(super) fn write<N: Number>(
    writer: impl Write,
    path: &Path,
    separator: u8,
    names: Option<&[String]>,
    table: ArrayView2<'_, N>,
) -> Result<(), ArrayError> {
    let failed = |error: csv::Error| {
        let message = error.to_string();
        match error.into_kind() {
            csv::ErrorKind::Io(source) => ArrayError::io("write", path, source),
            _ => ArrayError::malformed(path, "text", message),
        }
    };
    let mut lines = csv::WriterBuilder::new().delimiter(separator).from_writer(writer);
    if let Some(names) = names {
        lines.write_record(names).map_err(failed)?;
    }
    for row in table.rows() {
        // The shortest text that reads back to the same bits.
        lines.write_record(row.iter().map(|value| format!("{value:?}"))).map_err(failed)?;
    }
    lines.flush().map_err(|source| ArrayError::io("write", path, source))
}
