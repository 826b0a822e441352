//! Rounds for one observation: through kills, with programs that fail, and asked for what is not there.

use crate::support::{Scratch, TINY, attacks, bytes, numbers, random, start};
use rand::RngExt;
use std::time::{Duration, Instant};

/// x = (a + noise, b + noise) with noise from the seed, in Python; fails for a > 0.5 where asked to.
const SCRIPT: &str = "import random, sys, os, time\n\
    fail = os.path.exists('fail')\n\
    for line in sys.stdin:\n\
    \x20   if not line.strip():\n\
    \x20       continue\n\
    \x20   index, seed, a, b = line.split()\n\
    \x20   r = random.Random(int(seed))\n\
    \x20   time.sleep(0.001)\n\
    \x20   if fail and float(a) > 0.5:\n\
    \x20       print(index, 'error', 'a is large', flush=True)\n\
    \x20       continue\n\
    \x20   x = [float(a) + r.gauss(0, 0.05), float(b) + r.gauss(0, 0.05)]\n\
    \x20   print(index, *x, flush=True)\n";
const SETTINGS: &str = "command = [\"python3\", \"model.py\"]\ndata_dim = 2\nworkers = 2\n\
    observations = \"observed.csv\"\nmax_failure_share = 0.9\n";

fn program(scratch: &Scratch) {
    std::fs::write(scratch.path("model.py"), SCRIPT).unwrap();
    std::fs::write(scratch.path("observed.csv"), "0.4,0.6\n0.1,0.2\n").unwrap();
    let parameter = |name: &str| {
        format!(
            "[[parameter]]\nname = \"{name}\"\ndistribution = \"uniform\"\nlow = 0.0\nhigh = 1.0\n"
        )
    };
    let text = SETTINGS.to_owned() + &parameter("a") + &parameter("b");
    std::fs::write(scratch.path("simulator.toml"), text).unwrap();
}

fn infer<'a>(out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let head = ["infer", "simulator.toml", "--observation", "1", "-n", "400", "--rounds", "3"];
    [&head[..], &TINY, &["-q", "--out", out], more].concat()
}

