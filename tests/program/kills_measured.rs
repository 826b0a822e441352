//! Every verb that works for long, killed at random moments: the end is that of an undisturbed call, byte
//! for byte, and what a kill costs is measured. `FREEFORM_ATTACKS=100` kills each half as often;
//! `FREEFORM_LONG=1` makes the work long beside the seconds that a kill may cost, and
//! `FREEFORM_VERB=tune` attacks that verb alone.

#![cfg(target_os = "linux")]

use crate::support::{Scratch, TINY, attacks, random, start, timeless};
use rand::RngExt;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

/// No kill may cost more.
const MOST: Duration = Duration::from_secs(5);
/// What a measurement may be off by: a saving under way, say.
const SLACK: Duration = Duration::from_millis(500);

/// A verb under attack.
struct Verb {
    /// Its arguments; `TINY` stands for the settings of a small model.
    line: &'static str,
    /// What it needs.
    prepare: fn(&Scratch),
    /// Files that must be the same; of a table of results, what is no time.
    files: &'static [&'static str],
}

fn nothing(_: &Scratch) {}

fn long() -> bool {
    std::env::var_os("FREEFORM_LONG").is_some()
}

fn sweep(scratch: &Scratch) {
    let text = "tasks = [\"two_moons\"]\nbudgets = [200]\nseeds = [1, 2]\nobservations = [1]\n\
                [settings]\nnetwork.width = 16\nnetwork.blocks = 2\ntraining.max_epochs = 4\n\
                training.members = 2\nwhitening.steps = 60\n";
    std::fs::write(scratch.path("sweep.toml"), text).unwrap();
}

const VERBS: [Verb; 13] = [
    Verb {
        line: "simulate lotka_volterra -n 20000 --out out.npz",
        prepare: nothing,
        files: &["out.npz"],
    },
    Verb {
        line: "train --task slcp -n 2000 --resume TINY --set whitening.steps=3000 --out out",
        prepare: nothing,
        files: &["out/model.toml", "out/weights.safetensors", "out/metrics.jsonl"],
    },
    Verb {
        line: "run two_moons -n 300 --observations 1 --resume TINY --out out",
        prepare: nothing,
        files: &["out/weights.safetensors", "out/c2st.csv", "out/samples/observation_01.npy"],
    },
    Verb {
        line: "tune --task slcp -n 1500 --search width TINY --out out",
        prepare: nothing,
        files: &["out/best.toml"],
    },
    Verb {
        line: "benchmark --tasks two_moons --budgets 200 --seeds 1,2 --observations 1 TINY --out out",
        prepare: nothing,
        files: &["out/results.csv", "out/two_moons-200-seed2/weights.safetensors"],
    },
    Verb { line: "grid run sweep.toml --out out", prepare: sweep, files: &["out/plan.jsonl"] },
    Verb {
        line: "calibrate model -n 400",
        prepare: Scratch::tiny_model,
        files: &["model/calibration.json", "model/plots/calibration.svg"],
    },
    Verb {
        line: "check model -n 400 --observation 1",
        prepare: Scratch::tiny_model,
        files: &["model/check.json", "model/plots/check.svg"],
    },
    Verb {
        line: "c2st --all model --observations 1-2 --mmd",
        prepare: Scratch::tiny_model,
        files: &["model/c2st.csv", "model/samples/observation_02.npy"],
    },
    Verb {
        line: "reference sir --observation 1 -n 500 --out out.npy",
        prepare: nothing,
        files: &["out.npy"],
    },
    Verb {
        line: "infer two_moons --observation 1 -n 300 --rounds 3 TINY --out out",
        prepare: nothing,
        files: &["out/samples.npy", "out/weights.safetensors", "out/rounds/02/proposals.npy"],
    },
    Verb {
        line: "particles reference lj13 -n 3000 --out out.npy",
        prepare: nothing,
        files: &["out.npy"],
    },
    Verb {
        line: "particles train dw4 --data data.npz --resume SMALL --set steps=400 --out out",
        prepare: crate::particles::trained,
        files: &["out/particles.safetensors", "out/metrics.jsonl"],
    },
];

/// How one call went.
struct Call {
    killed: bool,
    /// Seconds of all cores.
    cpu: f64,
    /// Work of one core since anything was last saved, at its end.
    unsaved: Duration,
}

