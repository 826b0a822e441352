//! The twin against the CPU's fused kernels and the formulas in f64.

use super::{BurnLosses, EquivariantNetwork};
use crate::flow::{Direction, Flow};
use crate::network::{Kept, Layout, NetworkSpec, Pass, naive};
use crate::space::{center_single, degrees_of_freedom};
use crate::training::{LossReport, Losses};
use freeform_inference::engine::burn::{Device, Dual, DualNetwork, read, tensor, with_flat};
use freeform_kernels::Isa;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// DW4's and LJ13's shapes.
const SHAPES: [(usize, usize); 2] = [(4, 2), (13, 3)];

fn spec((particles, dims): (usize, usize)) -> NetworkSpec {
    let normalizer = (particles - 1) as f32;
    NetworkSpec { particles, dims, layers: 3, width: 32, normalizer }
}

fn numbers(seed: u64, count: usize, scale: f32) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..count).map(|_| scale * (2.0 * rng.random::<f32>() - 1.0)).collect()
}

/// Zero-centred rows.
fn positions(spec: &NetworkSpec, seed: u64, rows: usize, scale: f32) -> Vec<f32> {
    let size = spec.particles * spec.dims;
    let mut x = numbers(seed, rows * size, scale);
    x.chunks_exact_mut(size).for_each(|row| center_single(row, spec.dims));
    x
}

/// A flow that moves particles: its last layers are not small.
fn flow(spec: NetworkSpec) -> Flow {
    let mut flow = Flow::initial(spec, 1.0, 7);
    let layout = Layout::new(&spec);
    for network in flow.weights.chunks_exact_mut(layout.total) {
        for block in &layout.blocks {
            network[block.last.clone()].iter_mut().for_each(|w| *w *= 1000.0);
        }
    }
    flow
}

/// The largest difference, relative to the largest expected number.
fn off(got: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(got.len(), expected.len());
    let largest = expected.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
    let differences = got.iter().zip(expected).map(|(a, b)| (a - b).abs());
    // Not by `max`, which passes over NaN.
    differences.fold(0.0, |most, v| if v <= most { most } else { v }) / largest
}

fn network(flow: &Flow, direction: Direction, device: &Device) -> EquivariantNetwork {
    let weights = flow.of(direction).to_vec();
    let shape = [1, weights.len()];
    with_flat(&EquivariantNetwork::zeros(&flow.spec, device), &tensor(weights, shape, device))
}

/// Values, and tangents `[T, G, N·n]`, of the twin.
fn twin(flow: &Flow, direction: Direction, x: &[f32], v: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let (device, size) = (Device::flex(), flow.spec.particles * flow.spec.dims);
    let rows = |of: &[f32]| tensor(of.to_vec(), [of.len() / size, size], &device);
    let context = tensor(vec![0.0], [1, 1], &device);
    let out = network(flow, direction, &device).apply(Dual::new(rows(x), rows(v)), &context);
    (read(out.value()), read(out.tangents().expect("tangents stay")))
}

#[test]
fn values_and_tangents_are_those_of_the_kernels_and_the_formulas() {
    for shape in SHAPES {
        let spec = spec(shape);
        let (flow, size) = (flow(spec), spec.particles * spec.dims);
        let (graphs, tangents) = (3, 2);
        let x = positions(&spec, 1, graphs, 2.0);
        let v = numbers(2, tangents * x.len(), 1.0);
        for direction in [Direction::Encode, Direction::Decode] {
            let weights = flow.of(direction);
            let mut pass = Pass::new(Isa::best(), &spec, graphs, tangents, Kept::Tangents);
            let (mut value, mut pushed) = (vec![0.0; x.len()], vec![0.0; v.len()]);
            pass.value(weights, &x, &mut value);
            pass.tangents(weights, &v, &mut pushed);
            let moved: f32 = value.iter().zip(&x).map(|(y, x)| (y - x).abs()).sum();
            assert!(moved > 0.03 * x.len() as f32, "a map that does something: {moved}");
            let got = twin(&flow, direction, &x, &v);
            let offs = (off(&got.0, &value), off(&got.1, &pushed));
            assert!(offs.0 < 1e-5 && offs.1 < 1e-4, "{shape:?}, {direction:?}: {offs:?}");
            let doubles = |of: &[f32]| of.iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
            let plain = naive::value(&spec, &doubles(weights), &doubles(&x[..size]));
            let plain: Vec<f32> = plain.into_iter().map(|v| v as f32).collect();
            assert!(off(&got.0[..size], &plain) < 1e-5, "{shape:?}, {direction:?}: f64");
        }
    }
}

