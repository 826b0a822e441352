//! The header of numpy's `.npy` format: a strict parser whose time and memory are bounded by the
//! header's own length, and whose claims are checked against the bytes that are there.

use std::io::Read;
use std::path::Path;

use super::element::Element;
use super::{ArrayError, Orientation, TableOptions};

const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// Longer headers describe no plain numbers.
const LONGEST: u64 = 1 << 20;
/// What to do about an array of structures.
const STRUCTURED: &str =
    "save structured_to_unstructured(array), which is in numpy.lib.recfunctions";

/// An array as its header describes it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) element: Element,
    /// Whether the first index runs fastest.
    pub(super) fortran: bool,
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// Of an array of more than two dimensions, the lengths behind the first, whose product are the columns.
    pub(super) lengths: Option<Vec<usize>>,
    /// Bytes of numbers, which are all that follow.
    pub(super) data: u64,
}

/// Reads the header of an array that takes `available` bytes, header included.
///
/// # Errors
/// [`ArrayError`] for a header that is none, an array that is no table of numbers, or a size that
/// is not that of the bytes that follow.
pub(super) fn read(
    reader: &mut impl Read,
    available: u64,
    path: &Path,
    options: &TableOptions,
) -> Result<Header, ArrayError> {
    let malformed = |reason: &str| ArrayError::malformed(path, "npy", reason);
    let mut take = |length: u64, taken: u64| {
        if length > available.saturating_sub(taken) {
            return Err(malformed("the file ends early"));
        }
        let mut bytes = vec![0; length as usize];
        reader.read_exact(&mut bytes).map_err(|e| ArrayError::reading(path, "npy", e))?;
        Ok(bytes)
    };
    let start = take(8, 0)?;
    if !start.starts_with(MAGIC) {
        return Err(malformed("it does not begin as numpy's files do"));
    }
    let width = match start[6] {
        1 => 2,
        2 | 3 => 4,
        version => return Err(malformed(&format!("format version {version} is not known"))),
    };
    let mut length = [0; 8];
    length[..width as usize].copy_from_slice(&take(width, 8)?);
    let length = u64::from_le_bytes(length);
    if length > LONGEST {
        return Err(malformed(&format!("a header of {length} bytes describes no plain numbers")));
    }
    let before = 8 + width;
    let text = take(length, before)?;
    let text = std::str::from_utf8(&text).map_err(|_| malformed("its header is not text"))?;
    let fields = Parser { text, at: 0 }.dictionary().map_err(|e| malformed(&e))?;
    // Both are at most `available`.
    fields.header(available - before - length, path, options)
}

/// The dictionary's three entries.
struct Fields<'a> {
    descriptor: Descriptor<'a>,
    fortran: bool,
    shape: Vec<usize>,
}

enum Descriptor<'a> {
    Plain(&'a str),
    Structured,
}

impl Fields<'_> {
    fn header(
        self,
        follow: u64,
        path: &Path,
        options: &TableOptions,
    ) -> Result<Header, ArrayError> {
        let wrong_type = |found: &str, fix| {
            Err(ArrayError::WrongType { path: path.to_owned(), found: found.to_owned(), fix })
        };
        let (name, element) = match self.descriptor {
            Descriptor::Structured => return wrong_type("of structures with fields", STRUCTURED),
            Descriptor::Plain(name) => match Element::parse(name) {
                Ok(element) => (name, element),
                Err(fix) => return wrong_type(&format!("of type {name}"), fix),
            },
        };
        let (rows, columns, lengths) = match (self.shape.as_slice(), options.orientation) {
            ([], _) => (1, 1, None),
            (&[n], Orientation::Row) => (1, n, None),
            (&[n], Orientation::Column) => (n, 1, None),
            (&[rows, columns], _) => (rows, columns, None),
            // Lengths that multiply to more than can be are refused below.
            (&[rows, ref lengths @ ..], _) if options.points && matches!(lengths.len(), 2 | 3) => {
                let columns = lengths.iter().fold(1_usize, |all, n| all.saturating_mul(*n));
                (rows, columns, Some(lengths.to_vec()))
            }
            _ => {
                let expected = match options.points {
                    true => "one to four dimensions: in numpy, save array.reshape(len(array), -1)",
                    false => "one or two dimensions: in numpy, save array.reshape(len(array), -1)",
                };
                return Err(ArrayError::WrongShape {
                    path: path.to_owned(),
                    found: self.shape,
                    expected,
                });
            }
        };
        if rows == 0 || columns == 0 {
            return Err(ArrayError::Empty { what: path.display().to_string(), rows, columns });
        }
        let numbers = (rows as u64).checked_mul(columns as u64);
        let data = numbers.and_then(|n| n.checked_mul(element.size() as u64));
        match data {
            Some(data) if data == follow => {
                Ok(Header { element, fortran: self.fortran, rows, columns, lengths, data })
            }
            _ => {
                let claim =
                    data.map_or("more bytes than can be".to_owned(), |d| format!("{d} bytes"));
                let more = data.is_some_and(|data| data < follow);
                let why = if more {
                    "there is something behind the array"
                } else {
                    "the file ends early"
                };
                let reason = format!(
                    "its header claims shape {:?} of {name}, {claim}, but {follow} follow: {why}",
                    self.shape
                );
                Err(ArrayError::malformed(path, "npy", reason))
            }
        }
    }
}

