//! Damaged descriptions of models, with every kind of view of x: an error, or a model that answers, at once.

use crate::odd_numbers::{each_of, limited, odd_text};
use crate::support::{Scratch, TINY};
use freeform_inference::{Model, Posterior};
use freeform_simulators::Simulations;
use ndarray::Array2;
use proptest::prelude::*;
use proptest::sample::Index;
use rand::RngExt;
use std::path::Path;
use std::time::{Duration, Instant};

const COLUMNS: usize = 40;
const PRIOR: &str = "[[parameter]]\nname = \"a\"\ndistribution = \"uniform\"\nlow = -1.0\nhigh = 1.0\n\
                     [[parameter]]\nname = \"b\"\ndistribution = \"uniform\"\nlow = -1.0\nhigh = 1.0\n";

/// Models by their folder, how they are trained, and what their description has then.
const MODELS: [(&str, &[&str], &str); 3] = [
    ("series", &["--layout", "series"], "kind = \"series\""),
    ("set", &["--layout", "set", "--channels", "2"], "[likelihood.trials"),
    ("components", &["--layout", "auto"], "kind = \"components\""),
];

/// Forty numbers that two parameters decide: the ends of a line under noise, or one level and one spread.
/// Every third simulation of a positive `a` failed.
fn simulations(line: bool) -> Simulations {
    let mut random = crate::support::random();
    let n = 400;
    let theta = Array2::from_shape_simple_fn((n, 2), || random.random_range(-1.0..1.0_f64));
    let mut x = Array2::from_shape_fn((n, COLUMNS), |(row, t)| {
        let (a, b) = (theta[[row, 0]], theta[[row, 1]]);
        let time = t as f64 / COLUMNS as f64;
        let noise: f64 = (0..12).map(|_| random.random_range(-0.5..0.5)).sum();
        if line { a * (1.0 - time) + b * time + noise } else { a + b.exp() * noise }
    });
    for row in (0..n).filter(|row| theta[[*row, 0]] > 0.0 && row % 3 == 0) {
        x.row_mut(row).fill(f64::NAN);
    }
    Simulations { theta, x }
}

fn trained() -> Scratch {
    let scratch = Scratch::new();
    std::fs::write(scratch.path("prior.toml"), PRIOR).unwrap();
    for (name, layout, contains) in MODELS {
        simulations(name == "components").write(scratch.path("sims.npz")).unwrap();
        let train = ["train", "--simulations", "sims.npz", "--prior", "prior.toml", "--out", name];
        scratch.succeeds(&[&train[..], layout, &TINY, &["-q"]].concat());
        let text = std::fs::read_to_string(scratch.path(name).join("model.toml")).unwrap();
        // A set's likelihood is that of its trials.
        let version = if name == "set" { "format_version = 9" } else { "format_version = 5" };
        assert!(text.contains(version) && text.contains(contains), "{name}: {text}");
    }
    scratch
}

/// The description without the line of its checksum, which any change would break.
fn unsigned(folder: &Path) -> String {
    let text = std::fs::read_to_string(folder.join("model.toml")).unwrap();
    text.split_once('\n').unwrap().1.to_owned()
}

fn load(folder: &Path, text: &str) -> Result<Model, String> {
    std::fs::write(folder.join("model.toml"), text).unwrap();
    let began = Instant::now();
    let model = Model::load(folder).map_err(|error| error.to_string());
    assert!(began.elapsed() < Duration::from_secs(5), "{text}");
    model
}

#[test]
fn misspelt_keys_of_a_model_are_refused() {
    let scratch = trained();
    for (name, _, _) in MODELS {
        let folder = scratch.path(name);
        let text = unsigned(&folder);
        let lines: Vec<&str> = text.lines().collect();
        load(&folder, &text).unwrap();
        for at in 0..lines.len() {
            let misspelt = match lines[at].split_once(" = ") {
                Some((key, value)) => format!("{key}x = {value}"),
                None if lines[at].starts_with('[') => lines[at].replacen(']', "x]", 1),
                None => continue,
            };
            let mut changed = lines.clone();
            changed[at] = &misspelt;
            let error = load(&folder, &changed.join("\n")).err();
            let error = error.unwrap_or_else(|| panic!("{name}: {misspelt:?} was accepted"));
            assert!(error.contains("model.toml"), "{misspelt}: {error}");
        }
    }
}

/// What may become of a description.
#[derive(Clone, Debug)]
enum Change {
    Value(Index, String),
    Element(Index, Index, String),
    Remove(Index),
    Repeat(Index, Index),
    Cut(Index),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    prop_oneof![
        3 => (at(), odd_text()).prop_map(|(line, text)| Change::Value(line, text)),
        3 => (at(), at(), odd_text()).prop_map(|(line, n, text)| Change::Element(line, n, text)),
        1 => at().prop_map(Change::Remove),
        1 => (at(), at()).prop_map(|(from, to)| Change::Repeat(from, to)),
        1 => at().prop_map(Change::Cut),
    ]
}

fn apply(text: &str, change: &Change) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let n = lines.len();
    match change {
        Change::Value(at, new) => {
            let line = &mut lines[at.index(n)];
            if let Some((key, _)) = line.split_once(" = ") {
                *line = format!("{key} = {new}");
            }
        }
        Change::Element(at, which, new) => {
            let line = &mut lines[at.index(n)];
            if let Some((key, list)) = line.split_once(" = [") {
                let mut parts: Vec<&str> = list.trim_end_matches(']').split(", ").collect();
                let which = which.index(parts.len());
                parts[which] = new;
                *line = format!("{key} = [{}]", parts.join(", "));
            }
        }
        Change::Remove(at) => drop(lines.remove(at.index(n))),
        Change::Repeat(from, to) => {
            let line = lines[from.index(n)].clone();
            lines.insert(to.index(n), line);
        }
        Change::Cut(at) => {
            return text[..text.floor_char_boundary(at.index(text.len()))].to_owned();
        }
    }
    lines.join("\n")
}

#[test]
fn damaged_models_are_refused_or_answer() {
    let scratch = trained();
    let x = [0.3; COLUMNS];
    for (name, _, _) in MODELS {
        let folder = scratch.path(name);
        let text = unsigned(&folder);
        let (mut taken, mut refused) = (0, 0);
        each_of(500, change(), |change| {
            let Ok(model) = load(&folder, &apply(&text, &change)) else {
                refused += 1;
                return;
            };
            taken += 1;
            // A few of those that are taken for models, since draws take a while.
            if taken % 8 == 0
                && let Ok(draws) = Posterior::new(model, Default::default()).sample(&x, 20, 1)
            {
                assert!(draws.theta.iter().all(|v| v.is_finite()), "{change:?}");
            }
        });
        println!("{name}: {refused} refused, {taken} taken");
        assert!(refused > 100, "{name}: {refused} refused, {taken} taken");
    }
}

/// The same by the program, in two gigabytes.
#[test]
fn damaged_models_are_answered_in_little_memory() {
    let scratch = trained();
    std::fs::write(scratch.path("x.csv"), [["0.3"; COLUMNS].join(","), String::new()].join("\n"))
        .unwrap();
    for (name, _, _) in MODELS {
        let folder = scratch.path(name);
        let text = unsigned(&folder);
        each_of(12, change(), |change| {
            std::fs::write(folder.join("model.toml"), apply(&text, &change)).unwrap();
            let line = format!("sample {name} --observation x.csv -n 9 --anyway --out s.npy -q");
            let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
            limited(&scratch.path(""), &args, Duration::from_secs(10));
        });
    }
}
