//! Tests of its parent.

use super::*;

fn checkpoint() -> Checkpoint {
    let flow = |base: f32| FlowWeights {
        encoder: (0..5).map(|i| base + i as f32).collect(),
        decoder: (0..5).map(|i| base - i as f32).collect(),
    };
    let optimizer =
        OptimizerState { step: 7, first: flow(0.1), second: flow(0.2), average: Some(flow(0.3)) };
    let progress =
        Progress { identity: "this".to_owned(), step_in_epoch: 7, ..Progress::default() };
    Checkpoint { weights: flow(0.4), optimizer, best: None, progress }
}

#[test]
fn every_flipped_bit_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let whole = checkpoint();
    whole.write(&path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(Checkpoint::read(&path, "this").unwrap(), whole);
    assert!(matches!(Checkpoint::read(&path, "that"), Err(CheckpointError::OtherTraining { .. })));
    for bit in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(Checkpoint::parse(&damaged).is_err(), "bit {bit} of {}", bytes.len() * 8);
    }
    for length in 0..bytes.len() {
        assert!(Checkpoint::parse(&bytes[..length]).is_err(), "cut to {length}");
    }
}

#[test]
fn states_that_cannot_be_are_refused() {
    let check = |change: fn(&mut Checkpoint)| {
        let mut changed = checkpoint();
        change(&mut changed);
        changed.check(Some(5), (2, 10))
    };
    assert_eq!(check(|_| {}), Ok(()));
    let refused = |change| check(change).unwrap_err();
    assert!(refused(|c| c.weights.decoder.truncate(4)).contains("has 4 numbers, not 5"));
    assert!(refused(|c| c.optimizer.first.encoder[2] = f32::NAN).contains("not finite"));
    assert!(refused(|c| c.progress.step_in_epoch = 11).contains("at step 11"));
    assert!(refused(|c| c.progress.epoch = 1).contains("history"));
    assert!(refused(|c| c.progress.best = Some((0, 1.0))).contains("best epoch"));
}
