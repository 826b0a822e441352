//! Opening devices, building engines on them, and work that a device may fail.

#[cfg(feature = "wgpu")]
use super::burn::gpu;
use super::cpu::CpuEngine;
use super::{DeviceError, Engine, EngineKind};
use crate::network::{FlowWeights, NetworkSpec};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

impl EngineKind {
    /// Sees to it that the device is there.
    ///
    /// # Errors
    /// [`DeviceError`] where it is not.
    pub fn open(self) -> Result<(), DeviceError> {
        match self {
            #[cfg(feature = "wgpu")]
            Self::Gpu(gpu) => gpu::open(gpu).map(drop),
            _ => Ok(()),
        }
    }

    /// The device of Burn's tensors.
    ///
    /// # Errors
    /// [`DeviceError`] where it is not there.
    #[cfg(feature = "burn")]
    pub fn burn_device(self) -> Result<super::burn::Device, DeviceError> {
        match self {
            #[cfg(feature = "wgpu")]
            Self::Gpu(gpu) => gpu::open(gpu),
            _ => Ok(super::burn::Device::flex()),
        }
    }
}

/// An engine with these weights and a fresh optimiser.
///
/// # Panics
/// If its device is not there; [`EngineKind::open`] says so beforehand.
#[must_use]
pub fn create(kind: EngineKind, spec: &NetworkSpec, weights: &FlowWeights) -> Box<dyn Engine> {
    match kind {
        EngineKind::Cpu => Box::new(CpuEngine::new(spec, weights)),
        #[cfg(feature = "burn")]
        _ => {
            let device = kind.burn_device().unwrap_or_else(|error| error.unwind());
            Box::new(super::burn::BurnEngine::on_device(spec, weights, device))
        }
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
