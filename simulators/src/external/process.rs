//! Child processes that leave nothing behind.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::ExternalError;
#[cfg(unix)]
use super::watcher::Registrar;

/// Libraries that would each start a thread per core in every worker.
const ONE_THREAD: [&str; 7] = [
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "JULIA_NUM_THREADS",
];

/// How much of standard error is kept.
const TAIL: usize = 2000;

/// A running process with the end of its standard error; killed with all its children on drop.
pub(super) struct Process {
    pub(super) child: Child,
    stderr: Arc<Tail>,
    /// Whether its group has been ended.
    ended: bool,
}

impl Process {
    /// Starts a program with its arguments in a folder, with further environment variables and the
    /// given standard streams.
    pub(super) fn start(
        (folder, environment): (&Path, &BTreeMap<String, String>),
        arguments: &[String],
        stdin: Stdio,
        stdout: Stdio,
    ) -> Result<Self, ExternalError> {
        let failed = |source| ExternalError::Start {
            command: arguments.join(" "),
            folder: folder.to_owned(),
            source,
        };
        let folder = folder.canonicalize().map_err(failed)?;
        let program = match &arguments[0] {
            // A path is meant from the file's folder; a bare name from PATH.
            name if name.contains('/') => folder.join(name).into_os_string(),
            name => name.into(),
        };
        let mut command = Command::new(program);
        command.args(&arguments[1..]).current_dir(folder);
        command.stdin(stdin).stdout(stdout).stderr(Stdio::piped());
        command.envs(ONE_THREAD.map(|name| (name, "1")));
        // Python would otherwise keep answers in a buffer until its exit.
        command.env("PYTHONUNBUFFERED", "1");
        command.envs(environment);
        isolate(&mut command);
        let child = command.spawn().map_err(failed)?;
        let mut process = Self { child, stderr: Arc::new(Tail::default()), ended: false };
        if let Some(stream) = process.child.stderr.take() {
            let tail = Arc::clone(&process.stderr);
            process.beside(move || tail.follow(stream)).map_err(failed)?;
        }
        Ok(process)
    }

    /// Does work that the process needs on a thread of its own; without one the process ends.
    pub(super) fn beside(&mut self, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let thread = thread::Builder::new().spawn(work).map(drop);
        thread.inspect_err(|_| self.kill())
    }

    /// Waits for the end, at most until `deadline`.
    pub(super) fn wait_until(&mut self, deadline: Instant) -> Option<ExitStatus> {
        let mut pause = Duration::from_micros(200);
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            if Instant::now() >= deadline {
                return None;
            }
            thread::sleep(pause.min(deadline.saturating_duration_since(Instant::now())));
            pause = (pause * 2).min(Duration::from_millis(10));
        }
    }

    /// Ends the process and everything that it started.
    pub(super) fn kill(&mut self) {
        if self.ended {
            return;
        }
        #[cfg(unix)]
        if let Some(group) = rustix::process::Pid::from_raw(self.child.id().cast_signed()) {
            // The group may be gone already.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        #[cfg(unix)]
        super::watcher::forget(self.child.id());
        self.ended = true;
    }

    /// The end of what the process wrote to standard error, as "; its last words: …".
    pub(super) fn last_words(&self) -> String {
        let text = self.stderr.text();
        let text = text.trim();
        if text.is_empty() { String::new() } else { format!("; its standard error: {text}") }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A process group of its own, so that Ctrl-C reaches only us and a kill reaches grandchildren; known
/// to the watcher, so that not even SIGKILL leaves any of the group behind; and, where the system
/// can do that, death with the thread that started it.
#[cfg(unix)]
fn isolate(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    let registrar = Registrar::new();
    command.process_group(0);
    // SAFETY: between fork and exec this makes two system calls, which touch no memory but a
    // number's text on the stack.
    unsafe {
        command.pre_exec(move || {
            registrar.enter_self();
            #[cfg(target_os = "linux")]
            {
                use rustix::process::{Signal, set_parent_process_death_signal};
                set_parent_process_death_signal(Some(Signal::KILL))?;
            }
            Ok(())
        });
    }
}

#[cfg(not(unix))]
fn isolate(_: &mut Command) {}

/// The last bytes of a stream.
#[derive(Default)]
struct Tail {
    state: Mutex<(Vec<u8>, bool)>,
    ended: Condvar,
}

impl Tail {
    fn follow(&self, mut stream: impl Read) {
        let mut chunk = [0; 4096];
        loop {
            match stream.read(&mut chunk) {
                Ok(0) => break,
                Ok(n) => {
                    let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                    state.0.extend_from_slice(&chunk[..n]);
                    let surplus = state.0.len().saturating_sub(TAIL);
                    state.0.drain(..surplus);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        self.state.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
        self.ended.notify_all();
    }

    /// What there is; after the process's death, its last bytes are waited for, briefly, because a
    /// grandchild may keep the stream open.
    fn text(&self) -> String {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let patience = Duration::from_millis(200);
        let waited = self.ended.wait_timeout_while(state, patience, |(_, ended)| !*ended);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&state.0).into_owned()
    }
}
