//! Rows for pairs of nodes: against sums as they read, with the same bits on every instruction set of one
//! arithmetic.

use freeform_kernels::{
    Attention, AttentionGrad, Isa, PairLayer, PairSumGrad, Pairs, attend, attend_backward,
    attend_tangents, pair_silu, pair_silu_tangents, pair_sums_backward, row_dots,
    row_dots_backward,
};

const PAIRS: Pairs = Pairs { graphs: 2, nodes: 3, width: 80 };
const NODES: usize = 6;
const ROWS: usize = 12;
const H: usize = 80;

/// Numbers in [−1, 1) that look random.
fn numbers(seed: u32, count: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    std::iter::repeat_with(next).take(count).collect()
}

/// The pairs (i, j) in order.
fn order() -> Vec<(usize, usize)> {
    let of_graph = |g: usize| {
        (0..3)
            .flat_map(move |i| (0..3).filter(move |j| *j != i).map(move |j| (3 * g + i, 3 * g + j)))
    };
    (0..2).flat_map(of_graph).collect()
}

/// The results of `run` on every instruction set: alike within rounding, the same where the arithmetic is.
fn on_each(run: impl Fn(Isa) -> Vec<f32>) -> Vec<f32> {
    let all = Isa::available();
    let first = run(all[0]);
    for isa in &all[1..] {
        let other = run(*isa);
        if isa.arithmetic() == all[0].arithmetic() {
            assert_eq!(other, first, "{isa:?}");
        }
        assert!(first.iter().zip(&other).all(|(a, b)| (a - b).abs() < 1e-5 * (1.0 + a.abs())));
    }
    first
}

fn close(found: f32, expected: f64) {
    assert!(
        (f64::from(found) - expected).abs() < 1e-5 * (1.0 + expected.abs()),
        "{found} {expected}"
    );
}

#[test]
fn sums_over_nodes_and_scalars() {
    let nodes = numbers(1, NODES * 2 * H);
    let (s, t) = (numbers(2, ROWS), numbers(3, ROWS));
    let (u, v) = (numbers(4, H), numbers(5, H));
    // As a tangent's, at a value of 1 and a slope of 1/2 + 1/2.
    let sums = on_each(|isa| {
        let (value, sigmoid) = (vec![1.0; ROWS * H], vec![0.5; ROWS * H]);
        let (mut before, mut out) = (vec![9.0; ROWS * H], vec![9.0; ROWS * H]);
        let layer = PairLayer { pairs: PAIRS, nodes: &nodes, scalars: [&s, &t], weights: [&u, &v] };
        pair_silu_tangents(isa, layer, [&value, &sigmoid], &mut before, &mut out);
        assert_eq!(before, out);
        out
    });
    let silu = on_each(|isa| {
        let (mut value, mut sigmoid) = (vec![9.0; ROWS * H], vec![9.0; ROWS * H]);
        let layer = PairLayer { pairs: PAIRS, nodes: &nodes, scalars: [&s, &t], weights: [&u, &v] };
        pair_silu(isa, layer, 0..NODES, &mut value, &mut sigmoid);
        // The same of some nodes, and then the others.
        let mut alone = vec![9.0; ROWS * H];
        let (some, others) = alone.split_at_mut(2 * PAIRS.others() * H);
        pair_silu(isa, layer, 0..2, some, &mut []);
        pair_silu(isa, layer, 2..NODES, others, &mut []);
        assert_eq!(alone, value);
        [value, sigmoid].concat()
    });
    let grad = numbers(6, ROWS * H);
    let back = on_each(|isa| {
        let (mut to_nodes, mut to_s, mut to_t) =
            (vec![1.0; nodes.len()], vec![1.0; ROWS], vec![1.0; ROWS]);
        let (mut to_u, mut to_v) = (vec![1.0; H], vec![1.0; H]);
        let into = PairSumGrad {
            nodes: &mut to_nodes,
            scalars: [&mut to_s, &mut to_t],
            weights: [&mut to_u, &mut to_v],
        };
        pair_sums_backward(isa, PAIRS, [&s, &t], [&u, &v], &grad, into);
        [to_nodes, to_s, to_t, to_u, to_v].concat()
    });
    let mut expected = vec![1.0_f64; back.len()];
    let starts = [NODES * 2 * H, NODES * 2 * H + ROWS, NODES * 2 * H + 2 * ROWS];
    for (q, (i, j)) in order().into_iter().enumerate() {
        for k in 0..H {
            let sum = f64::from(nodes[2 * i * H + k])
                + f64::from(nodes[(2 * j + 1) * H + k])
                + f64::from(s[q]) * f64::from(u[k])
                + f64::from(t[q]) * f64::from(v[k]);
            close(sums[q * H + k], sum);
            let sigmoid = 1.0 / (1.0 + (-sum).exp());
            close(silu[q * H + k], sum * sigmoid);
            close(silu[(ROWS + q) * H + k], sigmoid);
            let g = f64::from(grad[q * H + k]);
            expected[2 * i * H + k] += g;
            expected[(2 * j + 1) * H + k] += g;
            expected[starts[0] + q] += g * f64::from(u[k]);
            expected[starts[1] + q] += g * f64::from(v[k]);
            expected[starts[2] + k] += g * f64::from(s[q]);
            expected[starts[2] + H + k] += g * f64::from(t[q]);
        }
    }
    back.iter().zip(expected).for_each(|(found, expected)| close(*found, expected));
}

