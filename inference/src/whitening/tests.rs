use super::*;
use crate::work::tests::Stopper;
use crate::work::{Unwatched, Work};

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
        WhiteningShape { dim, context_dim, width, networks, scaled }
    };
    assert_eq!(shape(2, 3, None).parameters(), Some(2 * 3 + 2 + 3));
    assert_eq!(shape(usize::MAX, 3, None).parameters(), None);
    assert_eq!(shape(2, 3, Some(usize::MAX)).parameters(), None);
    let fit = shape(2, 3, Some(4));
    let network = 4 * 4 + 5 * 4 + 5 * triangular::outputs(2);
    assert_eq!(fit.parameters(), Some(11 + network));
}
