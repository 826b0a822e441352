//! Tests of its parent.

use super::*;
use crate::random::{Purpose, stream};
use crate::work::Unwatched;
use rand_distr::{Distribution, StandardNormal};

/// 300 columns and 120 rows: the first target is a sum of the columns' common signal and noise of
/// variance 0.01, the second has nothing to do with them. Whatever is learnt, the whitened
/// targets of fresh rows have about unit variance, and the second is not worse than its mean.
#[test]
fn wide_contexts_are_not_taken_for_more_than_they_say() {
    let mut rng = stream(3, Purpose::Weights, 0);
    let mut normal = || -> f32 { StandardNormal.sample(&mut rng) };
    let (n, c) = (1_120_u32, 300);
    let (mut target, mut context) = (Vec::new(), Vec::new());
    for _ in 0..n {
        let signal = normal();
        target.extend([signal + 0.1 * normal(), normal()]);
        context.extend((0..c).map(|_| signal + normal()));
    }
    let rows: Vec<u32> = (0..n).collect();
    let ((training, rest), dims) = (rows.split_at(90), (2, c));
    let (validation, fresh) = rest.split_at(30);
    let table = WhiteningTable { target: &target, context: &context, dims, training, validation };
    let fitted = LinearWhitening::fit(&table, &Part::new(&Unwatched, "test")).unwrap();
    for square in fitted.mean_squares(&table, fresh) {
        assert!((0.5..2.0).contains(&square), "{square}");
    }
    let scales = [fitted.factor[0][0], fitted.factor[1][1]];
    assert!(scales[0] < 0.4 && (0.7..1.5).contains(&scales[1]), "{scales:?}");
}

/// u = (1 + 2c₁ − c₂ + 0.5e₁, −3 + c₂ + 0.3e₁ + 0.4e₂): moments known in closed form.
#[test]
fn a_linear_gaussian_law_is_recovered() {
    let n = 20_000;
    let mut rng = stream(1, Purpose::Weights, 0);
    let mut normal = || -> f32 { StandardNormal.sample(&mut rng) };
    let (mut target, mut context) = (Vec::new(), Vec::new());
    for _ in 0..n {
        let (c1, c2, e1, e2) = (normal(), normal(), normal(), normal());
        context.extend([c1, c2]);
        target.extend([1.0 + 2.0 * c1 - c2 + 0.5 * e1, -3.0 + c2 + 0.3 * e1 + 0.4 * e2]);
    }
    let rows: Vec<u32> = (0..n as u32).collect();
    let (training, validation) = rows.split_at(18_000);
    let (target, context) = (&target[..], &context[..]);
    let table = WhiteningTable { target, context, dims: (2, 2), training, validation };
    let fitted = LinearWhitening::fit(&table, &Part::new(&Unwatched, "test")).unwrap();
    let near = |a: f64, b: f64| assert!((a - b).abs() < 0.02, "{a} is not {b}");
    let expected = [[2.0, -1.0], [0.0, 1.0]];
    for (row, expected) in fitted.slope.iter().zip(expected) {
        row.iter().zip(expected).for_each(|(a, b)| near(*a, b));
    }
    near(fitted.intercept[0], 1.0);
    near(fitted.intercept[1], -3.0);
    near(fitted.factor[0][0], 0.5);
    near(fitted.factor[1][0], 0.3);
    near(fitted.factor[1][1], 0.4);
    let (mut white, mut back) = ([0.0; 2], [0.0; 2]);
    fitted.apply(&[0.3, 0.9], &[1.0, -2.0], &mut white);
    fitted.invert(&white, &[1.0, -2.0], &mut back);
    assert!((back[0] - 0.3).abs() < 1e-5 && (back[1] - 0.9).abs() < 1e-5);
}
