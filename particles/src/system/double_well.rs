//! Particles that would be at one of two distances from each other.

use super::pairs::{self, Pair};
use super::{Sampling, System, Truth, quadrature};
use std::sync::OnceLock;

/// u(x) = Σ_{i<j} v(d_ij), v(d) = a(d − d₀) + b(d − d₀)² + c(d − d₀)⁴ (Köhler et al. 2020), each pair
/// once.
#[derive(Clone, Debug)]
pub struct DoubleWell {
    /// N.
    pub particles: usize,
    /// n.
    pub dims: usize,
    /// a.
    pub linear: f64,
    /// b.
    pub quadratic: f64,
    /// c.
    pub quartic: f64,
    /// d₀.
    pub center: f64,
}

impl DoubleWell {
    /// Four particles in the plane: a = 0, b = −4, c = 0.9, d₀ = 4.
    #[must_use]
    pub fn dw4() -> Self {
        Self { particles: 4, dims: 2, linear: 0.0, quadratic: -4.0, quartic: 0.9, center: 4.0 }
    }
}

impl Pair for DoubleWell {
    fn value(&self, squared: f64) -> f64 {
        let s = squared.sqrt() - self.center;
        s * (self.linear + s * (self.quadratic + self.quartic * s * s))
    }

    fn slope(&self, squared: f64) -> f64 {
        let d = squared.sqrt();
        let s = d - self.center;
        let slope = self.linear + s * (2.0 * self.quadratic + 4.0 * self.quartic * s * s);
        slope / (2.0 * d)
    }
}

impl System for DoubleWell {
    fn name(&self) -> &str {
        "dw4"
    }

    fn particles(&self) -> usize {
        self.particles
    }

    fn dims(&self) -> usize {
        self.dims
    }

    fn energy(&self, x: &[f64]) -> f64 {
        pairs::energy(self, x, self.dims)
    }

    fn gradient(&self, x: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        pairs::add_gradient(self, x, self.dims, out);
    }

    fn moved(&self, x: &[f64], i: usize, to: &[f64]) -> f64 {
        pairs::moved(self, x, i, to)
    }

    fn width(&self) -> f64 {
        0.53 * self.center
    }

    /// By quadrature, worked out once.
    fn truth(&self) -> Option<Truth> {
        static DW4: OnceLock<Truth> = OnceLock::new();
        let dw4 = Self::dw4();
        let constants = |w: &Self| [w.linear, w.quadratic, w.quartic, w.center];
        let same = (self.particles, self.dims) == (4, 2) && constants(self) == constants(&dw4);
        same.then(|| {
            *DW4.get_or_init(|| {
                let (ln_z, mean_energy) =
                    quadrature::four_in_the_plane(|d| dw4.value(d * d), [0.0, 9.0]);
                Truth {
                    ln_z,
                    ln_z_error: 0.0,
                    mean_energy,
                    mean_energy_error: 0.0,
                    source: "quadrature",
                }
            })
        })
    }

    fn sampling(&self) -> Sampling {
        Sampling { replicas: 8, sweeps: 40, burn_in: 100 }
    }
}
