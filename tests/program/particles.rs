//! Boltzmann generators, from reference samples to an evaluation.

use crate::support::{Scratch, bytes, numbers};
use serde_json::Value;

/// Settings that train a small generator in a second.
pub const SMALL: [&str; 12] = [
    "--set",
    "layers=1",
    "--set",
    "width=16",
    "--set",
    "steps=30",
    "--set",
    "batch=32",
    "--set",
    "validation=50",
    "--set",
    "validate_every=10",
];

fn json(text: &str) -> Value {
    serde_json::from_str(text.lines().last().unwrap()).unwrap()
}

fn reference(scratch: &Scratch, out: &str, more: &[&str]) -> String {
    let head = ["--json", "-q", "particles", "reference", "dw4", "-n", "2000", "--out", out];
    scratch.succeeds(&[&head[..], more].concat())
}

/// `data.npz` of DW4, and a small model of it in the folder `generator`.
pub fn trained(scratch: &Scratch) {
    let data = ["-q", "particles", "reference", "dw4", "-n", "300", "--burn-in", "20"];
    scratch.succeeds(&[&data[..], &["--out", "data.npz"]].concat());
    let train = ["-q", "particles", "train", "dw4", "--data", "data.npz", "--out", "generator"];
    scratch.succeeds(&[&train[..], &SMALL].concat());
}

#[test]
fn from_samples_to_an_evaluation() {
    let scratch = Scratch::new();
    // ln Z of DW4 by quadrature: 29.6672.
    let systems = json(&scratch.succeeds(&["--json", "particles", "systems"]));
    assert!((systems[0]["ln_z"].as_f64().unwrap() - 29.667_232).abs() < 1e-4, "{systems}");
    let report = json(&reference(&scratch, "data.npz", &[]));
    let ln_z = &report["report"]["ln_z"];
    let (value, error) = (ln_z["value"].as_f64().unwrap(), ln_z["error"].as_f64().unwrap());
    assert!((value - 29.667).abs() < 6.0 * error.max(0.01), "{report}");
    // The same whatever the threads; another format holds the same numbers.
    reference(&scratch, "again.npz", &["--threads", "1"]);
    assert_eq!(bytes(scratch.path("data.npz")), bytes(scratch.path("again.npz")));
    reference(&scratch, "data.npy", &[]);
    assert_eq!(numbers(scratch.path("data.npy")).dim(), (2000, 8));
    assert!(!scratch.path("data.npz.parts").exists());

    let train = ["-q", "particles", "train", "dw4", "--data", "data.npz", "--out", "model"];
    scratch.succeeds(&[&train[..], &SMALL].concat());
    let weights = bytes(scratch.path("model/particles.safetensors"));
    // What would come of it is there.
    scratch.succeeds(&[&train[..], &SMALL, &["--resume"]].concat());
    let other = [&train[..], &SMALL, &["--resume", "--seed", "2"]].concat();
    assert!(scratch.fails(2, &other).contains("another seed"));
    // What cannot replace it leaves it.
    let many = ["--set", "validation=2000", "--overwrite"];
    let many = scratch.fails(2, &[&train[..], &SMALL, &many].concat());
    assert!(many.contains("2000 rows, of which validation = 2000"), "{many}");
    assert_eq!(bytes(scratch.path("model/particles.safetensors")), weights);
    let refused = scratch.fails(2, &[&train[..], &SMALL].concat());
    assert!(refused.contains("holds a trained model"), "{refused}");
    let sample = |out: &str, more: &[&str]| {
        let head = ["--json", "-q", "particles", "sample", "model", "-n", "500", "--out", out];
        json(&scratch.succeeds(&[&head[..], more].concat()))
    };
    let drawn = sample("a.npz", &[]);
    sample("b.npz", &["--threads", "1"]);
    assert_eq!(bytes(scratch.path("a.npz")), bytes(scratch.path("b.npz")));
    let share = drawn["weights"]["effective_share"].as_f64().unwrap();
    assert!(share > 0.0 && share <= 1.0, "{drawn}");
    // Positions are the same without densities.
    let text = |name: &str, more: &[&str]| {
        sample(name, more);
        std::fs::read_to_string(scratch.path(name)).unwrap()
    };
    assert_eq!(text("a.csv", &[]), text("b.csv", &["--no-weights"]));
    sample("c.xyz", &[]);
    let text = std::fs::read_to_string(scratch.path("c.xyz")).unwrap();
    assert_eq!(text.lines().count(), 500 * 6);

    let evaluate = ["--json", "-q", "particles", "evaluate", "model", "--data", "data.npy"];
    let more = ["--rows", "200", "-n", "1000", "--out", "evaluation"];
    let found = json(&scratch.succeeds(&[&evaluate[..], &more].concat()));
    let number = |name: &str| found[name]["value"].as_f64().unwrap();
    // KL = NLL − ⟨u⟩ − ln Z over the same rows; no law is below the target's entropy but by chance.
    assert!(number("kl") > 0.5 && number("kl") < 20.0, "{found}");
    let convention = found["nll_published_convention"].as_f64().unwrap();
    assert!((number("nll") - convention - 5.513_631).abs() < 1e-5, "{found}");
    for file in ["evaluation.json", "energies.svg", "distances.svg"] {
        assert!(scratch.path("evaluation").join(file).is_file(), "{file}");
    }
}

