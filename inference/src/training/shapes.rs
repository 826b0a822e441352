//! The shapes that a likelihood's targets may be given: what makes x look Gaussian given θ is not known
//! beforehand.

use crate::config::DataTransform as Kind;
use crate::random::{Purpose, stream};
use crate::transform::{ColumnMap, DataTransform};
use crate::whitening::{Whitening, WhiteningTable};
use crate::work::{Halt, Part};
use rand::RngExt;
use std::borrow::Cow;

/// Nats a simulation that roots must gain.
const LEAST_GAIN: f64 = 0.02;

/// Which of these columns hold nothing but whole numbers.
fn whole(x: &[f64], width: usize, kept: &[usize]) -> Vec<usize> {
    let is_whole = |c: &usize| x.iter().skip(*c).step_by(width).all(|v| v.fract() == 0.0);
    kept.iter().copied().filter(is_whole).collect()
}

/// Which of these columns hold counts: whole numbers, none negative and not only 0 and 1.
pub(super) fn counts(x: &[f64], width: usize, kept: &[usize]) -> Vec<usize> {
    let column = |c: usize| x.iter().skip(c).step_by(width);
    let is_count = |c: usize| column(c).all(|v| *v >= 0.0) && column(c).any(|v| *v > 1.0);
    whole(x, width, kept).into_iter().filter(|column| is_count(*column)).collect()
}

/// Those of these columns whose root is more like a Gaussian whose variance does not depend on what the table tells
/// of them: by the likelihood of that, at its best, its slope counted in (Box and Cox 1964).
pub(super) fn roots(
    x: &[f64],
    width: usize,
    mut columns: Vec<usize>,
    table: &WhiteningTable,
    part: &Part,
) -> Result<Vec<usize>, Halt> {
    if columns.is_empty() {
        return Ok(columns);
    }
    let left = |map: ColumnMap| {
        let rows = x.chunks_exact(width);
        let values = rows.flat_map(|row| columns.iter().map(|column| map.apply(row[*column])));
        let target: Vec<f32> = values.map(|v| v as f32).collect();
        let dims = (columns.len(), table.dims.1);
        Whitening::unexplained(&WhiteningTable { target: &target, dims, ..*table }, part)
    };
    let (plain, rooted) = (left(ColumnMap::Identity)?, left(ColumnMap::Root)?);
    let mut variances = plain.into_iter().zip(rooted);
    let rows = table.training;
    columns.retain(|column| {
        let slope = |row: &u32| ColumnMap::Root.log_slope(x[*row as usize * width + column]);
        let slopes = rows.iter().map(slope).sum::<f64>() / rows.len() as f64;
        let ratio = variances.next().map_or(0.0, |(plain, rooted)| plain / rooted);
        0.5 * ratio.ln() + slopes > LEAST_GAIN
    });
    Ok(columns)
}

/// x, where columns hold nothing but whole numbers a copy in which these are spread evenly over the
/// intervals they stand for: a density of single points has no bound.
pub(super) fn spread<'a>(x: &'a [f64], width: usize, kept: &[usize], seed: u64) -> Cow<'a, [f64]> {
    let columns = whole(x, width, kept);
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
/// not be so given θ; and either with the root of some columns.
pub(super) fn candidates<'a>(
    width: usize,
    kept: &[usize],
    roots: &[usize],
    rows: impl Iterator<Item = &'a [f64]> + Clone,
) -> Vec<(&'static str, DataTransform)> {
    let of_kind = |kind| DataTransform::fit(kind, width, kept.to_vec(), rows.clone());
    let rooted = |data: &DataTransform| {
        let map = |(map, column): (&ColumnMap, &usize)| match roots.contains(column) {
            true => ColumnMap::Root,
            false => *map,
        };
        let maps = data.maps().iter().zip(kept).map(map);
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
    use crate::work::Unwatched;
    use rand_distr::{Binomial, Distribution, Poisson};

    #[test]
    fn counts_are_told_from_other_whole_numbers() {
        // A count, a sign, an answer of yes or no, and a measurement.
        let x = [0.0, -1.0, 1.0, 0.5, 3.0, 1.0, 0.0, 2.0, 12.0, -1.0, 1.0, 2.0];
        assert_eq!(counts(&x, 4, &[0, 1, 2, 3]), [0]);
        let out = spread(&x, 4, &[0, 1, 3], 1);
        for (index, (spread, own)) in out.iter().zip(x).enumerate() {
            let moved = (spread - own).abs();
            let is_spread = index % 4 < 2;
            assert!(if is_spread { moved > 0.0 && moved <= 0.5 } else { moved == 0.0 });
        }
    }

    /// Poisson counts of rates from 1 to 400, binomial ones of 100 draws, and always the same one.
    #[test]
    fn roots_are_taken_of_counts_that_vary_as_their_mean() {
        let mut rng = stream(1, Purpose::Weights, 0);
        let (mut x, mut context) = (Vec::new(), Vec::new());
        for _ in 0..300 {
            let t: f64 = rng.random_range(-1.0..1.0);
            let share = 1.0 / (1.0 + (-2.0 * t).exp());
            x.push(Poisson::new((3.0 * (1.0 + t)).exp()).unwrap().sample(&mut rng));
            x.push(Binomial::new(100, share).unwrap().sample(&mut rng) as f64);
            x.push(7.0);
            context.push(t as f32);
        }
        let rows: Vec<u32> = (0..300).collect();
        let (training, validation) = rows.split_at(270);
        let table =
            WhiteningTable { target: &[], context: &context, dims: (0, 1), training, validation };
        let x = spread(&x, 3, &[0, 1, 2], 1);
        let found = roots(&x, 3, vec![0, 1, 2], &table, &Part::new(&Unwatched, "test"));
        assert_eq!(found.unwrap(), [0]);
    }

    #[test]
    fn each_shape_is_a_candidate_once() {
        let names = |x: &[f64], roots: &[usize]| -> Vec<&str> {
            let found = candidates(1, &[0], roots, x.chunks_exact(1));
            found.into_iter().map(|(name, _)| name).collect()
        };
        let even: Vec<f64> = (0..50).map(f64::from).collect();
        assert_eq!(names(&even, &[]), ["plain"]);
        assert_eq!(names(&even, &[0]), ["plain", "plain-roots"]);
        let skewed: Vec<f64> = (0..50).map(|i| f64::from(i - 20).exp2()).collect();
        assert_eq!(names(&skewed, &[]), ["plain", "shaped"]);
        assert_eq!(names(&skewed, &[0]), ["plain", "shaped", "plain-roots"]);
    }
}