/// Reads the literal of a Python dictionary, no more of Python than that needs.
struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn dictionary(mut self) -> Result<Fields<'a>, String> {
        let (mut descriptor, mut fortran, mut shape) = (None, None, None);
        self.expect('{')?;
        while !self.accept('}') {
            let key = self.string()?;
            self.expect(':')?;
            let again = match key {
                "descr" => descriptor.replace(self.descriptor()?).is_some(),
                "fortran_order" => fortran.replace(self.truth()?).is_some(),
                "shape" => shape.replace(self.shape()?).is_some(),
                _ => return Err(format!("its header has an unknown entry '{}'", shorten(key))),
            };
            if again {
                return Err(format!("its header has two entries '{key}'"));
            }
            if let Some(Descriptor::Structured) = descriptor {
                // What follows describes fields that are not read.
                let (fortran, shape) = (false, Vec::new());
                return Ok(Fields { descriptor: Descriptor::Structured, fortran, shape });
            }
            if !self.accept(',') {
                self.expect('}')?;
                break;
            }
        }
        if !self.rest().is_empty() {
            return Err(self.wrong("nothing more"));
        }
        let missing = |name: &str| format!("its header has no entry '{name}'");
        Ok(Fields {
            descriptor: descriptor.ok_or_else(|| missing("descr"))?,
            fortran: fortran.ok_or_else(|| missing("fortran_order"))?,
            shape: shape.ok_or_else(|| missing("shape"))?,
        })
    }

    fn descriptor(&mut self) -> Result<Descriptor<'a>, String> {
        match self.rest().chars().next() {
            Some('[' | '(') => Ok(Descriptor::Structured),
            _ => Ok(Descriptor::Plain(self.string()?)),
        }
    }

    fn truth(&mut self) -> Result<bool, String> {
        for (word, value) in [("True", true), ("False", false)] {
            if self.rest().starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.wrong("True or False"))
    }

    fn shape(&mut self) -> Result<Vec<usize>, String> {
        let mut shape = Vec::new();
        self.expect('(')?;
        while !self.accept(')') {
            shape.push(self.length()?);
            let comma = self.accept(',');
            if !comma {
                if shape.len() == 1 {
                    return Err(self.wrong("a comma, as in (3,)"));
                }
                self.expect(')')?;
                break;
            }
        }
        Ok(shape)
    }

    /// A whole number, perhaps with the L that Python 2 wrote.
    fn length(&mut self) -> Result<usize, String> {
        let rest = self.rest();
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if digits == 0 {
            return Err(self.wrong("a length"));
        }
        let number = &rest[..digits];
        let parsed = number.parse();
        self.at += digits;
        if self.text[self.at..].starts_with('L') {
            self.at += 1;
        }
        parsed.map_err(|_| format!("its header claims a length of {}", shorten(number)))
    }

    fn string(&mut self) -> Result<&'a str, String> {
        let rest = self.rest();
        let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'));
        let quote = quote.ok_or_else(|| self.wrong("a text in quotes"))?;
        let inner = &rest[1..];
        let end = inner.find([quote, '\\']).filter(|&end| inner[end..].starts_with(quote));
        let end = end.ok_or_else(|| self.wrong("a plain text in quotes"))?;
        self.at += end + 2;
        Ok(&inner[..end])
    }

    /// The text from the next character that is not a space.
    fn rest(&mut self) -> &'a str {
        let rest = self.text[self.at..].trim_start();
        self.at = self.text.len() - rest.len();
        rest
    }

    fn accept(&mut self, character: char) -> bool {
        let found = self.rest().starts_with(character);
        self.at += if found { character.len_utf8() } else { 0 };
        found
    }

    fn expect(&mut self, character: char) -> Result<(), String> {
        if self.accept(character) { Ok(()) } else { Err(self.wrong(&format!("'{character}'"))) }
    }

    fn wrong(&mut self, expected: &str) -> String {
        let found = shorten(self.rest());
        format!("its header has \"{found}\" where {expected} should be")
    }
}

/// The beginning of a text that may be long.
fn shorten(text: &str) -> String {
    super::error::shorten(text, 30)
}
