//! Applying a trained network to many rows, with or without its Jacobian.

use super::forward::Network;
use super::tape::Tape;
use super::terms::set_basis;
use rayon::prelude::*;

/// Rows × streams of one chunk: its activations stay in the second-level cache.
const CHUNK_ROWS: usize = 256;

/// Applies a network to `input` `[n, D]`, one chunk of rows after another, and writes `output`
/// `[n, D]` and, unless it is empty, `jacobian` `[n, D, D]`. Chunks are the same whatever the
/// number of threads, and rows do not depend on their chunk.
pub(super) fn transform(
    network: Network,
    tape: &mut Tape,
    input: &[f32],
    context: &[f32],
    output: &mut [f32],
    jacobian: &mut [f32],
) {
    let dim = network.plan.dim;
    let streams = if jacobian.is_empty() { 1 } else { 1 + dim };
    let rows = (CHUNK_ROWS / streams).max(1);
    let total = input.len() / dim;
    let shared = context.len() == network.plan.context;
    let block = if streams == 1 { 0 } else { dim * dim };
    let mut chunks = Vec::with_capacity(total.div_ceil(rows));
    let mut jacobian = jacobian;
    for (index, (input, output)) in
        input.chunks(rows * dim).zip(output.chunks_mut(rows * dim)).enumerate()
    {
        let count = input.len() / dim;
        let context = match shared {
            true => context,
            false => {
                &context[index * rows * network.plan.context..][..count * network.plan.context]
            }
        };
        let (head, rest) = std::mem::take(&mut jacobian).split_at_mut(count * block);
        jacobian = rest;
        chunks.push(Chunk { input, context, output, jacobian: head });
    }
    if chunks.len() <= 1 {
        let mut ready = false;
        chunks.into_iter().for_each(|chunk| chunk.run(network, tape, &mut ready, shared, rows));
        return;
    }
    chunks.into_par_iter().for_each_init(
        || (Tape::new(false), false),
        |(tape, ready), chunk| chunk.run(network, tape, ready, shared, rows),
    );
}

struct Chunk<'a> {
    input: &'a [f32],
    context: &'a [f32],
    output: &'a mut [f32],
    jacobian: &'a mut [f32],
}

impl Chunk<'_> {
    /// `ready` says whether the tape holds the shared context already.
    fn run(
        self,
        network: Network,
        tape: &mut Tape,
        ready: &mut bool,
        shared: bool,
        most_rows: usize,
    ) {
        let (dim, len) = (network.plan.dim, self.input.len());
        let rows = len / dim;
        let streams = if self.jacobian.is_empty() { 1 } else { 1 + dim };
        if !shared {
            tape.begin(network.plan, rows, streams);
            network.set_context(tape, self.context);
        } else if !*ready {
            // A whole chunk's context serves all others; that of a last, shorter one does not.
            tape.begin(network.plan, rows, streams);
            network.set_shared_context(tape, self.context);
            *ready = rows == most_rows;
        }
        tape.rows = rows;
        tape.u[..len].copy_from_slice(self.input);
        if streams > 1 {
            set_basis(dim, &mut tape.u[len..streams * len]);
        }
        network.forward(tape, 0..streams);
        self.output.copy_from_slice(&tape.out[..len]);
        if streams == 1 {
            return;
        }
        for (row, jacobian) in self.jacobian.chunks_exact_mut(dim * dim).enumerate() {
            for i in 0..dim {
                for j in 0..dim {
                    jacobian[i * dim + j] = tape.out[(1 + j) * len + row * dim + i];
                }
            }
        }
    }
}
