//! `freeform devices`.

use super::{Failure, Output};
use serde::Serialize;

const EXAMPLES: &str = "\
Examples:
  freeform devices
  freeform train --task slcp -n 10000 --device wgpu --out model    # one of those listed";

/// Options of `freeform devices`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {}

#[derive(Serialize)]
struct Row {
    device: String,
    name: String,
    software: bool,
}

pub(super) fn run(_: &Args, output: &Output) -> Result<(), Failure> {
    let processor = |device: &str, name: &str| Row {
        device: device.to_owned(),
        name: name.to_owned(),
        software: true,
    };
    let mut rows = vec![processor("cpu", "fused kernels on the processor (the default)")];
    if cfg!(feature = "burn") {
        rows.push(processor("burn", "Burn on the processor"));
    }
    rows.extend(gpus());
    let mut text = format!("{:<10}  name\n", "device");
    for Row { device, name, software } in &rows {
        let note = if *software && device.contains(':') { " (software)" } else { "" };
        text += &format!("{device:<10}  {name}{note}\n");
    }
    if !cfg!(feature = "wgpu") {
        text += "GPUs need a build with `--features wgpu`\n";
    } else if !rows.iter().any(|row| row.device.contains(':')) {
        text += "no GPU found: is the card's driver installed?\n";
    }
    output.result(&rows, &text)
}

#[cfg(feature = "wgpu")]
fn gpus() -> Vec<Row> {
    use freeform_inference::GraphicsApi::{Metal, Vulkan, Wgpu};
    use freeform_inference::engine::burn::gpu::adapters;
    let apis = [Wgpu, Vulkan, Metal].into_iter().filter(|api| api.is_built());
    let all = apis.flat_map(adapters);
    all.map(|a| Row { device: a.device, name: a.name, software: a.software }).collect()
}

#[cfg(not(feature = "wgpu"))]
fn gpus() -> Vec<Row> {
    Vec::new()
}
