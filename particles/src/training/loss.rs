//! The loss and its gradient, over threads.

use crate::flow::{Direction, Flow};
use crate::linear::invert;
use crate::network::{Kept, NetworkSpec, Pass};
use crate::space::basis;
use freeform_kernels::{Isa, column_sums};
use rayon::prelude::*;

/// Parts of a batch with a gradient of their own. Their number never depends on that of threads, so neither
/// does any sum.
const SHARDS: usize = 8;
/// Pairs that go through the networks at once.
const ROWS: usize = 128;

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

/// Buffers for batches of one size.
pub struct Losses {
    spec: NetworkSpec,
    exact: bool,
    isa: Isa,
    basis: Vec<f32>,
    shards: Vec<Shard>,
    /// `[SHARDS, weights]`.
    gradients: Vec<f32>,
}

struct Shard {
    encoder: Pass,
    decoder: Pass,
    sums: [f64; 3],
    failed: bool,
}

impl Losses {
    /// Room for batches with one probe a row, or with exact determinants.
    #[must_use]
    pub fn new(isa: Isa, spec: &NetworkSpec, exact: bool) -> Self {
        let tangents = if exact { spec.dof() } else { 1 };
        let graphs = Self::graphs(spec);
        let shard = |_| Shard {
            encoder: Pass::new(isa, spec, graphs, tangents, Kept::Tangents),
            decoder: Pass::new(isa, spec, graphs, usize::from(!exact), Kept::Values),
            sums: [0.0; 3],
            failed: false,
        };
        Self {
            spec: *spec,
            exact,
            isa,
            basis: basis(spec.particles, spec.dims).into_iter().map(|v| v as f32).collect(),
            shards: (0..SHARDS).map(shard).collect(),
            gradients: vec![0.0; SHARDS * 2 * spec.parameters()],
        }
    }

    fn graphs(spec: &NetworkSpec) -> usize {
        (ROWS / (spec.particles * (spec.particles - 1))).max(1)
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
        let chunk = Self::graphs(&self.spec) * size;
        let (spec, exact, basis) = (self.spec, self.exact, &self.basis[..]);
        let work = self.shards.par_iter_mut().zip(self.gradients.par_chunks_mut(gradient.len()));
        work.enumerate().for_each(|(which, (shard, gradient))| {
            gradient.fill(0.0);
            (shard.sums, shard.failed) = ([0.0; 3], false);
            for (at, x) in x.chunks(chunk).enumerate().skip(which).step_by(SHARDS) {
                let probes = if exact { &[][..] } else { &probes[at * chunk..][..x.len()] };
                let job = Job { spec: &spec, flow, beta, basis, weight: 1.0 / rows as f32, exact };
                shard.add(&job, chunk, x, probes, gradient);
            }
        });
        column_sums(self.isa, SHARDS, &self.gradients, gradient, false);
        let mean = |part: usize| {
            self.shards.iter().map(|shard| shard.sums[part]).sum::<f64>() / rows as f64
        };
        let [latent, change, reconstruction] = [mean(0), mean(1), mean(2)];
        let failed = self.shards.iter().any(|shard| shard.failed);
        let change = if failed { f64::NAN } else { change };
        let loss = latent - change + f64::from(beta) * reconstruction;
        LossReport { loss, latent, change, reconstruction }
    }
}

struct Job<'a> {
    spec: &'a NetworkSpec,
    flow: &'a Flow,
    beta: f32,
    basis: &'a [f32],
    weight: f32,
    exact: bool,
}

impl Shard {
    /// Adds some rows to the sums and the gradient. The rest of a chunk is the first row again, with
    /// no weight.
    fn add(&mut self, job: &Job, chunk: usize, x: &[f32], probes: &[f32], gradient: &mut [f32]) {
        let given = x.len();
        let size = job.spec.particles * job.spec.dims;
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
        self.sums[0] += 0.5 * square(&z[..given]);
        let mut grad: Vec<f32> = back.iter().zip(&x).map(|(back, x)| back - x).collect();
        self.sums[2] += square(&grad[..given]);
        grad.iter_mut().for_each(|v| *v *= 2.0 * job.beta * job.weight);
        grad[given..].fill(0.0);
        let of_tangents = match job.exact {
            true => self.exact(job, encoder, given),
            false => self.probed([encoder, decoder], &filled(probes), given, job.weight),
        };
        let to_z = self.decoder.backward(decoder, &grad, None, to_decoder);
        let mut to_z = to_z.to_vec();
        to_z[..given].iter_mut().zip(&z).for_each(|(to, z)| *to += job.weight * z);
        self.encoder.backward(encoder, &to_z, Some(&of_tangents), to_encoder);
    }

    /// −vᵀJ_f SG(J_g v): adds its rows' values; the gradient of the tangent J_f SG(J_g v) is −v.
    fn probed(
        &mut self,
        [encoder, decoder]: [&[f32]; 2],
        v: &[f32],
        given: usize,
        weight: f32,
    ) -> Vec<f32> {
        let (mut through, mut change) = (vec![0.0; v.len()], vec![0.0; v.len()]);
        self.decoder.tangents(decoder, v, &mut through);
        self.encoder.tangents(encoder, &through, &mut change);
        let products = v[..given].iter().zip(&change).map(|(v, c)| f64::from(v * c));
        self.sums[1] += products.sum::<f64>();
        let of = |(at, v): (usize, &f32)| if at < given { -weight * v } else { 0.0 };
        v.iter().enumerate().map(of).collect()
    }

    /// −ln|det J_f| on the subspace; the gradient of the k-th column of BᵀJ_f B is that of its
    /// inverse's transpose.
    fn exact(&mut self, job: &Job, encoder: &[f32], given: usize) -> Vec<f32> {
        let (dof, size) = (job.spec.dof(), job.spec.particles * job.spec.dims);
        let chunk = given.max(Losses::graphs(job.spec) * size);
        let mut tangents = Vec::with_capacity(dof * chunk);
        for direction in job.basis.chunks_exact(size) {
            (0..chunk / size).for_each(|_| tangents.extend(direction));
        }
        let mut out = vec![0.0; tangents.len()];
        self.encoder.tangents(encoder, &tangents, &mut out);
        let mut grad = vec![0.0; tangents.len()];
        let mut matrix = vec![0.0; dof * dof];
        for row in 0..given / size {
            for k in 0..dof {
                let tangent = &out[k * chunk + row * size..][..size];
                for (a, direction) in job.basis.chunks_exact(size).enumerate() {
                    let products = direction.iter().zip(tangent).map(|(b, t)| f64::from(b * t));
                    matrix[a * dof + k] = products.sum::<f64>();
                }
            }
            let Some(determinant) = invert(dof, &mut matrix) else {
                self.failed = true;
                continue;
            };
            self.sums[1] += determinant.log;
            for k in 0..dof {
                let grad = &mut grad[k * chunk + row * size..][..size];
                for (a, direction) in job.basis.chunks_exact(size).enumerate() {
                    let of = -job.weight * matrix[k * dof + a] as f32;
                    grad.iter_mut().zip(direction).for_each(|(to, b)| *to += of * b);
                }
            }
        }
        grad
    }
}
