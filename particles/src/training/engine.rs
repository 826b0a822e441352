//! Who computes a batch's loss and its gradient.

use super::loss::{LossReport, Losses};
use crate::flow::Flow;
use crate::network::NetworkSpec;
use freeform_inference::{DeviceError, EngineKind};
use freeform_kernels::Isa;

/// What [`Losses::gradient`] is of.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    pub flow: &'a Flow,
    pub beta: f32,
    /// Rows and their probes, `[B, N·n]`.
    pub x: &'a [f32],
    pub probes: &'a [f32],
}

/// The batch means of a loss, and their gradient.
pub(super) trait Gradients {
    /// As [`Losses::gradient`]; `None` where `go_on`, which is asked after parts of long work, says no.
    fn of_batch(
        &mut self,
        job: Job,
        gradient: &mut [f32],
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Option<LossReport>, DeviceError>;
}

impl Gradients for Losses {
    fn of_batch(
        &mut self,
        Job { flow, beta, x, probes }: Job,
        gradient: &mut [f32],
        _: &mut dyn FnMut() -> bool,
    ) -> Result<Option<LossReport>, DeviceError> {
        Ok(Some(self.gradient(flow, beta, x, probes, gradient)))
    }
}

/// On a device for batches of so many rows, with exact determinants or a probe a row.
pub(super) fn on(
    engine: EngineKind,
    spec: &NetworkSpec,
    exact: bool,
    batch: usize,
) -> Result<Box<dyn Gradients>, DeviceError> {
    match engine {
        EngineKind::Cpu => Ok(Box::new(Losses::new(Isa::best(), spec, exact, batch))),
        #[cfg(feature = "burn")]
        _ => Ok(Box::new(on_burn::Guarded::new(engine, spec, exact)?)),
    }
}

/// Numbers that a batch takes on the machine, in doubles, beside what [`Losses`] does.
pub(super) fn numbers(engine: EngineKind, spec: &NetworkSpec, exact: bool, batch: usize) -> u128 {
    match engine {
        #[cfg(feature = "burn")]
        EngineKind::Burn => crate::burn::BurnLosses::numbers(spec, exact, batch),
        _ => {
            let _ = (spec, exact, batch);
            0
        }
    }
}

#[cfg(feature = "burn")]
mod on_burn {
    use super::{DeviceError, EngineKind, Gradients, Job, LossReport, NetworkSpec};
    use crate::burn::BurnLosses;
    use freeform_inference::guarded;

    /// A device that may fail.
    pub struct Guarded {
        engine: EngineKind,
        losses: BurnLosses,
    }

    impl Guarded {
        pub fn new(
            engine: EngineKind,
            spec: &NetworkSpec,
            exact: bool,
        ) -> Result<Self, DeviceError> {
            let device = engine.burn_device()?;
            let losses = guarded(engine, || BurnLosses::new(&device, spec, exact))?;
            Ok(Self { engine, losses })
        }
    }

    impl Gradients for Guarded {
        fn of_batch(
            &mut self,
            Job { flow, beta, x, probes }: Job,
            gradient: &mut [f32],
            go_on: &mut dyn FnMut() -> bool,
        ) -> Result<Option<LossReport>, DeviceError> {
            let losses = &mut self.losses;
            guarded(self.engine, || losses.gradient(flow, beta, x, probes, gradient, go_on))
        }
    }
}
