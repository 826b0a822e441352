//! Cost of Lotka-Volterra simulations by their number.
#![allow(missing_docs)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use freeform_simulators::{LotkaVolterra, simulate};

fn simulations(criterion: &mut Criterion) {
    let simulator = LotkaVolterra::new().unwrap();
    let mut group = criterion.benchmark_group("lotka_volterra");
    group.sample_size(10);
    for n in [1_000, 10_000, 100_000] {
        group.throughput(Throughput::Elements(n as u64));
        group.bench_function(n.to_string(), |bencher| {
            bencher.iter(|| simulate(&simulator, n, 1).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, simulations);
criterion_main!(benches);
