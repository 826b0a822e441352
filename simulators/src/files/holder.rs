//! Who holds a place, and whether that process still lives.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Age at which a lock file that nobody touches is void, unless its process is known to live.
pub const STALE: Duration = Duration::from_secs(60);
/// How long a lock file may be without its text, between its creation and the first writing.
const BEING_WRITTEN: Duration = Duration::from_secs(2);

/// The process that holds something, as its lock file says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Machine.
    pub host: String,
    /// Process.
    pub pid: u32,
    /// When it took hold, in seconds since 1970.
    #[serde(default)]
    pub since: u64,
    /// Tells machines and containers of one name apart.
    #[serde(default)]
    place: String,
    /// When the process began, in the system's ticks; tells it from a later one of its number.
    #[serde(default)]
    began: u64,
    /// Tells the locks of one process apart.
    #[serde(default)]
    nonce: u64,
}

impl Holder {
    /// This process, from now on.
    pub(super) fn this() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let pid = std::process::id();
        Self {
            host: host(),
            pid,
            since: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
            place: place().to_owned(),
            began: began(pid).unwrap_or(0),
            nonce: NEXT.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// Whether the process still runs, where that can be told: on this machine, under Linux.
    pub(super) fn is_alive(&self) -> Option<bool> {
        let here = if self.place.is_empty() { self.host == host() } else { self.place == place() };
        if !cfg!(target_os = "linux") || !here {
            return None;
        }
        let began = began(self.pid);
        Some(began.is_some_and(|began| self.began == 0 || self.began == began))
    }

    /// A text that only this lock has, for the name of a file.
    pub(super) fn tag(&self) -> String {
        format!("{}-{}-{}", self.place, self.pid, self.nonce)
    }

    pub(super) fn text(&self) -> String {
        // Every field has a TOML form.
        toml::to_string(self).unwrap_or_default()
    }

    pub(super) fn read(path: &Path) -> Option<Self> {
        toml::from_str(&fs::read_to_string(path).ok()?).ok()
    }

    /// For how long it has been held, by this machine's clock.
    #[must_use]
    pub fn age(&self) -> Duration {
        let since = UNIX_EPOCH.checked_add(Duration::from_secs(self.since));
        since.and_then(|since| since.elapsed().ok()).unwrap_or_default()
    }
}

/// The state of a lock file.
pub(super) enum State {
    /// Held; by nobody knows whom while the file is being written.
    Held(Option<Holder>),
    /// Left by a process that is gone, or garbage.
    Void,
    /// Not there.
    Absent,
}

/// Who holds the lock file at `path`; none where it is void or not there.
#[must_use]
pub fn holder_of(path: &Path) -> Option<Holder> {
    match state_of(path) {
        State::Held(holder) => Some(holder.unwrap_or_else(|| Holder {
            host: String::new(),
            pid: 0,
            since: 0,
            place: String::new(),
            began: 0,
            nonce: 0,
        })),
        State::Void | State::Absent => None,
    }
}

/// Judges the lock file at `path`.
pub(super) fn state_of(path: &Path) -> State {
    let Some(touched) = fs::metadata(path).ok().and_then(|found| found.modified().ok()) else {
        return State::Absent;
    };
    let holder = Holder::read(path);
    let held = match holder.as_ref().map(Holder::is_alive) {
        Some(Some(alive)) => alive,
        Some(None) => is_fresh(path, touched, STALE),
        // No text yet, or one that says nothing: what nobody touches is void all the same.
        None if fs::metadata(path).is_ok_and(|found| found.len() == 0) => {
            is_fresh(path, touched, BEING_WRITTEN)
        }
        None => is_fresh(path, touched, STALE),
    };
    if held { State::Held(holder) } else { State::Void }
}

/// Whether the file was touched within `limit`. Where clocks of machines disagree, or the time is
/// nonsense (one in the future, say), the file system's own clock decides.
fn is_fresh(path: &Path, touched: SystemTime, limit: Duration) -> bool {
    let distance =
        |now: SystemTime| now.duration_since(touched).unwrap_or_else(|ahead| ahead.duration());
    distance(SystemTime::now()) < limit
        || clock_beside(path).is_some_and(|now| distance(now) < limit)
}

/// The time that a file written beside `path` at this moment gets.
fn clock_beside(path: &Path) -> Option<SystemTime> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let count = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!(".clock.{}.{}.{count}.tmp", place(), std::process::id());
    let probe: PathBuf = path.with_file_name(name);
    let time = File::create(&probe).and_then(|mut file| {
        file.write_all(b"?")?;
        file.metadata()?.modified()
    });
    let _ = fs::remove_file(&probe);
    time.ok()
}

/// This machine's name.
fn host() -> String {
    let from_system =
        || Some(fs::read_to_string("/proc/sys/kernel/hostname").ok()?.trim().to_owned());
    from_system().or_else(|| std::env::var("HOSTNAME").ok()).unwrap_or_else(|| "localhost".into())
}

/// A short text for the set of processes that ours can see: this machine, or this container.
pub(crate) fn place() -> &'static str {
    static PLACE: OnceLock<String> = OnceLock::new();
    PLACE.get_or_init(|| {
        let space = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
        let machine = fs::read_to_string("/etc/machine-id").unwrap_or_default();
        let text = format!("{} {} {}", host(), machine.trim(), space.display());
        blake3::hash(text.as_bytes()).to_hex()[..8].to_owned()
    })
}

/// When a process of this machine began; none if there is none of this number, or only a zombie:
/// killed, and not yet collected by its parent.
fn began(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit(')').next()?.split_ascii_whitespace();
    if fields.next()? == "Z" {
        return None;
    }
    // The state is field 3 of 52, the beginning field 22.
    fields.nth(18)?.parse().ok()
}

/// Whether a process of this machine still runs; `true` where that cannot be told.
pub(super) fn is_running(pid: u32) -> bool {
    !cfg!(target_os = "linux") || began(pid).is_some()
}
