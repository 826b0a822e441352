//! The shapes that a likelihood's targets may be given: what makes x look Gaussian given θ is not known
//! beforehand.

use crate::config::DataTransform as Kind;
use crate::random::{Purpose, stream};
use crate::transform::{ColumnMap, DataTransform};
use rand::RngExt;
use std::borrow::Cow;

/// Whether each of these columns holds nothing but whole numbers.
fn whole(x: &[f64], width: usize, kept: &[usize]) -> Vec<bool> {
    let is_whole = |c: &usize| x.iter().skip(*c).step_by(width).all(|v| v.fract() == 0.0);
    kept.iter().map(is_whole).collect()
}

/// Whether each of these columns holds counts: whole numbers, none negative and not only 0 and 1.
pub(super) fn counts(x: &[f64], width: usize, kept: &[usize]) -> Vec<bool> {
    let column = |c: usize| x.iter().skip(c).step_by(width);
    let is_count = |c: usize| column(c).all(|v| *v >= 0.0) && column(c).any(|v| *v > 1.0);
    let whole = whole(x, width, kept);
    kept.iter().zip(whole).map(|(c, is_whole)| is_whole && is_count(*c)).collect()
}

/// x, where columns hold nothing but whole numbers a copy in which these are spread evenly over the
/// intervals they stand for: a density of single points has no bound.
pub(super) fn spread<'a>(x: &'a [f64], width: usize, kept: &[usize], seed: u64) -> Cow<'a, [f64]> {
    let whole = whole(x, width, kept);
    let columns: Vec<usize> =
        kept.iter().zip(whole).filter(|(_, is_whole)| *is_whole).map(|(c, _)| *c).collect();
    if columns.is_empty() {
        return Cow::Borrowed(x);
    }
    let mut x = x.to_vec();
    for (index, row) in x.chunks_exact_mut(width).enumerate() {
        let mut rng = stream(seed, Purpose::Jitter, index as u64);
        columns.iter().for_each(|c| row[*c] += f64::from(rng.random_range(-0.5_f32..0.5)));
    }
    Cow::Owned(x)
}

/// The shapes to choose among, each with its name: as they are; as looks Gaussian over the whole prior, which need
/// not be so given θ; and either with roots of `counts`, whose scale hardly depends on θ.
pub(super) fn candidates<'a>(
    width: usize,
    kept: &[usize],
    counts: &[bool],
    rows: impl Iterator<Item = &'a [f64]> + Clone,
) -> Vec<(&'static str, DataTransform)> {
    let of_kind = |kind| DataTransform::fit(kind, width, kept.to_vec(), rows.clone());
    let rooted = |data: &DataTransform| {
        let maps = data.maps().iter().zip(counts);
        let maps = maps.map(|(map, is_count)| if *is_count { ColumnMap::Root } else { *map });
        DataTransform::of_maps(maps.collect(), width, kept.to_vec(), rows.clone())
    };
    let (plain, shaped) = (of_kind(Kind::Standardize), of_kind(Kind::Shape));
    let (plain_roots, shaped_roots) = (rooted(&plain), rooted(&shaped));
    let all = [
        ("plain", plain),
        ("shaped", shaped),
        ("plain-roots", plain_roots),
        ("shaped-roots", shaped_roots),
    ];
    let mut different: Vec<(&str, DataTransform)> = Vec::new();
    for (name, data) in all {
        if different.iter().all(|(_, other)| other.maps() != data.maps()) {
            different.push((name, data));
        }
    }
    different
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_told_from_other_whole_numbers() {
        // A count, a sign, an answer of yes or no, and a measurement.
        let x = [0.0, -1.0, 1.0, 0.5, 3.0, 1.0, 0.0, 2.0, 12.0, -1.0, 1.0, 2.0];
        assert_eq!(counts(&x, 4, &[0, 1, 2, 3]), [true, false, false, false]);
        let out = spread(&x, 4, &[0, 1, 3], 1);
        for (index, (spread, own)) in out.iter().zip(x).enumerate() {
            let moved = (spread - own).abs();
            let is_spread = index % 4 < 2;
            assert!(if is_spread { moved > 0.0 && moved <= 0.5 } else { moved == 0.0 });
        }
    }

    #[test]
    fn each_shape_is_a_candidate_once() {
        let names = |x: &[f64], counts: [bool; 1]| -> Vec<&str> {
            let found = candidates(1, &[0], &counts, x.chunks_exact(1));
            found.into_iter().map(|(name, _)| name).collect()
        };
        let even: Vec<f64> = (0..50).map(f64::from).collect();
        assert_eq!(names(&even, [false]), ["plain"]);
        assert_eq!(names(&even, [true]), ["plain", "plain-roots"]);
        let skewed: Vec<f64> = (0..50).map(|i| f64::from(i - 20).exp2()).collect();
        assert_eq!(names(&skewed, [false]), ["plain", "shaped"]);
        assert_eq!(names(&skewed, [true]), ["plain", "shaped", "plain-roots"]);
    }
}
