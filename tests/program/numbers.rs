//! Whatever is written where a number belongs: an answer, or an error that says so; no panic, abort or
//! hang, and exit code 0 only where the number is a sane one that was used. Two gigabytes of memory and
//! ten seconds each. `FREEFORM_NUMBERS=500 cargo test --release --test program numbers` tries as many an
//! option.

use crate::odd_numbers::{each_text, limited, two_at_a_time};
use crate::support::Scratch;
use std::path::Path;
use std::time::Duration;

/// A number as people write counts, by the rule in the documents: digits with `_` between them, a
/// decimal fraction, an exponent, and k, M or G.
pub fn as_count(text: &str) -> Option<f64> {
    let plain = text.trim().replace('_', "");
    let (digits, factor) = match plain.chars().last()?.to_ascii_lowercase() {
        'k' => (&plain[..plain.len() - 1], 1e3),
        'm' => (&plain[..plain.len() - 1], 1e6),
        'g' => (&plain[..plain.len() - 1], 1e9),
        _ => (&plain[..], 1.0),
    };
    let value = digits.parse::<f64>().ok()? * factor;
    let whole = (value - value.round()).abs() <= 1e-9 * value;
    (whole && value >= 1.0 && value.is_finite()).then(|| value.round())
}

/// Options with a text in the place of `{}`, and whether exit code 0 is right for it, with what was
/// printed as JSON.
pub type Case = (&'static str, fn(&str, &serde_json::Value) -> bool);

pub fn seed(text: &str, value: &serde_json::Value) -> bool {
    text.parse::<u64>().is_ok_and(|seed| value["seed"].is_null() || value["seed"] == seed)
}

pub fn observations(text: &str, _: &serde_json::Value) -> bool {
    let number = |part: &str| part.trim().parse::<usize>().is_ok_and(|n| (1..=10).contains(&n));
    text.split(',').all(|part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        number(first) && number(last)
    })
}

const CASES: [Case; 21] = [
    ("simulate two_moons -n {} --out OUT.npz", |text, value| {
        as_count(text) == value["simulations"].as_f64()
    }),
    ("simulate two_moons -n 3 --seed {} --out OUT.npz", seed),
    ("--threads {} tasks", |text, _| text.parse::<u16>().is_ok_and(|n| (1..=1024).contains(&n))),
    ("--threads {} simulate slcp -n 3 --out OUT.npz", |text, _| {
        text.parse::<u16>().is_ok_and(|n| (1..=1024).contains(&n))
    }),
    ("sample model --observation 1 -n {} --anyway --out OUT.npy", |text, value| {
        as_count(text) == value["draws"].as_f64()
    }),
    ("sample model --observation 1 -n 9 --anyway --seed {} --out OUT.npy", seed),
    ("sample model --observation {} -n 9 --anyway --out OUT.npy", observations),
    ("sample model --observation table.csv:{} -n 9 --anyway --out OUT.npy", |text, _| {
        text.parse::<usize>().is_ok_and(|n| (1..=3).contains(&n))
    }),
    ("log-prob model --observation {} --theta theta.csv --anyway --out OUT.npy", observations),
    ("log-prob model --observation 1 --theta theta.csv --seed {} --anyway --out OUT.npy", seed),
    ("reference two_moons --observation 1 -n {} --no-cache --out OUT.npy", |text, value| {
        as_count(text) == value["draws"].as_f64()
    }),
    ("reference two_moons --observation {} -n 9 --no-cache --out OUT.npy", observations),
    ("reference slcp --observation 1 -n 9 --no-cache --seed {} --out OUT.npy", seed),
    ("c2st theta.csv theta2.csv --classifier logistic --seed {}", seed),
    ("reference compare --tasks two_moons --observations {}", |_, _| false),
    ("calibrate model -n {}", |text, value| as_count(text) == value["simulations"].as_f64()),
    ("calibrate model -n 3 --seed {}", |_, _| false),
    ("benchmark --tasks two_moons --budgets {} --observations 11 --out OUT", |_, _| false),
    ("benchmark --tasks two_moons --seeds {} --observations 11 --out OUT", |_, _| false),
    ("grid task --index {} --out nowhere", |_, _| false),
    ("grid submit --out sweep --dry-run --max-running {}", |text, _| as_count(text).is_some()),
];

/// The settings that train in a moment, as a file has them.
fn fast() -> String {
    let value = |text: &str| match text {
        "off" => "\"off\"".to_owned(),
        number => number.to_owned(),
    };
    let settings = SETTINGS.iter().filter_map(|setting| setting.split_once('='));
    settings.map(|(key, text)| format!("{key} = {}\n", value(text))).collect()
}

/// A folder with what the options need.
pub fn ready() -> Scratch {
    let scratch = Scratch::new();
    scratch.tiny_model();
    let text = "tasks = [\"two_moons\"]\nbudgets = [100]\n";
    for (name, text) in [
        ("sweep.toml", text.to_owned()),
        ("fast.toml", format!("{text}observations = []\n[settings]\n{}\n", fast())),
        ("table.csv", "0.1,0.2\n0.0,0.1\n-0.1,0.3\n".to_owned()),
        ("theta.csv", (0..20).map(|i| format!("{},{}\n", i as f64 / 30.0, 0.1)).collect()),
        ("theta2.csv", (0..20).map(|i| format!("{},{}\n", i as f64 / 29.0, i % 3)).collect()),
    ] {
        std::fs::write(scratch.path(name), text).unwrap();
    }
    let theta: String = (0..20).map(|i| format!("{},{}\n", i as f64 / 30.0, i % 7)).collect();
    std::fs::write(scratch.path("theta.csv"), theta.replace('6', "0")).unwrap();
    scratch.succeeds(&["grid", "plan", "sweep.toml", "--out", "sweep"]);
    scratch
}

