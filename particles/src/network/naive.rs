//! The network again, in f64, as its formulas read: what tests compare with.

use super::layout::EdgeLayout;
use super::{Layout, NetworkSpec};

fn silu(t: f64) -> f64 {
    t / (1.0 + (-t).exp())
}

/// `inputs` · W + b for W `[inputs, outputs]`.
fn linear(inputs: &[f64], matrix: &[f64], bias: &[f64]) -> Vec<f64> {
    let width = bias.len();
    let column = |k: usize| inputs.iter().enumerate().map(|(i, v)| v * matrix[i * width + k]).sum();
    (0..width)
        .map(|k| {
            let sum: f64 = column(k);
            sum + bias[k]
        })
        .collect()
}

fn edge(w: &[f64], at: &EdgeLayout, hi: &[f64], hj: &[f64], scalars: [f64; 2]) -> Vec<f64> {
    let width = hi.len();
    let first = &w[at.first.clone()];
    let hidden: Vec<f64> = (0..width)
        .map(|k| {
            let node = |i: usize| {
                hi[i] * first[i * 2 * width + k] + hj[i] * first[i * 2 * width + width + k]
            };
            let sum: f64 = (0..width).map(node).sum();
            let scalars =
                scalars[0] * w[at.squared.clone()][k] + scalars[1] * w[at.input_squared.clone()][k];
            silu(sum + scalars + w[at.first_bias.clone()][k])
        })
        .collect();
    let out = linear(&hidden, &w[at.second.clone()], &w[at.second_bias.clone()]);
    out.into_iter().map(silu).collect()
}

/// The map at one configuration x `[N, n]`.
pub(crate) fn value(spec: &NetworkSpec, w: &[f64], x: &[f64]) -> Vec<f64> {
    let layout = Layout::new(spec);
    let (n, dims, s) = (spec.particles, spec.dims, f64::from(spec.normalizer));
    let squared = |x: &[f64], i: usize, j: usize| -> f64 {
        (0..dims).map(|a| (x[i * dims + a] - x[j * dims + a]).powi(2)).sum()
    };
    let others = |i: usize| (0..n).filter(move |j| *j != i);
    let mut h = vec![w[layout.embedding.clone()].to_vec(); n];
    let mut y = x.to_vec();
    for block in &layout.blocks {
        let scalars = |i: usize, j: usize| [squared(&y, i, j), squared(x, i, j)];
        for layer in &block.invariant {
            let next = |i: usize| {
                let mut sum = vec![0.0; spec.width];
                for j in others(i) {
                    let m = edge(w, &layer.edge, &h[i], &h[j], scalars(i, j));
                    let logit: f64 = m.iter().zip(&w[layer.gate.clone()]).map(|(m, w)| m * w).sum();
                    let gate = 1.0 / (1.0 + (-logit - w[layer.gate_bias]).exp());
                    sum.iter_mut().zip(&m).for_each(|(sum, m)| *sum += gate * m / s);
                }
                let inputs = [h[i].clone(), sum].concat();
                let hidden = linear(&inputs, &w[layer.first.clone()], &w[layer.first_bias.clone()]);
                let hidden: Vec<f64> = hidden.into_iter().map(silu).collect();
                let out = linear(&hidden, &w[layer.second.clone()], &w[layer.second_bias.clone()]);
                h[i].iter().zip(out).map(|(h, out)| h + out).collect::<Vec<f64>>()
            };
            h = (0..n).map(next).collect();
        }
        let mut moved = y.clone();
        for i in 0..n {
            for j in others(i) {
                let hidden = edge(w, &block.edge, &h[i], &h[j], scalars(i, j));
                let phi: f64 = hidden.iter().zip(&w[block.last.clone()]).map(|(a, b)| a * b).sum();
                let length = (squared(&y, i, j) + 1e-8).sqrt() + 1.0;
                for a in 0..dims {
                    moved[i * dims + a] += (y[i * dims + a] - y[j * dims + a]) / length * phi / s;
                }
            }
        }
        y = moved;
    }
    let mut v: Vec<f64> = y.iter().zip(x).map(|(y, x)| y - x).collect();
    crate::space::center(&mut v, dims);
    v.iter().zip(x).map(|(v, x)| v + x).collect()
}
