//! Named arrays of doubles or singles in one safetensors file, with a line that says what they are of and a
//! checksum of all of it.

use freeform_simulators::write_bytes_atomically;
use safetensors::tensor::{Dtype, TensorView};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// The key of that line.
const IDENTITY: &str = "identity";
/// The array with BLAKE3 of that line and of all other arrays.
const CHECKSUM: &str = "checksum";

/// Arrays by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tensors {
    identity: String,
    doubles: BTreeMap<String, Vec<f64>>,
    singles: BTreeMap<String, Vec<f32>>,
}

/// A file that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TensorsError {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("it is not whole: {0}")]
    Malformed(String),
    #[error("it is damaged: its checksum is not that of its content")]
    Checksum,
}

impl Tensors {
    pub fn new(identity: &str) -> Self {
        Self { identity: identity.to_owned(), ..Self::default() }
    }

    pub fn identity(&self) -> &str {
        &self.identity
    }

    pub fn put(&mut self, name: &str, values: Vec<f64>) {
        self.doubles.insert(name.to_owned(), values);
    }

    pub fn put_single(&mut self, name: &str, values: Vec<f32>) {
        self.singles.insert(name.to_owned(), values);
    }

    pub fn get(&self, name: &str) -> Option<Vec<f64>> {
        self.doubles.get(name).cloned()
    }

    pub fn get_single(&self, name: &str) -> Option<Vec<f32>> {
        self.singles.get(name).cloned()
    }

    /// Replaces the file in one step.
    pub fn write(&self, path: &Path) -> Result<(), TensorsError> {
        let malformed = |e: safetensors::SafeTensorError| TensorsError::Malformed(e.to_string());
        let doubles = self.doubles.iter().map(|(name, values)| {
            let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
            (name, Dtype::F64, values.len(), bytes)
        });
        let singles = self.singles.iter().map(|(name, values)| {
            let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
            (name, Dtype::F32, values.len(), bytes)
        });
        let arrays: Vec<_> = doubles.chain(singles).collect();
        let (checksum, name) = (self.checksum(), CHECKSUM.to_owned());
        let checksum = (&name, Dtype::U8, checksum.len(), checksum.to_vec());
        let views = arrays
            .iter()
            .chain([&checksum])
            .map(|(name, dtype, length, bytes)| {
                TensorView::new(*dtype, vec![*length], bytes).map(|view| (name.as_str(), view))
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(malformed)?;
        let note = HashMap::from([(IDENTITY.to_owned(), self.identity.clone())]);
        let bytes = safetensors::serialize(views, Some(note)).map_err(malformed)?;
        Ok(write_bytes_atomically(path, &bytes)?)
    }

    /// `None` where there is no file.
    pub fn read(path: &Path) -> Result<Option<Self>, TensorsError> {
        let bytes = match std::fs::read(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            bytes => bytes?,
        };
        let malformed = |e: safetensors::SafeTensorError| TensorsError::Malformed(e.to_string());
        let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).map_err(malformed)?;
        let identity = header.metadata().as_ref().and_then(|note| note.get(IDENTITY).cloned());
        let mut tensors = Self::new(&identity.unwrap_or_default());
        let file = safetensors::SafeTensors::deserialize(&bytes).map_err(malformed)?;
        let mut checksum = None;
        for (name, view) in file.iter() {
            let data = view.data();
            match view.dtype() {
                Dtype::U8 if name == CHECKSUM => checksum = Some(data.to_vec()),
                Dtype::F64 => {
                    let values = data.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b));
                    tensors.put(name, values.collect());
                }
                Dtype::F32 => {
                    let values = data.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b));
                    tensors.put_single(name, values.collect());
                }
                other => return Err(TensorsError::Malformed(format!("{name} is of {other:?}"))),
            }
        }
        match checksum.is_some_and(|checksum| checksum == tensors.checksum()) {
            true => Ok(Some(tensors)),
            false => Err(TensorsError::Checksum),
        }
    }

    /// BLAKE3 of all that is read, each part with its length.
    fn checksum(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        let mut part = |bytes: &[u8]| {
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        part(self.identity.as_bytes());
        for (name, values) in &self.doubles {
            part(name.as_bytes());
            part(&values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>());
        }
        for (name, values) in &self.singles {
            part(name.as_bytes());
            part(&values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>());
        }
        *hasher.finalize().as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_comes_back_bit_by_bit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        assert_eq!(Tensors::read(&path).unwrap(), None);
        let mut tensors = Tensors::new("of a test");
        tensors.put("a", vec![0.1, f64::INFINITY, f64::from_bits(u64::MAX >> 1)]);
        tensors.put_single("b", vec![1.5, -0.0]);
        tensors.write(&path).unwrap();
        let back = Tensors::read(&path).unwrap().unwrap();
        assert_eq!(back.identity(), "of a test");
        let bits = |v: Vec<f64>| v.into_iter().map(f64::to_bits).collect::<Vec<_>>();
        assert_eq!(back.get("a").map(bits), tensors.get("a").map(bits));
        assert_eq!(back.get_single("b"), tensors.get_single("b"));
        let whole = std::fs::read(&path).unwrap();
        for bit in 0..8 * whole.len() {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&path, bytes).unwrap();
            // A space of the header that is another space changes nothing.
            let read = Tensors::read(&path);
            let same = read.as_ref().is_ok_and(|read| {
                read.as_ref().is_some_and(|read| read.checksum() == tensors.checksum())
            });
            assert!(read.is_err() || same, "bit {bit}");
        }
        std::fs::write(&path, "no safetensors").unwrap();
        assert!(Tensors::read(&path).is_err());
    }
}
