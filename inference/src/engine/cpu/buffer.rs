//! Vectors of f32 that start on a cache line.

use std::ops::{Deref, DerefMut};

const LINE: usize = 64;
const PAD: usize = LINE / size_of::<f32>();

/// A zeroed vector of fixed length whose first element is aligned to 64 bytes, so that no vector
/// load straddles two cache lines.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    // The heap block never moves: nothing resizes it.
    block: Vec<f32>,
    start: usize,
    len: usize,
}

impl Buffer {
    pub fn zeros(len: usize) -> Self {
        let block = vec![0.0_f32; if len == 0 { 0 } else { len + PAD }];
        // A refusal (usize::MAX) only costs speed.
        let start = block.as_ptr().align_offset(LINE).min(block.len() - len);
        Self { block, start, len }
    }

    pub fn of(values: &[f32]) -> Self {
        let mut buffer = Self::zeros(values.len());
        buffer.copy_from_slice(values);
        buffer
    }

    pub fn bytes(&self) -> usize {
        self.block.len() * size_of::<f32>()
    }
}

impl Deref for Buffer {
    type Target = [f32];
    fn deref(&self) -> &[f32] {
        &self.block[self.start..][..self.len]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.block[self.start..][..self.len]
    }
}
