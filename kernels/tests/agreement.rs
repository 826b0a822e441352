//! Instruction sets of one arithmetic give the same bits; the others differ by rounding.

mod common;

use common::{Results, Room, elementwise, products, shapes};
use freeform_kernels::{Isa, Mlp, Nonlinearity, sigmoid};

struct Heap;

impl Room for Heap {
    type Buffer = Vec<f32>;
    fn hold(&self, values: &[f32]) -> Vec<f32> {
        values.to_vec()
    }
}

/// Runs on every instruction set, and compares with the best one's results.
fn compare(run: impl Fn(Isa) -> Results) {
    let isas = Isa::available();
    let best = run(isas[0]);
    for isa in &isas[1..] {
        let results = run(*isa);
        for ((name, want), (_, got)) in best.iter().zip(&results) {
            let same = isa.arithmetic() == isas[0].arithmetic();
            let fits = |a: f32, b: f32| match same {
                true => a.to_bits() == b.to_bits(),
                false => (a - b).abs() <= 1e-4 * (1.0 + b.abs()),
            };
            assert_eq!(got.len(), want.len());
            for (i, (&got, &want)) in got.iter().zip(want).enumerate() {
                assert!(fits(got, want), "{isa:?}: {name}[{i}]: {got:e} for {want:e}");
            }
        }
    }
}

#[test]
fn elementwise_kernels_agree() {
    for n in (0..70).chain([1023, 1025, 5000]) {
        compare(|isa| elementwise(isa, n, &Heap));
    }
}

#[test]
fn products_agree() {
    // Under tools that are a hundred times slower, some of them.
    let few = cfg!(miri) || std::env::var_os("FREEFORM_FEW_SHAPES").is_some();
    let step = if few { 23 } else { 1 };
    for shape in shapes().into_iter().step_by(step) {
        compare(|isa| products(isa, shape, shape[1] % 2, &Heap));
    }
}

/// Every 64th single-precision number, all of them beyond saturation included.
#[test]
fn the_logistic_function_agrees_everywhere() {
    let step = if cfg!(miri) { 1 << 24 } else { 64 };
    let all: Vec<f32> =
        (0..=u32::MAX).step_by(step).map(f32::from_bits).filter(|x| !x.is_nan()).collect();
    for part in all.chunks(1 << 20) {
        compare(|isa| {
            let mut x = part.to_vec();
            sigmoid(isa, &mut x);
            vec![("sigmoid".to_owned(), x)]
        });
    }
}

/// A short training, in which a single other bit would spread.
#[test]
fn trained_weights_agree() {
    let sizes = [5, 50, 35, 19, 2];
    let weights: Vec<f32> =
        common::wave(Mlp::parameters(&sizes), 0.1).iter().map(|w| 0.2 * w).collect();
    for kind in [Nonlinearity::Relu, Nonlinearity::Silu, Nonlinearity::Gelu, Nonlinearity::Tanh] {
        compare(|isa| {
            let mut mlp = Mlp::new(isa, kind, &sizes, 33, weights.clone());
            for step in 0..if cfg!(miri) { 1 } else { 60 } {
                let input = common::wave(33 * 5, step as f32);
                let target = common::wave(33 * 2, 2.0 * step as f32);
                let output = mlp.forward(&input);
                let delta: Vec<f32> = output.iter().zip(&target).map(|(o, t)| o - t).collect();
                mlp.backward(&delta);
                mlp.update(1e-3, 0.01, 5.0);
            }
            vec![(format!("weights of {kind:?}"), mlp.weights().to_vec())]
        });
    }
}

#[test]
fn names_and_arithmetic_are_those_that_are_documented() {
    for isa in Isa::available() {
        let fused = match isa.name() {
            "avx512" | "avx2" => true,
            "portable" => cfg!(any(target_feature = "fma", target_arch = "aarch64")),
            other => panic!("{other}"),
        };
        assert_eq!(isa.arithmetic(), if fused { "fused" } else { "separate" });
    }
}