fn call(scratch: &Scratch, line: &str, moment: Option<Duration>) -> Call {
    let args: Vec<&str> = line
        .split(' ')
        .flat_map(|part| match part {
            "TINY" => TINY.to_vec(),
            "SMALL" => crate::particles::SMALL.to_vec(),
            part => vec![part],
        })
        .chain(["-q"])
        .collect();
    let (began, clock) = (Instant::now(), SystemTime::now());
    let mut child = start(scratch, &args);
    let mut cpu = 0.0;
    loop {
        cpu = cpu_seconds(child.id()).unwrap_or(cpu);
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{line}: {status}");
            return Call { killed: false, cpu, unsaved: Duration::ZERO };
        }
        if moment.is_some_and(|moment| began.elapsed() >= moment) {
            let saved = newest(&scratch.path("")).map_or(clock, |newest| newest.max(clock));
            // As on a machine that has a core to spare: others' work is not ours.
            let share = (cpu / began.elapsed().as_secs_f64()).min(1.0);
            let unsaved = saved.elapsed().unwrap_or_default().mul_f64(share);
            child.kill().unwrap();
            child.wait().unwrap();
            return Call { killed: true, cpu, unsaved };
        }
        std::thread::sleep(Duration::from_millis(4));
    }
}

/// Of a process and its threads, user's and system's.
fn cpu_seconds(pid: u32) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    let ticks: f64 = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    (ticks > 0.0).then_some(ticks / 100.0)
}

/// When a file under `folder` was last written; that a process is alive is no work saved.
fn newest(folder: &Path) -> Option<SystemTime> {
    let entries = std::fs::read_dir(folder).ok()?.flatten();
    let of = |entry: std::fs::DirEntry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        let metadata = entry.metadata().ok()?;
        match metadata.is_dir() {
            true => newest(&entry.path()),
            false if name.contains("owner") || name.ends_with(".tmp") => None,
            false => metadata.modified().ok(),
        }
    };
    entries.filter_map(of).max()
}

#[test]
fn kills_of_every_verb_cost_seconds_and_change_nothing() {
    let mut random = random();
    let chosen = std::env::var("FREEFORM_VERB").unwrap_or_default();
    for verb in VERBS.into_iter().filter(|verb| verb.line.starts_with(&chosen)) {
        let [whole, mut pieces] = [Scratch::new(), Scratch::new()];
        [&whole, &pieces].into_iter().for_each(verb.prepare);
        let line = match long() {
            true => lengthened(verb.line),
            false => verb.line.to_owned(),
        };
        let began = Instant::now();
        let undisturbed = call(&whole, &line, None);
        let longest = began.elapsed().as_millis() as u64;
        let (mut kills, mut ends, mut cpu, mut worst) = (0, 0_u32, 0.0, Duration::ZERO);
        let wanted = attacks().div_ceil(2);
        loop {
            let moment = Duration::from_millis(random.random_range(0..longest));
            let attempt = call(&pieces, &line, (kills < wanted).then_some(moment));
            cpu += attempt.cpu;
            worst = worst.max(attempt.unsaved);
            if attempt.killed {
                kills += 1;
                continue;
            }
            ends += 1;
            for file in verb.files {
                let same = timeless(whole.path(file)) == timeless(pieces.path(file));
                assert!(same, "{line}: {file} differs after {kills} kills");
            }
            if kills == wanted {
                break;
            }
            // Ended before all kills: the next ones meet it from its beginning.
            pieces = Scratch::new();
            (verb.prepare)(&pieces);
        }
        let redone = (cpu - f64::from(ends) * undisturbed.cpu).max(0.0) / kills as f64;
        println!(
            "{line}: {:.1} s undisturbed ({:.1} s of CPU), {kills} kills and {ends} ends, at most {:.1} s of \
             work since the last saving, {redone:.2} s of CPU a kill done again, starts included",
            longest as f64 / 1000.0,
            undisturbed.cpu,
            worst.as_secs_f64(),
        );
        assert!(worst < MOST + SLACK, "{line}: {worst:?}");
        let left = std::fs::read_dir(pieces.path("")).unwrap().flatten();
        let left: Vec<String> =
            left.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        let litter = |name: &String| name.starts_with('.') || name.ends_with(".parts");
        assert!(!left.iter().any(litter), "{line}: {left:?}");
    }
}

/// The same work, some tens of seconds of it.
fn lengthened(line: &str) -> String {
    let longer = [
        ("-n 20000", "-n 600000"),
        ("-n 2000 ", "-n 20000 "),
        ("whitening.steps=3000", "whitening.steps=40000 --set training.max_epochs=40"),
        ("--observations 1 ", "--observations 1-4 "),
        ("-n 400", "-n 4000"),
        ("--observations 1-2", "--observations 1-6"),
        ("sir --observation 1 -n 500", "bernoulli_glm --observation 1 -n 10000"),
        ("run two_moons -n 300", "run slcp -n 1000"),
        ("infer two_moons --observation 1 -n 300", "infer slcp --observation 1 -n 1500"),
        ("-n 3000 --out out.npy", "-n 30000 --out out.npy"),
        ("--set steps=400", "--set steps=10000"),
    ];
    longer.iter().fold(line.to_owned(), |line, (short, long)| line.replace(short, long))
}
