//! Categories among the parameters: where they lie in the flow's space.
//!
//! A category k takes the unit interval from k on. Where in it a θ lies means nothing, and is read off the digits
//! of its other numbers, so that it is spread evenly and yet the same whenever it is asked for: what follows
//! draws in the flow's space needs no case of its own.

use freeform_simulators::{Prior, Support};

/// Places in a unit interval, none of which rounding takes out of it.
const PLACES: u64 = 4096;

/// Which of D parameters are categories, and of how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cells {
    dim: usize,
    columns: Vec<(usize, usize)>,
}

impl Cells {
    /// Those of a prior; `None` where it has none.
    pub fn of(prior: &Prior) -> Option<Self> {
        let columns: Vec<(usize, usize)> = categories(prior).collect();
        (!columns.is_empty()).then(|| Self { dim: prior.dim(), columns })
    }

    /// D.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Combinations of categories; `None` where there are more than can be counted.
    pub fn classes(&self) -> Option<usize> {
        self.columns.iter().try_fold(1_usize, |all, (_, count)| all.checked_mul(*count))
    }

    /// Numbers that say which combination it is: one a category.
    pub fn indicators(&self) -> usize {
        self.columns.iter().map(|(_, count)| count).sum()
    }

    /// Whether all parameters are categories.
    pub fn are_all(&self) -> bool {
        self.columns.len() == self.dim
    }

    /// Columns that are no category.
    pub fn others(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.dim).filter(|at| !self.columns.iter().any(|(column, _)| column == at))
    }

    /// The combination that a point of the flow's space lies in, the last category the fastest; `None`
    /// outside of all.
    pub fn class_at(&self, point: &[f32]) -> Option<usize> {
        self.columns.iter().try_fold(0, |class, &(column, count)| {
            let (mean, scale) = scores(count);
            let category = (f64::from(point[column]) * scale + mean).floor();
            let inside = 0.0 <= category && category < count as f64;
            inside.then_some(class * count + category as usize)
        })
    }

    /// Appends a combination as indicators.
    pub fn indicate(&self, class: usize, out: &mut Vec<f32>) {
        let start = out.len();
        out.resize(start + self.indicators(), 0.0);
        let (mut left, mut end) = (class, out.len());
        for (_, count) in self.columns.iter().rev() {
            out[end - count + left % count] = 1.0;
            end -= count;
            left /= count;
        }
    }

    /// Draws a combination by its probabilities, from a uniform number of each column, and writes where it lies
    /// in the flow's space.
    pub fn draw(
        &self,
        probabilities: &[f64],
        uniform: impl Fn(usize) -> f64,
        point: &mut [f32],
    ) -> usize {
        let mut block = 0..probabilities.len();
        for &(column, count) in &self.columns {
            let each = block.len() / count;
            let sum =
                |k: usize| -> f64 { probabilities[block.start + k * each..][..each].iter().sum() };
            let sums: Vec<f64> = (0..count).map(sum).collect();
            let mut left = uniform(column) * sums.iter().sum::<f64>();
            let mut chosen = count - 1;
            for (k, sum) in sums.iter().enumerate() {
                if left < *sum {
                    chosen = k;
                    break;
                }
                left -= sum;
            }
            let share = (left / sums[chosen]).clamp(0.0, 1.0);
            let place = ((share * PLACES as f64) as u64).min(PLACES - 1);
            let (mean, scale) = scores(count);
            point[column] = ((chosen as f64 + within(place) - mean) / scale) as f32;
            block = block.start + chosen * each..block.start + (chosen + 1) * each;
        }
        block.start
    }

    /// Writes the middle of a combination into a point of the flow's space.
    pub fn middle(&self, class: usize, point: &mut [f32]) {
        let mut left = class;
        for &(column, count) in self.columns.iter().rev() {
            let (mean, scale) = scores(count);
            point[column] = (((left % count) as f64 + 0.5 - mean) / scale) as f32;
            left /= count;
        }
    }

    /// log|det| from unit intervals to the flow's space.
    pub fn log_scale(&self) -> f64 {
        self.columns.iter().map(|(_, count)| scores(*count).1.ln()).sum()
    }
}

