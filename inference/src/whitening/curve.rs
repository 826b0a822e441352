//! What a regression that is curved is linear in: products of the contexts' numbers.

use super::WhiteningTable;
use crate::config::MOST_DEGREE;
use rayon::prelude::*;

/// Products, at most, and rows for each of them, at least.
const MOST_PRODUCTS: usize = 120;
const LEAST_ROWS: usize = 5;

/// c ↦ c and all products of at least two Legendre polynomials of its numbers up to a degree in all, each number
/// from its interval in the training rows to [−1, 1] and cut off there: beyond what was learnt from, a regression
/// goes on straight.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Curve {
    degree: usize,
    /// Middle and half of the length of each number's interval.
    middle: Vec<f64>,
    half: Vec<f64>,
    /// The degree of each number in each product.
    products: Vec<Vec<u8>>,
}

impl Curve {
    /// For the training rows of `table`; `None` where there are too few of them for so many products.
    pub fn of(table: &WhiteningTable, degree: usize) -> Option<Self> {
        let width = table.dims.1;
        let most = MOST_PRODUCTS.min(table.training.len() / LEAST_ROWS);
        if outputs(width, degree)? > most {
            return None;
        }
        let (mut low, mut high) = (vec![f64::INFINITY; width], vec![f64::NEG_INFINITY; width]);
        for row in table.training {
            for (k, value) in table.context_row(*row).iter().enumerate() {
                low[k] = low[k].min(f64::from(*value));
                high[k] = high[k].max(f64::from(*value));
            }
        }
        let middle = low.iter().zip(&high).map(|(low, high)| 0.5 * (low + high)).collect();
        // A number that never varies has no products.
        let half = |(low, high): (&f64, &f64)| (0.5 * (high - low)).max(f64::MIN_POSITIVE);
        let half = low.iter().zip(&high).map(half).collect();
        Self::new(degree, middle, half)
    }

    fn new(degree: usize, middle: Vec<f64>, half: Vec<f64>) -> Option<Self> {
        if outputs(middle.len(), degree)? > MOST_PRODUCTS {
            return None;
        }
        let mut products = Vec::new();
        add_products(&mut vec![0; middle.len()], 0, degree, &mut products);
        Some(Self { degree, middle, half, products })
    }

    /// The highest degree.
    pub fn degree(&self) -> usize {
        self.degree
    }

    /// Numbers in a context.
    pub fn inputs(&self) -> usize {
        self.middle.len()
    }

    /// Numbers that a context becomes.
    pub fn outputs(&self) -> usize {
        self.inputs() + self.products.len()
    }

    /// Of rows of contexts `[n, C]` what a regression is linear in, `[n, outputs]`.
    pub fn rows(&self, contexts: &[f32]) -> Vec<f32> {
        let rows = contexts.par_chunks_exact(self.inputs());
        rows.flat_map_iter(|context| self.row(context)).collect()
    }

    fn row(&self, context: &[f32]) -> Vec<f32> {
        let within = self.middle.iter().zip(&self.half).zip(context);
        let within = within.map(|((m, h), c)| ((f64::from(*c) - m) / h).clamp(-1.0, 1.0));
        let legendre = |t: f64| [1.0, t, 1.5 * t * t - 0.5, (2.5 * t * t - 1.5) * t];
        let polynomials: Vec<[f64; 4]> = within.map(legendre).collect();
        let product = |degrees: &Vec<u8>| {
            let factors = degrees.iter().zip(&polynomials);
            factors.map(|(degree, polynomials)| polynomials[usize::from(*degree)]).product::<f64>()
        };
        let products = self.products.iter().map(|degrees| product(degrees) as f32);
        context.iter().copied().chain(products).collect()
    }

    /// Middles and halves, for a weights file.
    pub fn numbers(&self) -> Vec<f64> {
        [&self.middle[..], &self.half].concat()
    }

