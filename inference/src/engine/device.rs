//! Devices that fail.

use super::EngineKind;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A GPU that is not there, or that gave up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// No adapter at all.
    #[error(
        "{device}: no adapter found; install the card's driver (on Linux a Vulkan driver; Debian's \
         mesa-vulkan-drivers has one in software), or use --device cpu"
    )]
    NoAdapter {
        /// What was asked for.
        device: String,
    },
    /// Not that many adapters.
    #[error("{device}: adapters found: {found}, numbered from 0; `freeform devices` lists them")]
    NoSuchAdapter {
        /// What was asked for.
        device: String,
        /// Adapters found.
        found: usize,
    },
    /// Lost, out of memory, or refused by its driver.
    #[error(
        "the device {device} failed: {reason}; what was saved is intact: the same command with \
         --device cpu (and --resume, for a training in a folder) goes on from there"
    )]
    Failed {
        /// The device.
        device: String,
        /// What it said.
        reason: String,
    },
}

impl DeviceError {
    /// Ends the work on the device; [`guarded`] takes it up.
    #[cfg(feature = "burn")]
    pub(crate) fn unwind(self) -> ! {
        std::panic::resume_unwind(Box::new(self))
    }
}

/// Does work that a device may fail: Burn reports a lost device and a lack of memory by unwinding,
/// on a GPU these become errors. On the CPU nothing is caught.
///
/// # Errors
/// [`DeviceError`].
pub fn guarded<T>(kind: EngineKind, work: impl FnOnce() -> T) -> Result<T, DeviceError> {
    kind.open()?;
    if !kind.is_gpu() {
        return Ok(work());
    }
    // What the work leaves half done is dropped with it.
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| failure(kind, payload))
}

fn failure(kind: EngineKind, payload: Box<dyn Any + Send>) -> DeviceError {
    let failed =
        |reason: &str| DeviceError::Failed { device: kind.to_string(), reason: in_short(reason) };
    let payload = match payload.downcast::<DeviceError>() {
        Ok(error) => match *error {
            DeviceError::Failed { reason, .. } => return failed(&reason),
            other => return other,
        },
        Err(payload) => payload,
    };
    let reason = match (payload.downcast_ref::<String>(), payload.downcast_ref::<&str>()) {
        (Some(text), _) => text.clone(),
        (None, Some(text)) => (*text).to_owned(),
        (None, None) => "no reason given".to_owned(),
    };
    failed(&reason)
}

/// The first of what a driver says, and the root of it: its chain of causes is long.
fn in_short(reason: &str) -> String {
    let lines: Vec<&str> = reason.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let first = lines.first().copied().unwrap_or("no reason given");
    let cause = lines.iter().rposition(|line| *line == "Caused by:");
    match cause.and_then(|at| lines.get(at + 1)) {
        Some(root) => format!("{}: {}", first.trim_end_matches(':'), root.trim_end_matches(':')),
        None => first.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::in_short;

    #[test]
    fn reasons_are_their_first_line_and_their_root() {
        let reason =
            "cannot read\nCaused by:\n  Skipped\n  more\nCaused by:\n  Destroyed: \nBacktrace:";
        assert_eq!(in_short(reason), "cannot read: Destroyed");
        assert_eq!(in_short("wgpu error: lost"), "wgpu error: lost");
        assert_eq!(in_short(""), "no reason given");
    }
}
