//! What a model remembers of the simulator that it was trained on.

use crate::support::{Scratch, TINY};
use std::fs;

const PRIOR: &str =
    "[[parameter]]\nname = \"rate\"\ndistribution = \"uniform\"\nlow = 0.0\nhigh = 1.0\n";

/// A project whose answers are shifted and whose only observation is `observed`.
fn project(scratch: &Scratch, folder: &str, shift: &str, observed: &str) {
    fs::create_dir_all(scratch.path(folder)).unwrap();
    let command = "command = [\"sh\", \"model.sh\"]\ndata_dim = 1\nworkers = 1\n";
    let write = |name: &str, text: &str| {
        fs::write(scratch.path(folder).join(name), text).unwrap();
    };
    write("simulator.toml", &format!("{command}observations = \"observed.csv\"\n{PRIOR}"));
    write("observed.csv", &format!("{observed}\n"));
    write(
        "model.sh",
        &format!(
            "while read -r index seed rate; do [ -n \"$index\" ] || continue\n\
             echo \"$index $(echo \"$rate $seed\" | awk '{{print $1 + {shift} + ($2 % 97) / 1000}}')\"\n\
             done\n"
        ),
    );
}

#[test]
fn a_model_knows_its_simulator_by_place_and_content() {
    let scratch = Scratch::new();
    project(&scratch, "a", "0", "0.31");
    project(&scratch, "b", "5", "5.31");
    let program = |folder: &str, args: &[&str]| {
        let mut command = scratch.freeform(args);
        let output = command.current_dir(scratch.path(folder)).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), said)
    };
    let train = ["train", "--task", "simulator.toml", "-n", "120", "--out", "../model", "-q"];
    assert_eq!(program("a", &[&train[..], &TINY].concat()).0, Some(0));
    let sample = ["sample", "../model", "--observation", "1", "-n", "200", "--out"];
    for (folder, out) in [("a", "here.npy"), ("b", "there.npy")] {
        let (code, said) = program(folder, &[&sample[..], &[&format!("../{out}")]].concat());
        assert_eq!(code, Some(0), "{said}");
    }
    // From wherever it is asked, its own observation.
    let bytes = |name: &str| fs::read(scratch.path(name)).unwrap();
    assert!(bytes("here.npy") == bytes("there.npy"));

    // Its own program, and not without saying so.
    let calibrate = ["calibrate", "../model", "-n", "150", "-q"];
    let (code, said) = program("b", &calibrate);
    assert_eq!(code, Some(0), "{said}");
    let path = fs::canonicalize(scratch.path("a")).unwrap().join("simulator.toml");
    let line = format!("running {} (command sh model.sh)", path.display());
    assert!(said.contains(&line), "`{line}` is not in: {said}");

    // Another program under the same name.
    project(&scratch, "a", "1", "0.31");
    for args in [&calibrate[..], &[&sample[..], &["x.npy"]].concat()] {
        let (code, said) = program("b", args);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains("is not what it was") && said.contains("--task"), "{said}");
        assert!(!said.contains("running"), "{said}");
    }
    let named =
        [&sample[..], &["../named.npy", "--task", "../b/simulator.toml", "--anyway"]].concat();
    let (code, said) = program("a", &named);
    assert_eq!(code, Some(0), "{said}");
    fs::remove_dir_all(scratch.path("a")).unwrap();
    let (code, said) = program("b", &calibrate);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("which is not there"), "{said}");
}

#[test]
fn a_relative_name_of_a_former_version_opens_nothing() {
    let scratch = Scratch::new();
    scratch.tiny_model();
    project(&scratch, "a", "0", "0.31");
    let path = scratch.path("model/model.toml");
    let text = fs::read_to_string(&path).unwrap();
    let text = text.split_once('\n').unwrap().1;
    let relative = text.replace("task = \"two_moons\"", "task = \"a/simulator.toml\"");
    assert!(relative != text);
    fs::write(&path, relative).unwrap();
    let sample = ["sample", "model", "--observation", "1", "-n", "10", "--out", "s.npy"];
    for args in [&sample[..], &["calibrate", "model", "-n", "150"]] {
        let message = scratch.fails(2, args);
        for part in ["relative path `a/simulator.toml`", "--task"] {
            assert!(message.contains(part), "{message}");
        }
    }
}

/// A run's folder keeps its simulations, whoever asks for more; a set of a former program is said to be.
#[test]
fn a_runs_simulations_are_not_extended_in_its_folder() {
    let scratch = Scratch::new();
    project(&scratch, ".", "0", "0.31");
    let run = |n: &'static str| {
        [&["run", "simulator.toml", "--simulations", n, "--out", "run"][..], &TINY, &["--resume"]]
            .concat()
    };
    scratch.succeeds(&run("120"));
    let set = || fs::read(scratch.path("run/simulations.npz")).unwrap();
    let before = set();
    for (n, more) in [("200", &[][..]), ("100", &[])] {
        let error = scratch.fails(1, &[&run(n)[..], more].concat());
        assert!(error.contains(&format!("a run of 120 simulations, not {n}")), "{error}");
    }
    let train = ["train", "--task", "simulator.toml", "-n", "200", "--out", "run"];
    assert!(scratch.fails(1, &train).contains("a run of 120 simulations, not 200"));
    assert!(set() == before);
    scratch.succeeds(&run("120"));

    scratch.succeeds(&["simulate", "simulator.toml", "-n", "120", "--out", "set.npz"]);
    let train = ["train", "--task", "simulator.toml", "--simulations", "set.npz", "--out", "m"];
    let train = [&train[..], &TINY, &["--overwrite"]].concat();
    assert!(!scratch.says(&train).contains("before it was changed"));
    project(&scratch, ".", "3", "0.31");
    assert!(scratch.says(&train).contains("set.npz holds simulations of"));
}
