//! Numbers as bytes and back.

/// Writes a piece.
#[derive(Default)]
pub(crate) struct Pack(Vec<u8>);

impl Pack {
    pub fn whole(mut self, number: usize) -> Self {
        self.0.extend((number as u64).to_le_bytes());
        self
    }

    pub fn doubles(self, numbers: &[f64]) -> Self {
        let mut packed = self.whole(numbers.len());
        packed.0.extend(numbers.iter().flat_map(|v| v.to_le_bytes()));
        packed
    }

    pub fn singles(self, numbers: &[f32]) -> Self {
        let mut packed = self.whole(numbers.len());
        packed.0.extend(numbers.iter().flat_map(|v| v.to_le_bytes()));
        packed
    }

    pub fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Reads a piece; `None` where it is another kind of piece.
pub(crate) struct Unpack<'a>(&'a [u8]);

impl<'a> Unpack<'a> {
    pub fn new(piece: &'a [u8]) -> Self {
        Self(piece)
    }

    fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(taken)
    }

    pub fn whole(&mut self) -> Option<usize> {
        let bytes = self.take(8)?.try_into().ok()?;
        usize::try_from(u64::from_le_bytes(bytes)).ok()
    }

    pub fn doubles(&mut self) -> Option<Vec<f64>> {
        let bytes = self.whole()?.checked_mul(8)?;
        Some(self.take(bytes)?.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect())
    }

    /// So many doubles, and no others.
    pub fn doubles_of(&mut self, count: usize) -> Option<Vec<f64>> {
        self.doubles().filter(|numbers| numbers.len() == count)
    }

    pub fn singles(&mut self) -> Option<Vec<f32>> {
        let bytes = self.whole()?.checked_mul(4)?;
        Some(self.take(bytes)?.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect())
    }

    /// So many singles, and no others.
    pub fn singles_of(&mut self, count: usize) -> Option<Vec<f32>> {
        self.singles().filter(|numbers| numbers.len() == count)
    }

    /// Nothing is left over.
    pub fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_back_and_nothing_else_does() {
        let packed = Pack::default().whole(7).doubles(&[0.5, -1.0]).singles(&[2.0]).finish();
        let mut back = Unpack::new(&packed);
        assert_eq!(back.whole(), Some(7));
        assert_eq!(back.doubles(), Some(vec![0.5, -1.0]));
        assert_eq!(back.singles_of(1), Some(vec![2.0]));
        assert_eq!(back.end(), Some(()));
        let mut other = Unpack::new(&packed);
        other.whole();
        assert_eq!(other.doubles_of(3), None);
        // A count beyond what is there allocates nothing.
        assert_eq!(Unpack::new(&u64::MAX.to_le_bytes()).doubles(), None);
        assert_eq!(Unpack::new(&packed[..20]).end(), None);
    }
}
