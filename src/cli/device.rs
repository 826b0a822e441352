//! `--device`: where the arithmetic is done.

use super::Failure;
use freeform_inference::EngineKind;

/// The option of every verb that trains or evaluates flows.
#[derive(clap::Args)]
pub(super) struct DeviceArg {
    /// Where flows are trained and evaluated: cpu (fused kernels), burn (Burn on the CPU), or a GPU
    /// as wgpu, wgpu:1 and so on, which `freeform devices` lists.
    #[arg(long, visible_alias = "engine", value_name = "DEVICE", default_value_t)]
    device: EngineKind,
}

impl DeviceArg {
    /// The device, once it is known to be there.
    pub(super) fn open(&self) -> Result<EngineKind, Failure> {
        self.device.open()?;
        Ok(self.device)
    }
}
