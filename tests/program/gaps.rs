//! Numbers that were not measured: said in `simulator.toml` or on the command line, hidden from simulations
//! as they are missing in the observation, refused in words where nothing can be learnt of them.

use crate::support::{Scratch, TINY, bytes, numbers};
use std::fs;

const PRIOR: &str =
    "[[parameter]]\nname = \"a\"\ndistribution = \"normal\"\nmean = 0.0\nstd = 1.0\n";

/// Twenty numbers around θ, of which the last are missing behind the `n`-th, written by awk.
fn project(scratch: &Scratch, n: &str, head: &str) {
    let program = format!(
        "while read -r index seed a; do [ -n \"$index\" ] || continue\n\
         awk -v i=\"$index\" -v s=\"$seed\" -v a=\"$a\" 'BEGIN {{ srand(s % 1000000); n = {n};\n\
         printf \"%s\", i; for (k = 0; k < 20; k++) {{ v = a + rand();\n\
         if (k < n) printf \" %.6f\", v; else printf \" nan\" }} print \"\" }}'\ndone\n"
    );
    fs::write(scratch.path("model.sh"), program).unwrap();
    let head = format!("command = [\"sh\", \"model.sh\"]\ndata_dim = 20\n{head}\n{PRIOR}");
    fs::write(scratch.path("simulator.toml"), head).unwrap();
}

