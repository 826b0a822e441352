//! Whether an energy is that of identical particles in empty space.

use super::{System, SystemError};
use crate::random::{Purpose, stream};
use rand_distr::{Distribution, StandardNormal};

/// Configurations that are tried.
const TRIES: u64 = 4;
/// By how much energies may differ, as a share of 1 + |u|: programs compute in single precision and print some
/// digits only.
const ROUNDING: f64 = 1e-3;

/// Asks for energies of a few configurations, some widths apart, moved, turned, reflected, and with two particles
/// exchanged. Where the energy is infinite nothing is compared.
///
/// # Errors
/// [`SystemError::NotSymmetric`]; [`SystemError::NotANumber`] for an energy that is NaN.
pub fn check_symmetries(system: &dyn System) -> Result<(), SystemError> {
    let (particles, dims) = (system.particles(), system.dims());
    for index in 0..TRIES {
        let mut rng = stream(0, Purpose::Symmetry, index);
        let wide = system.width() * f64::from(1 + u32::from(index % 2 == 1));
        let x: Vec<f64> = StandardNormal
            .sample_iter(&mut rng)
            .take(particles * dims)
            .map(|v: f64| wide * v)
            .collect();
        let before = system.energy(&x);
        if before.is_nan() {
            return Err(SystemError::not_a_number(system));
        }
        if !before.is_finite() {
            continue;
        }
        for (change, other) in changed(&x, dims, wide, index as usize) {
            let after = system.energy(&other);
            if after.is_finite() && (after - before).abs() > ROUNDING * (1.0 + before.abs()) {
                let name = system.name().to_owned();
                return Err(SystemError::NotSymmetric { name, change, before, after });
            }
        }
    }
    Ok(())
}

fn changed(x: &[f64], dims: usize, by: f64, index: usize) -> Vec<(&'static str, Vec<f64>)> {
    let of_rows = |change: &dyn Fn(&mut [f64])| {
        let mut x = x.to_vec();
        x.chunks_exact_mut(dims).for_each(change);
        x
    };
    let moved = of_rows(&|row| row[index % dims] += by);
    let reflected = of_rows(&|row| row[index % dims] *= -1.0);
    let (sin, cos) = (0.7_f64 + index as f64).sin_cos();
    let turned = of_rows(&|row| {
        if let [a, b, ..] = row {
            (*a, *b) = (cos * *a - sin * *b, sin * *a + cos * *b);
        }
    });
    let mut exchanged = x.to_vec();
    let other = 1 + index % (x.len() / dims - 1);
    (0..dims).for_each(|axis| exchanged.swap(axis, other * dims + axis));
    vec![
        ("all particles are moved together", moved),
        ("all are reflected together", reflected),
        ("all are turned together", turned),
        ("two particles change places", exchanged),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::{LennardJones, by_name};

    struct Of<F>(F);

    impl<F: Fn(&[f64]) -> f64 + Sync> System for Of<F> {
        fn name(&self) -> &str {
            "own"
        }
        fn particles(&self) -> usize {
            3
        }
        fn dims(&self) -> usize {
            2
        }
        fn energy(&self, x: &[f64]) -> f64 {
            (self.0)(x)
        }
    }

    #[test]
    fn energies_of_identical_particles_pass_and_others_are_named() {
        for name in ["dw4", "lj13"] {
            check_symmetries(&*by_name(name).unwrap()).unwrap();
        }
        check_symmetries(&LennardJones::lj55()).unwrap();
        let refused = |energy: fn(&[f64]) -> f64| {
            let error = check_symmetries(&Of(energy)).unwrap_err();
            let SystemError::NotSymmetric { change, .. } = error else { panic!("{error}") };
            change
        };
        let trap = |x: &[f64]| 0.5 * x.iter().map(|v| v * v).sum::<f64>();
        assert_eq!(refused(trap), "all particles are moved together");
        let chain = |x: &[f64]| {
            let bond = |i: usize, j: usize| {
                (x[2 * i] - x[2 * j]).hypot(x[2 * i + 1] - x[2 * j + 1]).powi(2)
            };
            bond(0, 1) + bond(1, 2)
        };
        assert_eq!(refused(chain), "two particles change places");
        let field =
            |x: &[f64]| (x[0] - x[2]).powi(2) + (x[0] - x[4]).powi(2) + (x[2] - x[4]).powi(2);
        assert_eq!(refused(field), "all are turned together");
        let area = |x: &[f64]| (x[2] - x[0]) * (x[5] - x[1]) - (x[4] - x[0]) * (x[3] - x[1]);
        assert_eq!(refused(area), "all are reflected together");
        // One that need not be finite.
        let never: fn(&[f64]) -> f64 = |_| f64::INFINITY;
        check_symmetries(&Of(never)).unwrap();
    }
}
