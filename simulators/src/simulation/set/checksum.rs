//! Checksums of files that we read back.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};

/// Stands before the checksum at an archive's end, a line of its own.
const MARK: &str = "# blake3 ";
/// Hexadecimal digits, and the line's end.
const DIGITS: usize = 64;

/// The end of an archive's comment, to be replaced by [`seal`].
pub(super) fn placeholder() -> String {
    format!("{MARK}{}\n", "0".repeat(DIGITS))
}

/// A comment without the checksum's line.
pub(super) fn strip(comment: &str) -> &str {
    let text = comment.len().checked_sub(placeholder().len()).and_then(|end| comment.get(..end));
    match text {
        Some(text) if comment[text.len()..].starts_with(MARK) => text,
        _ => comment,
    }
}

/// Puts the checksum of everything before it at the end of a file that ends with
/// [`placeholder`].
pub(super) fn seal(writer: &mut BufWriter<File>) -> io::Result<()> {
    writer.flush()?;
    let file = writer.get_mut();
    let (end, digest) = digest(file)?;
    file.seek(SeekFrom::Start(end))?;
    file.write_all(digest.as_bytes())?;
    file.seek(SeekFrom::End(0))?;
    Ok(())
}

/// Whether a file is what [`seal`] made of it; none if it does not end with a checksum.
pub(super) fn is_whole(file: &mut File) -> io::Result<Option<bool>> {
    let size = file.seek(SeekFrom::End(0))?;
    let Some(start) = size.checked_sub(placeholder().len() as u64) else { return Ok(None) };
    file.seek(SeekFrom::Start(start))?;
    let mut line = Vec::new();
    file.read_to_end(&mut line)?;
    if !line.starts_with(MARK.as_bytes()) {
        return Ok(None);
    }
    let (_, digest) = digest(file)?;
    Ok(Some(line == format!("{MARK}{digest}\n").into_bytes()))
}

/// Where the checksum's digits begin, and what they should be.
fn digest(file: &mut File) -> io::Result<(u64, String)> {
    let end = file.seek(SeekFrom::End(0))?.saturating_sub(DIGITS as u64 + 1);
    file.seek(SeekFrom::Start(0))?;
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(Read::by_ref(file).take(end))?;
    Ok((end, hasher.finalize().to_hex().to_string()))
}

/// Passes bytes on, and hashes them on their way.
pub(super) struct Hashing<'a, W> {
    writer: &'a mut W,
    pub(super) hasher: blake3::Hasher,
}

impl<'a, W: Write> Hashing<'a, W> {
    pub(super) fn new(writer: &'a mut W) -> Self {
        Self { writer, hasher: blake3::Hasher::new() }
    }
}

impl<W: Write> Write for Hashing<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.writer.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
