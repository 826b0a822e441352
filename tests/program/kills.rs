//! Signals at any moment: work ends soon, little of it is lost, and it goes on to the same bytes.
//! `FREEFORM_ATTACKS=100 cargo test --release --test program kills` kills as often as it says.

use crate::support::{Scratch, TINY, attacks, bytes, random, start};
use freeform_simulators::Simulations;
use rand::RngExt;
use std::fs;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

fn interrupt(child: &mut Child) -> (Option<i32>, Duration) {
    let started = Instant::now();
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    (child.wait().unwrap().code(), started.elapsed())
}

/// Files of two folders that must be the same.
fn same(scratch: &Scratch, files: &[&str], whole: &str, pieces: &str) {
    for file in files {
        let of = |run: &str| bytes(scratch.path(run).join(file));
        assert!(of(whole) == of(pieces), "{file} of {pieces} differs");
    }
}

#[test]
fn killed_verbs_go_on_to_the_same_bytes() {
    let scratch = Scratch::new();
    fs::write(
        scratch.path("model.sh"),
        "while read -r index seed a b; do [ -n \"$index\" ] || continue\n\
         noise=$(awk \"BEGIN { print $a + $((seed % 97)) / 300, $b + $((seed % 89)) / 300 }\")\n\
         echo \"$index $noise $((seed % 100))\"\ndone\n",
    )
    .unwrap();
    fs::write(scratch.path("observed.csv"), "0.4,0.5,20\n0.7,0.3,70\n").unwrap();
    let parameter = |name: &str| {
        format!(
            "[[parameter]]\nname = \"{name}\"\ndistribution = \"uniform\"\nlow = 0.0\nhigh = 1.0\n"
        )
    };
    let text = "command = [\"sh\", \"model.sh\"]\ndata_dim = 3\nobservations = \"observed.csv\"\n";
    fs::write(scratch.path("simulator.toml"), text.to_owned() + &parameter("a") + &parameter("b"))
        .unwrap();
    let model = ["model.toml", "weights.safetensors", "metrics.jsonl", "config.toml"];
    let tiny = [&TINY[..], &["--set", "whitening.steps=2000", "-q", "--out"]].concat();
    let verbs: [(&[&str], &[&str], &[&str]); 3] = [
        (&["train", "--task", "two_moons", "-n", "1000"], &["--resume"], &model),
        (
            &["run", "simulator.toml", "-n", "400"],
            &["--resume"],
            &[
                "model.toml",
                "weights.safetensors",
                "samples/observation_01.npy",
                "samples/observation_02.npy",
                "plots/observation_02.svg",
            ],
        ),
        (&["tune", "--task", "two_moons", "-n", "300"], &[], &["best.toml"]),
    ];
    let mut random = random();
    for (head, resume, files) in verbs {
        let verb = head[0];
        let (whole, pieces) = (format!("{verb}-whole"), format!("{verb}-pieces"));
        let args = |out: &str, more: &[&str]| -> Vec<String> {
            let all = [head, &tiny, &[out], more].concat();
            all.into_iter().map(str::to_owned).collect()
        };
        let run =
            |args: Vec<String>| start(&scratch, &args.iter().map(|a| &**a).collect::<Vec<_>>());
        let began = Instant::now();
        assert!(run(args(&whole, &[])).wait().unwrap().success(), "{verb}");
        let longest = began.elapsed().as_millis() as u64;
        for _ in 0..attacks() {
            let mut child = run(args(&pieces, resume));
            std::thread::sleep(Duration::from_millis(random.random_range(0..longest)));
            child.kill().unwrap();
            child.wait().unwrap();
        }
        assert!(run(args(&pieces, resume)).wait().unwrap().success(), "{verb}");
        same(&scratch, files, &whole, &pieces);
        let left = names(&scratch.path(&pieces));
        assert!(!left.iter().any(|name| name.starts_with('.')), "{left:?}");
    }
}

/// One epoch of some minutes: its state is there within five seconds, and Ctrl-C is heard.
#[test]
fn an_epoch_of_minutes_is_saved_while_it_lasts() {
    let scratch = Scratch::new();
    let args = [
        "train",
        "--task",
        "two_moons",
        "-n",
        "100000",
        "--out",
        "long",
        "--threads",
        "1",
        "--set",
        "whitening.kind=off",
        "--set",
        "training.members=1",
        "--set",
        "posterior.correction=off",
        "--set",
        "training.batch_size=8",
        "--set",
        "network.width=256",
        "--set",
        "network.blocks=8",
    ];
    let mut child = start(&scratch, &args);
    let checkpoint = scratch.path("long/checkpoints/posterior-1.safetensors");
    let began = Instant::now();
    while !checkpoint.exists() {
        assert!(began.elapsed() < Duration::from_secs(60), "no checkpoint after a minute");
        assert_eq!(child.try_wait().unwrap(), None);
        std::thread::sleep(Duration::from_millis(50));
    }
    let metrics = fs::read_to_string(scratch.path("long/metrics.jsonl")).unwrap_or_default();
    assert!(metrics.is_empty(), "an epoch had ended: make it longer");
    let (code, took) = interrupt(&mut child);
    assert_eq!(code, Some(130));
    assert!(took < Duration::from_millis(2500), "{took:?}");
}

/// A wide x: at whichever moment of the preparation Ctrl-C comes, the end does within two seconds
/// (and a little, on a busy machine).
#[test]
fn ctrl_c_is_heard_while_wide_data_are_prepared() {
    let scratch = Scratch::new();
    let (n, d, c) = (4000, 20, 1500);
    let mut random = random();
    let mut table = |columns: usize| {
        ndarray::Array2::from_shape_fn((n, columns), |_| random.random_range(0.0..1.0))
    };
    let simulations = Simulations { theta: table(d), x: table(c) };
    simulations.write(scratch.path("wide.npz")).unwrap();
    let prior: String = (0..d)
        .map(|i| format!("[[parameter]]\nname = \"p{i}\"\ndistribution = \"uniform\"\nlow = 0.0\nhigh = 1.0\n"))
        .collect();
    fs::write(scratch.path("prior.toml"), prior).unwrap();
    let args = [
        "train",
        "--simulations",
        "wide.npz",
        "--prior",
        "prior.toml",
        "--out",
        "wide",
        "--resume",
    ];
    for pause in [300, 1000, 2500, 4500] {
        let mut child = start(&scratch, &args);
        std::thread::sleep(Duration::from_millis(pause));
        let (code, took) = interrupt(&mut child);
        assert_eq!(code, Some(130), "after {pause} ms");
        assert!(took < Duration::from_millis(2500), "{took:?} after {pause} ms");
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}
