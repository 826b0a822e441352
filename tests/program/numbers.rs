//! Whatever is written where a number belongs: an answer, or an error that says so; no panic, abort or
//! hang, and exit code 0 only where the number is a sane one that was used. Two gigabytes of memory and
//! ten seconds each. `FREEFORM_NUMBERS=500 cargo test --release --test program numbers` tries as many an
//! option.

use crate::support::Scratch;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// What users, scripts and attackers write for a number.
const ODD: [&str; 92] = [
    "",
    " ",
    "0",
    "-0",
    "+0",
    "1",
    "-1",
    "+1",
    "01",
    "2",
    "7",
    "1.0",
    "1.5",
    "0.1",
    "-0.5",
    "1e0",
    "1e1",
    "1e4",
    "1E2",
    "10k",
    "10K",
    "1M",
    "2G",
    "1.5k",
    "1e-3",
    "-1e3",
    "1e309",
    "-1e309",
    "1e400",
    "nan",
    "NaN",
    "-nan",
    "inf",
    "-inf",
    "Infinity",
    "+inf",
    "32767",
    "32768",
    "65535",
    "65536",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "1e18",
    "1e19",
    "1e20",
    "0x10",
    "0b1",
    "0o7",
    "1_000",
    "_1",
    "1__0",
    "1,000",
    "1.000,5",
    "１２",
    "٣",
    "²",
    "½",
    "1 ",
    "\t1",
    "1\n",
    "--",
    "-",
    "1e",
    "e1",
    "1e+2",
    "1;2",
    "1..3",
    "1-3",
    "3-1",
    "1,2",
    ",",
    "1,",
    "0.0000000000000000001",
    "1e-400",
    "4.9e-324",
    "1.7976931348623157e308",
    "3.5e38",
    "true",
    "\"1\"",
    "[1]",
    "{}",
    "$((1))",
    "🦀",
    "1\u{200b}",
    "99999999999999999999999999999999999999999999999999999999999999999999999999999",
];

/// Those, and others made of the same stuff.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(&ODD[..]).prop_map(str::to_owned),
        1 => any::<i64>().prop_map(|n| n.to_string()),
        1 => any::<u64>().prop_map(|n| n.to_string()),
        1 => (1_u32..40).prop_map(|n| n.to_string()),
        1 => any::<f64>().prop_map(|x| x.to_string()),
        1 => (any::<f32>(), -40..40_i32).prop_map(|(x, e)| format!("{x}e{e}")),
        1 => "[-+]?[0-9]{0,4}[.,_]?[0-9]{0,3}[eE]?[-+]?[0-9]{0,3}[kKMG]?",
        1 => "[0-9]{1,60}",
        1 => "[0-9,\\- ]{1,12}",
    ]
}

/// As many texts as are asked for, the same each time.
pub fn each_text(check: impl Fn(&str)) {
    let asked = std::env::var("FREEFORM_NUMBERS").ok().and_then(|n| n.parse().ok());
    let config =
        Config { cases: asked.unwrap_or(24), failure_persistence: None, ..Config::default() };
    let result = TestRunner::new_with_rng(config.clone(), rng()).run(&texts(), |text| {
        check(&text);
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    if asked.is_some() {
        ODD.iter().for_each(|text| check(text));
    }
}

fn rng() -> proptest::test_runner::TestRng {
    let algorithm = proptest::test_runner::RngAlgorithm::ChaCha;
    proptest::test_runner::TestRng::deterministic_rng(algorithm)
}

/// How a command ended.
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
}

/// Runs `freeform ARGS` with two gigabytes of address space. What works for longer than `patience` must
/// stop within two seconds of Ctrl-C.
pub fn limited(folder: &Path, args: &[String], patience: Duration) -> Ended {
    let program = assert_cmd::cargo::cargo_bin!("freeform");
    let child = Command::new("sh")
        .args(["-c", "ulimit -v 2000000; exec \"$0\" \"$@\""])
        .arg(program)
        .args(args)
        .current_dir(folder)
        .env("FREEFORM_CACHE", folder.join("cache"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("sh starts");
    let id = child.id();
    let (output, took) = end_of(child, patience);
    let Output { status, stdout, stderr } = output;
    let [stdout, stderr] = [stdout, stderr].map(|s| String::from_utf8_lossy(&s).into_owned());
    let shown = format!("freeform {args:?} ({id}): {status}: {stderr}");
    assert!(matches!(status.code(), Some(0 | 1 | 2 | 130)), "{shown}");
    assert!(!stderr.contains("panicked"), "{shown}");
    assert!(took < patience + Duration::from_millis(3500), "it went on for {took:?}: {shown}");
    if status.code() != Some(0) {
        assert!(!stderr.trim().is_empty(), "no word: {shown}");
    }
    Ended { code: status.code(), stdout }
}

/// Waits; interrupts what takes longer than `patience`, and kills what does not end then.
fn end_of(child: Child, patience: Duration) -> (Output, Duration) {
    let (id, began) = (child.id().to_string(), Instant::now());
    let waiter = std::thread::spawn(move || child.wait_with_output());
    let mut signals =
        [("-INT", patience), ("-KILL", patience + Duration::from_secs(4))].into_iter();
    let mut next = signals.next();
    while !waiter.is_finished() {
        std::thread::sleep(Duration::from_millis(2));
        if let Some((signal, when)) = next
            && began.elapsed() > when
        {
            let _ = Command::new("kill").args([signal, &id]).status();
            next = signals.next();
        }
    }
    (waiter.join().unwrap().unwrap(), began.elapsed())
}

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
type Case = (&'static str, fn(&str, &serde_json::Value) -> bool);

fn seed(text: &str, value: &serde_json::Value) -> bool {
    text.parse::<u64>().is_ok_and(|seed| value["seed"].is_null() || value["seed"] == seed)
}

fn observations(text: &str, _: &serde_json::Value) -> bool {
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

/// A folder with what the options need.
fn ready() -> Scratch {
    let scratch = Scratch::new();
    scratch.tiny_model();
    let text = "tasks = [\"two_moons\"]\nbudgets = [100]\n";
    for (name, text) in [
        ("sweep.toml", text.to_owned()),
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

/// Runs `work` on each of the items, two at a time.
pub fn two_at_a_time<T: Sync>(items: &[T], work: impl Fn(usize, &T) + Sync) {
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    let Some(item) = items.get(at) else { break };
                    work(at, item);
                }
            });
        }
    });
}

#[test]
fn every_numeric_option_is_used_as_given_or_refused() {
    let scratch = ready();
    two_at_a_time(&CASES, |at, (line, is_right)| {
        // The model's folder has one worker at a time: each option has its own copy.
        let folder = scratch.path(&format!("case{at}"));
        copy(&scratch.path(""), &folder);
        each_text(|text| {
            let args: Vec<String> = line
                .split(' ')
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
            let _ = std::fs::remove_dir_all(folder.join("out.npz.parts"));
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
        } else if ["model", "sweep", "plots", "checkpoints", "slurm"].contains(&name.as_str()) {
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
