//! Activations, streams and gates against closed forms and finite differences in f64.

use freeform_kernels::{
    Isa, Nonlinearity, Slopes, activate, activate_streams, backward_streams, column_sums,
    gate_backward, gated_add, sigmoid, silu, tangent_streams,
};

const KINDS: [Nonlinearity; 4] =
    [Nonlinearity::Relu, Nonlinearity::Silu, Nonlinearity::Gelu, Nonlinearity::Tanh];

/// erf by its Taylor series or, far out, its continued fraction: good to 1e-14.
fn erf(x: f64) -> f64 {
    if x.abs() < 2.5 {
        let (mut term, mut sum) = (x, x);
        for n in 1..80 {
            term *= -x * x / f64::from(n);
            sum += term / f64::from(2 * n + 1);
        }
        return sum * std::f64::consts::FRAC_2_SQRT_PI;
    }
    let mut fraction = 0.0;
    for n in (1..120).rev() {
        fraction = f64::from(n) / 2.0 / (x.abs() + fraction);
    }
    let tail = (-x * x).exp() / ((x.abs() + fraction) * std::f64::consts::PI.sqrt());
    x.signum() * (1.0 - tail)
}

fn value(kind: Nonlinearity, x: f64) -> f64 {
    match kind {
        Nonlinearity::Relu => x.max(0.0),
        Nonlinearity::Silu => x / (1.0 + (-x).exp()),
        Nonlinearity::Gelu => x * 0.5 * (1.0 + erf(x / std::f64::consts::SQRT_2)),
        Nonlinearity::Tanh => x.tanh(),
    }
}

/// First and second derivative by central differences of the f64 value.
fn slopes(kind: Nonlinearity, x: f64) -> (f64, f64) {
    if let Nonlinearity::Relu = kind {
        return (f64::from(u8::from(x > 0.0)), 0.0);
    }
    let h = 1e-3;
    let f = |i: f64| value(kind, x + i * h);
    let first = (8.0 * (f(1.0) - f(-1.0)) - (f(2.0) - f(-2.0))) / (12.0 * h);
    let second = (16.0 * (f(1.0) + f(-1.0)) - (f(2.0) + f(-2.0)) - 30.0 * f(0.0)) / (12.0 * h * h);
    (first, second)
}

fn grid() -> Vec<f32> {
    (-1501..=1503).map(|i| i as f32 * 0.01).chain([-100.0, -40.0, 40.0, 100.0]).collect()
}

fn wave(n: usize, phase: f32) -> Vec<f32> {
    (0..n).map(|i| (i as f32 * 0.7 + phase).sin() * 1.7).collect()
}

fn assert_close(got: f32, want: f64, tolerance: f64, what: &str) {
    let error = (f64::from(got) - want).abs();
    assert!(error <= tolerance * (1.0 + want.abs()), "{what}: {got} against {want}");
}

#[test]
fn activations_and_both_derivatives_match_double_precision() {
    let x = grid();
    for isa in Isa::available() {
        for kind in KINDS {
            let n = x.len();
            let (mut y, mut first, mut second) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
            activate_streams(isa, kind, n, &x, &mut y, &mut first, &mut second);
            for i in 0..n {
                let (at, what) = (f64::from(x[i]), format!("{isa:?} {kind:?} at {}", x[i]));
                let (d1, d2) = slopes(kind, at);
                assert_close(y[i], value(kind, at), 5e-7, &what);
                assert_close(first[i], d1, 1e-6, &format!("{what}, first derivative"));
                assert_close(second[i], d2, 2e-6, &format!("{what}, second derivative"));
            }
        }
    }
}

/// Units that are far off make neither values nor gradients (of 10⁻⁹) that are subnormal, which are slow.
#[test]
fn nothing_is_subnormal_where_activations_saturate() {
    let x: Vec<f32> = (-600..=600).map(|i| i as f32 * 0.5).collect();
    for isa in Isa::available() {
        for kind in KINDS {
            let n = x.len();
            let (mut y, mut first, mut second) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
            activate_streams(isa, kind, n, &x, &mut y, &mut first, &mut second);
            for value in [y, first, second].concat() {
                assert!(value == 0.0 || (1e-9 * value).is_normal(), "{isa:?} {kind:?}: {value}");
            }
        }
    }
}

