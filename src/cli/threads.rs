//! The threads that work is split over.

use super::Failure;
use freeform_simulators::memory_limit;

/// More bring a machine to its knees.
pub(super) const MOST: u64 = 1024;
/// Bytes that a thread reserves for its stack, and a little more.
const EACH: u64 = 17 << 17;
/// What the number of threads is heeded from in the option's place.
const VARIABLE: &str = "RAYON_NUM_THREADS";

/// Starts the threads that work is split over: all cores' without a number.
pub(super) fn start(threads: Option<u16>) -> Result<(), Failure> {
    let wished = std::env::var(VARIABLE).ok().filter(|_| threads.is_none());
    let wished = wished.and_then(|n| n.trim().parse::<u64>().ok());
    if let Some(wished) = wished.filter(|n| *n > MOST) {
        let reason = format!("{VARIABLE}={wished} is too many: at most {MOST} are allowed");
        return Err(Failure::usage(&reason));
    }
    let cannot = |reason: &dyn std::fmt::Display| {
        let asked = threads.map_or("one thread a core".to_owned(), |n| format!("{n} threads"));
        Failure::failed(&format!(
            "cannot start {asked}: {reason}; ask for fewer with --threads, or allow more (ulimit -u, \
             ulimit -v)"
        ))
    };
    // A thread that starts, and only then finds no memory, ends the process without a word.
    let cores = || std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let count = threads.map(u64::from).or(wished.filter(|n| *n > 0)).unwrap_or_else(cores);
    if memory_limit().is_some_and(|limit| count * EACH > limit / 2) {
        return Err(cannot(&"their stacks do not fit into half of the memory that is allowed"));
    }
    let builder = rayon::ThreadPoolBuilder::new().num_threads(threads.unwrap_or(0).into());
    builder.build_global().map_err(|error| cannot(&error))
}
