//! numpy's single-array format.

use std::fmt::Debug;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use ndarray::{Array2, ArrayD, ShapeBuilder};

use super::{ArrayError, TableOptions, header};

/// Bytes handed over at once: a multiple of every number's size.
const PIECE: usize = 1 << 16;

/// A number that can be written: `f32` or `f64` in tables, `i64` beside them.
pub trait Number: Copy + Debug + Sealed {
    /// numpy's name of the type.
    #[doc(hidden)]
    const DESCRIPTOR: &'static str;
    /// Appends the number's bytes, little-endian.
    #[doc(hidden)]
    fn append(self, bytes: &mut Vec<u8>);
}

/// Nobody else's types are numbers.
pub trait Sealed {}

macro_rules! number {
    ($type:ty, $descriptor:literal) => {
        impl Sealed for $type {}
        impl Number for $type {
            const DESCRIPTOR: &'static str = $descriptor;
            fn append(self, bytes: &mut Vec<u8>) {
                bytes.extend(self.to_le_bytes());
            }
        }
    };
}
number!(f32, "<f4");
number!(f64, "<f8");
number!(i64, "<i8");

/// Opens a regular file, and says how long it is: whatever has no length could block, or never end.
pub(super) fn open(path: &Path) -> Result<(File, u64), ArrayError> {
    let io = |source| ArrayError::io("read", path, source);
    if !fs::metadata(path).map_err(io)?.is_file() {
        let reason = "it is not a regular file";
        return Err(io(io::Error::new(io::ErrorKind::InvalidInput, reason)));
    }
    let file = File::open(path).map_err(io)?;
    let length = file.metadata().map_err(io)?.len();
    Ok((file, length))
}

/// An array as a table.
pub(super) struct Numbers {
    pub(super) values: Array2<f64>,
    /// Of an array of more than two dimensions, the lengths behind the first, whose product are the columns.
    pub(super) lengths: Option<Vec<usize>>,
}

/// Reads an `.npy` file.
pub(super) fn read(path: &Path, options: &TableOptions) -> Result<Numbers, ArrayError> {
    let (file, length) = open(path)?;
    read_array(&mut BufReader::with_capacity(PIECE, file), length, path, options)
}

/// Reads an array that takes `available` bytes. `path` is for messages only.
pub(super) fn read_array(
    reader: &mut impl Read,
    available: u64,
    path: &Path,
    options: &TableOptions,
) -> Result<Numbers, ArrayError> {
    let header = header::read(reader, available, path, options)?;
    let (rows, columns) = (header.rows, header.columns);
    // A table has rows of one length.
    let lengths = header.lengths.clone().unwrap_or_else(|| vec![columns]);
    let mut values: Vec<f64> = Vec::new();
    // The header's claim is what follows, so this is in proportion to the file.
    values.try_reserve_exact(rows * columns).map_err(|_| {
        let reason = format!("{rows} × {columns} numbers do not fit into memory");
        ArrayError::malformed(path, "npy", reason)
    })?;
    let mut left = header.data;
    let mut piece = vec![0; PIECE.min(usize::try_from(left).unwrap_or(PIECE))];
    while left > 0 {
        let part = &mut piece[..PIECE.min(usize::try_from(left).unwrap_or(PIECE))];
        reader.read_exact(part).map_err(|e| ArrayError::reading(path, "npy", e))?;
        let before = values.len();
        header.element.decode(part, &mut values).map_err(|(place, reason)| {
            let at = before + place;
            let (row, column) = match header.fortran {
                false => (at / columns, at % columns),
                true => {
                    let (row, mut rest) = (at % rows, at / rows);
                    let (mut column, mut stride) = (0, columns);
                    for length in &lengths {
                        stride /= length;
                        column += rest % length * stride;
                        rest /= length;
                    }
                    (row, column)
                }
            };
            let path = path.display().to_string();
            ArrayError::BadNumber { place: path, row: row + 1, column: column + 1, reason }
        })?;
        left -= part.len() as u64;
    }
    let shape = [&[rows][..], &lengths].concat().set_f(header.fortran);
    let table = ArrayD::from_shape_vec(shape, values).and_then(|table| {
        let ordered = if header.fortran { table.as_standard_layout().into_owned() } else { table };
        ordered.into_shape_with_order((rows, columns))
    });
    let values = table.map_err(|error| ArrayError::malformed(path, "npy", error))?;
    Ok(Numbers { values, lengths: header.lengths })
}

/// numpy's header of an array in C order; with it, numbers begin at a multiple of 64 bytes.
pub(crate) fn header_bytes(descriptor: &str, shape: &[u64]) -> Vec<u8> {
    let lengths: Vec<String> = shape.iter().map(u64::to_string).collect();
    let comma = if shape.len() == 1 { "," } else { "" };
    let mut text = format!(
        "{{'descr': '{descriptor}', 'fortran_order': False, 'shape': ({}{comma}), }}",
        lengths.join(", ")
    );
    // Magic, version and length take 10 bytes; a newline ends all of it.
    let padding = 63 - (10 + text.len()) % 64;
    text.extend(std::iter::repeat_n(' ', padding));
    text.push('\n');
    let mut header = b"\x93NUMPY\x01\x00".to_vec();
    header.extend((text.len() as u16).to_le_bytes());
    header.extend(text.as_bytes());
    header
}

/// Writes an array; `numbers` are in C order.
pub(crate) fn write<N: Number>(
    writer: &mut impl Write,
    shape: &[usize],
    numbers: impl IntoIterator<Item = N>,
) -> io::Result<()> {
    let shape: Vec<u64> = shape.iter().map(|&length| length as u64).collect();
    let mut bytes = header_bytes(N::DESCRIPTOR, &shape);
    for number in numbers {
        number.append(&mut bytes);
        if bytes.len() >= PIECE {
            writer.write_all(&bytes)?;
            bytes.clear();
        }
    }
    writer.write_all(&bytes)
}
