//! x of several parts, by `simulator.toml` and on the command line.

use crate::layouts::{project, train};
use crate::support::Scratch;
use std::fs;

/// Twenty numbers: a series of four points of two channels, nine trials, three numbers.
const PARTS: [&str; 2] = ["--parts", "series:4x2,set:9,vector:3"];

#[test]
fn parts_are_stated() {
    let scratch = Scratch::new();
    let said = |more: &[&str]| {
        let output = scratch.freeform(&train(more)).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{said}");
        said
    };
    let config = || fs::read_to_string(scratch.path("model/config.toml")).unwrap();
    project(&scratch, "parts = [\"series:4x2\", \"set:9\", \"vector:3\"]");
    let stated = said(&[]);
    for part in ["of 4 points of 2 numbers (part 1)", "of 9 trials (part 2)", "3 numbers (part 3)"]
    {
        assert!(stated.contains(part), "{stated}");
    }
    assert!(config().contains("layout = \"parts\"") && config().contains("\"series:4x2\""));
    // The same on the command line, where nothing is stated with the data; a finished run's settings too.
    fs::rename(scratch.path("model"), scratch.path("first")).unwrap();
    project(&scratch, "");
    let same = |said: &str| said.contains("(part 3)");
    assert!(same(&said(&PARTS)));
    assert!(same(&said(&["--config", "first/config.toml"])));
    // What it says stands among the settings that `settings` prints.
    project(&scratch, "parts = [\"series:4x2\", \"set:9\", \"vector:3\"]");
    let output = scratch.freeform(&["settings", "--task", "simulator.toml"]).output().unwrap();
    fs::write(scratch.path("settings.toml"), output.stdout).unwrap();
    assert!(same(&said(&["--config", "settings.toml"])));
    project(&scratch, "");
    // A number far out is named by its place.
    let mut far = vec!["0.5"; 20];
    far[18] = "900";
    fs::write(scratch.path("far.csv"), far.join(",") + "\n").unwrap();
    let ask = ["sample", "model", "--observation", "far.csv", "-n", "50", "--out", "x.npy"];
    let said_of_far = scratch.fails(1, &ask);
    assert!(said_of_far.contains("column 19 (part 3, number 2)"), "{said_of_far}");
    // The command line has the last word.
    project(&scratch, "parts = [\"series:4x2\", \"set:9\", \"vector:3\"]");
    said(&["--layout", "vector"]);
    assert!(
        config().contains("layout = \"vector\"") && config().contains("parts = []"),
        "{}",
        config()
    );
    assert!(said(&["--parts", "set:20"]).contains("20 trials (part 1)"));
}

#[test]
fn parts_that_do_not_fit_are_refused() {
    let scratch = Scratch::new();
    for (stated, named) in [
        ("parts = [\"series:4x2\"]", "data_dim"),
        ("parts = [\"serie:20\"]", "series:40x2"),
        ("parts = \"series:20\"", "list of texts"),
        ("layout = \"parts\"", "parts = ["),
        ("layout = \"set\"\nparts = [\"series:20\"]", "leave it out beside parts"),
        ("channels = 2\nparts = [\"series:20\"]", "leave it out beside parts"),
    ] {
        project(&scratch, stated);
        let said = scratch.fails(2, &train(&[]));
        assert!(said.contains(named), "{stated}: {said}");
    }
    project(&scratch, "");
    let said = scratch.fails(1, &train(&["--parts", "series:4x2,vector:3"]));
    assert!(said.contains("11 numbers together") && said.contains("20"), "{said}");
    // Before anything was simulated.
    assert!(!scratch.path("model").exists());
    for bad in ["series", "auto:20", "set:20x0", "vector:4x5"] {
        let said = scratch.fails(2, &train(&["--parts", bad]));
        assert!(said.contains(bad) && said.contains("image:32x32"), "{bad}: {said}");
    }
    let said = scratch.fails(2, &train(&[&PARTS[..], &["--layout", "set"]].concat()));
    assert!(said.contains("--parts") && said.contains("--layout"), "{said}");
    let said = scratch.fails(2, &train(&["--set", "transform.layout=parts"]));
    assert!(said.contains("transform.parts"), "{said}");
}
