//! What x is, said in `simulator.toml` or on the command line.

use crate::support::{Scratch, TINY, bytes, numbers};
use std::fs;

const PRIOR: &str =
    "[[parameter]]\nname = \"a\"\ndistribution = \"normal\"\nmean = 0.0\nstd = 1.0\n";

/// Ten trials of two numbers that hang on θ and the seed, written by awk.
fn project(scratch: &Scratch, layout: &str) {
    let program = "while read -r index seed a; do [ -n \"$index\" ] || continue\n\
         awk -v i=\"$index\" -v s=\"$seed\" -v a=\"$a\" 'BEGIN { srand(s % 1000000); printf \"%s\", i;\n\
         for (k = 0; k < 20; k++) printf \" %.6f\", a + rand(); print \"\" }'\ndone\n";
    fs::write(scratch.path("model.sh"), program).unwrap();
    let head = format!("command = [\"sh\", \"model.sh\"]\ndata_dim = 20\n{layout}\n{PRIOR}");
    fs::write(scratch.path("simulator.toml"), head).unwrap();
}

fn train<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let head = ["train", "--task", "simulator.toml", "-n", "200", "--out", "model", "--overwrite"];
    [&head[..], &TINY, more].concat()
}

#[test]
fn a_set_is_stated_beside_the_simulator_and_has_no_order() {
    let scratch = Scratch::new();
    project(&scratch, "layout = \"set\"\nchannels = 2");
    let output = scratch.freeform(&train(&[])).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.success() && said.contains("of a set of 10 trials of 2 numbers"),
        "{said}"
    );
    let config = fs::read_to_string(scratch.path("model/config.toml")).unwrap();
    assert!(config.contains("layout = \"set\"") && config.contains("channels = 2"), "{config}");
    let trial = |k: usize| format!("{},{}", 0.1 + 0.07 * k as f64, 0.9 - 0.04 * k as f64);
    let row =
        |order: &[usize]| order.iter().map(|k| trial(*k)).collect::<Vec<_>>().join(",") + "\n";
    fs::write(scratch.path("x.csv"), row(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9])).unwrap();
    fs::write(scratch.path("y.csv"), row(&[3, 9, 0, 7, 1, 8, 2, 6, 5, 4])).unwrap();
    for (name, out) in [("x.csv", "x.npy"), ("y.csv", "y.npy")] {
        let args = ["sample", "model", "--observation", name, "-n", "50", "--anyway", "--out", out];
        scratch.succeeds(&args);
    }
    assert_eq!(numbers(scratch.path("x.npy")).dim(), (50, 1));
    assert_eq!(bytes(scratch.path("x.npy")), bytes(scratch.path("y.npy")));
    // The command line has the last word.
    let output = scratch.freeform(&train(&["--layout", "series"])).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && said.contains("of a series"), "{said}");
}

#[test]
fn layouts_that_do_not_fit_are_refused() {
    let scratch = Scratch::new();
    project(&scratch, "layout = \"heap\"");
    let said = scratch.fails(2, &train(&[]));
    assert!(said.contains("layout") && said.contains("heap") && said.contains("series"), "{said}");
    project(&scratch, "channels = 2");
    assert!(scratch.fails(2, &train(&[])).contains("write layout ="));
    project(&scratch, "");
    let said = scratch.fails(1, &train(&["--layout", "set", "--channels", "3"]));
    assert!(said.contains("20 numbers") && said.contains("transform.channels"), "{said}");
    let said = scratch.fails(1, &train(&["--layout", "set", "--channels", "10"]));
    assert!(said.contains("2 points or trials") && said.contains("transform.channels"), "{said}");
    scratch.fails(2, &train(&["--layout", "heap"]));
    scratch.fails(2, &train(&["--channels", "0"]));
}
