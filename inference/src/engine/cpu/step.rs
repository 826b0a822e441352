//! The two losses of a batch with all their gradients.

use super::backward::{Backward, Scratch};
use super::buffer::Buffer;
use super::forward::Network;
use super::optimize::Pair;
use super::plan::Plan;
use super::tape::Tape;
use super::terms::{latent_reconstruction, log_determinants, reconstruction, set_basis, surrogate};
use crate::engine::{Batch, LogDet, LossReport, LossSettings};
use freeform_kernels::Isa;
use rayon::prelude::*;
use std::ops::Range;

/// Rows × streams that one pass takes at most: larger batches go in several passes whose gradients
/// add up, so that memory stays bounded. Fixed, so that results depend on the batch alone.
const PASS_ROWS: usize = 1024;

/// The passes of a large batch are dealt to this many lanes, which threads run side by side. Fixed
/// too, so that results do not depend on the thread count.
const LANES: usize = 8;

/// Buffers of a training step, grown to the largest batch seen and then reused.
#[derive(Debug)]
pub(super) struct Workspace {
    encoder: Tape,
    decoder: Tape,
    scratch: Scratch,
    context: Buffer,
    /// Gradients of the encoder's outputs and tangents, of θ̂, and of z through the decoder.
    encoder_out: Buffer,
    decoder_out: Buffer,
    latent: Buffer,
    matrix: Vec<f64>,
    pivots: Vec<usize>,
}

/// What one thread at a time works with: buffers, and the gradients of the passes it was dealt.
#[derive(Debug)]
pub(super) struct Lane {
    pub gradients: Pair,
    pub work: Workspace,
    sums: Sums,
}

impl Lane {
    /// A lane for networks of `len` parameters.
    pub fn new(plan: &Plan, len: usize) -> Self {
        let gradients = [Buffer::zeros(len), Buffer::zeros(len)];
        Self { gradients, work: Workspace::new(plan), sums: Sums::default() }
    }

    /// Adds what another lane found.
    fn absorb(&mut self, other: &Lane) {
        for (mine, theirs) in self.gradients.iter_mut().zip(&other.gradients) {
            mine.iter_mut().zip(theirs.iter()).for_each(|(a, b)| *a += b);
        }
        self.sums.latent += other.sums.latent;
        self.sums.change += other.sums.change;
        self.sums.reconstruction += other.sums.reconstruction;
        self.sums.latent_reconstruction += other.sums.latent_reconstruction;
    }
}

/// Both networks and the loss.
pub(super) struct Step<'a> {
    pub isa: Isa,
    pub plan: &'a Plan,
    pub weights: [&'a [f32]; 2],
    pub loss: &'a LossSettings,
}

/// Sums over rows of the loss's parts.
#[derive(Debug, Default)]
struct Sums {
    latent: f64,
    change: f64,
    reconstruction: f64,
    latent_reconstruction: f64,
}

impl Workspace {
    pub fn new(plan: &Plan) -> Self {
        Self {
            encoder: Tape::new(true),
            decoder: Tape::new(true),
            scratch: Scratch::default(),
            context: Buffer::default(),
            encoder_out: Buffer::default(),
            decoder_out: Buffer::default(),
            latent: Buffer::default(),
            matrix: vec![0.0; plan.dim * plan.dim],
            pivots: vec![0; plan.dim],
        }
    }

    /// Memory held, in bytes.
    pub fn bytes(&self) -> usize {
        let own = [&self.context, &self.encoder_out, &self.decoder_out, &self.latent];
        let own: usize = own.map(Buffer::bytes).iter().sum();
        own + self.encoder.bytes() + self.decoder.bytes() + self.scratch.bytes()
    }

    fn begin(&mut self, plan: &Plan, rows: usize, tangents: usize, decoder_tangents: usize) {
        self.encoder.begin(plan, rows, 1 + tangents);
        self.decoder.begin(plan, rows, 1 + decoder_tangents);
        self.scratch.begin(plan, rows, 1 + tangents);
        let grow = |buffer: &mut Buffer, len| {
            if buffer.len() < len {
                *buffer = Buffer::zeros(len);
            }
        };
        grow(&mut self.context, rows * plan.context);
        grow(&mut self.encoder_out, (1 + tangents) * rows * plan.dim);
        grow(&mut self.decoder_out, rows * plan.dim);
        grow(&mut self.latent, rows * plan.dim);
    }
}

