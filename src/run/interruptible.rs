//! Pure computations that a signal need not wait for.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// Between two looks at the flag.
const LOOK: Duration = Duration::from_millis(20);

/// What `work` gives; `None` once `interrupt` is set, without waiting for it: a computation that has
/// no effect but its result is left to itself, and ends with the process or when it is done.
///
/// # Panics
/// Where `work` does.
pub(super) fn interruptible<T: Send + 'static>(
    interrupt: &AtomicBool,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (send, receive) = mpsc::sync_channel(1);
    let worker = std::thread::spawn(move || {
        // Nobody may be waiting any more.
        let _ = send.send(work());
    });
    loop {
        match receive.recv_timeout(LOOK) {
            Ok(result) => return Some(result),
            Err(RecvTimeoutError::Timeout) if interrupt.load(Ordering::Relaxed) => return None,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    // It went away without a result: by a panic, which goes on here.
    worker.join().map_or_else(|panic| std::panic::resume_unwind(panic), |()| None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn results_come_back_and_signals_do_not_wait() {
        let flag = AtomicBool::new(false);
        assert_eq!(interruptible(&flag, || 6 * 7), Some(42));
        flag.store(true, Ordering::Relaxed);
        let begun = Instant::now();
        let slow = interruptible(&flag, || std::thread::sleep(Duration::from_secs(3)));
        assert!(slow.is_none() && begun.elapsed() < Duration::from_secs(1));
        let panics = std::panic::catch_unwind(|| {
            interruptible(&AtomicBool::new(false), || -> usize { panic!("as it should") })
        });
        assert!(panics.is_err());
    }
}
