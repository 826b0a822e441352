//! Tests of its parent.

use super::*;
use crate::config::WhiteningKind;
use crate::work::Unwatched;
use rand_distr::{Distribution, StandardNormal};

/// u ~ N(sin 2c, e^(c − 2)), c ~ U(−2, 2).
fn law(n: usize) -> (Vec<f32>, Vec<f32>) {
    let mut rng = stream(5, Purpose::Weights, 0);
    let (mut target, mut context) = (Vec::new(), Vec::new());
    for _ in 0..n {
        let c: f32 = rng.random_range(-2.0..2.0);
        let e: f32 = StandardNormal.sample(&mut rng);
        context.push(c);
        target.push((2.0 * c).sin() + (0.5 * c - 1.0).exp() * e);
    }
    (target, context)
}

const CONFIG: WhiteningConfig = WhiteningConfig {
    kind: WhiteningKind::Network,
    networks: 1,
    degree: 1,
    width: 32,
    steps: 4000,
    batch_size: 64,
    learning_rate: 3e-3,
    weight_decay: 0.0,
};

/// Mean NLL of 1,000 of 6,000 rows under a network that learnt from the others.
fn learnt_nll(target: &[f32], context: &[f32], dim: usize) -> f64 {
    let rows: Vec<u32> = (0..6000).collect();
    let (training, validation) = rows.split_at(5000);
    let table = WhiteningTable { target, context, dims: (dim, 1), training, validation };
    let part = Part::new(&Unwatched, "test");
    let network = WhiteningNetwork::fit(&table, &CONFIG, 1, &part).unwrap();
    network.nll(&mut network.mlp(CHUNK), &table, &part).unwrap()
}

/// Without constants the NLL of the law itself is ½ + E[c/2 − 1] = −½.
#[test]
fn location_and_scale_are_learnt_to_the_entropy_of_the_law() {
    let (target, context) = law(6000);
    let nll = learnt_nll(&target, &context, 1);
    // 1,000 rows give the mean to about 0.02.
    assert!((nll + 0.5).abs() < 0.08, "{nll}");
}

/// Three perceptrons say the mean of what each says, differ, and their first is the one that is trained alone.
#[test]
fn several_are_averaged() {
    let (target, context) = law(300);
    let rows: Vec<u32> = (0..300).collect();
    let (training, validation) = rows.split_at(250);
    let (target, context) = (&target[..], &context[..]);
    let table = WhiteningTable { target, context, dims: (1, 1), training, validation };
    let part = Part::new(&Unwatched, "test");
    let fit = |networks| {
        let config = WhiteningConfig { networks, steps: 400, ..CONFIG };
        WhiteningNetwork::fit(&table, &config, 1, &part).unwrap()
    };
    let (alone, three) = (fit(1), fit(3));
    assert_eq!((alone.count(), three.count()), (1, 3));
    let outputs = |network: &WhiteningNetwork| {
        let mut white = vec![0.0; 300];
        let each = |row: usize, map: &Triangular| {
            white[row] = map.apply(&mut [target[row]]);
        };
        network.evaluator().each(context, 300, each);
        white
    };
    let own = |index: usize| {
        let weights = three.weights.chunks_exact(alone.weights.len()).nth(index).unwrap().to_vec();
        WhiteningNetwork { weights, ..alone.clone() }
    };
    assert_eq!(own(0), alone);
    let all: Vec<Vec<f64>> = (0..3).map(|index| outputs(&own(index))).collect();
    // Of a row the logarithm of the scale is what is averaged.
    for (row, mean) in outputs(&three).into_iter().enumerate() {
        let expected = all.iter().map(|own| own[row]).sum::<f64>() / 3.0;
        assert!((mean - expected).abs() < 1e-5, "{mean} {expected}");
    }
    assert!(all[0] != all[1] && all[1] != all[2]);
}

/// u₁ = sin 2c + e^(c − 2) e₁, u₂ = cos 2c + e^(−c) (.95 e₁ + √(1 − .95²) e₂), u₃ ~ N(0, 1), c ~ U(−2, 2): without
/// constants its NLL is 3/2 + E[c − 2] + E[−c] + ½ ln(1 − .95²).
#[test]
fn a_correlation_that_stays_while_scales_change_is_learnt() {
    let mut rng = stream(6, Purpose::Weights, 0);
    let (mut target, mut context) = (Vec::new(), Vec::new());
    for _ in 0..6000 {
        let c: f32 = rng.random_range(-2.0..2.0);
        let [a, b, free]: [f32; 3] = std::array::from_fn(|_| StandardNormal.sample(&mut rng));
        let b = 0.95 * a + (1.0_f32 - 0.95 * 0.95).sqrt() * b;
        context.push(c);
        target.extend([
            (2.0 * c).sin() + (c - 2.0).exp() * a,
            (2.0 * c).cos() + (-c).exp() * b,
            free,
        ]);
    }
    let nll = learnt_nll(&target, &context, 3);
    let expected = 1.5 - 2.0 + 0.5 * (1.0_f64 - 0.95 * 0.95).ln();
    // 1,000 rows give the mean to about 0.04.
    assert!((nll - expected).abs() < 0.13, "{nll} {expected}");
}

/// Out of a network that puts out zeros, two targets with a correlation of .6 come out with none, and of unit width.
#[test]
fn what_correlations_are_left_is_taken_out_in_closed_form() {
    let (dim, context_dim, width) = (2, 1, 4);
    let mut network =
        WhiteningNetwork { dim, context_dim, width, scaled: true, weights: Vec::new() };
    network.weights = vec![0.0; Mlp::parameters(&network.sizes())];
    let mut rng = stream(7, Purpose::Weights, 0);
    let mut target = Vec::new();
    for _ in 0..4000 {
        let [a, b]: [f32; 2] = std::array::from_fn(|_| StandardNormal.sample(&mut rng));
        target.extend([a, 0.6 * a + 0.8 * b]);
    }
    let context = vec![0.0; 4000];
    let rows: Vec<u32> = (0..4000).collect();
    let (training, validation) = rows.split_at(3600);
    let (target, context) = (&target[..], &context[..]);
    let table = WhiteningTable { target, context, dims: (2, 1), training, validation };
    let part = Part::new(&Unwatched, "test");
    let network = network.decorrelated(&table, &part).unwrap();
    let mut sums = [0.0; 3];
    let mut mlp = network.mlp(CHUNK);
    let each = |white: &[f32], log_det: f64| {
        // −½ ln(1 − .6²).
        assert!((log_det - 0.2231).abs() < 0.02, "{log_det}");
        let [a, b] = [0, 1].map(|i| f64::from(white[i]));
        sums = [sums[0] + a * a, sums[1] + a * b, sums[2] + b * b];
    };
    network.whiten(&mut mlp, &table, &rows, &part, each).unwrap();
    let [a, correlation, b] = sums.map(|sum| sum / 4000.0);
    assert!((a - 1.0).abs() < 0.07 && (b - 1.0).abs() < 0.07, "{a} {b}");
    assert!(correlation.abs() < 0.02, "{correlation}");
}