/// A model of one's own energy is not used with another program, nor a training gone on with on other data.
#[test]
fn models_and_trainings_know_what_they_are_of() {
    let scratch = Scratch::new();
    let example = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/springs_energy");
    for folder in ["a", "b"] {
        std::fs::create_dir(scratch.path(folder)).unwrap();
        for file in ["system.toml", "energy.py"] {
            std::fs::copy(example.join(file), scratch.path(folder).join(file)).unwrap();
        }
    }
    let energy = scratch.path("b/energy.py");
    let other = std::fs::read_to_string(&energy).unwrap() + "# another\n";
    std::fs::write(energy, &other).unwrap();
    let rows = |by: f64| -> String {
        (0..60).map(|i| format!("0,0,1,{},0.5,{}\n", by * f64::from(i % 7), 1 + i % 3)).collect()
    };
    std::fs::write(scratch.path("a/x.csv"), rows(0.1)).unwrap();
    std::fs::write(scratch.path("a/y.csv"), rows(0.2)).unwrap();
    let run = |folder: &str, args: &[&str]| {
        let mut command = scratch.freeform(&[&["particles"], args].concat());
        let output = command.current_dir(scratch.path(folder)).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let small = [&SMALL[..], &["--set", "scale=false", "--set", "validation=20"]].concat();
    let train = ["train", "system.toml", "--data", "x.csv", "--center", "--out", "model"];
    let ended = run("a", &[&train[..], &small].concat());
    assert_eq!(ended.0, Some(0), "{ended:?}");
    let sample = ["sample", "../a/model", "-n", "20", "--out", "../draws.npz"];
    let (code, said) = run("b", &sample);
    assert_eq!(code, Some(0), "{said}");
    let place = scratch.path("a/system.toml").display().to_string();
    assert!(said.contains(&format!("running the program of {place}")), "{said}");
    std::fs::write(scratch.path("a/energy.py"), other).unwrap();
    let (code, said) = run("b", &sample);
    assert!(code == Some(2) && said.contains("not what it was"), "{said}");
}

#[test]
fn what_is_wrong_is_said() {
    let scratch = Scratch::new();
    let unknown = scratch.fails(2, &["particles", "reference", "dw5", "--out", "a.npz"]);
    assert!(unknown.contains("did you mean dw4?"), "{unknown}");
    let ending = scratch.fails(2, &["particles", "reference", "dw4", "--out", "a.foo"]);
    assert!(ending.contains(".npy"), "{ending}");
    let chains = ["particles", "reference", "dw4", "--chains", "1", "--out", "a.npz"];
    assert!(scratch.fails(2, &chains).contains("chains = 1 must be at least 2"));
    let missing = scratch.fails(2, &["particles", "sample", "nowhere", "--out", "a.npz"]);
    assert!(missing.contains("no particles.safetensors"), "{missing}");
    let train = ["particles", "train", "dw4", "--out", "model", "--data"];
    std::fs::write(scratch.path("six.csv"), "1,2,3,4,5,6\n0,1,2,3,4,7\n").unwrap();
    let shape = scratch.fails(1, &[&train[..], &["six.csv"]].concat());
    assert!(shape.contains("row 1: 6 coordinates a row; dw4 has 4 particles"), "{shape}");
    std::fs::write(scratch.path("same.csv"), "0.5,1,0.5,1,3,4,5,6\n0,1,2,3,4,7,1,9\n").unwrap();
    let off = scratch.fails(2, &[&train[..], &["same.csv"]].concat());
    // The mean of (0.5, 1), (0.5, 1), (3, 4) and (5, 6) is (2.25, 3).
    assert!(off.contains("row 1: the centre of mass is 3.750 from the origin"), "{off}");
    assert!(off.contains("2 of 2 rows") && off.contains("--center"), "{off}");
    let few = scratch.fails(2, &[&train[..], &["same.csv", "--center"]].concat());
    assert!(few.contains("2 rows, of which validation = 1000"), "{few}");
    std::fs::write(scratch.path("close.csv"), ["0,0,0"; 13].join(",") + "\n").unwrap();
    let lj = ["particles", "train", "lj13", "--out", "model", "--data", "close.csv"];
    let coinciding = scratch.fails(1, &lj);
    assert!(coinciding.contains("particles 1 and 2 are in the same place"), "{coinciding}");
    // As `freeform train` has it.
    let on =
        |device: &str| scratch.fails(2, &[&train[..], &["x.npz", "--device", device]].concat());
    assert!(on("gpu").contains("devices are cpu, burn, wgpu"), "{}", on("gpu"));
    if !cfg!(feature = "burn") {
        let not_built = on("burn");
        assert!(not_built.contains("build it again with `--features burn`"), "{not_built}");
    }
    let set =
        scratch.fails(2, &[&train[..], &["same.csv", "--center", "--set", "step=1"]].concat());
    assert!(set.contains("did you mean steps?"), "{set}");
}

/// Ctrl-C ends within two seconds; the same command goes on to the same bytes.
#[cfg(unix)]
#[test]
fn interrupted_sampling_and_training_go_on() {
    use std::time::{Duration, Instant};
    let scratch = Scratch::new();
    let interrupted = |args: &[&str], owned: &str| {
        let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("freeform"))
            .args(args)
            .current_dir(scratch.path(""))
            .spawn()
            .unwrap();
        // It has begun once its place is owned; its flag is set up a moment later.
        let begun = Instant::now();
        while !scratch.path(owned).exists() && begun.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(20));
        }
        std::thread::sleep(Duration::from_millis(700));
        let killed =
            std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        assert!(killed.unwrap().success());
        child.wait().unwrap().code()
    };
    let draw = |out| ["-q", "particles", "reference", "lj13", "-n", "4000", "--out", out];
    let code = interrupted(&draw("a.npy"), "a.npy.parts");
    assert_eq!(code, Some(130));
    scratch.succeeds(&draw("a.npy"));
    scratch.succeeds(&draw("b.npy"));
    assert_eq!(bytes(scratch.path("a.npy")), bytes(scratch.path("b.npy")));

    reference(&scratch, "data.npz", &[]);
    let train = |out| {
        let head = ["-q", "particles", "train", "dw4", "--data", "data.npz", "--out", out];
        [&head[..], &SMALL, &["--set", "steps=2000"]].concat()
    };
    let code = interrupted(&train("a"), "a");
    assert_eq!(code, Some(130));
    // On a machine too busy to save within two seconds, the training begins anew.
    if scratch.path("a/checkpoint.safetensors").exists() {
        assert!(scratch.fails(2, &train("a")).contains("add --resume"));
    }
    scratch.succeeds(&[&train("a")[..], &["--resume"]].concat());
    scratch.succeeds(&train("b"));
    let weights = |folder: &str| bytes(scratch.path(folder).join("particles.safetensors"));
    assert_eq!(weights("a"), weights("b"));
}

