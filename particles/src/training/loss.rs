//! The loss and its gradient, over threads.

use crate::flow::{Direction, Flow};
use crate::linear::invert;
use crate::network::{Kept, NetworkSpec, Pass};
use crate::space::basis;
use freeform_kernels::{Isa, column_sums};
use rayon::prelude::*;
use std::sync::{Mutex, PoisonError};

/// Parts of a batch with a gradient of their own. Their number never depends on that of threads, so neither
/// does any sum.
const SHARDS: usize = 8;
/// About how many pairs and tangents of pairs go through the networks at once: enough for fast products.
const ROWS: usize = 512;
/// Parts that a batch has at least, if it has so many rows: small ones are for several threads too.
const PARTS: usize = 4;

/// Batch means of the loss and its parts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LossReport {
    /// ½|z|² − change + β·reconstruction.
    pub loss: f64,
    /// ½|z|².
    pub latent: f64,
    /// vᵀJ_f J_g v with a probe (only its gradient means something), ln|det J_f| without.
    pub change: f64,
    /// |g(f(x)) − x|².
    pub reconstruction: f64,
}

impl LossReport {
    /// Of its parts.
    pub(crate) fn new(beta: f32, [latent, change, reconstruction]: [f64; 3]) -> Self {
        let loss = latent - change + f64::from(beta) * reconstruction;
        Self { loss, latent, change, reconstruction }
    }
}

/// Buffers for batches of one size.
pub struct Losses {
    spec: NetworkSpec,
    exact: bool,
    isa: Isa,
    /// Rows of the batch that go through the networks at once.
    graphs: usize,
    basis: Vec<f32>,
    /// As many as were ever needed at once: a thread's stays in its caches.
    passes: Mutex<Vec<Passes>>,
    /// `[SHARDS, weights]`.
    gradients: Vec<f32>,
}

struct Passes {
    encoder: Pass,
    decoder: Pass,
}

/// Sums over the rows of a shard.
#[derive(Clone, Copy, Default)]
struct Sums {
    latent: f64,
    change: f64,
    reconstruction: f64,
    failed: bool,
}

impl Losses {
    /// Room for batches of `batch` rows or so, with one probe a row, or with exact determinants.
    #[must_use]
    pub fn new(isa: Isa, spec: &NetworkSpec, exact: bool, batch: usize) -> Self {
        let batch = batch.max(1);
        let streams = 1 + if exact { spec.dof() } else { 1 };
        let pairs = spec.particles * (spec.particles - 1);
        // Chunks of one size, so that none of them is filled up by much.
        let chunks = (batch * pairs * streams).div_ceil(ROWS).max(PARTS).min(batch);
        Self {
            spec: *spec,
            exact,
            isa,
            graphs: batch.div_ceil(chunks),
            basis: basis(spec.particles, spec.dims).into_iter().map(|v| v as f32).collect(),
            passes: Mutex::new(Vec::new()),
            gradients: vec![0.0; SHARDS * 2 * spec.parameters()],
        }
    }

    fn passes(&self) -> Passes {
        let spec = &self.spec;
        let tangents = if self.exact { spec.dof() } else { 1 };
        let graphs = self.graphs;
        Passes {
            encoder: Pass::new(self.isa, spec, graphs, tangents, Kept::Tangents),
            decoder: Pass::new(self.isa, spec, graphs, usize::from(!self.exact), Kept::Values),
        }
    }

    /// The loss of zero-centred x `[B, N·n]` (in the flow's units) with probes v of the same shape
    /// (E\[vvᵀ\] = I on the subspace; not read where determinants are exact); its gradient goes into
    /// `gradient` `[weights]`. NaN where a Jacobian is singular.
    ///
    /// # Panics
    /// If a length does not fit.
    pub fn gradient(
        &mut self,
        flow: &Flow,
        beta: f32,
        x: &[f32],
        probes: &[f32],
        gradient: &mut [f32],
    ) -> LossReport {
        let size = self.spec.particles * self.spec.dims;
        let rows = x.len() / size;
        assert!(self.exact || probes.len() == x.len(), "a probe for each row");
        let chunk = self.graphs * size;
        let shards = rows.div_ceil(self.graphs).clamp(1, SHARDS);
        let mut gradients = std::mem::take(&mut self.gradients);
        let weight = 1.0 / rows as f32;
        let job = Job { losses: self, flow, beta, weight };
        let shard = |(which, gradient): (usize, &mut [f32])| {
            gradient.fill(0.0);
            let pool = || self.passes.lock().unwrap_or_else(PoisonError::into_inner);
            let waiting = pool().pop();
            let mut passes = waiting.unwrap_or_else(|| self.passes());
            let mut sums = Sums::default();
            for (at, x) in x.chunks(chunk).enumerate().skip(which).step_by(shards) {
                let probes = if self.exact { &[][..] } else { &probes[at * chunk..][..x.len()] };
                passes.add(&job, chunk, x, probes, &mut sums, gradient);
            }
            pool().push(passes);
            sums
        };
        let parts = &mut gradients[..shards * gradient.len()];
        let sums: Vec<Sums> = parts.par_chunks_mut(gradient.len()).enumerate().map(shard).collect();
        column_sums(self.isa, shards, parts, gradient, false);
        self.gradients = gradients;
        let mean = |of: fn(&Sums) -> f64| sums.iter().map(of).sum::<f64>() / rows as f64;
        let latent = mean(|s| s.latent);
        let reconstruction = mean(|s| s.reconstruction);
        let failed = sums.iter().any(|s| s.failed);
        let change = if failed { f64::NAN } else { mean(|s| s.change) };
        LossReport::new(beta, [latent, change, reconstruction])
    }
}