fn said(scratch: &Scratch, args: &[&str]) -> (bool, String) {
    let output = scratch.freeform(args).output().unwrap();
    (output.status.success(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_simulator_s_trials_are_as_many_as_it_likes() {
    let scratch = Scratch::new();
    project(&scratch, "3 + int(17 * rand())", "layout = \"set\"\nmissing = \"allowed\"");
    let run = |out: &'static str| {
        let head = ["run", "simulator.toml", "-n", "150", "--out", out];
        [&head[..], &TINY].concat()
    };
    // One observation of seven trials, a row of its own.
    fs::write(scratch.path("x.csv"), "0.1,0.9,0.4,0.6,0.3,0.7,0.2\n").unwrap();
    let toml = fs::read_to_string(scratch.path("simulator.toml")).unwrap();
    let observed = toml.replace("data_dim", "observations = \"x.csv\"\ndata_dim");
    fs::write(scratch.path("simulator.toml"), observed).unwrap();
    scratch.succeeds(&run("run"));
    assert_eq!(numbers(scratch.path("run/samples/observation_01.npy")).ncols(), 1);
    let model = fs::read_to_string(scratch.path("run/model.toml")).unwrap();
    assert!(model.contains("format_version = 9") && !model.contains("masks"), "{model}");
    // The same as a column, padded, and in another order.
    fs::write(scratch.path("column.csv"), "0.9\n0.1\n0.4\n0.6\n0.7\n0.3\n0.2\n").unwrap();
    let padded =
        "nan,0.1,0.9,0.4,0.6,nan,0.3,0.7,0.2,nan,nan,nan,nan,nan,nan,nan,nan,nan,nan,nan\n";
    fs::write(scratch.path("padded.csv"), padded).unwrap();
    for name in ["x.csv", "column.csv", "padded.csv"] {
        let out = name.replace("csv", "npy");
        scratch.succeeds(&["sample", "run", "--observation", name, "-n", "50", "--out", &out]);
    }
    for other in ["column.npy", "padded.npy"] {
        assert_eq!(bytes(scratch.path("x.npy")), bytes(scratch.path(other)), "{other}");
    }
    // More trials than ever were simulated: said by every verb that answers.
    let many = (0..50).map(|k| format!("{:.3}\n", 0.01 + 0.02 * f64::from(k)));
    fs::write(scratch.path("many.csv"), many.collect::<String>()).unwrap();
    let asked = ["run", "--observation", "many.csv"];
    let sample = [&["sample"][..], &asked, &["-n", "50", "--anyway", "--out", "m.npy"]].concat();
    let density = [&["log-prob"][..], &asked, &["--theta", "x.npy", "--anyway", "--out", "lp.npy"]];
    let check = [&["check"][..], &asked, &["-n", "30"]].concat();
    for args in [sample, density.concat(), check] {
        let (_, said) = said(&scratch, &args);
        assert!(said.contains("it has 50 trials, simulations 3 to"), "{args:?}: {said}");
    }
    // None at all.
    fs::write(scratch.path("none.csv"), "nan,nan\n").unwrap();
    let none = ["sample", "run", "--observation", "none.csv", "--out", "n.npy"];
    let (ok, said) = said(&scratch, &none);
    assert!(!ok && said.contains("nothing was measured"), "{said}");
}

#[test]
fn gaps_of_the_observation_are_those_of_the_training() {
    let scratch = Scratch::new();
    project(&scratch, "20", "layout = \"series\"\nobservations = \"x.csv\"\nmissing = \"allowed\"");
    let x: Vec<String> = (0..20)
        .map(|t| if t % 3 == 0 { "nan".to_owned() } else { format!("0.{}", t % 7) })
        .collect();
    fs::write(scratch.path("x.csv"), x.join(",") + "\n").unwrap();
    let head = ["run", "simulator.toml", "-n", "150", "--out", "run"];
    let (ok, told) = said(&scratch, &[&head[..], &TINY].concat());
    assert!(ok && told.contains("half of the simulations lack the very same"), "{told}");
    assert!(!told.contains("unlike what is missing"), "{told}");
    let model = fs::read_to_string(scratch.path("run/model.toml")).unwrap();
    assert!(model.contains("[training.masks]"), "{model}");
    // Fresh simulations are masked likewise, and what the posterior predicts is compared where x is.
    let (ok, told) = said(&scratch, &["check", "run", "--observation", "1", "-n", "120"]);
    assert!(ok, "{told}");
    let found = fs::read_to_string(scratch.path("run/check.json")).unwrap();
    let found: serde_json::Value = serde_json::from_str(&found).unwrap();
    let columns = found["observations"][0]["predictive"]["columns"].as_array().unwrap().clone();
    let mut places: Vec<u64> = columns.iter().map(|c| c["column"].as_u64().unwrap()).collect();
    places.sort_unstable();
    let there: Vec<u64> = (0..20).filter(|t| t % 3 != 0).map(|t| t + 1).collect();
    assert_eq!(places, there);
    // From a table, by its own option; the same seed hides the same.
    scratch.succeeds(&["simulate", "simulator.toml", "-n", "150", "--out", "sims.npz"]);
    fs::write(scratch.path("prior.toml"), PRIOR).unwrap();
    let table = ["--simulations", "sims.npz", "--prior", "prior.toml", "--layout", "series"];
    let train = |more: &[&'static str]| [&["train"][..], &table, &TINY, more].concat();
    for out in ["one", "two"] {
        let more = ["--missing", "allowed", "--masks-from", "x.csv", "--out", out];
        scratch.succeeds(&train(&more));
    }
    assert_eq!(
        bytes(scratch.path("one/weights.safetensors")),
        bytes(scratch.path("two/weights.safetensors"))
    );
    // Without --missing there is nothing that a hidden number could be.
    let (ok, told) = said(&scratch, &train(&["--masks-from", "x.csv", "--out", "three"]));
    assert!(!ok && told.contains("add --missing allowed"), "{told}");
    let plain = ["--missing", "allowed", "--out", "plain"];
    scratch.succeeds(&train(&plain));
    let (ok, told) =
        said(&scratch, &["sample", "plain", "--observation", "x.csv", "--out", "p.npy"]);
    assert!(!ok && told.contains("number 1 of the observation is NaN"), "{told}");
    assert!(told.contains("--masks-from"), "{told}");
}

#[test]
fn a_nan_that_looks_like_a_gap_is_named_as_one() {
    let scratch = Scratch::new();
    project(&scratch, "8 + int(14 * rand())", "layout = \"set\"\nmax_failure_share = 1.0");
    let (_, told) = said(&scratch, &["simulate", "simulator.toml", "-n", "60", "--out", "s.npz"]);
    assert!(told.contains("missing = \"allowed\", or --missing allowed"), "{told}");
    let rows =
        (0..40).map(|i| format!("0.{i:02},0.5,{}\n", if i % 2 == 0 { "nan" } else { "0.1" }));
    let text = format!("a,x1,x2\n{}", rows.collect::<String>());
    fs::write(scratch.path("sims.csv"), text).unwrap();
    fs::write(scratch.path("prior.toml"), PRIOR).unwrap();
    let table = ["train", "--simulations", "sims.csv", "--prior", "prior.toml", "--out", "model"];
    let (_, told) = said(&scratch, &[&table[..], &TINY].concat());
    let hint =
        "20 of them have numbers beside NaN: if NaN means \"not measured\", --missing allowed";
    assert!(told.contains(hint), "{told}");
    fs::write(scratch.path("simulator.toml"), "missing = \"yes\"\n").unwrap();
    project(&scratch, "20", "missing = \"yes\"");
    let (ok, told) = said(&scratch, &["simulate", "simulator.toml", "-n", "9", "--out", "t.npz"]);
    assert!(!ok && told.contains("missing") && told.contains("\"allowed\""), "{told}");
}
