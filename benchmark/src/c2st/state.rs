//! The state of a classifier between two epochs, as bytes.

/// All that the rest of a training depends on.
#[derive(Debug, PartialEq)]
pub(super) struct State {
    /// Epochs done.
    pub(super) epoch: usize,
    /// Least loss of an epoch.
    pub(super) best: f64,
    /// Epochs since it fell.
    pub(super) stale: usize,
    /// The training rows as last shuffled.
    pub(super) order: Vec<u32>,
    /// Steps of the optimiser.
    pub(super) steps: i32,
    /// Place in the stream of random numbers.
    pub(super) word: u128,
    /// Weights, first and second moments.
    pub(super) network: [Vec<f32>; 3],
}

impl State {
    pub(super) fn pack(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(64 + 4 * self.order.len() + 12 * self.network[0].len());
        bytes.extend((self.epoch as u64).to_le_bytes());
        bytes.extend(self.best.to_le_bytes());
        bytes.extend((self.stale as u64).to_le_bytes());
        bytes.extend(self.steps.to_le_bytes());
        bytes.extend(self.word.to_le_bytes());
        bytes.extend((self.order.len() as u64).to_le_bytes());
        bytes.extend(self.order.iter().flat_map(|row| row.to_le_bytes()));
        bytes.extend(self.network.iter().flatten().flat_map(|value| value.to_le_bytes()));
        bytes
    }

    /// A state of so many rows and weights; `None` of bytes that are no such state.
    pub(super) fn unpack(bytes: &[u8], rows: usize, weights: usize) -> Option<Self> {
        let mut rest = bytes;
        let epoch = u64::from_le_bytes(*take(&mut rest)?) as usize;
        let best = f64::from_le_bytes(*take(&mut rest)?);
        let stale = u64::from_le_bytes(*take(&mut rest)?) as usize;
        let steps = i32::from_le_bytes(*take(&mut rest)?);
        let word = u128::from_le_bytes(*take(&mut rest)?);
        let found = u64::from_le_bytes(*take(&mut rest)?);
        if found != rows as u64 || rest.len() != 4 * (rows + 3 * weights) {
            return None;
        }
        let (order, network) = rest.split_at(4 * rows);
        let order = order.as_chunks::<4>().0.iter().map(|b| u32::from_le_bytes(*b)).collect();
        let network: Vec<f32> =
            network.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
        let part = |i: usize| network[i * weights..(i + 1) * weights].to_vec();
        let network = [part(0), part(1), part(2)];
        Some(Self { epoch, best, stale, order, steps, word, network })
    }
}

fn take<'a, const N: usize>(rest: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (taken, left) = rest.split_first_chunk()?;
    *rest = left;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_comes_back_and_no_other_size_does() {
        let state = State {
            epoch: 7,
            best: 0.25,
            stale: 3,
            order: vec![4, 0, 2],
            steps: 70,
            word: 1 << 70,
            network: [vec![0.5, -1.0], vec![2.0, 3.0], vec![1e-9, 0.0]],
        };
        let packed = state.pack();
        assert_eq!(State::unpack(&packed, 3, 2), Some(state));
        for (rows, weights) in [(2, 2), (3, 3), (6, 1)] {
            assert_eq!(State::unpack(&packed, rows, weights), None);
        }
        assert_eq!(State::unpack(&packed[..30], 3, 2), None);
    }
}
