//! Energies and gradients against closed forms and finite differences, and what is refused.

use freeform_particles::system::{checked_energy, dof, four_in_the_plane, virial};
use freeform_particles::{DoubleWell, LennardJones, SYSTEMS, System, SystemError, by_name};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Positions on a jittered grid with nothing in one place.
fn positions(system: &dyn System, seed: u64) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (n, dims) = (system.particles(), system.dims());
    let side = (n as f64).powf(1.0 / dims as f64).ceil() as usize;
    let place = |i: usize, axis: usize| (i / side.pow(axis as u32) % side) as f64;
    let places = (0..n).flat_map(|i| (0..dims).map(move |axis| (i, axis)));
    places.map(|(i, axis)| 1.1 * place(i, axis) + 0.2 * rng.random::<f64>()).collect()
}

#[test]
fn energies_at_known_places() {
    // Two minima at d₀ ± √(20/9) with v = −40/9, a barrier of 0 at d₀ (b² / 4c = 40/9).
    let pair = DoubleWell { particles: 2, ..DoubleWell::dw4() };
    let at = |d: f64| pair.energy(&[0.0, 0.0, d, 0.0]);
    for side in [-1.0, 1.0] {
        assert!((at(4.0 + side * (20.0_f64 / 9.0).sqrt()) + 40.0 / 9.0).abs() < 1e-12);
    }
    assert_eq!(at(4.0), 0.0);
    // Each pair twice: −2 at the distance of least energy, and ½ · 2 · (½)² of the springs.
    let pair = LennardJones::cluster(2);
    assert!((pair.energy(&[0.0, 0.0, 0.0, 1.0, 0.0, 0.0]) - (-2.0 + 0.25)).abs() < 1e-12);
    // The icosahedron of 13 has −44.3268 counted once (Wales & Doye 1997).
    let mut lj13 = LennardJones::lj13();
    lj13.spring = 0.0;
    let x = relaxed_icosahedron(&lj13);
    assert!((lj13.energy(&x) / 2.0 + 44.326_801).abs() < 1e-4, "{}", lj13.energy(&x) / 2.0);
}

/// A centre and twelve corners, at the radius of least energy.
fn relaxed_icosahedron(system: &LennardJones) -> Vec<f64> {
    let golden = (1.0 + 5.0_f64.sqrt()) / 2.0;
    let at = |radius: f64| {
        let scale = radius / (1.0 + golden * golden).sqrt();
        let mut x = vec![0.0; 3];
        for axis in 0..3 {
            for (a, b) in [(1.0, golden), (1.0, -golden), (-1.0, golden), (-1.0, -golden)] {
                let mut corner = [0.0; 3];
                (corner[axis], corner[(axis + 1) % 3]) = (a * scale, b * scale);
                x.extend(corner);
            }
        }
        x
    };
    let radii = (0..2000).map(|k| 0.9 + 1e-4 * f64::from(k));
    let best = radii.min_by(|a, b| system.energy(&at(*a)).total_cmp(&system.energy(&at(*b))));
    at(best.unwrap())
}

#[test]
fn gradients_are_those_of_finite_differences_and_energies_of_moves() {
    for name in SYSTEMS {
        let system = by_name(name).unwrap();
        let x = positions(&*system, 3);
        let mut gradient = vec![0.0; x.len()];
        system.gradient(&x, &mut gradient);
        for i in 0..x.len() {
            let mut moved = x.clone();
            let mut at = |offset: f64| {
                moved[i] = x[i] + offset;
                system.energy(&moved)
            };
            // Of fourth order: the twelfth power is steep.
            let h = 1e-4;
            let slope = (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * h);
            let scale = 1.0 + gradient[i].abs();
            assert!((slope - gradient[i]).abs() < 1e-5 * scale, "{name}: {slope} {}", gradient[i]);
        }
        let dims = system.dims();
        for i in [0, system.particles() - 1] {
            let to: Vec<f64> = x[i * dims..][..dims].iter().map(|v| v + 0.03).collect();
            let mut other = x.clone();
            other[i * dims..][..dims].copy_from_slice(&to);
            let expected = system.energy(&other) - system.energy(&x);
            let found = system.moved(&x, i, &to);
            assert!((found - expected).abs() < 1e-9 * (1.0 + system.energy(&x).abs()), "{name}");
        }
    }
}

/// Published to four digits by quadrature on three grids: 29.667232233, −22.541508.
#[test]
fn the_double_wells_integral() {
    let truth = DoubleWell::dw4().truth().unwrap();
    assert!((truth.ln_z - 29.667_232_2).abs() < 1e-6, "{}", truth.ln_z);
    assert!((truth.mean_energy + 22.541_508).abs() < 1e-5, "{}", truth.mean_energy);
    assert!((truth.entropy() - 7.125_724).abs() < 1e-5);
    // Another well has another integral, and no stated truth.
    let other = DoubleWell { quartic: 1.0, ..DoubleWell::dw4() };
    assert!(other.truth().is_none());
    let (ln_z, _) = four_in_the_plane(|d| (d - 4.0).powi(4) - 4.0 * (d - 4.0).powi(2), [0.0, 9.0]);
    assert!(ln_z < truth.ln_z);
}

/// Springs from each particle to the mean: x · ∇u = 2u at every x.
#[test]
fn the_virial_of_springs() {
    let mut springs = LennardJones::cluster(5);
    springs.depth = 0.0;
    let x = positions(&springs, 1);
    assert!((virial(&springs, &x) - 2.0 * springs.energy(&x)).abs() < 1e-9);
    assert_eq!(dof(&springs), 12);
}

#[test]
fn what_has_no_energy_is_said() {
    let dw4 = DoubleWell::dw4();
    let text = |x: &[f64]| checked_energy(&dw4, x).unwrap_err().to_string();
    assert!(
        text(&[0.0; 6]).contains("6 coordinates a row; dw4 has 4 particles in 2 dimensions, so 8")
    );
    assert!(text(&[0.0, 0.0, 1.0, f64::NAN, 2.0, 0.0, 3.0, 0.0]).contains("particle 2"));
    let lj13 = LennardJones::lj13();
    let mut x = positions(&lj13, 1);
    x.copy_within(0..3, 6);
    let error = checked_energy(&lj13, &x).unwrap_err();
    assert!(matches!(error, SystemError::Coinciding { first: 1, second: 3, .. }), "{error}");
    let alone = LennardJones::cluster(1);
    assert!(matches!(checked_energy(&alone, &[0.0; 3]), Err(SystemError::TooSmall { .. })));
    let Err(error) = by_name("lj31") else { panic!("there is no lj31") };
    assert!(error.to_string().contains("did you mean lj13?"), "{error}");
}
