//! A program as an energy.

use freeform_particles::system::{checked_energy, virial};
use freeform_particles::{ReferenceError, ReferenceSettings, Sampling, by_name, sample_reference};
use std::ops::ControlFlow;
use std::path::Path;

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/springs_energy");

/// u = ½·4·|x|² on 4 degrees of freedom: Z = (2π/4)², ⟨u⟩ = 2, x·∇u = 2u.
#[test]
fn a_python_program_is_sampled() {
    let system = by_name(EXAMPLE).unwrap();
    assert_eq!((system.name(), system.particles(), system.dims()), ("springs", 3, 2));
    let x = [1.0, 0.0, 0.0, 0.0, -1.0, 0.5];
    let energy = checked_energy(&*system, &x).unwrap();
    let expected = 2.0 * freeform_particles::space::spread(&x, 2);
    assert!((energy - expected).abs() < 1e-12);
    assert!((virial(&*system, &x) - 2.0 * energy).abs() < 1e-6);
    let sampling = Sampling { replicas: 2, sweeps: 4, burn_in: 40 };
    let settings = ReferenceSettings { draws: 800, seed: 1, chains: 4, sampling };
    let found =
        sample_reference(&*system, &settings, None, &mut |_| ControlFlow::Continue(())).unwrap();
    let (ln_z, mean) = (found.report.ln_z.unwrap(), found.report.mean_energy);
    let expected = 2.0 * (std::f64::consts::TAU / 4.0).ln();
    assert!((ln_z.value - expected).abs() < 5.0 * ln_z.error.max(0.01), "{ln_z:?} {expected}");
    assert!((mean.value - 2.0).abs() < 5.0 * mean.error.max(0.05), "{mean:?}");
}

/// What is said of a `system.toml`, or of sampling it.
fn refused(folder: &Path, toml: &str, program: &str) -> String {
    std::fs::write(folder.join("system.toml"), toml).unwrap();
    std::fs::write(folder.join("energy.py"), program).unwrap();
    let system = match by_name(&folder.display().to_string()) {
        Ok(system) => system,
        Err(error) => return error.to_string(),
    };
    let sampling = Sampling { replicas: 2, sweeps: 2, burn_in: 8 };
    let settings = ReferenceSettings { draws: 10, seed: 1, chains: 2, sampling };
    let found = sample_reference(&*system, &settings, None, &mut |_| ControlFlow::Continue(()));
    match found {
        Err(ReferenceError::System(error)) => error.to_string(),
        other => panic!("{:?}", other.map(|found| found.report)),
    }
}

#[test]
fn what_is_wrong_with_a_program_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let toml = "name = \"own\"\nparticles = 3\ndims = 2\ncommand = [\"python3\", \"energy.py\"]\n";
    let answers = |answer: &str| {
        format!(
            "import sys\nfor line in sys.stdin:\n    if line.strip():\n        print(line.split()[0], {answer}, flush=True)\n"
        )
    };
    let said = |toml: &str, program: &str| refused(folder.path(), toml, program);
    let nan = said(toml, &answers("'nan'"));
    assert!(nan.contains("own: the energy is not a number") && nan.contains("+infinity"), "{nan}");
    let error = said(toml, &answers("'error too close'"));
    assert!(error.contains("error too close"), "{error}");
    let crash = said(toml, "raise SystemExit('no parameters file')\n");
    assert!(
        crash.contains("ended without an answer") && crash.contains("no parameters"),
        "{crash}"
    );
    let silent = said(&format!("{toml}timeout = 0.2\n"), "import time\ntime.sleep(60)\n");
    assert!(silent.contains("no answer for timeout = 0.2 s"), "{silent}");
    let fixed = "import sys\nfor line in sys.stdin:\n    print('0 1.5', flush=True)\n";
    let fixed = said(&format!("{toml}timeout = 3\n"), fixed);
    assert!(fixed.contains("here 1") && fixed.contains("was no answer: \"0 1.5\""), "{fixed}");
    let words = said(toml, &answers("'1.5 2.5'"));
    assert!(words.contains("0 1.5 2.5\" is not \"INDEX u\""), "{words}");
    let trap = said(toml, &answers("sum(float(x) ** 2 for x in line.split()[2:])"));
    assert!(trap.contains("where all particles are moved together"), "{trap}");
    let one = said(&toml.replace("particles = 3", "particles = 1"), "");
    assert!(one.contains("own: 1 particles in 2 dimensions"), "{one}");
    let unknown = said(&format!("{toml}widht = 2\n"), "");
    assert!(unknown.contains("unknown field `widht`"), "{unknown}");
    let missing = said(&toml.replace("python3", "no-such-program"), "");
    assert!(missing.contains("cannot start no-such-program"), "{missing}");
}

/// Answers that come twice, or to the end of a batch, belong to nobody.
#[test]
fn answers_beyond_those_asked_for_are_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let toml = "name = \"own\"\nparticles = 2\ndims = 1\ncommand = [\"python3\", \"energy.py\"]\n";
    let program = "\
import sys
at = 0
for line in sys.stdin:
    if line.strip():
        at, _, x, y = line.split()
        u = (float(x) - float(y)) ** 2
    print('thinking')
    print(at, u)
    print(at, u, flush=True)
";
    std::fs::write(folder.path().join("system.toml"), toml).unwrap();
    std::fs::write(folder.path().join("energy.py"), program).unwrap();
    let system = by_name(&folder.path().display().to_string()).unwrap();
    for k in 0..50 {
        let distance = f64::from(k);
        assert_eq!(system.energy(&[0.0, distance]), distance * distance);
    }
}
