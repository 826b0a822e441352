//! Exact log-densities of a flow at given positions.

use crate::flow::{Direction, Flow, Mapped, Mapper};
use crate::space::{center_single, latent_normalizer};
use rayon::prelude::*;

/// A squared residual a degree of freedom below this is rounding, in the flow's units.
const CONVERGED: f64 = 1e-10;
/// Newton steps.
const STEPS: usize = 30;
/// Most that a step with a Jacobian of some steps before may leave of the squared residual.
const WORTH: f64 = 0.1;
/// Longest step, as a norm a degree of freedom's root: keeps to the branch that it is on.
const LONGEST: f64 = 1.0;

/// Log-densities at one x, in the units of the positions and the measure of the zero-centred subspace.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Density {
    /// The decoder's: ln N(z) − ln|det J_g(z)| at the z with g(z) = x that Newton's method finds from
    /// f(x). It is the density of draws where g is injective. NaN where none was found.
    pub log_q: f64,
    /// The encoder's own: ln N(f(x)) + ln|det J_f(x)|, a density where f is injective.
    pub encoder: f64,
    /// Algorithm 2 of the paper, ln N(f(x)) − ln|det J_g(f(x))|: a density only where
    /// g(f(x)) = x.
    pub approximate: f64,
    /// |g(f(x)) − x|², in the positions' units.
    pub reconstruction: f64,
}

impl Density {
    /// Whether g(z) = x was solved.
    #[must_use]
    pub fn is_solved(&self) -> bool {
        !self.log_q.is_nan()
    }
}

/// Log-densities at positions x `[rows, N·n]`, moved to zero centre; split over threads.
///
/// # Panics
/// If x is not a whole number of rows.
#[must_use]
pub fn densities(flow: &Flow, x: &[f64]) -> Vec<Density> {
    let size = flow.spec.particles * flow.spec.dims;
    assert!(x.len().is_multiple_of(size), "{} numbers are not rows of {size}", x.len());
    let batch = Mapper::new(flow, Direction::Decode).batch();
    x.par_chunks(batch * size)
        .map_init(
            || [Direction::Encode, Direction::Decode].map(|d| Mapper::new(flow, d)),
            |[encoder, decoder], x| {
                let mut scaled: Vec<f32> = x.iter().map(|v| (v / flow.scale) as f32).collect();
                scaled.chunks_exact_mut(size).for_each(|row| center_single(row, flow.spec.dims));
                chunk(flow, encoder, decoder, &scaled)
            },
        )
        .flatten_iter()
        .collect()
}

/// ln N(z) on the subspace, in the positions' units.
pub(super) fn latent(flow: &Flow, z: &[f32]) -> f64 {
    let (dof, square) = (flow.spec.dof(), z.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>());
    -0.5 * square - latent_normalizer(dof) - dof as f64 * flow.scale.ln()
}

/// ln|det|, NaN where it is singular.
fn log_det(mapped: &Mapped, dof: usize) -> f64 {
    mapped.inverse(dof).map_or(f64::NAN, |(_, determinant)| determinant.log)
}

/// A row on its way to g(z) = x.
struct Search {
    /// Where it is best.
    z: Vec<f32>,
    residual: f64,
    log_det: f64,
    /// Of the Jacobian there.
    inverse: Vec<f64>,
    step: Vec<f64>,
    damping: f64,
}

fn is_solved(residual: f64, dof: usize) -> bool {
    residual <= CONVERGED * dof as f64
}

/// z + by·step, for a step `[dof]` in the basis.
fn moved(z: &[f32], step: &[f64], by: f64, basis: &[f64]) -> Vec<f32> {
    let at = |(at, old): (usize, &f32)| {
        let along = step.iter().zip(basis.chunks_exact(z.len()));
        let change: f64 = along.map(|(step, direction)| step * direction[at]).sum();
        (f64::from(*old) + by * change) as f32
    };
    z.iter().enumerate().map(at).collect()
}

fn squared_distance(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum()
}

