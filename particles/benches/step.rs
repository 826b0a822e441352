//! Time of a training step's gradient, and of a draw's position.
//!
//! `cargo bench -p freeform-particles --bench step [-- FILTER]`, ids such as `gradient/dw4/256`. Pin it to
//! one core and set RAYON_NUM_THREADS=1 for steady numbers.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use freeform_kernels::Isa;
use freeform_particles::generator::positions;
use freeform_particles::training::Losses;
use freeform_particles::{Flow, NetworkSpec};
use std::hint::black_box;
use std::time::Duration;

/// Name, particles, dimensions, blocks, rows of a batch, draws at once.
const SIZES: [(&str, usize, usize, usize, usize, usize); 3] =
    [("dw4", 4, 2, 5, 256, 4096), ("lj13", 13, 3, 8, 16, 256), ("lj55", 55, 3, 8, 2, 16)];

fn flow(particles: usize, dims: usize, layers: usize) -> Flow {
    let normalizer = (particles - 1) as f32;
    let spec = NetworkSpec { particles, dims, layers, width: 64, normalizer };
    Flow::initial(spec, 1.0, 1)
}

/// Draws of the flow as data; probes are other draws.
fn rows(flow: &Flow, from: usize, count: usize) -> Vec<f32> {
    positions(flow, 1, from..from + count).into_iter().map(|v| v as f32).collect()
}

fn gradients(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gradient");
    group.sample_size(10).measurement_time(Duration::from_secs(8));
    for (name, particles, dims, layers, batch, _) in SIZES {
        let flow = flow(particles, dims, layers);
        let (x, probes) = (rows(&flow, 0, batch), rows(&flow, batch, batch));
        let mut losses = Losses::new(Isa::best(), &flow.spec, false, batch);
        let mut gradient = vec![0.0; flow.weights.len()];
        group.bench_function(BenchmarkId::new(name, batch), |bencher| {
            bencher
                .iter(|| black_box(losses.gradient(&flow, 10.0, &x, &probes, &mut gradient).loss));
        });
    }
    group.finish();
}

fn draws(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("positions");
    group.sample_size(10).measurement_time(Duration::from_secs(4));
    for (name, particles, dims, layers, _, count) in SIZES {
        let flow = flow(particles, dims, layers);
        group.bench_function(BenchmarkId::new(name, count), |bencher| {
            bencher.iter(|| black_box(positions(&flow, 1, 0..count)));
        });
    }
    group.finish();
}

criterion_group!(benches, gradients, draws);
criterion_main!(benches);
