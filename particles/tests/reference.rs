//! Replica exchange: integrals that are known, the same bytes whatever the threads, and states that
//! go on.

use freeform_particles::reference::Progress;
use freeform_particles::{
    LennardJones, Reference, ReferenceError, ReferenceSettings, Sampling, System, by_name,
    sample_reference,
};
use std::ops::ControlFlow;

fn go_on(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn settings(system: &dyn System, draws: usize) -> ReferenceSettings {
    ReferenceSettings { draws, seed: 1, chains: 8, sampling: system.sampling() }
}

fn bits(reference: &Reference) -> Vec<u64> {
    reference.x.iter().chain(&reference.energy).map(|v| v.to_bits()).collect()
}

/// ln Z and ⟨u⟩ by quadrature.
#[test]
fn the_double_wells_integral_by_sampling() {
    let system = by_name("dw4").unwrap();
    let found = sample_reference(&*system, &settings(&*system, 16_000), None, &mut go_on).unwrap();
    let (report, truth) = (&found.report, system.truth().unwrap());
    let ln_z = report.ln_z.unwrap();
    assert!(ln_z.error < 0.02, "{ln_z:?}");
    assert!((ln_z.value - truth.ln_z).abs() < 4.5 * ln_z.error.max(0.004), "{ln_z:?}");
    let mean = report.mean_energy;
    assert!((mean.value - truth.mean_energy).abs() < 4.5 * mean.error.max(0.01), "{mean:?}");
    assert!((report.virial.value - 6.0).abs() < 4.5 * report.virial.error, "{report:?}");
    assert!(report.swap_rates.iter().all(|rate| *rate > 0.3), "{report:?}");
    assert!(report.autocorrelation_time.unwrap() < 3.0, "{report:?}");
    for (x, energy) in found.x.rows().into_iter().zip(&found.energy) {
        let x = x.to_vec();
        assert!((system.energy(&x) - energy).abs() < 1e-9);
        assert!((x[0] + x[2] + x[4] + x[6]).abs() < 1e-12);
    }
}

/// Springs alone: u = ½k|x|² on 12 dimensions has Z = (2π/k)⁶ and ⟨u⟩ = 6.
#[test]
fn springs_have_a_closed_form() {
    let mut springs = LennardJones::cluster(5);
    (springs.depth, springs.spring) = (0.0, 9.0);
    let found = sample_reference(&springs, &settings(&springs, 8000), None, &mut go_on).unwrap();
    let (ln_z, expected) = (found.report.ln_z.unwrap(), 6.0 * (std::f64::consts::TAU / 9.0).ln());
    assert!((ln_z.value - expected).abs() < 4.5 * ln_z.error.max(0.002), "{ln_z:?} {expected}");
    let mean = found.report.mean_energy;
    assert!((mean.value - 6.0).abs() < 4.5 * mean.error.max(0.01), "{mean:?}");
}

#[test]
fn threads_and_interruptions_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let keep = folder.path().join("state");
    let system = by_name("lj13").unwrap();
    let sampling = Sampling { replicas: 6, sweeps: 7, burn_in: 20 };
    let settings = ReferenceSettings { draws: 999, seed: 4, chains: 3, sampling };
    let whole = sample_reference(&*system, &settings, None, &mut go_on).unwrap();
    assert_eq!(whole.x.dim(), (999, 39));
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let alone = one.install(|| sample_reference(&*system, &settings, None, &mut go_on).unwrap());
    assert_eq!(bits(&whole), bits(&alone));
    // Stopped at every second look, as often as it takes.
    let mut stops = 0;
    let resumed = loop {
        let mut looks = 0;
        let mut stop = |_: Progress| {
            looks += 1;
            if looks > 1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        match sample_reference(&*system, &settings, Some(&keep), &mut stop) {
            Err(ReferenceError::Interrupted) if stops < 1 => stops += 1,
            Err(ReferenceError::Interrupted) => {
                break sample_reference(&*system, &settings, Some(&keep), &mut go_on).unwrap();
            }
            Err(error) => panic!("{error}"),
            Ok(found) => break found,
        }
    };
    assert!(stops > 0 && bits(&whole) == bits(&resumed) && whole.report == resumed.report);
    let other = ReferenceSettings { seed: 5, ..settings };
    let error = sample_reference(&*system, &other, Some(&keep), &mut go_on).unwrap_err();
    assert!(error.to_string().contains("other settings"), "{error}");
    let none = ReferenceSettings { chains: 1, ..settings };
    let error = sample_reference(&*system, &none, None, &mut go_on).unwrap_err();
    assert_eq!(error.to_string(), "chains = 1 must be at least 2");
}
