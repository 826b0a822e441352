//! A Lennard-Jones cluster, held together by a spring on each particle.

use super::pairs::{self, Pair};
use super::{Sampling, System, Truth};
use crate::space::spread;

/// u(x) = ε Σ_{i≠j} [(r/d_ij)¹² − 2(r/d_ij)⁶] + ½k Σᵢ |xᵢ − x̄|², the sum over ordered pairs, so that
/// each pair counts twice: as the data that the field publishes have it.
#[derive(Clone, Debug)]
pub struct LennardJones {
    /// Its name.
    pub name: String,
    /// N.
    pub particles: usize,
    /// n.
    pub dims: usize,
    /// ε.
    pub depth: f64,
    /// r, the distance of least energy.
    pub distance: f64,
    /// k.
    pub spring: f64,
}

impl LennardJones {
    /// N particles in space with ε = r = k = 1.
    #[must_use]
    pub fn cluster(particles: usize) -> Self {
        let name = format!("lj{particles}");
        Self { name, particles, dims: 3, depth: 1.0, distance: 1.0, spring: 1.0 }
    }

    /// 13 particles.
    #[must_use]
    pub fn lj13() -> Self {
        Self::cluster(13)
    }

    /// 55 particles.
    #[must_use]
    pub fn lj55() -> Self {
        Self::cluster(55)
    }
}

impl Pair for LennardJones {
    #[inline]
    fn value(&self, squared: f64) -> f64 {
        let q = self.distance * self.distance / squared;
        let six = q * q * q;
        2.0 * self.depth * six * (six - 2.0)
    }

    fn slope(&self, squared: f64) -> f64 {
        let q = self.distance * self.distance / squared;
        let six = q * q * q;
        // d six / d(d²) = −3 six / d².
        12.0 * self.depth * six * (1.0 - six) / squared
    }
}

impl System for LennardJones {
    fn name(&self) -> &str {
        &self.name
    }

    fn particles(&self) -> usize {
        self.particles
    }

    fn dims(&self) -> usize {
        self.dims
    }

    fn energy(&self, x: &[f64]) -> f64 {
        pairs::energy(self, x, self.dims) + 0.5 * self.spring * spread(x, self.dims)
    }

    fn gradient(&self, x: &[f64], out: &mut [f64]) {
        out.copy_from_slice(x);
        crate::space::center(out, self.dims);
        out.iter_mut().for_each(|v| *v *= self.spring);
        pairs::add_gradient(self, x, self.dims, out);
    }

    fn moved(&self, x: &[f64], i: usize, to: &[f64]) -> f64 {
        let (dims, count) = (self.dims, self.particles as f64);
        let mut spread = 0.0;
        for (axis, &to) in to.iter().enumerate() {
            let from = x[i * dims + axis];
            let sum: f64 = x.iter().skip(axis).step_by(dims).sum();
            let after = sum + to - from;
            spread += to * to - from * from - (after * after - sum * sum) / count;
        }
        pairs::moved(self, x, i, to) + 0.5 * self.spring * spread
    }

    /// From replica exchange of a separate program: 32 replicas × 4 million sweeps (13 particles), 72
    /// × 400,000 (55), errors from ten blocks.
    fn truth(&self) -> Option<Truth> {
        let source = "a long replica exchange";
        let unit = [self.depth, self.distance, self.spring] == [1.0; 3] && self.dims == 3;
        let truth = |ln_z, ln_z_error, mean_energy, mean_energy_error| {
            Some(Truth { ln_z, ln_z_error, mean_energy, mean_energy_error, source })
        };
        match self.particles {
            13 if unit => truth(59.862, 0.010, -42.93, 0.03),
            55 if unit => truth(383.98, 0.08, -325.6, 0.2),
            _ => None,
        }
    }

    fn sampling(&self) -> Sampling {
        match self.particles {
            ..=20 => Sampling { replicas: 24, sweeps: 40, burn_in: 250 },
            _ => Sampling { replicas: 56, sweeps: 20, burn_in: 250 },
        }
    }
}
