use super::*;
use crate::random::{Purpose, stream};
use crate::work::tests::Stopper;
use crate::work::{Unwatched, Work};
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

/// Stopped again and again, a whitening goes on from what was kept to the very same numbers.
#[test]
fn a_stopped_whitening_goes_on_bit_for_bit() {
    let (n, d, c) = (400, 2, 130);
    let wave = |len: usize, rate: f32| -> Vec<f32> {
        (0..len).map(|i| (rate * (i * i % 1009) as f32).sin()).collect()
    };
    let (target, context) = (wave(n * d, 0.7), wave(n * c, 1.3));
    let rows: Vec<u32> = (0..n as u32).collect();
    let (training, validation) = rows.split_at(360);
    let (target, context) = (&target[..], &context[..]);
    let table = WhiteningTable { target, context, dims: (d, c), training, validation };
    let config = WhiteningConfig {
        kind: WhiteningKind::Network,
        networks: 1,
        degree: 1,
        width: 8,
        steps: 200,
        batch_size: 33,
        learning_rate: 3e-3,
        weight_decay: 1e-3,
    };
    let unwatched = Part::new(&Unwatched, "whitening");
    let whole = Whitening::fit(&table, &config, 1, &unwatched).unwrap().unwrap();
    let stopped = |stopper: &Stopper, questions| {
        stopper.allow(questions);
        let work: &dyn Work = stopper;
        matches!(
            Whitening::fit(&table, &config, 1, &Part::new(work, "whitening")),
            Err(Halt::Stopped)
        )
    };
    let goes_on = |stopper: &Stopper| {
        stopper.allow(usize::MAX);
        let work: &dyn Work = stopper;
        let end = Whitening::fit(&table, &config, 1, &Part::new(work, "whitening"));
        (end.unwrap().unwrap(), stopper.asked())
    };
    // In the fourth tile of rows.
    let stopper = Stopper::default();
    assert!(stopped(&stopper, 4));
    assert!(stopper.has("whitening.linear.moments"));
    assert_eq!(goes_on(&stopper).0, whole);
    // In the network's training, of which the last hundred questions are, more than once.
    let (_, questions) = goes_on(&Stopper::default());
    let stopper = Stopper::default();
    assert!(stopped(&stopper, questions - 60));
    assert!(stopper.has("whitening.network"));
    stopped(&stopper, questions - 100);
    assert_eq!(goes_on(&stopper).0, whole);
}

#[test]
fn absurd_sizes_are_not_counted() {
    let shape = |dim, context_dim, width: Option<usize>| {
        let (networks, scaled) = (1, width.is_some());
        WhiteningShape { dim, context_dim, width, networks, scaled, degree: 1 }
    };
    assert_eq!(shape(2, 3, None).parameters(), Some(2 * 3 + 2 + 3));
    assert_eq!(shape(usize::MAX, 3, None).parameters(), None);
    assert_eq!(shape(2, 3, Some(usize::MAX)).parameters(), None);
    for degree in [0, 4, usize::MAX] {
        let odd = WhiteningShape { degree, ..shape(2, 3, None) };
        assert!(Whitening::from_numbers(odd, &[1.0; 11], Vec::new()).is_none());
    }
    let fit = shape(2, 3, Some(4));
    let network = 4 * 4 + 5 * 4 + 5 * triangular::outputs(2);
    assert_eq!(fit.parameters(), Some(11 + network));
}