struct Job<'a> {
    losses: &'a Losses,
    flow: &'a Flow,
    beta: f32,
    weight: f32,
}

impl Passes {
    /// Adds some rows to the sums and the gradient. The rest of a chunk is the first row again, with
    /// no weight.
    fn add(
        &mut self,
        job: &Job,
        chunk: usize,
        x: &[f32],
        probes: &[f32],
        sums: &mut Sums,
        gradient: &mut [f32],
    ) {
        let given = x.len();
        let spec = &job.losses.spec;
        let size = spec.particles * spec.dims;
        let filled = |part: &[f32]| {
            let mut whole = part.to_vec();
            (given..chunk).for_each(|i| whole.push(part[i % size]));
            whole
        };
        let x = filled(x);
        let [encoder, decoder] = [Direction::Encode, Direction::Decode].map(|d| job.flow.of(d));
        let (to_encoder, to_decoder) = gradient.split_at_mut(encoder.len());
        let mut z = vec![0.0; chunk];
        self.encoder.value(encoder, &x, &mut z);
        let mut back = vec![0.0; chunk];
        self.decoder.value(decoder, &z, &mut back);
        let square = |v: &[f32]| v.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>();
        sums.latent += 0.5 * square(&z[..given]);
        let mut grad: Vec<f32> = back.iter().zip(&x).map(|(back, x)| back - x).collect();
        sums.reconstruction += square(&grad[..given]);
        grad.iter_mut().for_each(|v| *v *= 2.0 * job.beta * job.weight);
        grad[given..].fill(0.0);
        let of_tangents = match job.losses.exact {
            true => self.exact(job, encoder, given, sums),
            false => self.probed(job, [encoder, decoder], &filled(probes), given, sums),
        };
        let to_z = self.decoder.backward(decoder, &grad, None, to_decoder);
        let mut to_z = to_z.to_vec();
        to_z[..given].iter_mut().zip(&z).for_each(|(to, z)| *to += job.weight * z);
        self.encoder.backward(encoder, &to_z, Some(&of_tangents), to_encoder);
    }

    /// −vᵀJ_f SG(J_g v): adds its rows' values; the gradient of the tangent J_f SG(J_g v) is −v.
    fn probed(
        &mut self,
        job: &Job,
        [encoder, decoder]: [&[f32]; 2],
        v: &[f32],
        given: usize,
        sums: &mut Sums,
    ) -> Vec<f32> {
        let (mut through, mut change) = (vec![0.0; v.len()], vec![0.0; v.len()]);
        self.decoder.tangents(decoder, v, &mut through);
        self.encoder.tangents(encoder, &through, &mut change);
        let products = v[..given].iter().zip(&change).map(|(v, c)| f64::from(v * c));
        sums.change += products.sum::<f64>();
        let of = |(at, v): (usize, &f32)| if at < given { -job.weight * v } else { 0.0 };
        v.iter().enumerate().map(of).collect()
    }

    /// −ln|det J_f| on the subspace; the gradient of the k-th column of BᵀJ_f B is that of its
    /// inverse's transpose.
    fn exact(&mut self, job: &Job, encoder: &[f32], given: usize, sums: &mut Sums) -> Vec<f32> {
        let Losses { spec, basis, graphs, .. } = job.losses;
        let (dof, size) = (spec.dof(), spec.particles * spec.dims);
        let chunk = graphs * size;
        let mut tangents = Vec::with_capacity(dof * chunk);
        for direction in basis.chunks_exact(size) {
            (0..chunk / size).for_each(|_| tangents.extend(direction));
        }
        let mut out = vec![0.0; tangents.len()];
        self.encoder.tangents(encoder, &tangents, &mut out);
        let mut grad = vec![0.0; tangents.len()];
        let mut matrix = vec![0.0; dof * dof];
        for row in 0..given / size {
            for k in 0..dof {
                let tangent = &out[k * chunk + row * size..][..size];
                for (a, direction) in basis.chunks_exact(size).enumerate() {
                    let products = direction.iter().zip(tangent).map(|(b, t)| f64::from(b * t));
                    matrix[a * dof + k] = products.sum::<f64>();
                }
            }
            let Some(determinant) = invert(dof, &mut matrix) else {
                sums.failed = true;
                continue;
            };
            sums.change += determinant.log;
            for k in 0..dof {
                let grad = &mut grad[k * chunk + row * size..][..size];
                for (a, direction) in basis.chunks_exact(size).enumerate() {
                    let of = -job.weight * matrix[k * dof + a] as f32;
                    grad.iter_mut().zip(direction).for_each(|(to, b)| *to += of * b);
                }
            }
        }
        grad
    }
}
