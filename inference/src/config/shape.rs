//! Rows and columns of pixels as a setting: `[32, 32]`, or `[]` for none.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(super) fn serialize<S: Serializer>(
    shape: &Option<[usize; 2]>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    shape.as_ref().map_or(&[][..], |shape| shape).serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<[usize; 2]>, D::Error> {
    match Vec::deserialize(deserializer)?.as_slice() {
        [] => Ok(None),
        &[rows, columns] if rows > 0 && columns > 0 => Ok(Some([rows, columns])),
        _ => Err(D::Error::custom("expected the rows and columns of pixels, as [32, 32]")),
    }
}