#[test]
fn one_number_of_each_row() {
    let (rows, w, grad) = (numbers(1, ROWS * H), numbers(2, H), numbers(3, ROWS));
    let dots = on_each(|isa| {
        let mut out = vec![0.0; ROWS];
        row_dots(isa, &rows, &w, &mut out);
        out
    });
    let back = on_each(|isa| {
        let (mut to_rows, mut to_w) = (vec![9.0; ROWS * H], vec![0.0; H]);
        row_dots_backward(isa, &rows, &w, &grad, &mut to_rows, &mut to_w);
        [to_rows, to_w].concat()
    });
    for q in 0..ROWS {
        let dot = (0..H).map(|k| f64::from(rows[q * H + k]) * f64::from(w[k])).sum();
        close(dots[q], dot);
        (0..H).for_each(|k| close(back[q * H + k], f64::from(grad[q]) * f64::from(w[k])));
    }
    for k in 0..H {
        let sum = (0..ROWS).map(|q| f64::from(grad[q]) * f64::from(rows[q * H + k])).sum();
        close(back[ROWS * H + k], sum);
    }
}

/// Gated sums of messages, and their directional derivative, in f64.
fn gated(messages: &[f64], weights: &[f64], bias: f64, scale: f64) -> Vec<f64> {
    let mut sums = vec![0.0; NODES * H];
    for (q, (i, _)) in order().into_iter().enumerate() {
        let message = &messages[q * H..][..H];
        let logit = bias + message.iter().zip(weights).map(|(m, w)| m * w).sum::<f64>();
        let gate = 1.0 / (1.0 + (-logit).exp());
        (0..H).for_each(|k| sums[i * H + k] += scale * gate * message[k]);
    }
    sums
}

