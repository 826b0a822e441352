//! Everything that a pass through a network writes, and a backward pass reads again.

use super::buffer::Buffer;
use super::plan::Plan;
use freeform_kernels::Slopes;

/// What an activation leaves behind. Streams lie one after another, the primal one first, each of
/// `rows · H` elements.
#[derive(Debug, Default)]
pub(super) struct Site {
    /// Results, all streams.
    pub value: Buffer,
    /// The input's tangent streams, without the primal one. Smooth only.
    pub pre: Buffer,
    /// act′ and act″ of the primal stream. Smooth only.
    pub first: Buffer,
    pub second: Buffer,
}

impl Site {
    /// What is known of an activation from its value or its derivatives at `n` elements.
    pub fn slopes<'a>(
        smooth: bool,
        value: &'a [f32],
        first: &'a [f32],
        second: &'a [f32],
        n: usize,
    ) -> Slopes<'a> {
        if smooth {
            Slopes::Smooth { first: &first[..n], second: &second[..n] }
        } else {
            Slopes::Relu { value: &value[..n] }
        }
    }
}

/// Buffers of one network for up to `capacity` rows × streams. With `keep`, every layer has its
/// own, as a backward pass needs; without, all share one set.
#[derive(Debug, Default)]
pub(super) struct Tape {
    /// Rows of the current pass.
    pub rows: usize,
    capacity: (usize, usize),
    keep: bool,
    /// Inputs u and their tangents, `[streams · rows, D]`.
    pub u: Buffer,
    /// Results and their tangents, `[streams · rows, D]`.
    pub out: Buffer,
    /// The context's part of the first layer, `[rows, H]`.
    pub base: Buffer,
    /// The hidden state, `[streams · rows, H]`; after a pass, the output layer's input.
    pub t: Buffer,
    /// The input of the activation inside a block.
    pub scratch: Buffer,
    pub sites: Vec<Site>,
    /// Second linear layers' results before the gate (GLU only).
    pub residuals: Vec<Buffer>,
    /// Gates of each block, `[rows, H]` (GLU only).
    pub gates: Vec<Buffer>,
}

impl Tape {
    pub fn new(keep: bool) -> Self {
        Self { keep, ..Self::default() }
    }

    /// Makes room for a pass of `rows` with `streams` (1 + tangents); allocates only to grow.
    pub fn begin(&mut self, plan: &Plan, rows: usize, streams: usize) {
        self.rows = rows;
        if rows <= self.capacity.0 && streams <= self.capacity.1 {
            return;
        }
        let (r, s) = (rows.max(self.capacity.0), streams.max(self.capacity.1));
        self.capacity = (r, s);
        let (primal, all) = (r * plan.width, s * r * plan.width);
        let smooth = |len| Buffer::zeros(if plan.smooth() { len } else { 0 });
        let site = |_| Site {
            value: Buffer::zeros(all),
            pre: smooth(all - primal),
            first: smooth(primal),
            second: smooth(primal),
        };
        let glu = plan.blocks.iter().filter(|block| block.gate.is_some()).count();
        self.sites = (0..if self.keep { plan.sites() } else { 1 }).map(site).collect();
        let residuals = if self.keep { glu } else { glu.min(1) };
        self.residuals = (0..residuals).map(|_| Buffer::zeros(all)).collect();
        self.gates = (0..glu).map(|_| Buffer::zeros(primal)).collect();
        self.u = Buffer::zeros(s * r * plan.dim);
        self.out = Buffer::zeros(s * r * plan.dim);
        self.base = Buffer::zeros(primal);
        self.t = Buffer::zeros(all);
        self.scratch = Buffer::zeros(all);
    }

    /// Where the buffers of the i-th site or residual are.
    pub fn slots(&self) -> impl Fn(usize) -> usize + use<> {
        let step = usize::from(self.keep);
        move |i| i * step
    }

    /// Memory held, in bytes.
    pub fn bytes(&self) -> usize {
        let sites = self.sites.iter().flat_map(|s| [&s.value, &s.pre, &s.first, &s.second]);
        let own = [&self.u, &self.out, &self.base, &self.t, &self.scratch];
        let lists = self.residuals.iter().chain(&self.gates);
        sites.chain(own).chain(lists).map(Buffer::bytes).sum()
    }
}
