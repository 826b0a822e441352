//! The exact median of numbers that are too many to keep, made anew as often as they are looked at.

use rayon::prelude::*;
use std::ops::Range;

/// Bits of a number that one look tells apart.
const DIGIT: u32 = 16;
/// So few numbers are kept and sorted out at once.
const FEW: u64 = 1 << 20;

/// The lower median of non-negative numbers; `None` where `stopped` says so, or there are none.
///
/// `of_row(i)` makes those of row i; there are i of them in row i, of `rows` rows. The
/// bits of a non-negative double are ordered as the doubles are: each look counts the next digits
/// of those numbers that begin as the median does, until few are left. Memory: one table of counts
/// a thread.
pub(crate) fn lower_median<I: Iterator<Item = f64>>(
    rows: usize,
    of_row: &(impl Fn(usize) -> I + Sync),
    stopped: &(dyn Fn() -> bool + Sync),
) -> Option<f64> {
    let total = rows as u64 * (rows as u64).saturating_sub(1) / 2;
    // How many of the numbers at hand are smaller.
    let (mut rank, mut left) = (total.checked_sub(1)? / 2, total);
    let (mut known, mut shift) = (0_u64, u64::BITS);
    while left > FEW && shift > 0 {
        let (above, below) = (shift, shift - DIGIT);
        let counts = count(rows, of_row, stopped, |bits| {
            let fits = above == u64::BITS || bits >> above == known;
            fits.then_some((bits >> below) as usize & ((1 << DIGIT) - 1))
        })?;
        let mut digit = 0;
        while counts[digit] <= rank {
            rank -= counts[digit];
            digit += 1;
        }
        left = counts[digit];
        known = known << DIGIT | digit as u64;
        shift = below;
    }
    if shift == 0 {
        return Some(f64::from_bits(known));
    }
    let mut few =
        collect(rows, of_row, stopped, |bits| shift == u64::BITS || bits >> shift == known)?;
    let (_, median, _) = few.select_nth_unstable(rank as usize);
    Some(f64::from_bits(*median))
}

/// Rows that a task goes through: each has about as many numbers.
fn shares(rows: usize) -> Vec<Range<usize>> {
    let parts = 4 * rayon::current_num_threads();
    let edge = |i: usize| ((i as f64 / parts as f64).sqrt() * rows as f64) as usize;
    (0..parts).map(|i| edge(i)..if i + 1 == parts { rows } else { edge(i + 1) }).collect()
}

/// How many numbers `digit_of` gives each digit.
fn count<I: Iterator<Item = f64>>(
    rows: usize,
    of_row: &(impl Fn(usize) -> I + Sync),
    stopped: &(dyn Fn() -> bool + Sync),
    digit_of: impl Fn(u64) -> Option<usize> + Sync,
) -> Option<Vec<u64>> {
    let none = || vec![0_u64; 1 << DIGIT];
    let share = |mut counts: Vec<u64>, rows: Range<usize>| {
        for row in rows {
            if stopped() {
                return None;
            }
            for value in of_row(row) {
                if let Some(digit) = digit_of(value.to_bits()) {
                    counts[digit] += 1;
                }
            }
        }
        Some(counts)
    };
    let add = |mut a: Vec<u64>, b: Vec<u64>| {
        a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
        Some(a)
    };
    shares(rows).into_par_iter().try_fold(none, share).try_reduce(none, add)
}

/// The bits of the numbers that fit.
fn collect<I: Iterator<Item = f64>>(
    rows: usize,
    of_row: &(impl Fn(usize) -> I + Sync),
    stopped: &(dyn Fn() -> bool + Sync),
    fits: impl Fn(u64) -> bool + Sync,
) -> Option<Vec<u64>> {
    let share = |mut found: Vec<u64>, rows: Range<usize>| {
        for row in rows {
            if stopped() {
                return None;
            }
            found.extend(of_row(row).map(f64::to_bits).filter(|bits| fits(*bits)));
        }
        Some(found)
    };
    let join = |mut a: Vec<u64>, b: Vec<u64>| {
        a.extend(b);
        Some(a)
    };
    shares(rows).into_par_iter().try_fold(Vec::new, share).try_reduce(Vec::new, join)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The median of the numbers that `value` makes, and that of their sorted list.
    fn both(rows: usize, value: impl Fn(usize, usize) -> f64 + Sync) -> (f64, f64) {
        let value = &value;
        let of_row = |i: usize| (0..i).map(move |j| value(i, j));
        let mut all: Vec<f64> =
            (0..rows).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| value(i, j)).collect();
        all.sort_unstable_by(f64::total_cmp);
        (lower_median(rows, &of_row, &|| false).unwrap(), all[(all.len() - 1) / 2])
    }

    #[test]
    fn it_is_the_median_of_the_sorted_list() {
        let mixed = |i: usize, j: usize| ((i * 7919 + j * 104_729) % 1_000_003) as f64;
        // Two million numbers need several looks; three need none.
        for rows in [2, 3, 500, 2001] {
            let (found, sorted) = both(rows, |i, j| mixed(i, j) * 1e-3);
            assert_eq!(found, sorted, "{rows} rows");
        }
        // Across hundreds of orders of magnitude, and all of them equal.
        let (found, sorted) = both(2001, |i, j| 10_f64.powf(mixed(i, j) % 600.0 - 300.0));
        assert_eq!(found, sorted);
        assert_eq!(both(2001, |_, _| 0.3), (0.3, 0.3));
    }

    #[test]
    fn it_stops_when_told_and_without_numbers() {
        let of_row = |i: usize| (0..i).map(|_| 1.0);
        assert_eq!(lower_median(10, &of_row, &|| true), None);
        assert_eq!(lower_median(1, &of_row, &|| false), None);
    }
}