#[test]
fn gates_their_tangents_and_gradients() {
    const T: usize = 2;
    let (m, dm) = (numbers(1, ROWS * H), numbers(2, T * ROWS * H));
    let (w, bias, scale) = (numbers(3, H), 0.25, 0.5);
    let grad = numbers(4, (1 + T) * NODES * H);
    let found = on_each(|isa| {
        let attention = Attention { pairs: PAIRS, messages: &m, weights: &w, bias, scale };
        let (mut gates, mut sums) = (vec![0.0; ROWS], vec![9.0; NODES * H]);
        attend(isa, attention, &mut gates, &mut sums);
        let (some, others) = m.split_at(2 * PAIRS.others() * H);
        let (mut some_gates, mut some_sums) = (vec![9.0; ROWS], vec![9.0; NODES * H]);
        let (gates0, gates1) = some_gates.split_at_mut(2 * PAIRS.others());
        let (sums0, sums1) = some_sums.split_at_mut(2 * H);
        attend(isa, Attention { messages: some, ..attention }, gates0, sums0);
        attend(isa, Attention { messages: others, ..attention }, gates1, sums1);
        assert_eq!((some_gates, some_sums), (gates.clone(), sums.clone()));
        let (mut slopes, mut tangents) = (vec![0.0; T * ROWS], vec![9.0; T * NODES * H]);
        attend_tangents(isa, attention, &gates, &dm, &mut slopes, &mut tangents);
        let (mut to_m, mut to_w, mut to_bias) = (vec![9.0; (1 + T) * ROWS * H], vec![0.0; H], 0.0);
        let into = AttentionGrad { messages: &mut to_m, weights: &mut to_w, bias: &mut to_bias };
        attend_backward(isa, attention, &gates, &dm, &slopes, &grad, into);
        [sums, tangents, to_m, to_w, vec![to_bias]].concat()
    });
    let double = |v: &[f32]| v.iter().map(|v| f64::from(*v)).collect::<Vec<f64>>();
    let (m, dm, w, grad) = (double(&m), double(&dm), double(&w), double(&grad));
    // Σ grad · (sums, tangents), tangents by central differences.
    let moved = |m: &[f64], d: &[f64], h: f64| -> Vec<f64> {
        m.iter().zip(d).map(|(m, d)| m + h * d).collect()
    };
    let tangent = |m: &[f64], d: &[f64], w: &[f64], bias: f64| -> Vec<f64> {
        let h = 1e-4;
        let [up, down] = [h, -h].map(|h| gated(&moved(m, d, h), w, bias, 0.5));
        up.iter().zip(&down).map(|(a, b)| (a - b) / (2.0 * h)).collect()
    };
    let all = |m: &[f64], dm: &[f64], w: &[f64], bias: f64| -> f64 {
        let mut streams = gated(m, w, bias, 0.5);
        dm.chunks_exact(ROWS * H).for_each(|d| streams.extend(tangent(m, d, w, bias)));
        streams.iter().zip(&grad).map(|(a, b)| a * b).sum()
    };
    gated(&m, &w, 0.25, 0.5).iter().zip(&found).for_each(|(e, f)| close(*f, *e));
    let (tangents, rest) = found[NODES * H..].split_at(T * NODES * H);
    for (d, found) in dm.chunks_exact(ROWS * H).zip(tangents.chunks_exact(NODES * H)) {
        tangent(&m, d, &w, 0.25).iter().zip(found).for_each(|(e, f)| close(*f, *e));
    }
    let h = 1e-4;
    let slope = |of: &dyn Fn(f64) -> f64| (of(h) - of(-h)) / (2.0 * h);
    let near = |found: f32, expected: f64| {
        assert!(
            (f64::from(found) - expected).abs() < 1e-4 * (1.0 + expected.abs()),
            "{found} {expected}"
        );
    };
    let with = |v: &[f64], at: usize, h: f64| {
        let mut v = v.to_vec();
        v[at] += h;
        v
    };
    for at in (0..ROWS * H).step_by(13) {
        near(rest[at], slope(&|h| all(&with(&m, at, h), &dm, &w, 0.25)));
        near(rest[(1 + at / H % 2) * ROWS * H + at], {
            let at = (at / H % 2) * ROWS * H + at;
            slope(&|h| all(&m, &with(&dm, at, h), &w, 0.25))
        });
    }
    let of_w = &rest[(1 + T) * ROWS * H..];
    (0..H).for_each(|at| near(of_w[at], slope(&|h| all(&m, &dm, &with(&w, at, h), 0.25))));
    near(of_w[H], slope(&|h| all(&m, &dm, &w, 0.25 + h)));
}

#[test]
#[should_panic(expected = "not a multiple of 16")]
fn odd_widths_are_refused() {
    let pairs = Pairs { graphs: 1, nodes: 2, width: 8 };
    let layer =
        PairLayer { pairs, nodes: &[0.0; 32], scalars: [&[0.0; 2]; 2], weights: [&[0.0; 8]; 2] };
    pair_silu(Isa::best(), layer, 0..2, &mut [0.0; 16], &mut []);
}

#[test]
#[should_panic(expected = "value: 5 elements")]
fn lengths_are_checked() {
    let pairs = Pairs { graphs: 1, nodes: 2, width: 16 };
    let layer =
        PairLayer { pairs, nodes: &[0.0; 64], scalars: [&[0.0; 2]; 2], weights: [&[0.0; 16]; 2] };
    pair_silu(Isa::best(), layer, 0..2, &mut [0.0; 5], &mut []);
}