/// What the data say of a model is known before its draws, and is not lost with them.
#[cfg(unix)]
#[test]
fn an_evaluation_keeps_what_the_data_say() {
    use std::process::Command;
    let scratch = Scratch::new();
    reference(&scratch, "data.npz", &[]);
    let train = ["-q", "particles", "train", "dw4", "--data", "data.npz", "--out", "model"];
    scratch.succeeds(&[&train[..], &SMALL, &["--set", "steps=50"]].concat());
    let evaluate = ["particles", "evaluate", "model", "--data", "data.npz", "--rows", "20"];
    let file = scratch.path("evaluation/evaluation.json");
    // Nothing says from outside when it begins to draw; it draws for longer than this.
    for seconds in [1, 2, 4, 8] {
        let mut child = Command::new(assert_cmd::cargo::cargo_bin!("freeform"))
            .args([&evaluate[..], &["-q", "-n", "3e6", "--out", "evaluation"]].concat())
            .current_dir(scratch.path(""))
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_secs(seconds));
        let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        assert!(killed.unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(130));
        if file.exists() {
            break;
        }
    }
    let kept = std::fs::read_to_string(file).unwrap();
    let kept: serde_json::Value = serde_json::from_str(&kept).unwrap();
    let whole = json(&scratch.succeeds(&[&evaluate[..], &["--json", "-q", "-n", "20"]].concat()));
    assert_eq!(kept["nll"], whole["nll"]);
    assert!(kept.get("weights").is_none(), "{kept}");
}
