//! Numbers of `infer` and of Boltzmann generators, as [`crate::numbers`] does it.

use crate::numbers::{Case, as_count, attack, seed};
use crate::particles::trained;
use crate::support::Scratch;

fn is_count(text: &str, _: &serde_json::Value) -> bool {
    as_count(text).is_some()
}

/// A setting of a generator's training, as it was used.
fn setting(key: &str, text: &str, value: &serde_json::Value) -> bool {
    let given: Option<f64> = serde_json::from_str(text.trim()).ok();
    given.is_some() && given == value["settings"][key].as_f64()
}

const CASES: [Case; 18] = [
    ("infer two_moons --observation 1 -n {} --rounds 1 TINY --out OUT", |text, value| {
        as_count(text).is_some_and(|n| n >= 50.0) && as_count(text) == value["budget"].as_f64()
    }),
    ("infer two_moons --observation {} -n 60 --rounds 1 TINY --out OUT", |text, _| {
        text.parse::<usize>().is_ok_and(|n| (1..=10).contains(&n))
    }),
    ("infer two_moons --observation 1 -n 60 --rounds {} TINY --out OUT", |text, _| {
        text.parse::<usize>().is_ok_and(|n| (1..=99).contains(&n))
    }),
    ("infer two_moons --observation 1 -n 60 --rounds 1 TINY --seed {} --out OUT", seed),
    (
        "particles reference dw4 -n {} --chains 2 --replicas 2 --sweeps 1 --burn-in 8 --out OUT.npz",
        |text, value| as_count(text) == value["draws"].as_f64(),
    ),
    ("particles reference dw4 -n 9 --burn-in 8 --seed {} --out OUT.npz", seed),
    ("particles reference dw4 -n 9 --burn-in 8 --chains {} --out OUT.npz", is_count),
    ("particles reference dw4 -n 9 --burn-in 8 --replicas {} --out OUT.npz", is_count),
    ("particles reference dw4 -n 9 --burn-in 8 --sweeps {} --out OUT.npz", is_count),
    ("particles reference dw4 -n 9 --burn-in {} --out OUT.npz", is_count),
    ("particles sample generator -n {} --out OUT.npz", |text, value| {
        as_count(text) == value["draws"].as_f64()
    }),
    ("particles sample generator -n 9 --seed {} --out OUT.npz", seed),
    ("particles evaluate generator --data data.npz -n 9 --rows {}", is_count),
    ("particles evaluate generator --data data.npz --rows 9 -n {}", is_count),
    ("particles train dw4 --data data.npz SMALL --set steps={} --out OUT", |text, value| {
        setting("steps", text, value)
    }),
    ("particles train dw4 --data data.npz SMALL --set batch={} --out OUT", |text, value| {
        setting("batch", text, value)
    }),
    ("particles train dw4 --data data.npz SMALL --set width={} --out OUT", |text, value| {
        setting("width", text, value)
    }),
    ("particles train dw4 --data data.npz SMALL --set layers={} --out OUT", |text, value| {
        setting("layers", text, value)
    }),
];

#[test]
fn every_number_of_rounds_and_generators_is_used_as_given_or_refused() {
    let scratch = Scratch::new();
    trained(&scratch);
    attack(&scratch, &CASES);
}
