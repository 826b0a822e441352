//! The types of numbers that numpy writes.

/// A type of numbers, with its order of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element {
    kind: Kind,
    size: usize,
    big_endian: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Bool,
    Signed,
    Unsigned,
    Float,
}

/// A number that cannot be taken: its place among those decoded, and what is wrong with it.
pub(super) type Fault = (usize, String);

impl Element {
    /// The type of numpy's descriptor, e.g. `<f4`.
    ///
    /// # Errors
    /// What to do about a type that is not one of plain real numbers.
    pub(super) fn parse(descriptor: &str) -> Result<Self, &'static str> {
        let (order, rest) = match descriptor.chars().next() {
            Some(order @ ('<' | '>' | '|' | '=')) => (order, &descriptor[1..]),
            _ => ('=', descriptor),
        };
        let big_endian = match order {
            '>' => true,
            '=' => cfg!(target_endian = "big"),
            _ => false,
        };
        let (kind, size) = match rest {
            "b1" | "?" => (Kind::Bool, 1),
            "i1" | "i2" | "i4" | "i8" => (Kind::Signed, size_of_name(rest)),
            "u1" | "u2" | "u4" | "u8" => (Kind::Unsigned, size_of_name(rest)),
            "f2" | "f4" | "f8" => (Kind::Float, size_of_name(rest)),
            _ => return Err(advice(rest)),
        };
        Ok(Self { kind, size, big_endian })
    }

    /// Bytes of a number.
    pub(super) fn size(self) -> usize {
        self.size
    }

    /// Appends the numbers in `bytes`, whose length is a multiple of the size.
    ///
    /// # Errors
    /// [`Fault`] for an integer that double precision does not hold, or a truth value that is
    /// neither.
    pub(super) fn decode(self, bytes: &[u8], out: &mut Vec<f64>) -> Result<(), Fault> {
        for (place, number) in bytes.chunks_exact(self.size).enumerate() {
            out.push(self.number(number).map_err(|reason| (place, reason))?);
        }
        Ok(())
    }

    fn number(self, bytes: &[u8]) -> Result<f64, String> {
        // In little-endian order, the rest zero.
        let mut word = [0; 8];
        word[..bytes.len()].copy_from_slice(bytes);
        if self.big_endian {
            word[..bytes.len()].reverse();
        }
        let word = u64::from_le_bytes(word);
        match (self.kind, self.size) {
            (Kind::Float, 2) => Ok(half(word as u16)),
            (Kind::Float, 4) => Ok(f64::from(f32::from_bits(word as u32))),
            (Kind::Float, _) => Ok(f64::from_bits(word)),
            (Kind::Bool, _) if word > 1 => {
                Err(format!("is the byte {word}, neither true nor false"))
            }
            (Kind::Bool, _) => Ok(word as f64),
            (Kind::Unsigned, _) => exact(i128::from(word)),
            (Kind::Signed, size) => {
                // The sign is in the highest bit of as many bytes as there are.
                let unused = 64 - 8 * size as u32;
                exact(i128::from((word << unused).cast_signed() >> unused))
            }
        }
    }
}

fn size_of_name(name: &str) -> usize {
    usize::from(name.as_bytes()[1] - b'0')
}

/// A whole number, if double precision holds it.
fn exact(number: i128) -> Result<f64, String> {
    let value = number as f64;
    if value as i128 == number {
        return Ok(value);
    }
    Err(format!(
        "is the integer {number}, which double precision does not hold exactly; subtract an offset \
         in numpy, or save array.astype(float) where its last digits do not matter"
    ))
}

/// IEEE half precision: five bits of exponent, ten of fraction.
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff) / 1024.0);
    sign * match exponent {
        0 => fraction * 2.0_f64.powi(-14),
        0x1f if fraction == 0.0 => f64::INFINITY,
        0x1f => f64::NAN,
        _ => (1.0 + fraction) * 2.0_f64.powi(exponent - 15),
    }
}

/// How to make plain numbers of another type in numpy.
fn advice(name: &str) -> &'static str {
    match name.chars().next() {
        Some('c') => "save np.column_stack([array.real, array.imag])",
        Some('M') => "save (array - array.min()) / np.timedelta64(1, 's')",
        Some('m') => "save array / np.timedelta64(1, 's')",
        Some('V') => "save its fields as columns of a plain array",
        _ => "save array.astype(float)",
    }
}
