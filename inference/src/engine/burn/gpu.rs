//! GPUs through WGPU: which there are, and one of them.

use super::Device;
use crate::engine::{DeviceError, Gpu, GraphicsApi};
use burn::tensor::DeviceType;
use serde::Serialize;
use std::panic::catch_unwind;
use std::sync::{Mutex, PoisonError};

/// An adapter that can be named with `--device`.
#[derive(Clone, Debug, Serialize)]
pub struct Adapter {
    /// Its name for `--device`.
    pub device: String,
    /// What it calls itself.
    pub name: String,
    /// Whether a processor does its work.
    pub software: bool,
}

/// The adapters that an API reaches, each opened on the way.
#[must_use]
pub fn adapters(api: GraphicsApi) -> Vec<Adapter> {
    let named = |(index, device): (usize, Device)| {
        let gpu = Gpu { api, index };
        let identity = catch_unwind(|| device.identity()).ok().flatten()?;
        let software = identity.physical.is_none();
        Some(Adapter { device: gpu.to_string(), name: identity.name, software })
    };
    devices(api).into_iter().enumerate().filter_map(named).collect()
}

/// Devices in use: asking for adapters takes a while.
static OPEN: Mutex<Vec<(Gpu, Device)>> = Mutex::new(Vec::new());

/// The device of that number.
///
/// # Errors
/// [`DeviceError`]: there is none, or its driver refuses.
pub(crate) fn open(gpu: Gpu) -> Result<Device, DeviceError> {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, device)) = open.iter().find(|(of, _)| *of == gpu) {
        return Ok(device.clone());
    }
    let device = open_anew(gpu)?;
    open.push((gpu, device.clone()));
    Ok(device)
}

fn open_anew(gpu: Gpu) -> Result<Device, DeviceError> {
    let (device, mut found) = (gpu.to_string(), devices(gpu.api));
    match found.len() {
        0 => return Err(DeviceError::NoAdapter { device }),
        found if found <= gpu.index => return Err(DeviceError::NoSuchAdapter { device, found }),
        _ => {}
    }
    let chosen = found.swap_remove(gpu.index);
    match catch_unwind(|| chosen.identity()) {
        Ok(_) => Ok(chosen),
        Err(_) => {
            let reason = "its driver does not open it".to_owned();
            Err(DeviceError::Failed { device, reason })
        }
    }
}

/// Graphics cards first, software last.
fn devices(api: GraphicsApi) -> Vec<Device> {
    let kind = match api {
        #[cfg(feature = "vulkan")]
        GraphicsApi::Vulkan => DeviceType::Vulkan,
        #[cfg(feature = "metal")]
        GraphicsApi::Metal => DeviceType::Metal,
        _ => DeviceType::Wgpu,
    };
    Device::enumerate(kind).into_vec()
}
