//! A test that is stopped again and again ends in the very score of an undisturbed one.

use freeform_benchmark::{C2stError, C2stSettings, Pieces, c2st, c2st_in_pieces};
use ndarray::Array2;
use std::collections::HashMap;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Keeps every epoch, and stops the test after some of them.
#[derive(Default)]
struct Stopper {
    pieces: Mutex<HashMap<String, Vec<u8>>>,
    left: AtomicUsize,
    stop: AtomicBool,
}

impl Pieces for Stopper {
    fn recall(&self, name: &str) -> Option<Vec<u8>> {
        self.pieces.lock().unwrap().get(name).cloned()
    }

    fn put(&self, name: &str, piece: &[u8]) -> io::Result<()> {
        self.pieces.lock().unwrap().insert(name.to_owned(), piece.to_vec());
        if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.stop.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    fn save_every(&self) -> Duration {
        Duration::ZERO
    }
}

#[test]
fn a_stopped_test_goes_on_to_the_same_score() {
    let table = |shift: f64| {
        Array2::from_shape_fn((400, 2), |(i, j)| {
            let u = ((i * (7919 + 613 * j) + 31) % 401) as f64 / 401.0;
            (u * 6.0).sin() + shift
        })
    };
    let (x, y) = (table(0.0), table(0.2));
    let settings = C2stSettings::default();
    let whole = c2st(x.view(), y.view(), &settings, &AtomicBool::new(false)).unwrap();
    let pieces = Stopper::default();
    let mut stops = 0;
    let score = loop {
        pieces.left.store(17, Ordering::Relaxed);
        pieces.stop.store(false, Ordering::Relaxed);
        match c2st_in_pieces(x.view(), y.view(), &settings, &pieces.stop, &pieces) {
            Err(C2stError::Interrupted) => stops += 1,
            other => break other.unwrap(),
        }
    };
    assert!(stops > 4, "it was stopped {stops} times only");
    assert_eq!(score, whole);
    // What is done is not done again.
    pieces.left.store(1, Ordering::Relaxed);
    let again = c2st_in_pieces(x.view(), y.view(), &settings, &pieces.stop, &pieces).unwrap();
    assert_eq!(again, whole);
    assert_eq!(pieces.left.load(Ordering::Relaxed), 1);
}