#[test]
fn every_numeric_option_is_used_as_given_or_refused() {
    attack(&ready(), &CASES);
}

/// Tries the cases in copies of a folder. `TINY` stands for the settings of a small model, `SMALL` for those of a
/// small Boltzmann generator.
pub fn attack(scratch: &Scratch, cases: &[Case]) {
    two_at_a_time(cases, |at, (line, is_right)| {
        // The model's folder has one worker at a time: each option has its own copy.
        let folder = scratch.path(&format!("case{at}"));
        copy(&scratch.path(""), &folder);
        each_text(|text| {
            let args: Vec<String> = line
                .split(' ')
                .flat_map(|part| match part {
                    "TINY" => SETTINGS.to_vec(),
                    "SMALL" => crate::particles::SMALL.to_vec(),
                    part => vec![part],
                })
                .chain(["--json", "-q"])
                .map(|part| part.replace("OUT", "out").replace("{}", text))
                .collect();
            // `-n TEXT` must not be taken for an option.
            let args = joined(args);
            let ended = limited(&folder, &args, patience(text));
            let value = serde_json::from_str(&ended.stdout).unwrap_or(serde_json::Value::Null);
            if ended.code == Some(0) {
                assert!(is_right(text, &value), "{args:?} was accepted: {}", ended.stdout);
            }
            for name in ["out.npz", "out.npy"] {
                let _ = std::fs::remove_file(folder.join(name));
            }
            for name in ["out.npz.parts", "out"] {
                let _ = std::fs::remove_dir_all(folder.join(name));
            }
        });
    });
}

/// Large numbers may work for long; they are interrupted soon.
fn patience(text: &str) -> Duration {
    match as_count(text) {
        Some(n) if n > 2e4 => Duration::from_millis(500),
        _ => Duration::from_secs(10),
    }
}

/// `-n TEXT` as `-n=TEXT`, `--seed TEXT` as `--seed=TEXT`.
fn joined(args: Vec<String>) -> Vec<String> {
    let valued = [
        "-n",
        "--seed",
        "--threads",
        "--observation",
        "--observations",
        "--budgets",
        "--seeds",
        "--index",
        "--max-running",
        "--jobs",
        "--pack",
        "--channels",
        "--layout",
        "--plots",
        "--device",
        "--time",
        "--mem",
        "--cpus-per-task",
        "--rounds",
        "--chains",
        "--replicas",
        "--sweeps",
        "--burn-in",
        "--rows",
    ];
    let mut joined: Vec<String> = Vec::new();
    for arg in args {
        match joined.last_mut() {
            Some(last) if valued.contains(&last.as_str()) => *last += &format!("={arg}"),
            _ => joined.push(arg),
        }
    }
    joined
}

/// Copies a folder of files, and the folders `model` and `sweep` in it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_file() {
            std::fs::copy(&path, target).unwrap();
        } else if ["model", "generator", "sweep", "plots", "checkpoints", "slurm"]
            .contains(&name.as_str())
        {
            copy(&path, &target);
        }
    }
}

/// Trains in a moment.
const SETTINGS: [&str; 14] = [
    "--set",
    "whitening.kind=off",
    "--set",
    "posterior.correction=off",
    "--set",
    "training.members=1",
    "--set",
    "training.max_epochs=1",
    "--set",
    "network.width=8",
    "--set",
    "network.blocks=1",
    "--set",
    "training.patience=1",
];

#[test]
fn every_setting_is_used_as_given_or_refused() {
    let scratch = Scratch::new();
    let settings: toml::Table = scratch.succeeds(&["settings"]).parse().unwrap();
    let keys: Vec<(String, bool)> = settings
        .iter()
        .flat_map(|(section, keys)| {
            let number = |value: &toml::Value| value.is_integer() || value.is_float();
            let keys = keys.as_table().unwrap().iter();
            keys.map(move |(key, value)| (format!("{section}.{key}"), number(value)))
        })
        .collect();
    assert!(keys.len() > 30, "{keys:?}");
    two_at_a_time(&keys, |at, (key, is_number)| {
        let out = format!("run{at}");
        each_text(|text| {
            let head = ["train", "--task", "two_moons", "-n", "40", "--threads", "1", "-q"];
            let given = format!("{key}={text}");
            let tail = ["--set", &given, "--out", &out];
            let args: Vec<String> =
                [&head[..], &SETTINGS, &tail].concat().into_iter().map(str::to_owned).collect();
            let ended = limited(&scratch.path(""), &args, Duration::from_secs(10));
            if ended.code == Some(0) {
                let config = std::fs::read_to_string(scratch.path(&out).join("config.toml"));
                let config: toml::Table = config.unwrap().parse().unwrap();
                let (section, key) = key.split_once('.').unwrap();
                let used = &config[section][key];
                let given: toml::Table = format!("v = {text}").parse().unwrap_or_default();
                let number = |v: &toml::Value| v.as_float().or(v.as_integer().map(|n| n as f64));
                let given = given.get("v").and_then(number);
                let same = given.is_some() && given == number(used);
                let word = !is_number && used.to_string().trim_matches('"') == text;
                assert!(same || word, "{args:?} was accepted: {used}");
            }
            let _ = std::fs::remove_dir_all(scratch.path(&out));
        });
    });
}
