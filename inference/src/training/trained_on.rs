//! Which simulations a model was trained on, in few numbers.

use std::collections::BTreeSet;

/// Rows remembered, at most.
const MOST: usize = 1024;
/// Bits of a hash: a double holds them exactly.
const BITS: u32 = 52;

/// The smallest hashes of the rows of a table: all of a small one, and of a large one a sample that
/// depends on the rows alone, so that any other table that shares rows with it shares the sample's part.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TrainedOn {
    /// In ascending order, each once.
    hashes: Vec<u64>,
}

impl TrainedOn {
    /// Of simulations with parameters `theta` `[n, dim]` and data `x` `[n, width]`.
    pub fn of((theta, dim): (&[f64], usize), (x, width): (&[f64], usize)) -> Self {
        let mut least = BTreeSet::new();
        for (theta, x) in theta.chunks_exact(dim).zip(x.chunks_exact(width)) {
            least.insert(hash(theta.iter().chain(x)));
            if least.len() > MOST {
                least.pop_last();
            }
        }
        Self { hashes: least.into_iter().collect() }
    }

    /// The share of simulations that were trained on, as far as it can be told: of those whose hash is
    /// small enough to be remembered, those that are; and how many that were.
    pub fn share<'a>(&self, rows: impl Iterator<Item = (Vec<f64>, &'a [f64])>) -> (f64, usize) {
        let bound = if self.hashes.len() < MOST { u64::MAX } else { self.hashes[MOST - 1] };
        let (mut known, mut asked) = (0, 0);
        for (theta, x) in rows {
            let hash = hash(theta.iter().chain(x));
            asked += usize::from(hash <= bound);
            known += usize::from(self.hashes.binary_search(&hash).is_ok());
        }
        (known as f64 / (asked.max(1) as f64), known)
    }

    /// As numbers of double precision, which hold them exactly.
    pub fn numbers(&self) -> Vec<f64> {
        self.hashes.iter().map(|hash| *hash as f64).collect()
    }

    /// From [`numbers`](Self::numbers); `None` where they are none of these.
    pub fn from_numbers(numbers: &[f64]) -> Option<Self> {
        let most = (1_u64 << BITS) as f64;
        let whole = |v: &f64| *v >= 0.0 && *v < most && v.fract() == 0.0;
        let ascending = numbers.windows(2).all(|pair| pair[0] < pair[1]);
        (numbers.len() <= MOST && ascending && numbers.iter().all(whole))
            .then(|| Self { hashes: numbers.iter().map(|v| *v as u64).collect() })
    }
}

fn hash<'a>(row: impl Iterator<Item = &'a f64>) -> u64 {
    let mut hasher = blake3::Hasher::new();
    for value in row {
        // A zero has one sign.
        hasher.update(&(value + 0.0).to_le_bytes());
    }
    let bytes = hasher.finalize();
    let first = bytes.as_bytes().first_chunk().copied().unwrap_or_default();
    u64::from_le_bytes(first) >> (u64::BITS - BITS)
}

#[cfg(test)]
mod tests {
    use super::{MOST, TrainedOn};

    fn table(seed: u64, rows: usize) -> Vec<f64> {
        (0..rows).map(|i| ((seed * 1_000_003 + i as u64) as f64).sqrt()).collect()
    }

    fn share(of: &TrainedOn, theta: &[f64]) -> (f64, usize) {
        of.share(theta.iter().map(|t| (vec![*t], std::slice::from_ref(t))))
    }

    #[test]
    fn parts_of_small_and_large_tables_are_known_again() {
        for rows in [100, MOST, 50_000] {
            let own = table(1, rows);
            let trained = TrainedOn::of((&own, 1), (&own, 1));
            let back = TrainedOn::from_numbers(&trained.numbers()).unwrap();
            assert_eq!(back, trained);
            assert_eq!(share(&trained, &own), (1.0, rows.min(MOST)));
            assert_eq!(share(&trained, &table(2, 1000)), (0.0, 0));
            // A third of these are its own; of a large table, some two hundred of them are remembered.
            let few = rows.min(10_000);
            let mixed = [&own[..few], &table(3, 2 * few)].concat();
            let (share, _) = share(&trained, &mixed);
            assert!((share - 1.0 / 3.0).abs() < if rows >= MOST { 0.08 } else { 1e-9 }, "{share}");
        }
        assert!(TrainedOn::from_numbers(&[2.0, 1.0]).is_none());
        assert!(TrainedOn::from_numbers(&[0.5]).is_none());
        assert!(TrainedOn::from_numbers(&[f64::NAN]).is_none());
    }
}
