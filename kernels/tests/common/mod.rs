//! Every public kernel, run on buffers that the caller provides.

use freeform_kernels::{
    AdamW, Finish, Isa, Nonlinearity, Order, Slopes, Sparse, Start, View, ViewMut,
    activate_streams, adamw, average, backward_streams, column_sums, gate_backward, gated_add,
    gemm_nn, gemm_nt, gemm_tn, output_backward, sigmoid, sum_squares, tangent_streams,
};
use std::ops::DerefMut;

/// Where buffers lie.
pub trait Room {
    /// A buffer.
    type Buffer: DerefMut<Target = [f32]>;
    /// A buffer with these elements, no more and no fewer.
    fn hold(&self, values: &[f32]) -> Self::Buffer;
}

/// What a kernel wrote, and which kernel.
pub type Results = Vec<(String, Vec<f32>)>;

/// Reproducible numbers of either sign, some of them zero.
pub fn wave(n: usize, phase: f32) -> Vec<f32> {
    let value = |i: usize| (i as f32 * 0.7 + phase).sin() * 1.7;
    (0..n).map(|i| if i % 7 == 3 { 0.0 } else { value(i) }).collect()
}

/// A matrix as tight as its view allows: the last row ends where its columns do.
fn tight([rows, columns]: [usize; 2], pad: usize, phase: f32) -> (Vec<f32>, usize) {
    let stride = columns + pad;
    let len = if rows == 0 { 0 } else { (rows - 1) * stride + columns };
    (wave(len, phase), stride)
}

/// Every kernel over streams of n elements.
pub fn elementwise<R: Room>(isa: Isa, n: usize, room: &R) -> Results {
    let mut results = Results::new();
    let kinds = [Nonlinearity::Relu, Nonlinearity::Silu, Nonlinearity::Gelu, Nonlinearity::Tanh];
    for tangents in [0, 2] {
        // Streams of no elements count as one.
        let total = (1 + tangents) * n;
        let (pre, grad) = (room.hold(&wave(total, 0.3)), room.hold(&wave(total, 2.0)));
        for kind in kinds {
            let mut keep = |name: &str, values: &[f32]| {
                results.push((format!("{kind:?} {name} {n} {tangents}"), values.to_vec()));
            };
            let mut out = room.hold(&wave(total, 1.0));
            let (mut first, mut second) = (room.hold(&wave(n, 1.0)), room.hold(&wave(n, 1.0)));
            activate_streams(isa, kind, n, &pre, &mut out, &mut first, &mut second);
            keep("value", &out);
            keep("first", &first);
            keep("second", &second);
            activate_streams(isa, kind, n, &pre, &mut out, &mut [], &mut []);
            keep("value alone", &out);
            let value = room.hold(&out[..n]);
            let slopes = match kind {
                Nonlinearity::Relu => Slopes::Relu { value: &value },
                _ => Slopes::Smooth { first: &first, second: &second },
            };
            let tangent = room.hold(&pre[n..]);
            if tangents > 0 {
                let mut out = room.hold(&wave(tangents * n, 1.0));
                tangent_streams(isa, slopes, &tangent, &mut out);
                keep("tangents", &out);
            }
            for accumulate in [false, true] {
                let mut back = room.hold(&wave(total, 5.0));
                backward_streams(isa, slopes, &tangent, &grad, &mut back, accumulate);
                keep("backward", &back);
            }
        }
    }
    let mut keep = |name: &str, values: &[f32]| {
        results.push((format!("{name} {n}"), values.to_vec()));
    };
    let mut gate = room.hold(&wave(n, 4.0));
    sigmoid(isa, &mut gate);
    keep("sigmoid", &gate);
    for streams in [1, 3] {
        let total = streams * n;
        let (r, grad) = (room.hold(&wave(total, 0.1)), room.hold(&wave(total, 1.0)));
        let mut t = room.hold(&wave(total, 3.0));
        gated_add(isa, &gate, &r, &mut t);
        keep("gated_add", &t);
        let (mut grad_r, mut grad_gate) = (room.hold(&wave(total, 1.0)), room.hold(&wave(n, 1.0)));
        gate_backward(isa, &gate, &r, &grad, &mut grad_r, &mut grad_gate);
        keep("gate_backward r", &grad_r);
        keep("gate_backward gate", &grad_gate);
    }
    for rows in [0, 1, 2, 7] {
        let a = room.hold(&wave(rows * n, 0.5));
        for accumulate in [false, true] {
            let mut out = room.hold(&wave(n, 9.0));
            column_sums(isa, rows, &a, &mut out, accumulate);
            keep("column_sums", &out);
        }
        let (weights, grad) = (room.hold(&wave(n, 0.4)), room.hold(&wave(rows, 2.1)));
        let mut below = room.hold(&wave(rows * n, 1.0));
        let (mut sums, mut weight_grad) = (room.hold(&wave(n, 1.0)), room.hold(&wave(n, 1.0)));
        let layer = (&a[..], &weights[..]);
        output_backward(isa, layer, &grad, &mut below, &mut sums, &mut weight_grad);
        keep("output_backward below", &below);
        keep("output_backward sums", &sums);
        keep("output_backward weights", &weight_grad);
    }
    let (mut w, g) = (room.hold(&wave(n, 0.6)), room.hold(&wave(n, 0.8)));
    let (mut m, mut v) = (room.hold(&wave(n, 1.6)), room.hold(&vec![0.25; n]));
    let step = AdamW {
        learning_rate: 1e-2,
        beta1: 0.9,
        beta2: 0.99,
        epsilon: 1e-6,
        weight_decay: 0.1,
        correction1: 0.19,
        correction2: 0.0199,
        gradient_scale: 0.7,
    };
    adamw(isa, &step, &mut w, &g, &mut m, &mut v);
    keep("adamw w", &w);
    keep("adamw m", &m);
    keep("adamw v", &v);
    let mut mean = room.hold(&wave(n, 5.5));
    average(isa, 0.75, &w, &mut mean);
    keep("average", &mean);
    let sum = sum_squares(isa, &g);
    keep("sum_squares", &[sum as f32, (sum - f64::from(sum as f32)) as f32]);
    results
}

