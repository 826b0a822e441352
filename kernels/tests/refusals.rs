//! What does not fit is refused before anything is touched.

use freeform_kernels::{
    AdamW, Finish, Isa, Nonlinearity, Order, Slopes, Sparse, Start, View, ViewMut,
    activate_streams, adamw, average, backward_streams, column_sums, gate_backward, gated_add,
    gemm_nn, gemm_nt, gemm_tn, output_backward, tangent_streams,
};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `call` with buffers of the lengths that fit, which must go, and with each of them one
/// element shorter, longer, and empty, which must not.
fn each_length_counts(name: &str, fit: &[usize], call: impl Fn(&mut [Vec<f32>])) {
    let run = |lengths: &[usize]| {
        let mut buffers: Vec<_> = lengths.iter().map(|n| vec![0.5_f32; *n]).collect();
        catch_unwind(AssertUnwindSafe(|| call(&mut buffers))).is_ok()
    };
    assert!(run(fit), "{name} {fit:?}");
    for i in 0..fit.len() {
        for len in [0, fit[i].wrapping_sub(1), fit[i] + 1] {
            if len == fit[i] || len == usize::MAX {
                continue;
            }
            let mut lengths = fit.to_vec();
            lengths[i] = len;
            assert!(!run(&lengths), "{name} takes lengths {lengths:?} like {fit:?}");
        }
    }
}

#[test]
fn buffers_of_other_lengths_are_refused() {
    let isa = Isa::best();
    for rows in [0, 1, 3] {
        let n = 5;
        each_length_counts("output_backward", &[rows * n, n, rows, rows * n, n, n], |b| {
            let [hidden, weights, grad, below, sums, weight_grad] = b else { unreachable!() };
            output_backward(isa, (hidden, weights), grad, below, sums, weight_grad);
        });
        each_length_counts("column_sums", &[rows * n], |b| {
            column_sums(isa, rows, &b[0], &mut [0.0; 5], false);
        });
    }
    each_length_counts("average", &[7, 7], |b| {
        let [w, mean] = b else { unreachable!() };
        average(isa, 0.5, w, mean);
    });
    each_length_counts("adamw", &[7, 7, 7, 7], |b| {
        let [w, g, m, v] = b else { unreachable!() };
        let step = AdamW {
            learning_rate: 0.1,
            beta1: 0.9,
            beta2: 0.9,
            epsilon: 1e-8,
            weight_decay: 0.0,
            correction1: 1.0,
            correction2: 1.0,
            gradient_scale: 1.0,
        };
        adamw(isa, &step, w, g, m, v);
    });
}

#[test]
fn streams_of_other_lengths_are_refused() {
    let (isa, n) = (Isa::best(), 5);
    for streams in [1, 3] {
        let all = streams * n;
        each_length_counts("gated_add", &[n, all, all], |b| {
            let [gate, r, t] = b else { unreachable!() };
            gated_add(isa, gate, r, t);
        });
        each_length_counts("gate_backward", &[n, all, all, all, n], |b| {
            let [gate, r, grad, grad_r, grad_gate] = b else { unreachable!() };
            gate_backward(isa, gate, r, grad, grad_r, grad_gate);
        });
        each_length_counts("activate_streams", &[all, all], |b| {
            let [pre, out] = b else { unreachable!() };
            activate_streams(isa, Nonlinearity::Silu, n, pre, out, &mut [0.0; 5], &mut [0.0; 5]);
        });
        each_length_counts("tangent_streams", &[n, all, all], |b| {
            let [first, pre, out] = b else { unreachable!() };
            tangent_streams(isa, Slopes::Smooth { first, second: &[] }, pre, out);
        });
        if streams > 1 {
            each_length_counts("backward_streams", &[n, n, all - n, all, all], |b| {
                let [first, second, pre, grad, out] = b else { unreachable!() };
                backward_streams(isa, Slopes::Smooth { first, second }, pre, grad, out, false);
            });
        }
    }
}

/// A slice too short for its matrix by one element, whichever matrix it is.
#[test]
fn matrices_that_do_not_fit_are_refused() {
    let isa = Isa::best();
    let [m, n, k] = [3, 5, 4];
    let run = |which: usize, short: [usize; 4]| {
        let hold = |i: usize, len: usize| vec![0.5_f32; len - short[i]];
        let (a, b, bias) = (hold(0, m * k), hold(1, k * n), hold(3, n));
        let mut c = hold(2, m * n);
        let start = Start::Bias { values: &bias, rows: 1 };
        let call = || {
            let out = ViewMut::new(&mut c, n);
            match which {
                0 => gemm_nn(isa, [m, n, k], View::new(&a, k), View::new(&b, n), out, start),
                1 => gemm_nt(isa, [m, n, k], View::new(&a, k), View::new(&b, k), out, start),
                2 => gemm_tn(isa, [m, n, k], View::new(&a, m), View::new(&b, n), out, start),
                _ => {
                    let (a, b) = (View::new(&a, k), View::new(&b, n));
                    let finish = Finish::Rectify { bias: &bias };
                    let (a, b) = ((a, Order::Plain), (b, Order::Plain));
                    Sparse::new(m, k).product(isa, [m, n, k], a, b, out, finish);
                }
            }
        };
        catch_unwind(AssertUnwindSafe(call)).is_ok()
    };
    for which in 0..4 {
        assert!(run(which, [0; 4]), "product {which}");
        for i in 0..4 {
            let mut short = [0; 4];
            short[i] = 1;
            assert!(!run(which, short), "product {which} with operand {i} too short");
        }
    }
}

/// Sizes whose product overflows do not pass for small ones.
#[test]
fn sizes_that_overflow_are_refused() {
    let huge = usize::MAX / 2 + 1;
    let call = || column_sums(Isa::best(), huge, &[], &mut [0.0; 2], false);
    assert!(catch_unwind(call).is_err());
    let (a, b) = (View::new(&[], huge), View::new(&[], 1));
    let call = || {
        gemm_nn(Isa::best(), [3, 1, huge], a, b, ViewMut::new(&mut [0.0; 3], 1), Start::Zero);
    };
    assert!(catch_unwind(call).is_err());
}

/// A matrix without rows has no elements to look at.
#[test]
fn products_without_rows_touch_nothing() {
    for isa in Isa::available() {
        for [m, n] in [[0, 5], [5, 0]] {
            let (a, b) = (vec![1.0; m * 4], vec![1.0; 4 * n]);
            let (a, b) = ((View::new(&a, 4), Order::Plain), (View::new(&b, n), Order::Plain));
            let out = ViewMut::new(&mut [], n);
            Sparse::new(m, 4).product(isa, [m, n, 4], a, b, out, Finish::Sum);
        }
    }
}
