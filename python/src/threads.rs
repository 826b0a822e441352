//! The threads that do the arithmetic, one pool a process.
//!
//! A forked child inherits the memory of a pool but not its threads: work handed to such a pool would
//! wait for ever. So the pool is asked for by process, without a lock that a fork could find taken.

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::ptr::null_mut;
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

/// What the command line's main thread has.
const STACK: usize = 8 << 20;

/// A pool and the process that it works in. Never freed: few are made, and a forked child cannot
/// end threads that it does not have.
struct Owned {
    process: u32,
    threads: usize,
    pool: Arc<ThreadPool>,
}

static POOL: AtomicPtr<Owned> = AtomicPtr::new(null_mut());
/// 0: as many as there are cores, or `RAYON_NUM_THREADS`.
static THREADS: AtomicUsize = AtomicUsize::new(0);

/// This process's pool.
pub fn pool() -> PyResult<Arc<ThreadPool>> {
    let (process, threads) = (std::process::id(), THREADS.load(Ordering::Relaxed));
    let known = POOL.load(Ordering::Acquire);
    // SAFETY: the pointer is null, or came from `Box::into_raw` below and is never freed.
    if let Some(known) = unsafe { known.as_ref() }
        && (known.process, known.threads) == (process, threads)
    {
        return Ok(Arc::clone(&known.pool));
    }
    let pool = ThreadPoolBuilder::new()
        .num_threads(threads)
        .stack_size(STACK)
        .thread_name(|index| format!("freeform-{index}"))
        .build()
        .map_err(|e| PyRuntimeError::new_err(format!("cannot start threads: {e}")))?;
    let pool = Arc::new(pool);
    let owned = Box::new(Owned { process, threads, pool: Arc::clone(&pool) });
    POOL.store(Box::into_raw(owned), Ordering::Release);
    Ok(pool)
}

/// How many threads do the arithmetic from now on; 0: one a core.
#[pyfunction]
pub fn set_threads(threads: usize) {
    THREADS.store(threads, Ordering::Relaxed);
}