/// Every product of a shape `[m, n, k]`, the rows of each matrix `pad` elements apart.
pub fn products<R: Room>(isa: Isa, [m, n, k]: [usize; 3], pad: usize, room: &R) -> Results {
    let mut results = Results::new();
    let bias = room.hold(&wave(n, 0.2));
    let rows = m.div_ceil(2);
    let starts = [
        Start::Zero,
        Start::Accumulate,
        Start::Bias { values: &bias, rows },
        Start::AccumulateBias { values: &bias, rows },
    ];
    let (c, ldc) = tight([m, n], pad, 2.2);
    let shapes = [("nn", [m, k], [k, n]), ("nt", [m, k], [n, k]), ("tn", [k, m], [k, n])];
    for (name, a_shape, b_shape) in shapes {
        let ((a, lda), (b, ldb)) = (tight(a_shape, pad, 0.4), tight(b_shape, pad, 1.4));
        let (a, b) = (room.hold(&a), room.hold(&b));
        for (number, start) in starts.into_iter().enumerate() {
            let mut c = room.hold(&c);
            let (a, b) = (View::new(&a, lda), View::new(&b, ldb));
            let out = ViewMut::new(&mut c, ldc);
            match name {
                "nn" => gemm_nn(isa, [m, n, k], a, b, out, start),
                "nt" => gemm_nt(isa, [m, n, k], a, b, out, start),
                _ => gemm_tn(isa, [m, n, k], a, b, out, start),
            }
            results.push((format!("gemm_{name} {m}×{n}×{k} start {number}"), c.to_vec()));
        }
    }
    let mut sparse = Sparse::new(m, k);
    let units = room.hold(&tight([m, n], pad, 3.0).0);
    let finishes = [
        Finish::Sum,
        Finish::Rectify { bias: &bias },
        Finish::Through { units: View::new(&units, ldc) },
    ];
    let lies = |order, [rows, columns]: [usize; 2]| match order {
        Order::Plain => [rows, columns],
        Order::Transposed => [columns, rows],
    };
    for a_order in [Order::Plain, Order::Transposed] {
        for b_order in [Order::Plain, Order::Transposed] {
            let (a, lda) = tight(lies(a_order, [m, k]), pad, 0.4);
            let (b, ldb) = tight(lies(b_order, [k, n]), pad, 1.4);
            let a = a.iter().map(|x| x.max(0.0)).collect::<Vec<_>>();
            let (a, b) = (room.hold(&a), room.hold(&b));
            for (number, finish) in finishes.into_iter().enumerate() {
                let mut c = room.hold(&c);
                let (a, b) = ((View::new(&a, lda), a_order), (View::new(&b, ldb), b_order));
                sparse.product(isa, [m, n, k], a, b, ViewMut::new(&mut c, ldc), finish);
                let orders = format!("{a_order:?} {b_order:?}");
                results.push((format!("sparse {orders} {m}×{n}×{k} {number}"), c.to_vec()));
            }
        }
    }
    results
}

/// Shapes around every edge of tiles, panels, blocks and tails.
pub fn shapes() -> Vec<[usize; 3]> {
    let mut shapes = Vec::new();
    for m in [0, 1, 2, 5, 9, 17, 49] {
        for n in [0, 1, 2, 3, 4, 5, 8, 9, 15, 16, 17, 20, 21, 33, 50, 67, 113] {
            for k in [0, 1, 3, 16, 31, 33, 50, 65, 128, 131] {
                shapes.push([m, n, k]);
            }
        }
    }
    shapes
}