/// A quarter turn, a reflection and another order.
#[test]
fn turned_and_reordered_positions() {
    let spec = spec((5, 3));
    let flow = flow(spec);
    let x = positions(&spec, 3, 1, 2.0);
    let changed = |x: &[f32]| -> Vec<f32> {
        let of = |i: usize| [-x[3 * i + 1], x[3 * i], -x[3 * i + 2]];
        [3, 0, 4, 1, 2].into_iter().flat_map(of).collect()
    };
    let map = |x: &[f32]| twin(&flow, Direction::Encode, x, x);
    let (value, tangent) = map(&x);
    let of_changed = map(&changed(&x));
    assert!(off(&of_changed.0, &changed(&value)) < 1e-5);
    assert!(off(&of_changed.1, &changed(&tangent)) < 1e-5);
}

fn parts(report: &LossReport) -> [f64; 4] {
    [report.loss, report.latent, report.change, report.reconstruction]
}

/// Loss and gradient of both engines; weight by weight tensor.
fn agree(losses: &mut BurnLosses, flow: &Flow, exact: bool, x: &[f32], tolerance: f64) {
    let spec = flow.spec;
    let case = format!("{spec:?}, exact {exact}");
    let size = spec.particles * spec.dims;
    let mut probes = positions(&spec, 5, x.len() / size, 1.0);
    for probe in probes.chunks_exact_mut(size) {
        let radius = (degrees_of_freedom(spec.particles, spec.dims) as f32).sqrt();
        let scale = radius / probe.iter().map(|v| v * v).sum::<f32>().sqrt();
        probe.iter_mut().for_each(|v| *v *= scale);
    }
    let (mut expected, mut got) = (vec![0.0; flow.weights.len()], vec![9.0; flow.weights.len()]);
    let cpu =
        Losses::new(Isa::best(), &spec, exact, 4).gradient(flow, 3.0, x, &probes, &mut expected);
    let burn = losses.gradient(flow, 3.0, x, &probes, &mut got, &mut || true).unwrap();
    for (part, (a, b)) in parts(&cpu).into_iter().zip(parts(&burn)).enumerate() {
        assert!((a - b).abs() <= tolerance * a.abs().max(0.1), "part {part}: {a}, {b}: {case}");
    }
    let layout = Layout::new(&spec);
    let largest = expected.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
    assert!(largest > 1e-2, "{largest}");
    for network in 0..2 {
        for (range, _) in layout.bounds() {
            let range = network * layout.total + range.start..network * layout.total + range.end;
            let off = off(&got[range.clone()], &expected[range.clone()]);
            assert!(
                f64::from(off) < tolerance,
                "{range:?} of network {network}: {off:.1e}: {case}"
            );
        }
    }
}

#[test]
fn losses_and_gradients_are_those_of_the_kernels() {
    for shape in SHAPES {
        let spec = spec(shape);
        let flow = flow(spec);
        for (exact, rows) in [(false, 7), (true, 3)] {
            let mut losses = BurnLosses::new(&Device::flex(), &spec, exact);
            let x = positions(&spec, 4, rows, 2.0);
            agree(&mut losses, &flow, exact, &x, 1e-4);
            // The same where two rows go through the networks at once.
            let streams = if exact { 1 + shape.0 * shape.1 } else { 2 };
            losses.kept = 2 * shape.0 * (shape.0 - 1) * streams * spec.width * spec.layers;
            agree(&mut losses, &flow, exact, &x, 1e-4);
        }
    }
}

/// √d² has no slope where particles coincide, √(d² + 10⁻⁸) has.
#[test]
fn coinciding_particles() {
    let spec = spec((4, 2));
    let mut x = positions(&spec, 4, 2, 2.0);
    (x[0], x[1]) = (x[4], x[5]);
    center_single(&mut x[..8], 2);
    assert_eq!(x[..2], x[4..6]);
    for exact in [false, true] {
        let mut losses = BurnLosses::new(&Device::flex(), &spec, exact);
        agree(&mut losses, &flow(spec), exact, &x, 1e-4);
    }
}

/// On a GPU, or on a driver that stands in for one; see `inference/tests/wgpu.rs`.
#[cfg(feature = "wgpu")]
#[test]
fn losses_and_gradients_on_a_gpu() {
    use freeform_inference::EngineKind;
    let kind: EngineKind = "wgpu".parse().unwrap();
    let device = match kind.burn_device() {
        Ok(device) => device,
        Err(error) => {
            assert!(std::env::var_os("FREEFORM_NEEDS_ADAPTER").is_none(), "{error}");
            eprintln!("SKIPPED: no GPU was tested: {error}");
            return;
        }
    };
    let spec = spec((4, 2));
    let x = positions(&spec, 4, 5, 2.0);
    for exact in [false, true] {
        agree(&mut BurnLosses::new(&device, &spec, exact), &flow(spec), exact, &x, 1e-3);
    }
}
