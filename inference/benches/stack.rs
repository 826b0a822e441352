//! Training steps a second on a device, by network, batch and number of models in a stack, beside
//! the CPU engine and the device's own speed at matrix products.
//!
//! `cargo bench --bench stack --features wgpu -- --device wgpu [--quick]`; `--device burn` needs
//! only the feature `burn`. One line a case: steps a second, model-steps a second, the ratio to the
//! same network alone in a stack, the ratio to the CPU engine (one core), the share of the device's
//! matrix-product speed.

use burn::tensor::{Distribution, Tensor};
use freeform_inference::engine::burn::{BurnStack, Device, ModelStep, StackRun, StackTable};
use freeform_inference::engine::{
    Batch, EngineKind, LogDet, LossSettings, UpdateSettings, create, guarded,
};
use freeform_inference::network::{Activation, NetworkSpec};
use std::time::{Duration, Instant};

const DIM: usize = 5;
const CONTEXT: usize = 8;
/// Time for one case, after its warm-up.
const CASE: Duration = Duration::from_secs(2);

const STEP: ModelStep = ModelStep {
    loss: LossSettings {
        beta: 25.0,
        latent_reconstruction: 0.0,
        log_det: LogDet::Hutchinson { probes: 1 },
    },
    update: UpdateSettings::adam(5e-4),
    probe_key: 12_345,
    active: true,
};

struct Cases {
    batches: Vec<usize>,
    stacks: Vec<usize>,
    networks: Vec<(&'static str, NetworkSpec)>,
}

fn cases(quick: bool) -> Cases {
    let small = ("S", NetworkSpec::small(DIM, CONTEXT, Activation::Silu));
    let large = ("L", NetworkSpec::large(DIM, CONTEXT, Activation::Silu));
    match quick {
        true => Cases { batches: vec![32, 128], stacks: vec![1, 4], networks: vec![small, large] },
        false => Cases {
            batches: vec![32, 128, 512, 1024, 4096, 16_384],
            stacks: vec![1, 16, 64, 256],
            networks: vec![small, large],
        },
    }
}

fn wave(len: usize, rate: f32) -> Vec<f32> {
    (0..len).map(|i| (rate * (i + 1) as f32).sin()).collect()
}

/// Seconds of one step of a stack: runs of 8 steps until the time is up.
fn stack_step(spec: &NetworkSpec, device: &Device, batch: usize, models: usize) -> f64 {
    let weights: Vec<_> = (0..models).map(|m| spec.initial_weights(m as u64)).collect();
    let mut stack = BurnStack::new(spec, &weights, device.clone());
    let (theta, x) = (wave(batch * DIM, 1.3), wave(batch * CONTEXT, 0.7));
    stack.load(&vec![StackTable { theta: &theta, x: &x, validation: &[0] }; models]);
    let rows: Vec<u32> = (0..8).flat_map(|_| 0..batch as u32).collect();
    let run = StackRun {
        rows: vec![&rows; models],
        batch_size: batch,
        steps: vec![vec![STEP; models]; 8],
    };
    stack.run(&run);
    let (started, mut steps) = (Instant::now(), 0);
    while steps == 0 || started.elapsed() < CASE {
        stack.run(&run);
        steps += run.steps.len();
    }
    started.elapsed().as_secs_f64() / steps as f64
}

/// Seconds of one step of the CPU engine.
fn cpu_step(spec: &NetworkSpec, batch: usize) -> f64 {
    let (theta, x) = (wave(batch * DIM, 1.3), wave(batch * CONTEXT, 0.7));
    let probes: Vec<f32> = (0..batch * DIM).map(|i| if i % 3 == 0 { -1.0 } else { 1.0 }).collect();
    let rows: Vec<u32> = (0..batch as u32).collect();
    let mut engine = create(EngineKind::Cpu, spec, &spec.initial_weights(1));
    let mut step = || {
        let batch = Batch { theta: &theta, x: &x, rows: &rows, probes: &probes };
        engine.train_step(&batch, &STEP.loss, &STEP.update);
    };
    step();
    let (started, mut steps) = (Instant::now(), 0);
    while steps == 0 || started.elapsed() < CASE {
        step();
        steps += 1;
    }
    started.elapsed().as_secs_f64() / f64::from(steps)
}

/// Floating-point operations of one sample in one step: a multiplication and an addition for each
/// weight of a matrix, in 3 streams of values and tangents without gradients and 3 with them, whose
/// gradients cost twice as much again.
fn flops(spec: &NetworkSpec) -> f64 {
    let matrices = spec.layout();
    let weights: usize =
        matrices.slots().iter().filter(|slot| slot.shape.len() == 2).map(|slot| slot.len()).sum();
    2.0 * weights as f64 * (3.0 + 3.0 * 3.0)
}

/// Operations a second of the device's best square matrix product.
fn matmul_speed(device: &Device, quick: bool) -> f64 {
    let n = if quick { 512 } else { 4096 };
    let of = || Tensor::<2>::random([n, n], Distribution::Default, device);
    let (a, b) = (of(), of());
    let product =
        || a.clone().matmul(b.clone()).narrow(0, 0, 1).narrow(1, 0, 1).into_scalar::<f32>();
    product();
    let (started, mut count) = (Instant::now(), 0);
    while count == 0 || started.elapsed() < CASE {
        product();
        count += 1;
    }
    2.0 * (n as f64).powi(3) * f64::from(count) / started.elapsed().as_secs_f64()
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let quick = args.iter().any(|arg| arg == "--quick");
    let named = args.iter().position(|arg| arg == "--device").and_then(|at| args.get(at + 1));
    let name = named.map_or("burn", String::as_str);
    let kind = match name.parse::<EngineKind>() {
        Ok(kind) if kind.is_burn() => kind,
        Ok(_) => return eprintln!("--device: {name} trains no stacks; try burn or wgpu"),
        Err(error) => return eprintln!("--device: {error}"),
    };
    let device = match kind.burn_device() {
        Ok(device) => device,
        Err(error) => return eprintln!("{error}"),
    };
    let peak = matmul_speed(&device, quick);
    println!("{kind}: matrix products at {:.1} GFLOP/s", peak / 1e9);
    println!("network batch stack    steps/s model-steps/s   /alone  /cpu core  of matmul");
    let Cases { batches, stacks, networks } = cases(quick);
    for (network, spec) in &networks {
        for &batch in &batches {
            let cpu = cpu_step(spec, batch);
            let mut alone = f64::NAN;
            for &models in &stacks {
                // A case too large for the device ends the row, not the table.
                let seconds = match guarded(kind, || stack_step(spec, &device, batch, models)) {
                    Ok(seconds) => seconds,
                    Err(error) => {
                        println!("{network:>7} {batch:>5} {models:>5}  {error}");
                        break;
                    }
                };
                let each = seconds / models as f64;
                if models == 1 {
                    alone = each;
                }
                let share = flops(spec) * batch as f64 / each / peak;
                println!(
                    "{network:>7} {batch:>5} {models:>5} {:>10.2} {:>13.2} {:>8.2} {:>10.3} {:>9.1}%",
                    1.0 / seconds,
                    1.0 / each,
                    alone / each,
                    cpu / each,
                    100.0 * share
                );
            }
        }
    }
}