#[test]
fn tanh_keeps_its_relative_accuracy_near_zero() {
    for isa in Isa::available() {
        let x: Vec<f32> = (1..1000).map(|i| i as f32 * 1e-3).collect();
        let mut y = vec![0.0; x.len()];
        activate(isa, Nonlinearity::Tanh, &x, &mut y);
        for (x, y) in x.iter().zip(&y) {
            let want = f64::from(*x).tanh();
            assert!((f64::from(*y) / want - 1.0).abs() < 5e-7, "{isa:?}: tanh {x} = {y}");
        }
    }
}

#[test]
fn a_nan_stays_a_nan() {
    for isa in Isa::available() {
        for kind in KINDS {
            let mut y = [0.0; 17];
            activate(isa, kind, &[f32::NAN; 17], &mut y);
            assert!(y.iter().all(|y| y.is_nan()), "{isa:?} {kind:?}: {y:?}");
        }
    }
}

#[test]
fn sigmoid_matches_and_saturates() {
    for isa in Isa::available() {
        let x = grid();
        let mut y = x.clone();
        sigmoid(isa, &mut y);
        for (x, y) in x.iter().zip(&y) {
            let want = 1.0 / (1.0 + (-f64::from(*x)).exp());
            assert_close(*y, want, 2e-7, &format!("{isa:?} at {x}"));
        }
    }
}

/// Forward streams equal act′·δ, and the backward pass equals finite differences of the scalar
/// Σ g₀·act(p) + Σ_k g_k·act′(p)·δ_k, whose gradient it must give.
#[test]
fn streams_forward_and_backward() {
    for isa in Isa::available() {
        for kind in KINDS {
            for (n, tangents) in [(5, 1), (33, 3), (16, 0)] {
                streams_case(isa, kind, n, tangents);
            }
        }
    }
}

fn streams_case(isa: Isa, kind: Nonlinearity, n: usize, tangents: usize) {
    let total = (1 + tangents) * n;
    let (pre, grad) = (wave(total, 0.3), wave(total, 2.0));
    let (mut out, mut first, mut second) = (vec![0.0; total], vec![0.0; n], vec![0.0; n]);
    activate_streams(isa, kind, n, &pre, &mut out, &mut first, &mut second);
    let slopes_of = |value| match kind {
        Nonlinearity::Relu => Slopes::Relu { value },
        _ => Slopes::Smooth { first: &first, second: &second },
    };
    for k in 1..=tangents {
        for i in 0..n {
            let want = slopes(kind, f64::from(pre[i])).0 * f64::from(pre[k * n + i]);
            assert_close(out[k * n + i], want, 2e-6, &format!("{isa:?} {kind:?} tangent {k},{i}"));
        }
    }
    if tangents > 0 {
        let mut again = vec![0.0; tangents * n];
        tangent_streams(isa, slopes_of(&out[..n]), &pre[n..], &mut again);
        assert_eq!(again, out[n..], "{isa:?} {kind:?}: tangents alone");
    }
    let base = wave(total, 5.0);
    let mut back = vec![0.0; total];
    backward_streams(isa, slopes_of(&out[..n]), &pre[n..], &grad, &mut back, false);
    let mut added = base.clone();
    backward_streams(isa, slopes_of(&out[..n]), &pre[n..], &grad, &mut added, true);
    for at in 0..total {
        let (k, i) = (at / n, at % n);
        let (d1, d2) = slopes(kind, f64::from(pre[i]));
        let curve = |k: usize| f64::from(grad[k * n + i]) * f64::from(pre[k * n + i]);
        let mut want = f64::from(grad[at]) * d1;
        if k == 0 {
            want += d2 * (1..=tangents).map(curve).sum::<f64>();
        }
        let what = format!("{isa:?} {kind:?} backward {k},{i}");
        assert_close(back[at], want, 5e-6, &what);
        assert_close(added[at], want + f64::from(base[at]), 5e-6, &what);
    }
}

