//! Heavy work: on a thread of its own, the interpreter free, Ctrl-C heard.

use crate::threads::pool;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::Builder;
use std::time::Duration;

/// Between two looks at signals and news.
const POLL: Duration = Duration::from_millis(50);
/// What work that was interrupted may take to write a checkpoint before the caller goes on without it.
const PATIENCE: Duration = Duration::from_millis(700);

/// Runs `work` away from the interpreter. `news` is called every 50 ms with the interpreter; an error
/// of it, or a signal that raises (Ctrl-C), sets the flag that `work` is handed and is returned at
/// once, or as soon as the work has saved what it has.
pub fn run<T: Send + 'static>(
    py: Python<'_>,
    mut news: impl FnMut(Python<'_>) -> PyResult<()>,
    work: impl FnOnce(&AtomicBool) -> T + Send + 'static,
) -> PyResult<T> {
    let pool = py.detach(pool)?;
    let stop = Arc::new(AtomicBool::new(false));
    let (sender, mut receiver) = channel();
    let flag = Arc::clone(&stop);
    let body = move || {
        let result = catch_unwind(AssertUnwindSafe(|| pool.install(|| work(&flag))));
        // Nobody listens where the caller was interrupted.
        let _ = sender.send(result);
    };
    Builder::new()
        .name("freeform".to_owned())
        .spawn(body)
        .map_err(|e| PyRuntimeError::new_err(format!("cannot start a thread: {e}")))?;
    loop {
        let heard;
        (receiver, heard) = py.detach(move || {
            let heard = receiver.recv_timeout(POLL);
            (receiver, heard)
        });
        match heard {
            Ok(result) => {
                news(py)?;
                return result.map_err(|panic| fault(&*panic));
            }
            Err(RecvTimeoutError::Disconnected) => return Err(fault(&"a thread vanished")),
            Err(RecvTimeoutError::Timeout) => {}
        }
        if let Err(reason) = py.check_signals().and_then(|()| news(py)) {
            stop.store(true, Ordering::Relaxed);
            py.detach(move || drop(receiver.recv_timeout(PATIENCE)));
            return Err(reason);
        }
    }
}

/// The same without news.
pub fn quietly<T: Send + 'static>(
    py: Python<'_>,
    work: impl FnOnce(&AtomicBool) -> T + Send + 'static,
) -> PyResult<T> {
    run(py, |_| Ok(()), work)
}

/// A fault of the library itself.
fn fault(panic: &(dyn Any + Send)) -> PyErr {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
    PyRuntimeError::new_err(format!("a fault of freeform-sbi itself; please report it: {text}"))
}
