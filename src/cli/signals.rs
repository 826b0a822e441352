//! Signals: a flag that work looks at, and an end to what does not look in time.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// Exit code after SIGINT.
pub(super) const INTERRUPTED: u8 = 130;
/// Exit code after SIGTERM or SIGUSR1: `EX_TEMPFAIL` of sysexits.h.
pub(super) const PREEMPTED: u8 = 75;

/// Work that has not ended this long after Ctrl-C is cut off. Files are replaced whole and states
/// are saved every few seconds, so no more is lost than by a kill.
const PATIENCE: Duration = Duration::from_millis(1500);
/// The same after a scheduler's signal, which comes half a minute before its kill.
const SCHEDULERS_PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(50);

/// What signals have set.
#[derive(Debug, Default)]
struct Signals {
    /// Any of them.
    stop: Arc<AtomicBool>,
    /// SIGINT.
    interrupted: Arc<AtomicBool>,
    /// SIGTERM, SIGUSR1 or SIGXCPU: the exit code then says that the work can go on elsewhere.
    preempted: Arc<AtomicBool>,
}

static SIGNALS: OnceLock<Signals> = OnceLock::new();

/// A flag that SIGINT, SIGTERM, SIGUSR1 and SIGXCPU (`ulimit -t`) set; a second SIGINT ends the program at once, and so
/// does patience at its end. The others come from schedulers and limits, perhaps several of them: they
/// leave time to save the state. `json` asks for the last word on standard output as well.
///
/// # Errors
/// The system's, where handlers or a thread cannot be had.
pub(super) fn interrupt_flag(json: bool) -> io::Result<Arc<AtomicBool>> {
    use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1, SIGXCPU};
    use signal_hook::flag::{register, register_conditional_shutdown};
    if let Some(signals) = SIGNALS.get() {
        return Ok(Arc::clone(&signals.stop));
    }
    let signals = SIGNALS.get_or_init(Signals::default);
    // Order matters: the shutdown looks at the flag before the next line sets it.
    register_conditional_shutdown(SIGINT, INTERRUPTED.into(), Arc::clone(&signals.interrupted))?;
    let pairs = [
        (SIGINT, &signals.interrupted),
        (SIGTERM, &signals.preempted),
        (SIGUSR1, &signals.preempted),
        (SIGXCPU, &signals.preempted),
    ];
    for (signal, flag) in pairs {
        register(signal, Arc::clone(flag))?;
        register(signal, Arc::clone(&signals.stop))?;
    }
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || wait(signals, json))?;
    Ok(Arc::clone(&signals.stop))
}

/// A file that would grow beyond the user's limit (`ulimit -f`) is an error of its writing, with its name, and
/// not the end of the process.
pub(super) fn outlive_file_limits() {
    // Where it cannot be had, things are as without it.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
}

/// Whether a scheduler asked the program to stop.
pub(super) fn was_preempted() -> bool {
    SIGNALS.get().is_some_and(|signals| signals.preempted.load(Ordering::Relaxed))
}

/// Waits for a signal, then for the program's own end, and makes an end where that does not come.
fn wait(signals: &Signals, json: bool) {
    let mut since: [Option<Instant>; 2] = [None; 2];
    let kinds = [
        (&signals.interrupted, PATIENCE, INTERRUPTED),
        (&signals.preempted, SCHEDULERS_PATIENCE, PREEMPTED),
    ];
    loop {
        std::thread::sleep(LOOK);
        for ((flag, patience, code), since) in kinds.iter().zip(&mut since) {
            if flag.load(Ordering::Relaxed)
                && since.get_or_insert_with(Instant::now).elapsed() >= *patience
            {
                cut_off(*code, json);
            }
        }
    }
}

fn cut_off(code: u8, json: bool) -> ! {
    let message = "interrupted in the middle of a step; what was finished, or saved some seconds \
                   ago, is kept: the same command goes on (with --resume, where it has that)";
    let _ = writeln!(io::stderr(), "error: {message}");
    if json {
        let value = serde_json::json!({ "error": message, "exit_code": code });
        let _ = writeln!(io::stdout(), "{value}");
    }
    // No destructors: other threads are at work.
    signal_hook::low_level::exit(code.into())
}