/// SiLU by its value and sigmoid, whose derivatives are made of those.
#[test]
fn silu_needs_its_sigmoid_alone() {
    for isa in Isa::available() {
        for (n, tangents) in [(5, 1), (33, 3), (16, 0)] {
            let total = (1 + tangents) * n;
            let (pre, grad) = (wave(total, 0.3), wave(total, 2.0));
            let (mut value, mut sigmoid, mut alone) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
            silu(isa, &pre[..n], &mut value, &mut sigmoid);
            silu(isa, &pre[..n], &mut alone, &mut []);
            assert_eq!(alone, value);
            let known = Slopes::Silu { value: &value, sigmoid: &sigmoid };
            let mut along = vec![0.0; tangents * n];
            if tangents > 0 {
                tangent_streams(isa, known, &pre[n..], &mut along);
            }
            let mut back = vec![0.0; total];
            backward_streams(isa, known, &pre[n..], &grad, &mut back, false);
            for i in 0..n {
                let t = f64::from(pre[i]);
                let (d1, d2) = slopes(Nonlinearity::Silu, t);
                assert_close(value[i], t / (1.0 + (-t).exp()), 2e-6, "value");
                let mut first = d1 * f64::from(grad[i]);
                for at in (1..=tangents).map(|k| k * n + i) {
                    let (pre, grad) = (f64::from(pre[at]), f64::from(grad[at]));
                    assert_close(along[at - n], d1 * pre, 2e-6, "tangent");
                    assert_close(back[at], d1 * grad, 5e-6, "gradient of a tangent");
                    first += d2 * pre * grad;
                }
                assert_close(back[i], first, 5e-6, "gradient");
            }
        }
    }
}

#[test]
fn gates_forward_and_backward() {
    for isa in Isa::available() {
        for (n, streams) in [(7, 1), (40, 3)] {
            let (r, grad) = (wave(n * streams, 0.1), wave(n * streams, 1.0));
            let mut gate = wave(n, 4.0);
            sigmoid(isa, &mut gate);
            let mut t = wave(n * streams, 3.0);
            let before = t.clone();
            gated_add(isa, &gate, &r, &mut t);
            let (mut grad_r, mut grad_gate) = (vec![0.0; n * streams], vec![0.0; n]);
            gate_backward(isa, &gate, &r, &grad, &mut grad_r, &mut grad_gate);
            for i in 0..n {
                let g = f64::from(gate[i]);
                let mut sum = 0.0;
                for at in (0..streams).map(|k| k * n + i) {
                    let (r, d) = (f64::from(r[at]), f64::from(grad[at]));
                    assert_close(t[at], f64::from(before[at]) + g * r, 1e-6, "gated");
                    assert_close(grad_r[at], g * d, 1e-6, "gradient of r");
                    sum += r * d;
                }
                assert_close(grad_gate[i], g * (1.0 - g) * sum, 2e-6, "gradient of the gate");
            }
        }
    }
}

#[test]
fn column_sums_add_rows() {
    for isa in Isa::available() {
        for (rows, n) in [(1, 3), (9, 50), (0, 4), (6, 16)] {
            let a = wave(rows * n, 0.5);
            let mut out = vec![9.0; n];
            column_sums(isa, rows, &a, &mut out, false);
            let mut twice = out.clone();
            column_sums(isa, rows, &a, &mut twice, true);
            for j in 0..n {
                let want: f64 = (0..rows).map(|i| f64::from(a[i * n + j])).sum();
                assert_close(out[j], want, 1e-6, "column sum");
                assert_close(twice[j], 2.0 * want, 1e-6, "accumulated column sum");
            }
        }
    }
}
