//! Tests of its parent.

use super::*;
use crate::config::WhiteningKind;
use crate::work::Unwatched;
use rand_distr::{Distribution, StandardNormal};

/// u ~ N(sin 2c, e^(c − 2)), c ~ U(−2, 2): without constants the NLL of the law itself is
/// ½ + E[c/2 − 1] = −½.
#[test]
fn location_and_scale_are_learnt_to_the_entropy_of_the_law() {
    let n = 6000_u32;
    let mut rng = stream(5, Purpose::Weights, 0);
    let (mut target, mut context) = (Vec::new(), Vec::new());
    for _ in 0..n {
        let c: f32 = rng.random_range(-2.0..2.0);
        let e: f32 = StandardNormal.sample(&mut rng);
        context.push(c);
        target.push((2.0 * c).sin() + (0.5 * c - 1.0).exp() * e);
    }
    let rows: Vec<u32> = (0..n).collect();
    let (training, validation) = rows.split_at(5000);
    let (target, context) = (&target[..], &context[..]);
    let table = WhiteningTable { target, context, dims: (1, 1), training, validation };
    let config = WhiteningConfig {
        kind: WhiteningKind::Network,
        width: 32,
        steps: 4000,
        batch_size: 64,
        learning_rate: 3e-3,
        weight_decay: 0.0,
    };
    let part = Part::new(&Unwatched, "test");
    let network = WhiteningNetwork::fit(&table, &config, 1, &part).unwrap();
    let nll = network.nll(&mut network.mlp(CHUNK), &table, &part).unwrap();
    // 1,000 rows give the mean to about 0.02.
    assert!((nll + 0.5).abs() < 0.08, "{nll}");
}
