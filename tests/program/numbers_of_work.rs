//! Numbers of the verbs that train, check and run sweeps: used as given, or refused.

use crate::numbers::{Case, as_count, attack, observations, ready, seed};
use serde_json::Value;

/// No number is such a word.
fn never(_: &str, _: &Value) -> bool {
    false
}

fn processes(text: &str, _: &Value) -> bool {
    text.parse::<u16>().is_ok_and(|n| n > 0)
}

/// Numbers of a point of a series: slcp has eight numbers, and a series three points at least.
fn channels(text: &str, _: &Value) -> bool {
    as_count(text).is_some_and(|n| [1.0, 2.0].contains(&n))
}

const CASES: [Case; 21] = [
    ("run two_moons -n {} --observations 1 TINY --out OUT", |text, value| {
        as_count(text) == value["simulations"].as_f64()
    }),
    ("run two_moons -n 50 --observations 1 --seed {} TINY --out OUT", seed),
    ("run two_moons -n 50 --observations {} TINY --out OUT", |text, value| {
        let scored = value["observations"].as_array().map_or(0, Vec::len);
        observations(text, value) && (1..=10).contains(&scored)
    }),
    ("run slcp -n 50 --observations 1 --layout series --channels {} TINY --out OUT", channels),
    ("run two_moons -n 50 --observations 1 --layout {} TINY --out OUT", never),
    ("run two_moons -n 50 --observations 1 --plots {} TINY --out OUT", never),
    ("train --task slcp -n 50 --layout set --channels {} TINY --out OUT", channels),
    ("train --task slcp -n 50 --device wgpu:{} TINY --out OUT", never),
    ("train --task two_moons -n 50 --seed {} TINY --out OUT", seed),
    ("train --task two_moons -n {} TINY --out OUT", |text, _| as_count(text).is_some()),
    ("tune --task two_moons -n {} --search beta TINY --out OUT", |text, _| {
        as_count(text).is_some()
    }),
    ("tune --task two_moons -n 50 --seed {} --search beta TINY --out OUT", seed),
    (
        "benchmark --tasks two_moons --budgets 50 --observations 1 --jobs {} TINY --out OUT",
        processes,
    ),
    ("grid run fast.toml --out OUT --jobs {}", processes),
    ("grid run fast.toml --out OUT --device burn --pack {}", processes),
    ("grid submit --out sweep --dry-run --cpus-per-task {}", processes),
    ("grid submit --out sweep --dry-run --time {}", |text, _| {
        text.len() <= 20 && text.chars().all(|c| c.is_ascii_digit() || ":-".contains(c))
    }),
    ("grid submit --out sweep --dry-run --mem {}", |text, _| {
        text.trim_end_matches(['K', 'M', 'G', 'T', 'k', 'm', 'g', 't']).parse::<u64>().is_ok()
    }),
    ("check model -n {}", |text, value| {
        as_count(text) == value["simulations"].as_f64() && as_count(text) >= Some(100.0)
    }),
    ("check model -n 100 --seed {}", seed),
    // Too few for a verdict, at whatever observation.
    ("check model -n 9 --observation {}", never),
];

#[test]
fn every_number_of_work_is_used_as_given_or_refused() {
    attack(&ready(), &CASES);
}