/// Columns of categories, and of how many.
pub(crate) fn categories(prior: &Prior) -> impl Iterator<Item = (usize, usize)> + '_ {
    prior.support().iter().enumerate().filter_map(|(column, support)| match *support {
        Support::Category { count } => Some((column, count)),
        _ => None,
    })
}

/// Mean and standard deviation of a uniform number from 0 to `count`.
pub(super) fn scores(count: usize) -> (f64, f64) {
    (0.5 * count as f64, count as f64 / 12_f64.sqrt())
}

/// Where in the unit interval of its category a θ lies, in one column.
pub(super) fn place(theta: &[f64], column: usize) -> f64 {
    // Fowler, Noll and Vo's hash, its high bits stirred once more.
    let start = 0xcbf2_9ce4_8422_2325 ^ column as u64;
    let hash = theta.iter().fold(start, |hash, value| {
        (hash ^ value.to_bits()).wrapping_mul(0x0100_0000_01b3).rotate_left(23)
    });
    let stirred = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    within((stirred >> 32) % PLACES)
}

fn within(place: u64) -> f64 {
    (place as f64 + 0.5) / PLACES as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells() -> Cells {
        Cells { dim: 3, columns: vec![(0, 2), (2, 3)] }
    }

    #[test]
    fn draws_follow_their_probabilities_and_are_read_back() {
        let (cells, n) = (cells(), 30_000);
        // Of (0, 0), (0, 1), …, (1, 2).
        let probabilities = [0.1, 0.0, 0.2, 0.4, 0.25, 0.05];
        let (mut shares, mut places) = ([0.0; 6], [0.0; 4]);
        for i in 0..n {
            // A lattice that fills the square evenly.
            let uniform = |column: usize| match column {
                0 => (f64::from(i) + 0.5) / f64::from(n),
                _ => (f64::from(i) * 0.618_033_988_749_895).fract(),
            };
            let mut point = [0.0, 7.0, 0.0];
            let class = cells.draw(&probabilities, uniform, &mut point);
            assert_eq!((cells.class_at(&point), point[1]), (Some(class), 7.0));
            shares[class] += 1.0 / f64::from(n);
            let (mean, scale) = scores(3);
            let place = (f64::from(point[2]) * scale + mean).fract();
            places[(4.0 * place) as usize] += 1.0 / f64::from(n);
        }
        for (share, probability) in shares.iter().zip(probabilities) {
            assert!((share - probability).abs() < 0.002, "{shares:?}");
        }
        assert!(places.iter().all(|share| (share - 0.25).abs() < 0.01), "{places:?}");
        assert_eq!(cells.class_at(&[-5.0, 0.0, 0.0]), None);
        let mut indicators = vec![9.0];
        cells.indicate(5, &mut indicators);
        assert_eq!(indicators, [9.0, 0.0, 1.0, 0.0, 0.0, 1.0]);
        assert_eq!((cells.classes(), cells.others().collect::<Vec<_>>()), (Some(6), vec![1]));
    }

    #[test]
    fn places_are_even_and_depend_on_all_else() {
        let mut bins = [0.0; 10];
        for i in 0..20_000 {
            let theta = [1.0, f64::from(i) * 1e-3, 2.0];
            bins[(10.0 * place(&theta, 0)) as usize] += 1.0;
        }
        // χ² of nine degrees of freedom, its 1% point.
        let square: f64 = bins.iter().map(|b: &f64| (b - 2000.0).powi(2) / 2000.0).sum();
        assert!(square < 21.7, "{bins:?}");
        assert_ne!(place(&[1.0, 0.5], 0), place(&[1.0, 0.5], 1));
    }
}