/// u = c² + e^(−2) e, c ~ U(−1, 1): the second degree leaves the noise alone, and without a network that is all.
/// Rows and numbers come back as they were.
#[test]
fn a_curved_regression_is_taken_where_it_is_curved() {
    let mut rng = stream(8, Purpose::Weights, 0);
    let (mut target, mut context) = (Vec::new(), Vec::new());
    for _ in 0..500 {
        let c: f32 = rng.random_range(-1.0..1.0);
        let e: f32 = StandardNormal.sample(&mut rng);
        context.push(c);
        target.push(c * c + (-2.0_f32).exp() * e);
    }
    let rows: Vec<u32> = (0..500).collect();
    let (training, validation) = rows.split_at(450);
    let (target, context) = (&target[..], &context[..]);
    let table = WhiteningTable { target, context, dims: (1, 1), training, validation };
    let fit = |degree| {
        let (kind, steps, width, networks) = (WhiteningKind::Linear, 1, 1, 1);
        let (batch_size, learning_rate, weight_decay) = (1, 1.0, 0.0);
        let config = WhiteningConfig {
            kind,
            networks,
            degree,
            width,
            steps,
            batch_size,
            learning_rate,
            weight_decay,
        };
        Whitening::fit(&table, &config, 1, &Part::new(&Unwatched, "test")).unwrap().unwrap()
    };
    let (line, curve) = (fit(1), fit(3));
    assert_eq!([line.shape().degree, curve.shape().degree], [1, 2]);
    assert!((curve.regression.log_det() - 2.0).abs() < 0.1, "{}", curve.regression.log_det());
    let mut white = target.to_vec();
    let there = curve.apply(&mut white, context);
    let square = white.iter().map(|z| z * z).sum::<f32>() / 500.0;
    assert!((square - 1.0).abs() < 0.1, "{square}");
    assert_eq!(curve.invert(&mut white, context), there);
    white.iter().zip(target).for_each(|(a, b)| assert!((a - b).abs() < 1e-5, "{a} {b}"));
    let (all, _) = curve.apply_each(&target[..3], &context[..2]);
    for (index, z) in all.iter().enumerate() {
        let mut own = [target[index % 3]];
        curve.apply(&mut own, &context[index / 3..=index / 3]);
        assert_eq!(own[0], *z);
    }
    let (numbers, network) = curve.numbers();
    let back = Whitening::from_numbers(curve.shape(), &numbers, network.to_vec());
    assert_eq!(back, Some(curve));
}

/// Where the kind is open, a network is left out where it only learns by heart, and taken where targets are curved;
/// what was kept of either comes back as it was.
#[test]
fn a_network_is_left_out_where_it_does_worse() {
    let (n, d, c) = (500, 4, 60);
    let mut rng = stream(9, Purpose::Weights, 0);
    let mut normal = || -> f32 { StandardNormal.sample(&mut rng) };
    let context: Vec<f32> = (0..n * c).map(|_| normal()).collect();
    let noise: Vec<[f32; 5]> = (0..n).map(|_| std::array::from_fn(|_| 0.2 * normal())).collect();
    let rows: Vec<u32> = (0..n as u32).collect();
    let (training, validation) = rows.split_at(300);
    let config = WhiteningConfig {
        kind: WhiteningKind::Auto,
        networks: 1,
        degree: 1,
        width: 32,
        steps: 3000,
        batch_size: 16,
        learning_rate: 5e-3,
        weight_decay: 1e-3,
    };
    let has_network = |of: fn(&[f32], usize) -> f32| {
        let rows = context.chunks_exact(c).zip(&noise);
        // What all targets have in common of noise is most of it.
        let target: Vec<f32> = rows
            .flat_map(|(context, noise)| {
                (0..d).map(|i| of(context, i) + noise[i] + 3.0 * noise[d]).collect::<Vec<_>>()
            })
            .collect();
        let (target, context) = (&target[..], &context[..]);
        let table = WhiteningTable { target, context, dims: (d, c), training, validation };
        let kept = Stopper::default();
        kept.allow(usize::MAX);
        let work: &dyn Work = &kept;
        let fit = || Whitening::fit(&table, &config, 1, &Part::new(work, "whitening")).unwrap();
        let (first, again) = (fit(), fit());
        assert_eq!(first, again);
        first.is_some_and(|whitening| whitening.network.is_some())
    };
    assert!(!has_network(|context, i| context[i..i + 20].iter().sum()));
    assert!(has_network(|context, i| 3.0 * context[i] * context[i]));
}
