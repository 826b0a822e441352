//! What x is, said in `simulator.toml` or on the command line.

use crate::support::{Scratch, TINY, bytes, numbers};
use std::fs;
use std::path::Path;

const PRIOR: &str =
    "[[parameter]]\nname = \"a\"\ndistribution = \"normal\"\nmean = 0.0\nstd = 1.0\n";

/// Twenty numbers, as ten trials of two or a small image, that hang on θ and the seed, written by awk.
pub fn project(scratch: &Scratch, layout: &str) {
    let program = "while read -r index seed a; do [ -n \"$index\" ] || continue\n\
         awk -v i=\"$index\" -v s=\"$seed\" -v a=\"$a\" 'BEGIN { srand(s % 1000000); printf \"%s\", i;\n\
         for (k = 0; k < 20; k++) printf \" %.6f\", a + rand(); print \"\" }'\ndone\n";
    fs::write(scratch.path("model.sh"), program).unwrap();
    let head = format!("command = [\"sh\", \"model.sh\"]\ndata_dim = 20\n{layout}\n{PRIOR}");
    fs::write(scratch.path("simulator.toml"), head).unwrap();
}

pub fn train<'a>(more: &[&'a str]) -> Vec<&'a str> {
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
        output.status.success()
            && said.matches("networks see").count() == 1
            && said.contains("of a set of 10 trials of 2 numbers"),
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

/// A number that lies far out is named by its trial and channel, a statistic by what it is.
#[test]
fn what_lies_far_out_is_named_by_what_it_is() {
    let scratch = Scratch::new();
    project(&scratch, "layout = \"set\"\nchannels = 2");
    scratch.succeeds(&train(&[]));
    let said = |row: &[f64]| {
        let row: Vec<String> = row.iter().map(ToString::to_string).collect();
        fs::write(scratch.path("x.csv"), row.join(",") + "\n").unwrap();
        let ask = ["sample", "model", "--observation", "x.csv", "-n", "50", "--out", "x.npy"];
        scratch.fails(1, &ask)
    };
    // Ten trials whose numbers spread over [0, 1] as the simulator's do, and one of 900 in the sixth.
    let ordinary: Vec<f64> = (0..20).map(|k| f64::from(k * 7 % 20) / 20.0).collect();
    let mut row = ordinary.clone();
    row[11] = 900.0;
    let text = said(&row);
    assert!(text.contains("farthest in column 12 (trial 6, channel 2): 900"), "{text}");
    // All of the first channel at one value: each number ordinary, their spread not.
    let row: Vec<f64> = (0..20).map(|k| if k % 2 == 0 { 0.5 } else { ordinary[k] }).collect();
    let text = said(&row);
    let named = text.contains(" quantiles of channel 1)") || text.contains(" of channel 1) (");
    assert!(text.contains("statistic ") && named && !text.contains("column"), "{text}");
}

#[test]
fn layouts_that_do_not_fit_are_refused() {
    let scratch = Scratch::new();
    project(&scratch, "layout = \"heap\"");
    let said = scratch.fails(2, &train(&[]));
    assert!(said.contains("layout") && said.contains("heap") && said.contains("series"), "{said}");
    project(&scratch, "layout = \"vector\"\nchannels = 2");
    assert!(scratch.fails(2, &train(&[])).contains("a vector has none"));
    project(&scratch, "");
    let said = scratch.fails(2, &train(&["--layout", "vector", "--channels", "2"]));
    assert!(said.contains("transform.channels=2") && said.contains("vector"), "{said}");
    let said = scratch.fails(1, &train(&["--layout", "set", "--channels", "3"]));
    assert!(said.contains("20 numbers") && said.contains("`channels` in simulator.toml"), "{said}");
    let said = scratch.fails(1, &train(&["--layout", "set", "--channels", "10"]));
    assert!(said.contains("2 points or trials") && said.contains("transform.channels"), "{said}");
    scratch.fails(2, &train(&["--layout", "heap"]));
    scratch.fails(2, &train(&["--channels", "0"]));
}

/// Channels alone leave the layout to the simulations, here and there.
#[test]
fn channels_alone_are_one_rule_for_file_and_command_line() {
    let scratch = Scratch::new();
    project(&scratch, "channels = 2");
    scratch.succeeds(&train(&[]));
    let stated = fs::read_to_string(scratch.path("model/config.toml")).unwrap();
    assert!(stated.contains("layout = \"auto\"") && stated.contains("channels = 2"), "{stated}");
    project(&scratch, "");
    scratch.succeeds(&train(&["--channels", "2"]));
    let given = fs::read_to_string(scratch.path("model/config.toml")).unwrap();
    assert!(given.contains("layout = \"auto\"") && given.contains("channels = 2"), "{given}");
    // A layout on the command line puts aside what belongs to the one in the file.
    project(&scratch, "layout = \"set\"\nchannels = 2");
    scratch.succeeds(&train(&["--layout", "vector"]));
    let config = fs::read_to_string(scratch.path("model/config.toml")).unwrap();
    assert!(config.contains("layout = \"vector\"") && config.contains("channels = 1"), "{config}");
}

/// `[T, channels]` is one observation, and `[n, T, channels]` are n simulations of so many channels.
#[test]
fn points_keep_the_shape_that_numpy_gave_them() {
    let scratch = Scratch::new();
    // x `[200, 10, 2]`, its fourth row, and its first five in Fortran's order, as numpy wrote them.
    for (file, name) in [
        ("points.npz", "s.npz"),
        ("point_rows.npy", "points.npy"),
        ("points_of_five.npy", "many.npy"),
    ] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file);
        fs::copy(from, scratch.path(name)).unwrap();
    }
    let uniform = "[[parameter]]\nname = \"a\"\ndistribution = \"uniform\"\nlow = -1\nhigh = 1\n";
    fs::write(scratch.path("prior.toml"), uniform).unwrap();
    let head = ["train", "--simulations", "s.npz", "--prior", "prior.toml", "--out", "model"];
    scratch.succeeds(&[&head[..], &TINY, &["--layout", "set", "--channels", "2"]].concat());
    for (name, out) in [("points.npy", "a.npy"), ("many.npy:4", "b.npy")] {
        let args = ["sample", "model", "--observation", name, "-n", "50", "--anyway", "--out", out];
        scratch.succeeds(&args);
    }
    assert_eq!(bytes(scratch.path("a.npy")), bytes(scratch.path("b.npy")));
    // The shape says the channels where nobody does.
    scratch.succeeds(&[&head[..], &TINY, &["--overwrite"]].concat());
    let config = fs::read_to_string(scratch.path("model/config.toml")).unwrap();
    assert!(config.contains("layout = \"auto\"") && config.contains("channels = 2"), "{config}");
}
