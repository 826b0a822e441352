//! The losses written down plainly in f64 with dual numbers: slow, and independent of any engine.

use freeform_inference::network::{Activation, NetworkSpec};

/// A value and its derivative in one direction.
#[derive(Clone, Copy, Debug)]
pub struct Dual(pub f64, pub f64);

/// Standard normal distribution function, by the series of erf (|x| stays small in these tests).
fn normal_cdf(x: f64) -> f64 {
    let z = x / std::f64::consts::SQRT_2;
    let (mut term, mut sum) = (z, z);
    for n in 1..200 {
        term *= -z * z / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    0.5 + sum / std::f64::consts::PI.sqrt()
}

fn activate(kind: Activation, x: Dual) -> Dual {
    let s = 1.0 / (1.0 + (-x.0).exp());
    let (value, slope) = match kind {
        Activation::Relu => (x.0.max(0.0), f64::from(u8::from(x.0 > 0.0))),
        Activation::Silu => (x.0 * s, s * (1.0 + x.0 * (1.0 - s))),
        Activation::Gelu => {
            let density = (-0.5 * x.0 * x.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
            (x.0 * normal_cdf(x.0), normal_cdf(x.0) + x.0 * density)
        }
        Activation::Tanh => (x.0.tanh(), 1.0 - x.0.tanh().powi(2)),
    };
    Dual(value, slope * x.1)
}

/// One network on one row.
pub fn network(spec: &NetworkSpec, weights: &[f64], u: &[Dual], context: &[f64]) -> Vec<Dual> {
    let layout = spec.layout();
    let linear = |name: &str, input: &[Dual]| -> Vec<Dual> {
        let weight = &weights[layout.find(&format!("{name}.weight")).unwrap().range()];
        let bias = &weights[layout.find(&format!("{name}.bias")).unwrap().range()];
        let mut out: Vec<Dual> = bias.iter().map(|b| Dual(*b, 0.0)).collect();
        for (x, row) in input.iter().zip(weight.chunks_exact(bias.len())) {
            for (out, w) in out.iter_mut().zip(row) {
                *out = Dual(out.0 + x.0 * w, out.1 + x.1 * w);
            }
        }
        out
    };
    let act =
        |t: &[Dual]| -> Vec<Dual> { t.iter().map(|t| activate(spec.activation, *t)).collect() };
    let c: Vec<Dual> = context.iter().map(|c| Dual(*c, 0.0)).collect();
    let mut t = linear("input.0", &[u, &c].concat());
    for l in 1..spec.input_layers {
        t = linear(&format!("input.{l}"), &act(&t));
    }
    for b in 0..spec.blocks {
        let inner = linear(&format!("block.{b}.linear.0"), &act(&t));
        let mut r = linear(&format!("block.{b}.linear.1"), &act(&inner));
        if spec.glu {
            for (r, g) in r.iter_mut().zip(linear(&format!("block.{b}.gate"), &c)) {
                let gate = 1.0 / (1.0 + (-g.0).exp());
                *r = Dual(r.0 * gate, r.1 * gate);
            }
        }
        t = t.iter().zip(&r).map(|(t, r)| Dual(t.0 + r.0, t.1 + r.1)).collect();
    }
    let skip = linear("output", &t);
    u.iter().zip(&skip).map(|(u, o)| Dual(u.0 + o.0, u.1 + o.1)).collect()
}

/// Values and the derivative in direction `v`.
pub fn along(
    spec: &NetworkSpec,
    weights: &[f64],
    u: &[f64],
    v: &[f64],
    context: &[f64],
) -> (Vec<f64>, Vec<f64>) {
    let duals: Vec<Dual> = u.iter().zip(v).map(|(u, v)| Dual(*u, *v)).collect();
    network(spec, weights, &duals, context).iter().map(|y| (y.0, y.1)).unzip()
}

/// J as rows, from D directions.
pub fn jacobian(spec: &NetworkSpec, weights: &[f64], u: &[f64], context: &[f64]) -> Vec<Vec<f64>> {
    let dim = u.len();
    let columns: Vec<Vec<f64>> = (0..dim)
        .map(|j| {
            let e: Vec<f64> = (0..dim).map(|i| f64::from(u8::from(i == j))).collect();
            along(spec, weights, u, &e, context).1
        })
        .collect();
    (0..dim).map(|i| columns.iter().map(|column| column[i]).collect()).collect()
}

/// log|det| by cofactor expansion.
pub fn log_abs_det(m: &[Vec<f64>]) -> f64 {
    determinant(m).abs().ln()
}

fn determinant(m: &[Vec<f64>]) -> f64 {
    if m.is_empty() {
        return 1.0;
    }
    (0..m.len())
        .map(|j| {
            let minor: Vec<Vec<f64>> = m[1..]
                .iter()
                .map(|row| {
                    row.iter().enumerate().filter(|(i, _)| *i != j).map(|(_, x)| *x).collect()
                })
                .collect();
            let sign = if j % 2 == 0 { 1.0 } else { -1.0 };
            sign * m[0][j] * determinant(&minor)
        })
        .sum()
}

/// One batch in f64.
pub struct Problem<'a> {
    pub spec: &'a NetworkSpec,
    pub theta: Vec<Vec<f64>>,
    pub x: Vec<Vec<f64>>,
    /// `[K][B][D]`; none for the exact loss.
    pub probes: Vec<Vec<Vec<f64>>>,
    pub beta: f64,
    /// Has an effect on the exact loss only.
    pub lambda: f64,
}

impl Problem<'_> {
    /// The constants at these weights: SG(J_g v_k), `[K][B][D]`, or SG(J_f), `[B][D][D]`, of the
    /// exact loss.
    pub fn stopped(&self, encoder: &[f64], decoder: &[f64]) -> Vec<Vec<Vec<f64>>> {
        if self.probes.is_empty() {
            let rows = self.theta.iter().zip(&self.x);
            return rows.map(|(theta, x)| jacobian(self.spec, encoder, theta, x)).collect();
        }
        let row = |b: usize, v: &[f64]| {
            let zero = vec![0.0; v.len()];
            let z = along(self.spec, encoder, &self.theta[b], &zero, &self.x[b]).0;
            along(self.spec, decoder, &z, v, &self.x[b]).1
        };
        let probe =
            |rows: &Vec<Vec<f64>>| rows.iter().enumerate().map(|(b, v)| row(b, v)).collect();
        self.probes.iter().map(probe).collect()
    }

    /// Batch means [latent, change, reconstruction, reconstruction in latent units], with the
    /// constants given.
    pub fn parts(&self, encoder: &[f64], decoder: &[f64], stopped: &[Vec<Vec<f64>>]) -> [f64; 4] {
        let mut sums = [0.0; 4];
        let count = self.theta.len() as f64;
        for (b, (theta, x)) in self.theta.iter().zip(&self.x).enumerate() {
            let zero = vec![0.0; theta.len()];
            let z = along(self.spec, encoder, theta, &zero, x).0;
            let back = along(self.spec, decoder, &z, &zero, x).0;
            sums[0] += 0.5 * z.iter().map(|z| z * z).sum::<f64>() / count;
            for (probe, v2) in self.probes.iter().zip(stopped) {
                let jv = along(self.spec, encoder, theta, &v2[b], x).1;
                let product: f64 = probe[b].iter().zip(&jv).map(|(v, j)| v * j).sum();
                sums[1] += product / self.probes.len() as f64 / count;
            }
            if self.probes.is_empty() {
                sums[1] += log_abs_det(&jacobian(self.spec, encoder, theta, x)) / count;
                let error: Vec<f64> = back.iter().zip(theta).map(|(a, b)| a - b).collect();
                for row in &stopped[b] {
                    let image: f64 = row.iter().zip(&error).map(|(j, e)| j * e).sum();
                    sums[3] += image * image / count;
                }
            }
            let square = |(a, b): (&f64, &f64)| (a - b) * (a - b);
            sums[2] += back.iter().zip(theta).map(square).sum::<f64>() / count;
        }
        sums
    }

    pub fn loss(&self, encoder: &[f64], decoder: &[f64], stopped: &[Vec<Vec<f64>>]) -> f64 {
        let [latent, change, reconstruction, in_latent] = self.parts(encoder, decoder, stopped);
        latent - change + self.beta * reconstruction + self.lambda * in_latent
    }

    /// Gradient by central differences, encoder's then decoder's parameters.
    pub fn gradient(&self, encoder: &[f64], decoder: &[f64]) -> [Vec<f64>; 2] {
        let stopped = self.stopped(encoder, decoder);
        let mut weights = [encoder.to_vec(), decoder.to_vec()];
        let h = 1e-5;
        [0, 1].map(|net| {
            (0..weights[net].len())
                .map(|i| {
                    let old = weights[net][i];
                    let mut at = |shift: f64| {
                        weights[net][i] = old + shift;
                        self.loss(&weights[0], &weights[1], &stopped)
                    };
                    let slope = (at(h) - at(-h)) / (2.0 * h);
                    weights[net][i] = old;
                    slope
                })
                .collect()
        })
    }
}
