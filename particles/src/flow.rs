//! A pair of networks: encoder z = f(x) and decoder x = g(z).

use crate::linear::{Determinant, invert};
use crate::network::{Kept, NetworkSpec, Pass};
use crate::space::basis;
use freeform_kernels::Isa;

/// Weights of both networks: positions x are divided by `scale` before the encoder.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    /// Sizes, of both networks.
    pub spec: NetworkSpec,
    /// What positions are divided by.
    pub scale: f64,
    /// Encoder, then decoder.
    pub weights: Vec<f32>,
}

/// Which network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// z = f(x).
    Encode,
    /// x = g(z).
    Decode,
}

impl Flow {
    /// A flow with initial weights.
    #[must_use]
    pub fn initial(spec: NetworkSpec, scale: f64, seed: u64) -> Self {
        let mut weights = spec.initial(seed, 0);
        weights.extend(spec.initial(seed, 1));
        Self { spec, scale, weights }
    }

    /// The weights of one network.
    #[must_use]
    pub fn of(&self, direction: Direction) -> &[f32] {
        let (encoder, decoder) = self.weights.split_at(self.spec.parameters());
        match direction {
            Direction::Encode => encoder,
            Direction::Decode => decoder,
        }
    }
}

/// Rows that a pass should have at once: enough for fast products, few enough for the caches.
const ROWS: usize = 512;

/// Values of a network alone.
pub struct Values<'a> {
    weights: &'a [f32],
    size: usize,
    pass: Pass,
    graphs: usize,
}

impl<'a> Values<'a> {
    /// Of one network of a flow.
    #[must_use]
    pub fn new(flow: &'a Flow, direction: Direction) -> Self {
        let NetworkSpec { particles, dims, .. } = flow.spec;
        let graphs = (ROWS / (particles * (particles - 1))).clamp(1, 64);
        let pass = Pass::new(Isa::best(), &flow.spec, graphs, 0, Kept::Nothing);
        Self { weights: flow.of(direction), size: particles * dims, pass, graphs }
    }

    /// Configurations that are mapped at once.
    #[must_use]
    pub fn batch(&self) -> usize {
        self.graphs
    }

    /// Values at x `[up to batch(), N·n]`.
    ///
    /// # Panics
    /// If there are more.
    pub fn at(&mut self, x: &[f32]) -> Vec<f32> {
        values(&mut self.pass, self.weights, self.graphs, self.size, x)
    }
}

fn values(pass: &mut Pass, weights: &[f32], graphs: usize, size: usize, x: &[f32]) -> Vec<f32> {
    let mut whole = vec![0.0; graphs * size];
    whole[..x.len()].copy_from_slice(x);
    fill_up(&mut whole, x.len(), size);
    let mut value = vec![0.0; whole.len()];
    pass.value(weights, &whole, &mut value);
    value.truncate(x.len());
    value
}

/// Values and Jacobians of a network on the zero-centred subspace.
pub struct Mapper<'a> {
    weights: &'a [f32],
    spec: NetworkSpec,
    /// `[dof, N·n]`.
    basis: Vec<f64>,
    pass: Pass,
    graphs: usize,
    tangents: usize,
}

/// The map at one configuration.
#[derive(Clone, Debug)]
pub struct Mapped {
    /// `[N·n]`.
    pub value: Vec<f32>,
    /// BᵀJB for the orthonormal basis B of [`basis`], `[dof, dof]`.
    pub jacobian: Vec<f64>,
}

impl Mapped {
    /// The step of Newton's method J⁻¹e `[dof]` for the inverse of a Jacobian `[dof, dof]` and an error e
    /// `[dof]` in its image.
    pub(crate) fn newton_step(inverse: &[f64], error: &[f64]) -> Vec<f64> {
        let rows = inverse.chunks_exact(error.len());
        rows.map(|row| row.iter().zip(error).map(|(a, b)| a * b).sum()).collect()
    }