impl Step<'_> {
    /// Batch means of the loss's parts; the gradients of the loss go to the first lane's. The
    /// gradient's norm is left at 0.
    pub fn run(&self, batch: &Batch, lanes: &mut Vec<Lane>) -> LossReport {
        let tangents = match self.loss.log_det {
            LogDet::Hutchinson { probes } => probes,
            LogDet::Exact => self.plan.dim,
        };
        let total = batch.rows.len();
        let rows = (PASS_ROWS / (1 + tangents)).max(1);
        let active = total.div_ceil(rows).clamp(1, LANES);
        while lanes.len() < active {
            lanes.push(Lane::new(self.plan, lanes[0].gradients[0].len()));
        }
        let run = |(index, lane): (usize, &mut Lane)| {
            lane.sums = Sums::default();
            for start in (index * rows..total).step_by(LANES * rows) {
                let pass = start..total.min(start + rows);
                self.pass(batch, pass, tangents, lane, start > index * rows);
            }
        };
        if active == 1 {
            run((0, &mut lanes[0]));
        } else {
            lanes[..active].par_iter_mut().enumerate().for_each(run);
        }
        let (first, others) = lanes[..active].split_at_mut(1);
        others.iter().for_each(|other| first[0].absorb(other));
        let sums = &first[0].sums;
        let mean = |sum: f64| sum / total as f64;
        let [latent, change] = [mean(sums.latent), mean(sums.change)];
        let reconstruction = mean(sums.reconstruction);
        let latent_reconstruction = mean(sums.latent_reconstruction);
        let loss = latent - change
            + f64::from(self.loss.beta) * reconstruction
            + f64::from(self.loss.latent_reconstruction) * latent_reconstruction;
        LossReport {
            loss,
            latent,
            change,
            reconstruction,
            latent_reconstruction,
            gradient_norm: 0.0,
        }
    }

    /// Adds the rows of one pass to the lane's sums; their gradients are added to the lane's where
    /// `accumulate` says so, and replace them otherwise.
    fn pass(
        &self,
        batch: &Batch,
        pass: Range<usize>,
        tangents: usize,
        lane: &mut Lane,
        accumulate: bool,
    ) {
        let Lane { gradients: [encoder_gradient, decoder_gradient], work, sums } = lane;
        let (plan, dim, rows) = (self.plan, self.plan.dim, pass.len());
        let len = rows * dim;
        let hutchinson = matches!(self.loss.log_det, LogDet::Hutchinson { .. });
        work.begin(plan, rows, tangents, if hutchinson { tangents } else { 0 });
        let [encoder, decoder] =
            self.weights.map(|weights| Network { isa: self.isa, plan, weights });

        let gather = |table: &[f32], width: usize, into: &mut [f32]| {
            for (row, into) in batch.rows[pass.clone()].iter().zip(into.chunks_exact_mut(width)) {
                into.copy_from_slice(&table[*row as usize * width..][..width]);
            }
        };
        gather(batch.theta, dim, &mut work.encoder.u[..len]);
        gather(batch.x, plan.context, &mut work.context[..rows * plan.context]);
        let context = &work.context[..rows * plan.context];
        encoder.set_context(&mut work.encoder, context);
        decoder.set_context(&mut work.decoder, context);

        if hutchinson {
            encoder.forward(&mut work.encoder, 0..1);
            work.decoder.u[..len].copy_from_slice(&work.encoder.out[..len]);
            for k in 0..tangents {
                let probes = &batch.probes[(k * batch.rows.len() + pass.start) * dim..][..len];
                work.decoder.u[(1 + k) * len..][..len].copy_from_slice(probes);
            }
            decoder.forward(&mut work.decoder, 0..1 + tangents);
            let end = (1 + tangents) * len;
            work.encoder.u[len..end].copy_from_slice(&work.decoder.out[len..end]);
            encoder.forward(&mut work.encoder, 1..1 + tangents);
        } else {
            let basis = &mut work.encoder.u[len..(1 + dim) * len];
            set_basis(dim, basis);
            encoder.forward(&mut work.encoder, 0..1 + dim);
            work.decoder.u[..len].copy_from_slice(&work.encoder.out[..len]);
            decoder.forward(&mut work.decoder, 0..1);
        }

        let mean = 1.0 / batch.rows.len() as f32;
        let (back, theta) = (&work.decoder.out[..len], &work.encoder.u[..len]);
        let scale = 2.0 * self.loss.beta * mean;
        sums.reconstruction += reconstruction(back, theta, &mut work.decoder_out, scale);
        if let Some(lambda) = self.loss.lambda() {
            let columns = &work.encoder.out[len..(1 + dim) * len];
            let scale = 2.0 * lambda * mean;
            let (gradient, image) = (&mut work.decoder_out[..len], &mut work.matrix[..dim]);
            sums.latent_reconstruction +=
                latent_reconstruction(columns, back, theta, gradient, scale, image);
        }
        Backward {
            network: decoder,
            tape: &work.decoder,
            context,
            streams: 1,
            gradient: decoder_gradient,
            accumulate,
        }
        .run(&work.decoder_out[..len], &mut work.scratch, Some(&mut work.latent[..len]));

        let (out, gradient) = (&work.encoder.out, &mut work.encoder_out);
        for ((z, through), g) in out[..len].iter().zip(&work.latent[..len]).zip(&mut gradient[..]) {
            sums.latent += 0.5 * f64::from(*z) * f64::from(*z);
            *g = z * mean + through;
        }
        let end = (1 + tangents) * len;
        let (out, gradient) = (&out[len..end], &mut gradient[len..end]);
        sums.change += if hutchinson {
            let probes = &work.decoder.u[len..end];
            surrogate(probes, out, gradient, 1.0 / tangents as f32, mean)
        } else {
            log_determinants(dim, out, gradient, mean, &mut work.matrix, &mut work.pivots)
        };
        Backward {
            network: encoder,
            tape: &work.encoder,
            context,
            streams: 1 + tangents,
            gradient: encoder_gradient,
            accumulate,
        }
        .run(&work.encoder_out[..end], &mut work.scratch, None);
    }
}
