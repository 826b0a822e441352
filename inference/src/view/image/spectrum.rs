//! Power of an image over the length of its waves, whatever their direction.

use super::plane::Plane;
use crate::view::channel::{log_variance, mean};
use ndarray::{Array2, ArrayView2, concatenate, s};
use std::f64::consts::TAU;

/// More points a side are averaged together first: what waves they show beyond these, lags see too.
const MOST_POINTS: usize = 256;
/// Where the first rings of waves end, in waves across the longer side; further ones are a quarter of an
/// octave wide, within which the power of waves hardly differs.
const FIRST_ENDS: [f64; 4] = [1.5, 2.5, 3.5, 5.0];
const WIDTH: f64 = 1.189_207;

/// The rings of an image of so many rows and columns: each from where to where, in waves across its longer
/// side. The last one ends with the shortest wave that there is.
pub(super) fn rings(shape: [usize; 2]) -> Vec<[f64; 2]> {
    let [high, wide] = reduced(shape);
    // The share of a wave from one point to the next.
    let most = |side: usize| (side / 2) as f64 / side as f64;
    let shortest = high.max(wide) as f64 * most(high).hypot(most(wide));
    let (mut rings, mut from) = (Vec::new(), 0.5);
    while from < shortest {
        let to = match FIRST_ENDS.get(rings.len()) {
            Some(end) => *end,
            None => from * WIDTH,
        };
        // A narrow rest would be next to nothing.
        let to = if shortest < 1.1 * to { shortest * (1.0 + 1e-9) } else { to };
        rings.push([from, to]);
        from = to;
    }
    rings
}

/// The logarithm of the mean power in each of the [`rings`]; that of white noise is its log variance.
/// `tapered` towards the edges (by Hann's window), where these are no neighbours.
pub(super) fn log_powers(plane: &Plane, tapered: bool) -> Vec<f64> {
    let (values, shape) = averaged(plane);
    let power = match tapered {
        false => power(values.view()),
        true => power(taper(values).view()),
    };
    let rings = rings(plane.shape);
    let (mut sums, mut counts) = (vec![0.0; rings.len()], vec![0.0; rings.len()]);
    for ((frequency, weight), power) in frequencies(shape).zip(&power) {
        if let Some(ring) = rings.iter().position(|[from, to]| (*from..*to).contains(&frequency)) {
            sums[ring] += weight * power;
            counts[ring] += weight;
        }
    }
    // A ring between the waves that there are has none.
    sums.iter().zip(&counts).map(|(sum, count)| log_variance(sum / f64::max(*count, 1.0))).collect()
}

fn reduced(shape: [usize; 2]) -> [usize; 2] {
    shape.map(|side| side / side.div_ceil(MOST_POINTS))
}

/// The plane, or means of its blocks where it is large.
fn averaged(plane: &Plane) -> (Array2<f64>, [usize; 2]) {
    let shape = reduced(plane.shape);
    let block = [plane.shape[0] / shape[0], plane.shape[1] / shape[1]];
    let values = ArrayView2::from_shape(plane.shape, &plane.values).expect("a plane is whole");
    let of_block = |(y, x): (usize, usize)| {
        let (top, left) = (y * block[0], x * block[1]);
        mean(values.slice(s![top..top + block[0], left..left + block[1]]).iter().copied())
    };
    (Array2::from_shape_fn(shape, of_block), shape)
}

/// Of each wave of a half-plane, `[H, W/2 + 1]` row after row, its number of waves across the longer side,
/// and how often it stands in the whole plane.
fn frequencies([high, wide]: [usize; 2]) -> impl Iterator<Item = (f64, f64)> {
    let longer = high.max(wide) as f64;
    (0..high).flat_map(move |y| {
        let across = y.min(high - y) as f64 / high as f64;
        (0..wide / 2 + 1).map(move |x| {
            let alone = x == 0 || 2 * x == wide;
            let frequency = longer * across.hypot(x as f64 / wide as f64);
            (frequency, if alone { 1.0 } else { 2.0 })
        })
    })
}

/// |Σ v·exp(−i k·r)|² / N of a half-plane of waves: along rows, then along columns.
fn power(values: ArrayView2<'_, f64>) -> Array2<f64> {
    let (high, wide) = values.dim();
    let [cosine, sine] = waves(wide, wide / 2 + 1);
    let parts = [values.dot(&cosine), values.dot(&sine)];
    let both = concatenate![ndarray::Axis(1), parts[0], parts[1]];
    let [cosine, sine] = waves(high, high);
    let (by_cosine, by_sine) = (cosine.t().dot(&both), sine.t().dot(&both));
    let half = wide / 2 + 1;
    let real = &by_cosine.slice(s![.., ..half]) - &by_sine.slice(s![.., half..]);
    let imaginary = &by_sine.slice(s![.., ..half]) + &by_cosine.slice(s![.., half..]);
    (&real * &real + &imaginary * &imaginary) / (high * wide) as f64
}

/// cos and sin of 2π·place·k/n, `[n, count]`.
fn waves(n: usize, count: usize) -> [Array2<f64>; 2] {
    let angle = |at: usize| TAU * at as f64 / n as f64;
    let table: Vec<(f64, f64)> = (0..n).map(|at| (angle(at).cos(), angle(at).sin())).collect();
    let at = |place: usize, k: usize| table[place * k % n];
    [
        Array2::from_shape_fn((n, count), |(place, k)| at(place, k).0),
        Array2::from_shape_fn((n, count), |(place, k)| at(place, k).1),
    ]
}

/// Weighted down towards the edges, the mean taken out as weighted, mean square weights 1.
fn taper(mut values: Array2<f64>) -> Array2<f64> {
    let (high, wide) = values.dim();
    let hann = |at: usize, n: usize| 0.5 - 0.5 * (TAU * (at as f64 + 0.5) / n as f64).cos();
    let weight = |(y, x): (usize, usize)| hann(y, high) * hann(x, wide);
    let weights = Array2::from_shape_fn((high, wide), weight);
    let level = (&values * &weights).sum() / weights.sum();
    let unit = mean(weights.iter().map(|w| w * w)).sqrt();
    values.zip_mut_with(&weights, |v, w| *v = (*v - level) * w / unit);
    values
}