    /// The inverse of the Jacobian, and its determinant; `None` where it is singular.
    #[must_use]
    pub fn inverse(&self, dof: usize) -> Option<(Vec<f64>, Determinant)> {
        let mut inverse = self.jacobian.clone();
        invert(dof, &mut inverse).map(|determinant| (inverse, determinant))
    }
}

impl<'a> Mapper<'a> {
    /// Of one network of a flow.
    #[must_use]
    pub fn new(flow: &'a Flow, direction: Direction) -> Self {
        let spec = flow.spec;
        let pairs = spec.particles * (spec.particles - 1);
        let dof = spec.dof();
        let tangents = (2 * ROWS / pairs).clamp(1, dof);
        let graphs = (ROWS / (pairs * tangents)).clamp(1, 64);
        Self {
            weights: flow.of(direction),
            spec,
            basis: basis(spec.particles, spec.dims),
            pass: Pass::new(Isa::best(), &spec, graphs, tangents, Kept::Values),
            graphs,
            tangents,
        }
    }

    /// Configurations that are mapped at once.
    #[must_use]
    pub fn batch(&self) -> usize {
        self.graphs
    }

    /// The orthonormal basis, `[dof, N·n]`.
    #[must_use]
    pub fn basis(&self) -> &[f64] {
        &self.basis
    }

    /// a − b, of two configurations `[N·n]`, in that basis, `[dof]`.
    pub(crate) fn difference(&self, a: &[f32], b: &[f32]) -> Vec<f64> {
        let along = |direction: &[f64]| {
            let pairs = a.iter().zip(b).zip(direction);
            pairs.map(|((a, b), along)| along * f64::from(a - b)).sum()
        };
        self.basis.chunks_exact(a.len()).map(along).collect()
    }

    /// Values at x `[up to batch(), N·n]`.
    ///
    /// # Panics
    /// If there are more.
    pub fn values(&mut self, x: &[f32]) -> Vec<f32> {
        let size = self.spec.particles * self.spec.dims;
        values(&mut self.pass, self.weights, self.graphs, size, x)
    }

    /// Values and Jacobians at x `[up to batch(), N·n]`.
    ///
    /// # Panics
    /// If there are more.
    pub fn jacobians(&mut self, x: &[f32]) -> Vec<Mapped> {
        let size = self.spec.particles * self.spec.dims;
        let (dof, rows) = (self.spec.dof(), x.len() / size);
        let values = self.values(x);
        let mut mapped: Vec<Mapped> = values
            .chunks_exact(size)
            .map(|value| Mapped { value: value.to_vec(), jacobian: vec![0.0; dof * dof] })
            .collect();
        let whole = self.graphs * size;
        let mut tangents = vec![0.0; self.tangents * whole];
        let mut out = vec![0.0; self.tangents * whole];
        for first in (0..dof).step_by(self.tangents) {
            let count = self.tangents.min(dof - first);
            for (t, tangent) in tangents.chunks_exact_mut(whole).enumerate() {
                let of = if t < count { first + t } else { first };
                let direction = &self.basis[of * size..][..size];
                for part in tangent.chunks_exact_mut(size) {
                    part.iter_mut().zip(direction).for_each(|(to, v)| *to = *v as f32);
                }
            }
            self.pass.tangents(self.weights, &tangents, &mut out);
            for t in 0..count {
                for (row, mapped) in mapped.iter_mut().enumerate().take(rows) {
                    let tangent = &out[t * whole + row * size..][..size];
                    for (a, direction) in self.basis.chunks_exact(size).enumerate() {
                        let dot: f64 =
                            direction.iter().zip(tangent).map(|(b, v)| b * f64::from(*v)).sum();
                        mapped.jacobian[a * dof + first + t] = dot;
                    }
                }
            }
        }
        mapped
    }
}

/// Repeats the first row where there are none.
fn fill_up(x: &mut [f32], filled: usize, size: usize) {
    for at in (filled..x.len()).step_by(size) {
        x.copy_within(0..size, at);
    }
}