    /// Of such a degree; `None` where its numbers are no intervals.
    pub fn from_numbers(degree: usize, numbers: &[f64]) -> Option<Self> {
        let (middle, half) = numbers.split_at(numbers.len() / 2);
        let usable = middle.len() == half.len()
            && degree > 1
            && numbers.iter().all(|v| v.is_finite())
            && half.iter().all(|half| *half > 0.0);
        usable.then(|| Self::new(degree, middle.to_vec(), half.to_vec()))?
    }
}

/// Numbers that `inputs` become: all monomials up to a degree but 1. `None` where they cannot be counted.
pub(super) fn outputs(inputs: usize, degree: usize) -> Option<usize> {
    if degree > MOST_DEGREE {
        return None;
    }
    // C(inputs + degree, degree) − 1, each step of which is whole.
    let step = |all: usize, k: usize| Some(all.checked_mul(inputs.checked_add(k)?)? / k);
    Some((1..=degree).try_fold(1, step)? - 1)
}

/// All exponents from number `from` on whose sum with those before is at least 2 and at most `left` more.
fn add_products(degrees: &mut Vec<u8>, from: usize, left: usize, out: &mut Vec<Vec<u8>>) {
    if from == degrees.len() {
        if degrees.iter().map(|d| usize::from(*d)).sum::<usize>() >= 2 {
            out.push(degrees.clone());
        }
        return;
    }
    for degree in 0..=left {
        degrees[from] = degree as u8;
        add_products(degrees, from + 1, left - degree, out);
    }
    degrees[from] = 0;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// θ of two numbers up to the third degree: nine, by their own formulas; beyond the interval the products
    /// stay, and the numbers go on.
    #[test]
    fn products_are_those_of_legendre_polynomials() {
        let context: Vec<f32> = (0..120).map(|i| (i % 11) as f32).collect();
        let rows: Vec<u32> = (0..60).collect();
        let table = WhiteningTable {
            target: &[],
            context: &context,
            dims: (0, 2),
            training: &rows,
            validation: &[],
        };
        let curve = Curve::of(&table, 3).unwrap();
        assert_eq!((curve.outputs(), curve.inputs(), curve.degree()), (9, 2, 3));
        // From 0 to 10, so 8 is at 0.6 and 4 at −0.2.
        let mut found = curve.rows(&[8.0, 4.0]);
        let second = |t: f32| 0.5 * (3.0 * t * t - 1.0);
        let third = |t: f32| 0.5 * (5.0 * t * t * t - 3.0 * t);
        let mut expected = vec![8.0, 4.0, second(0.6), third(0.6), second(-0.2), third(-0.2)];
        expected.extend([0.6 * -0.2, second(0.6) * -0.2, 0.6 * second(-0.2)]);
        let order = |a: &f32, b: &f32| a.total_cmp(b);
        found.sort_by(order);
        expected.sort_by(order);
        found.iter().zip(&expected).for_each(|(a, b)| assert!((a - b).abs() < 1e-6, "{a} {b}"));
        let beyond = [curve.rows(&[10.0, 0.0]), curve.rows(&[30.0, -7.0])];
        assert_eq!(beyond[0][2..], beyond[1][2..]);
        assert_eq!(Curve::from_numbers(3, &curve.numbers()), Some(curve));
    }

    #[test]
    fn what_makes_no_curve_is_refused() {
        assert_eq!([outputs(3, 1), outputs(10, 2), outputs(2, 4)], [Some(3), Some(65), None]);
        assert_eq!(outputs(usize::MAX, 2), None);
        assert_eq!(Curve::from_numbers(1, &[0.0, 1.0]), None);
        assert_eq!(Curve::from_numbers(2, &[0.0, 0.0]), None);
        assert_eq!(Curve::from_numbers(2, &[f64::NAN, 1.0]), None);
        assert_eq!(Curve::from_numbers(3, &[0.0; 2000]), None);
    }
}
