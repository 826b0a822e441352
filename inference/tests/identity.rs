//! A training is known by what it was of when tables were in single precision.

use freeform_inference::fingerprint;
use freeform_simulators::{Precision, SimulationSource, Task, simulate};

#[test]
fn a_fingerprint_is_of_the_digits_that_matter() {
    let task = Task::by_name("two_moons").unwrap();
    let single = task.simulate_in(Precision::Single, 500, 1).unwrap().simulations;
    // As a run's config.toml had it before tables were in double precision.
    assert_eq!(fingerprint(task.prior(), &single), "5df75736c4496e7a");
    // Digits beyond single precision that it need not have.
    let mut close = single.clone();
    close.x.mapv_inplace(|v| v * (1.0 + 1e-12));
    assert_eq!(fingerprint(task.prior(), &close), fingerprint(task.prior(), &single));
    // Digits that it must have: all of x rounds to the same number.
    let mut far = single.clone();
    far.x.mapv_inplace(|v| 1.1e9 + v);
    let mut other = far.clone();
    other.x[[3, 0]] += 0.25;
    assert_ne!(fingerprint(task.prior(), &far), fingerprint(task.prior(), &other));
    let double = simulate(task.simulator(), 500, 1).unwrap().simulations;
    assert_ne!(double, single);
}
