//! Achieved GFLOP/s of the products on one core, beside the measured peak:
//! `cargo bench -p freeform-kernels` (pin it to one core for steady numbers).

use freeform_kernels::{
    AdamW, Finish, Isa, Order, Sparse, Start, View, ViewMut, adamw, gemm_nn, gemm_nt, gemm_tn,
};
use std::hint::black_box;
use std::time::Instant;

/// Shortest time of one call, in seconds.
fn shortest(mut f: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..60 {
        let start = Instant::now();
        let calls = 50;
        for _ in 0..calls {
            f();
        }
        best = best.min(start.elapsed().as_secs_f64() / f64::from(calls));
    }
    best
}

fn main() {
    for isa in Isa::available() {
        println!("\ninstruction set {isa:?}");
        products(isa);
        for units in [20, 50, 100, 200] {
            let [dense, sparse] = rectified(isa, units);
            println!(
                "200 rows of {units} rectified units × {units}: {:.1} µs, without the zeros {:.1} µs",
                dense * 1e6,
                sparse * 1e6
            );
        }
        for n in [113_000, 1_190_000] {
            println!("adamw of {n} weights: {:.1} µs", update(isa, n) * 1e6);
        }
    }
}

/// Layers of 50 and 256 units, as [rows, outputs, inputs]. The first one stays in the first-level
/// cache and needs whole tiles only: the peak that this core can reach.
const SIZES: [[usize; 3]; 11] = [
    [48, 64, 128],
    [4, 50, 50],
    [8, 50, 50],
    [32, 50, 50],
    [64, 50, 50],
    [128, 50, 50],
    [512, 50, 50],
    [8, 256, 256],
    [32, 256, 256],
    [64, 256, 256],
    [512, 256, 256],
];

fn products(isa: Isa) {
    println!("{:>16} {:>9} {:>9} {:>9}   GFLOP/s", "rows×out×in", "nn", "nt", "tn");
    for [m, n, k] in SIZES {
        let (x, w) = (vec![0.5f32; m * k], vec![0.25f32; k * n]);
        let (y, mut back) = (vec![0.5f32; m * n], vec![0.0f32; m * k]);
        let mut c = vec![0.0f32; m * n];
        let mut grad = vec![0.0f32; k * n];
        let work = 2e-9 * (m * n * k) as f64;
        let nn = shortest(|| {
            let c = ViewMut::new(black_box(&mut c), n);
            gemm_nn(isa, [m, n, k], View::new(&x, k), View::new(&w, n), c, Start::Zero);
        });
        let nt = shortest(|| {
            let c = ViewMut::new(black_box(&mut back), k);
            gemm_nt(isa, [m, k, n], View::new(&y, n), View::new(&w, n), c, Start::Zero);
        });
        let tn = shortest(|| {
            let c = ViewMut::new(black_box(&mut grad), n);
            gemm_tn(isa, [k, n, m], View::new(&x, k), View::new(&y, n), c, Start::Zero);
        });
        let name = format!("{m}×{n}×{k}");
        println!("{name:>16} {:>9.1} {:>9.1} {:>9.1}", work / nn, work / nt, work / tn);
    }
}

/// Time of a product with rows of which 45% is not zero: all of it, and leaving the zeros out.
fn rectified(isa: Isa, units: usize) -> [f64; 2] {
    let rows = 200;
    // A multiplicative hash spreads the zeros as evenly as chance would.
    let spread = |i: usize| (i as u32).wrapping_mul(2_654_435_769) as f32 / u32::MAX as f32;
    let value = |i| (spread(i) - 0.55_f32).max(0.0);
    let x: Vec<f32> = (0..rows * units).map(value).collect();
    let w = vec![0.25f32; units * units];
    let mut c = vec![0.0f32; rows * units];
    let mut sparse = Sparse::new(rows, units);
    let (x, w) = (View::new(&x, units), View::new(&w, units));
    let dense = shortest(|| {
        let c = ViewMut::new(black_box(&mut c), units);
        gemm_nn(isa, [rows, units, units], x, w, c, Start::Zero);
    });
    let without = shortest(|| {
        let c = ViewMut::new(black_box(&mut c), units);
        sparse.product(
            isa,
            [rows, units, units],
            (x, Order::Plain),
            (w, Order::Plain),
            c,
            Finish::Sum,
        );
    });
    [dense, without]
}

/// Time of an update of `n` weights.
fn update(isa: Isa, n: usize) -> f64 {
    let (mut w, g) = (vec![0.1f32; n], vec![0.2f32; n]);
    let (mut m, mut v) = (vec![0.0f32; n], vec![0.0f32; n]);
    let step = AdamW {
        learning_rate: 1e-3,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        weight_decay: 0.0,
        correction1: 0.1,
        correction2: 0.001,
        gradient_scale: 1.0,
    };
    shortest(|| adamw(isa, &step, black_box(&mut w), &g, &mut m, &mut v))
}
