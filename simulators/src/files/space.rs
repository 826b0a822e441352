//! How much room there is, to refuse what cannot fit before work starts.

use std::fs;
use std::path::Path;

/// Bytes of memory that this process may ever use: the machine's, its control group's limit, or its own
/// (`ulimit -v`, `ulimit -d`). None where the system does not say.
#[must_use]
pub fn memory() -> Option<u64> {
    let number = |path: &str| fs::read_to_string(path).ok()?.trim().parse::<u64>().ok();
    let total = || {
        let text = fs::read_to_string("/proc/meminfo").ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
        Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
    };
    let limits = [
        total(),
        number("/sys/fs/cgroup/memory.max"),
        number("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
    ];
    limits.into_iter().flatten().chain(own_limits()).min()
}

/// Bytes of memory, touched or only reserved, that whoever started this process allows it (`ulimit -v`,
/// `ulimit -d`); none where there is no limit.
#[must_use]
pub fn memory_limit() -> Option<u64> {
    own_limits().min()
}

/// What the process was allowed by whoever started it.
fn own_limits() -> impl Iterator<Item = u64> {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit};
        [Resource::As, Resource::Data].into_iter().filter_map(|limit| getrlimit(limit).current)
    }
    #[cfg(not(unix))]
    std::iter::empty()
}

/// Bytes that this user may still write to the file system of `path`, or of its nearest folder
/// that exists; none where the system does not say.
#[must_use]
pub fn free_space(path: &Path) -> Option<u64> {
    #[cfg(unix)]
    {
        let absolute = std::path::absolute(path).ok()?;
        let there = absolute.ancestors().find(|path| path.exists())?;
        let found = rustix::fs::statvfs(there).ok()?;
        found.f_bavail.checked_mul(found.f_frsize)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

/// A number of bytes for people: `3.2 GB`.
#[must_use]
pub fn human_bytes(bytes: u128) -> String {
    const UNITS: [&str; 9] = ["bytes", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];
    let (mut value, mut unit) = (bytes as f64, 0);
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        (value, unit) = (value / 1000.0, unit + 1);
    }
    if unit == 0 { format!("{bytes} bytes") } else { format!("{value:.1} {}", UNITS[unit]) }
}