#[test]
fn killed_rounds_go_on_to_the_same_bytes() {
    let scratch = Scratch::new();
    program(&scratch);
    let began = Instant::now();
    scratch.succeeds(&infer("whole", &[]));
    let longest = began.elapsed().as_millis() as u64;
    let mut random = random();
    for _ in 0..attacks() {
        let mut child = start(&scratch, &infer("pieces", &[]));
        std::thread::sleep(Duration::from_millis(random.random_range(0..longest)));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    // Whatever the number of threads.
    scratch.succeeds(&infer("pieces", &["--threads", "1"]));
    let rounds = ["01", "02", "03"].iter().flat_map(|round| {
        let files = ["simulations.npz", "model.toml", "weights.safetensors", "round.json"];
        files.map(|file| format!("rounds/{round}/{file}"))
    });
    let own =
        ["model.toml", "weights.safetensors", "samples.npy", "status.json", "plots/rounds.svg"];
    let own = own.iter().map(ToString::to_string);
    let proposals = ["02", "03"].map(|round| format!("rounds/{round}/proposals.npy"));
    for file in rounds.chain(own).chain(proposals) {
        let of = |run: &str| bytes(scratch.path(run).join(&file));
        assert!(of("whole") == of("pieces"), "{file} differs");
    }
    // A uniform prior and independent errors: the posterior is N(x, 0.05²), far from the prior's ends.
    let draws = numbers(scratch.path("whole/samples.npy"));
    for (column, x) in [0.4, 0.6].into_iter().enumerate() {
        let (mean, sd) = (draws.column(column).mean().unwrap(), draws.column(column).std(0.0));
        assert!((mean - x).abs() < 0.02, "{mean}, not {x}");
        assert!((sd / 0.05 - 1.0).abs() < 0.35, "sd {sd}, not 0.05");
    }
    // The folder is a model, valid for that observation.
    let sample = ["sample", "whole", "-n", "100", "--out", "draws.npy", "--json", "--observation"];
    let own = scratch.succeeds(&[&sample[..], &["1"]].concat());
    assert!(!own.contains("another observation"), "{own}");
    let other = scratch.succeeds(&[&sample[..], &["2", "--anyway"]].concat());
    assert!(other.contains("trained in rounds for another observation"), "{other}");
    // Another inference is not mixed with it.
    let error = scratch.fails(1, &infer("whole", &["--seed", "2"]));
    assert!(error.contains("it has seed 1") && error.contains("--overwrite"), "{error}");
    scratch.succeeds(&infer("whole", &["--seed", "2", "--overwrite"]));
    assert!(bytes(scratch.path("whole/samples.npy")) != bytes(scratch.path("pieces/samples.npy")));
}

/// A folder of the same names elsewhere is not taken for the model's own.
#[test]
fn rounds_used_from_another_folder_know_their_simulator() {
    let scratch = Scratch::new();
    program(&scratch);
    let few = ["infer", "simulator.toml", "--observation", "1", "-n", "120", "--rounds", "2"];
    scratch.succeeds(&[&few[..], &TINY, &["-q", "--out", "out"]].concat());
    std::fs::create_dir(scratch.path("b")).unwrap();
    for (name, text) in [("simulator.toml", "command = [\"false\"]"), ("observed.csv", "0.9,0.9\n")]
    {
        std::fs::write(scratch.path("b").join(name), text).unwrap();
    }
    let sample = ["-n", "100", "--seed", "3", "--anyway", "-q", "--observation", "1", "--out"];
    scratch.succeeds(&[&["sample", "out"], &sample[..], &["here.npy"]].concat());
    let there = [&["sample", "../out"], &sample[..], &["../there.npy"]].concat();
    scratch.freeform(&there).current_dir(scratch.path("b")).assert().success();
    assert_eq!(bytes(scratch.path("here.npy")), bytes(scratch.path("there.npy")));
}

/// A finished inference is given more rounds, through kills, and what there was stays as it was.
#[test]
fn a_finished_inference_is_given_more_rounds() {
    let scratch = Scratch::new();
    program(&scratch);
    for out in ["whole", "pieces"] {
        scratch.succeeds(&infer(out, &["--set", "training.members=3"]));
    }
    let files = ["simulations.npz", "model.toml", "weights.safetensors", "round.json"];
    let of = |run: &str, rounds: &[&str]| -> Vec<Vec<u8>> {
        let files =
            rounds.iter().flat_map(|round| files.map(|file| format!("rounds/{round}/{file}")));
        files.map(|file| bytes(scratch.path(run).join(file))).collect()
    };
    let before = of("whole", &["01", "02", "03"]);
    let more = |out| ["infer", "--from", out, "-n", "600", "-q"];
    let began = Instant::now();
    scratch.succeeds(&more("whole"));
    let longest = began.elapsed().as_millis() as u64;
    let mut random = random();
    for _ in 0..attacks() {
        let mut child = start(&scratch, &more("pieces"));
        std::thread::sleep(Duration::from_millis(random.random_range(0..longest)));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    scratch.succeeds(&more("pieces"));
    // 200 more, in rounds of the size of the last: two.
    assert!(of("whole", &["01", "02", "03"]) == before);
    assert!(of("whole", &["04", "05"]) == of("pieces", &["04", "05"]));
    assert!(!scratch.path("whole/rounds/06").exists());
    let same = |file: &str| {
        bytes(scratch.path("whole").join(file)) == bytes(scratch.path("pieces").join(file))
    };
    assert!(["samples.npy", "model.toml", "status.json"].into_iter().all(same));
    let status: serde_json::Value =
        serde_json::from_slice(&bytes(scratch.path("whole/status.json"))).unwrap();
    assert_eq!((&status["budget"], &status["spent"]), (&600.into(), &600.into()), "{status}");
    // The third was the answer once.
    let flows = [3, 3, 3, 2, 3].into_iter().zip(["01", "02", "03", "04", "05"]);
    for (flows, round) in flows {
        let model = bytes(scratch.path("whole/rounds").join(round).join("model.toml"));
        let found = String::from_utf8(model).unwrap().matches("name = \"posterior-").count();
        assert_eq!(found, flows, "round {round}");
    }
    // Again, it is there.
    scratch.succeeds(&more("whole"));
    // The page is of all rounds, with the commands of both.
    let page = String::from_utf8(bytes(scratch.path("whole/report.html"))).unwrap();
    for known in ["600, of which", "<h2>Posterior</h2>", "--rounds 3", "--from whole -n 600"] {
        assert!(page.contains(known), "{known}");
    }
    assert!(!page.contains("Not checked yet"));
    for verb in ["check", "calibrate"] {
        let error = scratch.fails(2, &[verb, "whole", "-n", "120"]);
        assert!(error.contains("of one observation"), "{error}");
    }
    let error = scratch.fails(1, &["infer", "--from", "whole", "-n", "610"]);
    assert!(
        error.contains("have made 600 simulations") && error.contains("at least 50 more"),
        "{error}"
    );
    let error = scratch.fails(2, &["infer", "--from", "whole", "-n", "900", "--seed", "2"]);
    assert!(error.contains("leave --seed out"), "{error}");
    let error = scratch.fails(2, &["infer", "--from", "whole"]);
    assert!(error.contains("needs --simulations"), "{error}");
}

/// The simulations of a model are the first round.
#[test]
fn an_inference_begins_with_a_models_simulations() {
    let scratch = Scratch::new();
    program(&scratch);
    let train =
        ["train", "--task", "simulator.toml", "-n", "200", "--seed", "4", "-q", "--out", "model"];
    scratch.succeeds(&[&train[..], &TINY].concat());
    let from =
        ["infer", "--from", "model", "--observation", "1", "-n", "400", "--out", "out", "-q"];
    scratch.succeeds(&[&from[..], &TINY].concat());
    let set = |path: &str| bytes(scratch.path(path));
    assert!(set("model/simulations.npz") == set("out/rounds/01/simulations.npz"));
    let status: serde_json::Value = serde_json::from_slice(&set("out/status.json")).unwrap();
    let sizes: Vec<_> =
        status["rounds"].as_array().unwrap().iter().map(|r| &r["simulations"]).collect();
    assert_eq!(sizes[..2], [&200, &66], "{status}");
    let draws = numbers(scratch.path("out/samples.npy"));
    let (mean, sd) = (draws.column(0).mean().unwrap(), draws.column(0).std(0.0));
    assert!((mean - 0.4).abs() < 0.02 && (sd / 0.05 - 1.0).abs() < 0.4, "{mean} {sd}");
    let few = ["infer", "--from", "model", "--observation", "1", "-n", "210", "--out", "o"];
    assert!(scratch.fails(1, &few).contains("trained on 200 simulations"));
    let error = scratch.fails(2, &["infer", "--from", "model", "-n", "400"]);
    assert!(error.contains("add --observation"), "{error}");
    std::fs::rename(scratch.path("model/simulations.npz"), scratch.path("set.npz")).unwrap();
    let error = scratch.fails(1, &from);
    assert!(error.contains("simulations.npz, which is not to be had"), "{error}");
    // A model of that very set, named as a file.
    let train =
        ["train", "--task", "simulator.toml", "--simulations", "set.npz", "--out", "second", "-q"];
    scratch.succeeds(&[&train[..], &TINY].concat());
    let from =
        ["infer", "--from", "second", "--observation", "1", "-n", "400", "--out", "out2", "-q"];
    scratch.succeeds(&[&from[..], &TINY].concat());
    assert!(set("set.npz") == set("out2/rounds/01/simulations.npz"));
    // It is not that set any more.
    let more = ["simulate", "simulator.toml", "-n", "260", "--seed", "4", "--out", "set.npz"];
    scratch.succeeds(&more);
    let error = scratch.fails(1, &[&from[..8], &["out3"]].concat());
    assert!(error.contains("260 simulations") && error.contains("the 200 that"), "{error}");
}

/// Half of the region fails: what is left is trained on, and the failures are counted.
#[test]
fn a_program_that_fails_in_half_of_the_region_is_lived_with() {
    let scratch = Scratch::new();
    program(&scratch);
    std::fs::write(scratch.path("fail"), "").unwrap();
    std::fs::write(scratch.path("observed.csv"), "0.48,0.6\n").unwrap();
    scratch.succeeds(&infer("out", &[]));
    let draws = numbers(scratch.path("out/samples.npy"));
    let beyond = draws.column(0).iter().filter(|a| **a > 0.55).count();
    // Without failures, N(0.48, 0.05²) has 8% there; those that succeeded have none.
    assert!(beyond < draws.nrows() / 25, "{beyond} of {} draws where all fail", draws.nrows());
    let failed = |round: &str| {
        let path = scratch.path(&format!("out/rounds/{round}/round.json"));
        let report: serde_json::Value = serde_json::from_slice(&bytes(path)).unwrap();
        report["failed"].as_u64().unwrap()
    };
    // Half of 134 draws of the prior; later rounds know where not to simulate.
    assert!((45..90).contains(&failed("01")), "{}", failed("01"));
    assert!(failed("03") < failed("01"), "{}", failed("03"));
}

/// Other units: not a simulation more than the first round's is spent on them.
#[test]
fn an_observation_far_from_the_first_round_ends_the_inference() {
    let scratch = Scratch::new();
    program(&scratch);
    std::fs::write(scratch.path("observed.csv"), "400,600\n").unwrap();
    let error = scratch.fails(1, &infer("out", &[]));
    assert!(error.contains("outside everything simulated"), "{error}");
    assert!(error.contains("--anyway goes on"), "{error}");
    assert!(scratch.path("out/rounds/01/round.json").exists());
    assert!(!scratch.path("out/rounds/02").exists());
    let said = scratch.succeeds(&infer("out", &["--anyway"]));
    assert!(scratch.path("out/rounds/03/round.json").exists());
    // Numbers of hundreds of digits are no help.
    let longest = |text: &str| text.split(|c: char| !c.is_ascii_digit()).map(str::len).max();
    assert!(longest(&said) < Some(20), "{said}");
    // The same command without it says what its draws are worth.
    let error = scratch.fails(1, &infer("out", &[]));
    assert!(error.contains("outside everything simulated"), "{error}");
}

#[test]
fn what_cannot_be_inferred_is_said() {
    let scratch = Scratch::new();
    program(&scratch);
    let of = |observation, more: &[&'static str]| {
        let head = ["infer", "simulator.toml", "--out", "out", "--observation", observation];
        [&head[..], more].concat()
    };
    let error = scratch.fails(2, &of("3", &[]));
    assert!(error.contains("no observation 3"), "{error}");
    std::fs::write(scratch.path("bad.csv"), "0.4,nan\n").unwrap();
    let error = scratch.fails(1, &of("bad.csv", &[]));
    assert!(error.contains("bad.csv") && error.contains("column 2"), "{error}");
    std::fs::write(scratch.path("long.csv"), "0.4,0.5,0.6\n").unwrap();
    let error = scratch.fails(1, &of("long.csv", &[]));
    assert!(error.contains("long.csv has 3 numbers"), "{error}");
    for rounds in ["0", "100", "few", "2.5"] {
        let error = scratch.fails(2, &of("1", &["--rounds", rounds]));
        assert!(error.contains("auto") && error.contains(rounds), "{error}");
    }
    // Before anything is simulated.
    let error = scratch.fails(2, &of("1", &["-n", "200", "--set", "whitening.degree=5"]));
    assert!(error.contains("whitening.degree=5") && error.contains("from 1 to 3"), "{error}");
    assert!(!scratch.path("out").exists());
    // None are named.
    let text = std::fs::read_to_string(scratch.path("simulator.toml")).unwrap();
    let without = text.replace("observations = \"observed.csv\"\n", "");
    std::fs::write(scratch.path("other.toml"), without).unwrap();
    let none = ["infer", "other.toml", "--out", "out", "--observation", "1"];
    assert!(scratch.fails(2, &none).contains("names no table of observations"));
    let error = scratch.fails(1, &of("1", &["-n", "20"]));
    assert!(error.contains("20 simulations are too few"), "{error}");
    assert!(!scratch.path("out/model.toml").exists());
    // One that has begun has no model yet.
    std::fs::create_dir(scratch.path("half")).unwrap();
    std::fs::write(scratch.path("half/inference.toml"), "").unwrap();
    let error =
        scratch.fails(2, &["sample", "half", "--observation", "1", "-n", "9", "--out", "d.npy"]);
    assert!(error.contains("not finished") && error.contains("`freeform infer`"), "{error}");
}
