//! Maps to unconstrained space: there and back, and their determinants by finite differences.

use super::kinds::{BESIDE, HIERARCHY, NESTED, ORDERED, SHARES, prior};
use freeform_simulators::Prior;

const MIXED: &str = "
[[parameter]]
name = \"rate\"
distribution = \"loguniform\"
low = 0.01
high = 100

[[parameter]]
name = \"below\"
distribution = \"truncated_normal\"
mean = 0
std = 1
high = \"rate\"

[[parameter]]
name = \"angle\"
distribution = \"von_mises\"
location = 0
concentration = 1

[[parameter]]
names = [\"x\", \"y\"]
distribution = \"loguniform\"
low = 0.1
high = 10
ordered = true
";

const ALL: [&str; 6] = [BESIDE, HIERARCHY, NESTED, ORDERED, SHARES, MIXED];

#[test]
fn draws_come_back() {
    for text in ALL {
        let prior = prior(text);
        let dim = prior.dim();
        let (mut u, mut back) = (vec![0.0; dim], vec![0.0; dim]);
        for row in prior.sample_n(7, 2000).rows() {
            let theta = row.to_vec();
            assert!(prior.contains(&theta) && prior.log_prob(&theta).is_finite(), "{theta:?}");
            let there = prior.to_unconstrained(&theta, &mut u);
            let here = prior.from_unconstrained(&u, &mut back);
            assert!((there - here).abs() < 1e-6 * there.abs().max(1.0), "{text}: {there} {here}");
            for (found, expected) in back.iter().zip(&theta) {
                assert!((found - expected).abs() <= 1e-9 * expected.abs().max(0.1), "{theta:?}");
            }
        }
    }
}

/// Every point of R^D is some θ inside.
#[test]
fn every_point_lies_inside() {
    for text in ALL {
        let prior = prior(text);
        let mut theta = vec![0.0; prior.dim()];
        for far in [-6.0, -1.0, 0.0, 2.0, 5.0] {
            for step in [-0.7, 0.0, 1.3] {
                let u: Vec<f64> = (0..prior.dim()).map(|i| far + step * i as f64).collect();
                prior.from_unconstrained(&u, &mut theta);
                assert!(prior.contains(&theta), "{text}: {u:?} {theta:?}");
            }
        }
    }
}

fn determinant(mut matrix: Vec<Vec<f64>>) -> f64 {
    let n = matrix.len();
    let mut det = 1.0;
    for i in 0..n {
        let pivot = (i..n).max_by(|a, b| matrix[*a][i].abs().total_cmp(&matrix[*b][i].abs()));
        let pivot = pivot.unwrap();
        if pivot != i {
            matrix.swap(i, pivot);
            det = -det;
        }
        det *= matrix[i][i];
        let top = matrix[i].clone();
        for row in &mut matrix[i + 1..] {
            let factor = row[i] / top[i];
            row.iter_mut().zip(&top).for_each(|(v, t)| *v -= factor * t);
        }
    }
    det
}

fn numeric_log_det(prior: &Prior, u: &[f64]) -> f64 {
    let dim = u.len();
    let step = 1e-6;
    let at = |i: usize, h: f64| {
        let mut moved = u.to_vec();
        moved[i] += h;
        let mut theta = vec![0.0; dim];
        prior.from_unconstrained(&moved, &mut theta);
        theta
    };
    let column = |i: usize| -> Vec<f64> {
        at(i, step).iter().zip(at(i, -step)).map(|(a, b)| (a - b) / (2.0 * step)).collect()
    };
    determinant((0..dim).map(column).collect()).abs().ln()
}

#[test]
fn log_determinants_equal_finite_differences() {
    for text in ALL {
        let prior = prior(text);
        for shift in [-1.3, 0.2, 1.1] {
            let u: Vec<f64> = (0..prior.dim()).map(|i| shift + 0.3 * i as f64).collect();
            let mut theta = vec![0.0; prior.dim()];
            let found = prior.from_unconstrained(&u, &mut theta);
            let expected = numeric_log_det(&prior, &u);
            assert!((found - expected).abs() < 1e-5, "{text}: {found} {expected}");
        }
    }
}
