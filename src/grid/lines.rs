//! Lines of JSON that know their own checksum: what we wrote is what we read back, or an error.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The member of a line that holds the checksum of the others.
const CHECK: &str = "blake3";

/// Twelve hexadecimal digits of BLAKE3.
pub(super) fn short_hash(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex()[..12].to_owned()
}

/// One line, without its end.
pub(super) fn to_line(value: &impl Serialize) -> std::io::Result<String> {
    let text = serde_json::to_string(value).map_err(std::io::Error::other)?;
    let open = text.strip_suffix('}').ok_or_else(|| std::io::Error::other("not an object"))?;
    Ok(format!("{open},\"{CHECK}\":\"{}\"}}", short_hash(&text)))
}

/// The value of a line. Lines of earlier versions have no checksum, and are taken without.
pub(super) fn from_line<T: Serialize + DeserializeOwned>(line: &str) -> Result<T, String> {
    let mut value: Value = serde_json::from_str(line).map_err(|e| e.to_string())?;
    let object = value.as_object_mut().ok_or("is not an object")?;
    let check = object.remove(CHECK);
    let read: T = serde_json::from_value(value).map_err(|e| e.to_string())?;
    let Some(check) = check else { return Ok(read) };
    let text = serde_json::to_string(&read).map_err(|e| e.to_string())?;
    match check.as_str() == Some(&short_hash(&text)) {
        true => Ok(read),
        false => {
            Err("its checksum is not that of its content: it was changed or damaged".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Entry {
        name: String,
        seed: u64,
        rate: f64,
    }

    /// Whatever single bit is flipped, the line gives the same value or none.
    #[test]
    fn no_flipped_bit_goes_unnoticed() {
        let entry = Entry { name: "a b".to_owned(), seed: u64::MAX, rate: 0.1 };
        let line = to_line(&entry).unwrap();
        assert_eq!(from_line::<Entry>(&line).unwrap(), entry);
        for (at, bit) in (0..line.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut bytes = line.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let Ok(text) = String::from_utf8(bytes) else { continue };
            if let Ok(read) = from_line::<Entry>(&text) {
                assert_eq!(read, entry, "byte {at}, bit {bit}: {text}");
            }
        }
        let old = serde_json::to_string(&entry).unwrap();
        assert_eq!(from_line::<Entry>(&old).unwrap(), entry);
    }
}