/// Moves codes `to` on by steps with the Jacobian of where each row's search is, as long as each step leaves
/// little of the residual: they cost a value where a step of Newton's method costs a Jacobian.
fn refine(
    decoder: &mut Mapper,
    searches: &[Search],
    x: &[f32],
    to: &mut [f32],
    basis: &[f64],
    dof: usize,
) {
    let size = to.len() / searches.len();
    let mut tried = to.to_vec();
    let mut left: Vec<f64> = searches.iter().map(|search| search.residual).collect();
    let mut going: Vec<bool> = searches.iter().map(|search| search.damping > 0.0).collect();
    for _ in 0..STEPS {
        if !going.contains(&true) {
            return;
        }
        let values = decoder.values(&tried);
        for (row, search) in searches.iter().enumerate() {
            if !going[row] {
                continue;
            }
            let range = row * size..(row + 1) * size;
            let (x, value) = (&x[range.clone()], &values[range.clone()]);
            let residual = squared_distance(x, value);
            going[row] = residual < WORTH * left[row];
            if going[row] {
                left[row] = residual;
                to[range.clone()].copy_from_slice(&tried[range.clone()]);
                going[row] = !is_solved(residual, dof);
                let step = Mapped::newton_step(&search.inverse, &decoder.difference(x, value));
                let next = moved(&to[range.clone()], &step, 1.0, basis);
                tried[range].copy_from_slice(&next);
            }
        }
    }
}

fn chunk(flow: &Flow, encoder: &mut Mapper, decoder: &mut Mapper, x: &[f32]) -> Vec<Density> {
    let (dof, size) = (flow.spec.dof(), flow.spec.particles * flow.spec.dims);
    let encoded = encoder.jacobians(x);
    let basis = decoder.basis().to_vec();
    let mut found: Vec<Density> = encoded
        .iter()
        .map(|mapped| Density {
            log_q: f64::NAN,
            encoder: latent(flow, &mapped.value) + log_det(mapped, dof),
            approximate: f64::NAN,
            reconstruction: f64::NAN,
        })
        .collect();
    let mut searches: Vec<Search> = encoded
        .into_iter()
        .map(|mapped| Search {
            z: mapped.value,
            residual: f64::INFINITY,
            log_det: f64::NAN,
            inverse: Vec::new(),
            step: vec![0.0; dof],
            damping: 0.0,
        })
        .collect();
    for round in 0..=STEPS {
        let step = |search: &Search| moved(&search.z, &search.step, search.damping, &basis);
        let mut moved: Vec<f32> = searches.iter().flat_map(step).collect();
        refine(decoder, &searches, x, &mut moved, &basis, dof);
        let mapped = decoder.jacobians(&moved);
        let rows = mapped.iter().zip(x.chunks_exact(size)).zip(moved.chunks_exact(size));
        for (((mapped, x), z), (search, found)) in rows.zip(searches.iter_mut().zip(&mut found)) {
            let residual = squared_distance(x, &mapped.value);
            if round == 0 {
                found.reconstruction = residual * flow.scale * flow.scale;
                found.approximate = latent(flow, z) - log_det(mapped, dof);
            }
            if residual < search.residual {
                search.residual = residual;
                search.z.copy_from_slice(z);
                search.damping = 1.0;
                let Some((inverse, determinant)) = mapped.inverse(dof) else {
                    (search.log_det, search.damping) = (f64::NAN, 0.0);
                    continue;
                };
                search.log_det = determinant.log;
                if is_solved(residual, dof) {
                    // What becomes of a row does not depend on those beside it.
                    search.damping = 0.0;
                    continue;
                }
                search.step = Mapped::newton_step(&inverse, &decoder.difference(x, &mapped.value));
                let length = search.step.iter().map(|s| s * s).sum::<f64>().sqrt();
                let longest = LONGEST * (dof as f64).sqrt();
                if length > longest {
                    search.step.iter_mut().for_each(|s| *s *= longest / length);
                }
                search.inverse = inverse;
            } else {
                search.damping *= 0.5;
            }
        }
        if searches.iter().all(|search| search.damping == 0.0) {
            break;
        }
    }
    for (search, found) in searches.iter().zip(&mut found) {
        if is_solved(search.residual, dof) {
            found.log_q = latent(flow, &search.z) - search.log_det;
        }
    }
    found
}
