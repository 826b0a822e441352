//! The residual network's formula over numbers that carry one derivative.

use freeform_inference::network::{Activation, NetworkSpec};
use std::f64::consts::PI;

/// A number and its derivative along one direction.
#[derive(Clone, Copy)]
struct Jet {
    value: f64,
    slope: f64,
}

/// The network's output for one row.
pub fn forward(spec: &NetworkSpec, weights: &[f64], u: &[f64], context: &[f64]) -> Vec<f64> {
    let zeros = vec![0.0; u.len()];
    network(spec, weights, u, &zeros, context).into_iter().map(|jet| jet.value).collect()
}

/// J·du for one row.
pub fn jvp(
    spec: &NetworkSpec,
    weights: &[f64],
    u: &[f64],
    du: &[f64],
    context: &[f64],
) -> Vec<f64> {
    network(spec, weights, u, du, context).into_iter().map(|jet| jet.slope).collect()
}

/// ∂output_i/∂input_j for one row, row-major.
pub fn jacobian(spec: &NetworkSpec, weights: &[f64], u: &[f64], context: &[f64]) -> Vec<f64> {
    let d = u.len();
    let mut jacobian = vec![0.0; d * d];
    for j in 0..d {
        let mut direction = vec![0.0; d];
        direction[j] = 1.0;
        for (i, slope) in jvp(spec, weights, u, &direction, context).into_iter().enumerate() {
            jacobian[i * d + j] = slope;
        }
    }
    jacobian
}

fn network(spec: &NetworkSpec, weights: &[f64], u: &[f64], du: &[f64], c: &[f64]) -> Vec<Jet> {
    let input: Vec<Jet> = u.iter().zip(du).map(|(&value, &slope)| Jet { value, slope }).collect();
    let context: Vec<Jet> = c.iter().map(|&value| Jet { value, slope: 0.0 }).collect();
    let linear = |name: &str, t: &[Jet]| linear(spec, weights, name, t);
    let act = |t: &[Jet]| t.iter().map(|t| activate(spec.activation, *t)).collect::<Vec<_>>();

    let mut t = linear("input.0", &[input.clone(), context.clone()].concat());
    for l in 1..spec.input_layers {
        t = linear(&format!("input.{l}"), &act(&t));
    }
    for b in 0..spec.blocks {
        let inner = linear(&format!("block.{b}.linear.0"), &act(&t));
        let mut r = linear(&format!("block.{b}.linear.1"), &act(&inner));
        if spec.glu {
            for (r, gate) in r.iter_mut().zip(linear(&format!("block.{b}.gate"), &context)) {
                let gate = 1.0 / (1.0 + (-gate.value).exp());
                *r = Jet { value: r.value * gate, slope: r.slope * gate };
            }
        }
        t.iter_mut().zip(r).for_each(|(t, r)| *t = sum(*t, r));
    }
    input.into_iter().zip(linear("output", &t)).map(|(u, t)| sum(u, t)).collect()
}

fn linear(spec: &NetworkSpec, weights: &[f64], name: &str, t: &[Jet]) -> Vec<Jet> {
    let layout = spec.layout();
    let slot = |kind: &str| layout.find(&format!("{name}.{kind}")).expect("a layer of the spec");
    let (weight, bias) = (&weights[slot("weight").range()], &weights[slot("bias").range()]);
    let outputs = bias.len();
    (0..outputs)
        .map(|o| {
            let start = Jet { value: bias[o], slope: 0.0 };
            t.iter().enumerate().fold(start, |total, (i, t)| {
                let w = weight[i * outputs + o];
                sum(total, Jet { value: w * t.value, slope: w * t.slope })
            })
        })
        .collect()
}

fn sum(a: Jet, b: Jet) -> Jet {
    Jet { value: a.value + b.value, slope: a.slope + b.slope }
}

fn activate(activation: Activation, t: Jet) -> Jet {
    let x = t.value;
    let (value, derivative) = match activation {
        Activation::Relu => (x.max(0.0), if x > 0.0 { 1.0 } else { 0.0 }),
        Activation::Silu => {
            let e = (-x).exp();
            (x / (1.0 + e), (1.0 + e + x * e) / ((1.0 + e) * (1.0 + e)))
        }
        Activation::Gelu => {
            let density = (-x * x / 2.0).exp() / (2.0 * PI).sqrt();
            let normal = 0.5 + density * normal_series(x);
            (x * normal, normal + x * density)
        }
        Activation::Tanh => (x.tanh(), 1.0 / (x.cosh() * x.cosh())),
    };
    Jet { value, slope: derivative * t.slope }
}

/// (Φ(x) − ½)/φ(x) = x + x³/3 + x⁵/(3·5) + …, whose terms all have one sign.
fn normal_series(x: f64) -> f64 {
    let (mut term, mut total) = (x, x);
    for odd in (3..400).step_by(2) {
        term *= x * x / f64::from(odd);
        total += term;
    }
    total
}
