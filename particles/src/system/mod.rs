//! Systems of particles and their energies.
//!
//! Energies are in units of kT: the target is q(x) ∝ e^(−u(x)) over zero-centred positions.

mod double_well;
mod error;
mod finite;
mod lennard_jones;
mod pairs;
mod program;
mod quadrature;
mod symmetry;

pub use double_well::DoubleWell;
pub use error::SystemError;
pub use lennard_jones::LennardJones;
pub use program::Program;
pub use quadrature::four_in_the_plane;
pub use symmetry::check_symmetries;

use crate::space::degrees_of_freedom;

/// N identical particles in n dimensions with an energy that does not change where all of them are
/// moved, turned or reflected together, nor where two change places.
///
/// ```
/// use freeform_particles::System;
///
/// /// Three particles on springs of length 1 between all pairs.
/// struct Springs;
///
/// impl System for Springs {
///     fn name(&self) -> &str {
///         "springs"
///     }
///     fn particles(&self) -> usize {
///         3
///     }
///     fn dims(&self) -> usize {
///         2
///     }
///     fn energy(&self, x: &[f64]) -> f64 {
///         let pairs = [(0, 1), (0, 2), (1, 2)];
///         let distance = |(i, j): (usize, usize)| {
///             (x[2 * i] - x[2 * j]).hypot(x[2 * i + 1] - x[2 * j + 1])
///         };
///         pairs.into_iter().map(|pair| 5.0 * (distance(pair) - 1.0).powi(2)).sum()
///     }
/// }
///
/// // An equilateral triangle with sides of length 1 is at rest.
/// let x = [0.0, 0.0, 1.0, 0.0, 0.5, 0.75_f64.sqrt()];
/// assert!(Springs.energy(&x) < 1e-30);
/// ```
pub trait System: Sync {
    /// Its name in messages and files.
    fn name(&self) -> &str;

    /// What tells it from others, and from what it was before it was changed.
    fn identity(&self) -> String {
        self.name().to_owned()
    }

    /// N.
    fn particles(&self) -> usize;

    /// n.
    fn dims(&self) -> usize;

    /// u(x) of positions x `[N, n]`, in units of kT. +∞ is a state that cannot be.
    fn energy(&self, x: &[f64]) -> f64;

    /// ∂u/∂x `[N, n]` into `out`; by central differences, which take 2·N·n energies, unless the
    /// system knows better.
    fn gradient(&self, x: &[f64], out: &mut [f64]) {
        finite::gradient(|x| self.energy(x), x, out);
    }

    /// u(x with particle `i` at `to`) − u(x): what sampling asks for most. By two energies unless the
    /// system knows better.
    fn moved(&self, x: &[f64], i: usize, to: &[f64]) -> f64 {
        let mut other = x.to_vec();
        other[i * self.dims()..][..self.dims()].copy_from_slice(to);
        self.energy(&other) - self.energy(x)
    }

    /// About the standard deviation of a coordinate: sampling starts from a Gaussian as wide.
    fn width(&self) -> f64 {
        1.0
    }

    /// What is known of the target from elsewhere than sampling here.
    fn truth(&self) -> Option<Truth> {
        None
    }

    /// Why the last energy is NaN, where the system knows.
    fn complaint(&self) -> Option<String> {
        None
    }

    /// How the system is best sampled.
    fn sampling(&self) -> Sampling {
        Sampling::default()
    }
}

/// What is known of a target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Truth {
    /// ln ∫ e^(−u(x)) dx over the zero-centred subspace.
    pub ln_z: f64,
    /// Standard error of `ln_z`; 0 where it is exact to its last digit.
    pub ln_z_error: f64,
    /// ⟨u⟩.
    pub mean_energy: f64,
    /// Standard error of `mean_energy`.
    pub mean_energy_error: f64,
    /// Where it is from.
    pub source: &'static str,
}

impl Truth {
    /// The differential entropy ln Z + ⟨u⟩, in nats: no model's mean −log q(x) over the target is
    /// lower.
    #[must_use]
    pub fn entropy(&self) -> f64 {
        self.ln_z + self.mean_energy
    }
}

/// How a system is best sampled by replica exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sampling {
    /// Replicas between the Gaussian and the target, both included.
    pub replicas: usize,
    /// Sweeps (a try to move each particle once) between two draws.
    pub sweeps: usize,
    /// Draws' worth of sweeps before the first one.
    pub burn_in: usize,
}

impl Default for Sampling {
    fn default() -> Self {
        Self { replicas: 16, sweeps: 40, burn_in: 200 }
    }
}

/// The systems that come with this crate, by name.
pub const SYSTEMS: [&str; 3] = ["dw4", "lj13", "lj55"];

/// The system of this name; or the program that a `.toml` file, or the `system.toml` of a folder,
/// describes as [`Program`] says.
///
/// # Errors
/// [`SystemError`] with the nearest name, or what is wrong with the file.
pub fn by_name(name: &str) -> Result<Box<dyn System + Send>, SystemError> {
    let path = std::path::Path::new(name);
    let file = path.join("system.toml");
    match name {
        "dw4" => Ok(Box::new(DoubleWell::dw4())),
        "lj13" => Ok(Box::new(LennardJones::lj13())),
        "lj55" => Ok(Box::new(LennardJones::lj55())),
        _ if file.is_file() => Ok(Box::new(Program::open(&file)?)),
        _ if path.extension().is_some_and(|e| e == "toml") => Ok(Box::new(Program::open(path)?)),
        _ => Err(SystemError::unknown(name)),
    }
}

/// u(x), after a look at x.
///
/// # Errors
/// [`SystemError`] for positions of another shape or that are not finite, particles in one place
/// where the energy is not finite there, and an energy that is NaN.
pub fn checked_energy(system: &dyn System, x: &[f64]) -> Result<f64, SystemError> {
    let (particles, dims) = (system.particles(), system.dims());
    if particles < 2 || dims == 0 {
        return Err(SystemError::TooSmall { name: system.name().to_owned(), particles, dims });
    }
    if x.len() != particles * dims {
        let name = system.name().to_owned();
        return Err(SystemError::Shape { name, found: x.len(), particles, dims });
    }
    if let Some(at) = x.iter().position(|v| !v.is_finite()) {
        return Err(SystemError::Position { particle: at / dims + 1, value: x[at] });
    }
    let energy = system.energy(x);
    if energy.is_nan() || energy == f64::INFINITY {
        let row = |i: usize| &x[i * dims..][..dims];
        let pair = (0..particles).flat_map(|i| (0..i).map(move |j| (j, i)));
        if let Some((i, j)) = pair.into_iter().find(|&(i, j)| row(i) == row(j)) {
            return Err(SystemError::Coinciding { first: i + 1, second: j + 1, energy });
        }
    }
    if energy.is_nan() {
        return Err(SystemError::not_a_number(system));
    }
    Ok(energy)
}

/// x · ∇u(x), whose mean over the target is (N − 1)·n: the virial identity.
#[must_use]
pub fn virial(system: &dyn System, x: &[f64]) -> f64 {
    let mut centred = x.to_vec();
    crate::space::center(&mut centred, system.dims());
    let mut gradient = vec![0.0; x.len()];
    system.gradient(&centred, &mut gradient);
    centred.iter().zip(&gradient).map(|(x, g)| x * g).sum()
}

/// (N − 1)·n of a system.
#[must_use]
pub fn dof(system: &dyn System) -> usize {
    degrees_of_freedom(system.particles(), system.dims())
}
