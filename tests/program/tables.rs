//! Tables of every format, on every verb that reads or writes one.

use crate::support::{Scratch, TINY, numbers};
use freeform_simulators::{Simulations, write_table};
use ndarray::{Array2, array};

const USAGE: i32 = 2;
const FAILED: i32 = 1;
/// As pandas writes two columns without names: a header, then two rows.
const PANDAS: &str = "0,1\n0.25,-0.5\n-0.125,0.75\n";

fn contains_all(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "`{part}` is missing in: {message}");
    }
}

fn sample<'a>(observation: &'a str, out: &'a str) -> [&'a str; 8] {
    ["sample", "model", "--observation", observation, "-n", "40", "--out", out]
}

#[test]
fn one_observation_gives_the_same_draws_from_any_file() {
    let scratch = Scratch::new();
    scratch.tiny_model();
    let write = |name: &str, content: &str| std::fs::write(scratch.path(name), content).unwrap();
    let (x, many) = (array![[0.25, -0.5]], array![[9.0, 9.0], [0.25, -0.5]]);
    write("a.csv", "0.25,-0.5\n");
    write("column.txt", "0.25\n-0.5\n");
    write("savetxt.txt", "# x\n2.500000000000000000e-01 -5.000000000000000000e-01\n");
    write("semicolons.csv", "x1;x2\n0.25;-0.5\n");
    write("tabs.tsv", "0.25\t-0.5\n");
    write("many.dat", "9 9\n0.25 -0.5\n");
    write_table(scratch.path("x.npy"), "x", x.view()).unwrap();
    write_table(scratch.path("only.npz"), "anything", x.view()).unwrap();
    write_table(scratch.path("many.npy"), "x", many.view()).unwrap();
    let set = Simulations::new(many.clone(), many.clone()).unwrap();
    set.write(scratch.path("set.npz")).unwrap();
    scratch.succeeds(&sample("a.csv", "expected.npy"));
    let expected = numbers(scratch.path("expected.npy"));
    assert_eq!(expected.dim(), (40, 2));
    for file in [
        "column.txt",
        "savetxt.txt",
        "semicolons.csv",
        "tabs.tsv",
        "many.dat:2",
        "x.npy",
        "x.npy:1",
        "only.npz",
        "many.npy:2",
        "set.npz:2",
    ] {
        scratch.succeeds(&sample(file, "s.npy"));
        assert_eq!(numbers(scratch.path("s.npy")), expected, "{file}");
    }
    for out in ["s.npz", "s.csv", "s.tsv", "s.txt", "s.dat", "new/folder/s.npy"] {
        scratch.succeeds(&sample("a.csv", out));
        // As text, the shortest that single precision needs.
        let single = |table: Array2<f64>| table.mapv(|v| v as f32);
        assert_eq!(single(numbers(scratch.path(out))), single(expected.clone()), "{out}");
    }
    contains_all(
        &scratch.fails(FAILED, &sample("many.npy", "s.npy")),
        &["2 observations", "many.npy:1"],
    );
    contains_all(
        &scratch.fails(FAILED, &sample("many.npy:3", "s.npy")),
        &["many.npy:3", "2 observations"],
    );
    // Draws of any format are evaluated and compared.
    let evaluate = |theta, out| {
        ["log-prob", "model", "--theta", theta, "--observation", "a.csv", "--out", out]
    };
    scratch.succeeds(&evaluate("expected.npy", "lp.npy"));
    for theta in ["s.npz", "s.txt"] {
        scratch.succeeds(&evaluate(theta, "lp.npz"));
        // Text has the digits of single precision.
        let difference = numbers(scratch.path("lp.npz")) - numbers(scratch.path("lp.npy"));
        assert!(difference.iter().all(|d| d.abs() < 1e-4), "{theta}: {difference}");
    }
    scratch.succeeds(&["c2st", "s.npz", "s.txt", "--classifier", "logistic"]);
}

#[test]
fn a_first_line_that_may_be_names_is_asked_about() {
    let scratch = Scratch::new();
    scratch.tiny_model();
    std::fs::write(scratch.path("p.csv"), PANDAS).unwrap();
    let head = sample("p.csv:1", "s.npy");
    contains_all(&scratch.fails(FAILED, &head), &["p.csv, line 1", "--header yes", "--header no"]);
    // With names, row 1 is not the header.
    scratch.succeeds(&[&head[..], &["--header", "yes"]].concat());
    write_table(scratch.path("x.npy"), "x", array![[0.25, -0.5]].view()).unwrap();
    scratch.succeeds(&sample("x.npy", "t.npy"));
    assert_eq!(numbers(scratch.path("s.npy")), numbers(scratch.path("t.npy")));
    let head =
        ["log-prob", "model", "--theta", "p.csv", "--observation", "x.npy", "--out", "lp.npy"];
    contains_all(&scratch.fails(FAILED, &head), &["p.csv, line 1", "--header"]);
    for (rule, rows) in [("yes", 2), ("no", 3)] {
        scratch.succeeds(&[&head[..], &["--header", rule]].concat());
        assert_eq!(numbers(scratch.path("lp.npy")).nrows(), rows);
    }
    let head = ["c2st", "p.csv", "p.csv", "--classifier", "logistic"];
    contains_all(&scratch.fails(FAILED, &head), &["p.csv, line 1", "--header"]);
}

#[test]
fn the_outputs_name_is_checked_before_anything_is_computed() {
    let scratch = Scratch::new();
    // No model, no file of these names: the output is what is complained of.
    let theta = ["--theta", "none.npy", "--observation", "none.csv"];
    let log_prob = [&["log-prob", "none"][..], &theta].concat();
    let verbs: [&[&str]; 4] = [
        &["simulate", "two_moons", "-n", "1000000000"],
        &["sample", "none", "--observation", "1"],
        &log_prob,
        &["reference", "slcp", "--observation", "1", "-n", "1000000000"],
    ];
    std::fs::write(scratch.path("file"), "").unwrap();
    for verb in verbs {
        for out in ["draws.xlsx", "draws", "draws.npy.gz"] {
            let message = scratch.fails(USAGE, &[verb, &["--out", out]].concat());
            contains_all(&message, &["--out", out, ".npz"]);
        }
        let message = scratch.fails(FAILED, &[verb, &["--out", "file/draws.npz"]].concat());
        contains_all(&message, &["cannot write file/draws.npz"]);
    }
}

/// 200 rows of θ in (−1, 1)² and x = 2θ.
fn simulations() -> Simulations {
    let theta = Array2::from_shape_fn((200, 2), |(i, j)| {
        let phase = (i * (7 + 4 * j)) % 199;
        (phase as f64 / 99.5 - 1.0) * 0.9
    });
    Simulations { x: &theta * 2.0, theta }
}

#[test]
fn simulations_are_read_from_text_with_named_columns() {
    let scratch = Scratch::new();
    let simulations = simulations();
    simulations.write(scratch.path("sims.npz")).unwrap();
    let mut text = "y1 b y2 a\n".to_owned();
    for (theta, x) in simulations.theta.rows().into_iter().zip(simulations.x.rows()) {
        text += &format!("{} {} {} {}\n", x[0], theta[1], x[1], theta[0]);
    }
    std::fs::write(scratch.path("sims.txt"), text).unwrap();
    let prior = "[[parameter]]\nname = \"a\"\ndistribution = \"uniform\"\nlow = -1\nhigh = 1\n";
    std::fs::write(scratch.path("prior.toml"), prior.to_owned() + &prior.replace("\"a\"", "\"b\""))
        .unwrap();
    let train = |file, out| {
        let head = ["train", "--simulations", file, "--prior", "prior.toml", "--out", out];
        [&head[..], &TINY].concat()
    };
    scratch.succeeds(&train("sims.npz", "m"));
    scratch.succeeds(&train("sims.txt", "n"));
    let weights =
        |model: &str| std::fs::read(scratch.path(model).join("weights.safetensors")).unwrap();
    assert_eq!(weights("m"), weights("n"), "the same table");
    std::fs::write(scratch.path("bad.csv"), "1,2,9\n4,5,9\n").unwrap();
    contains_all(&scratch.fails(FAILED, &train("bad.csv", "o")), &["no names", "a, b"]);
    std::fs::write(scratch.path("far.csv"), "a,b,y\n.1,.2,1\n.3,.4,1e390\n").unwrap();
    contains_all(&scratch.fails(FAILED, &train("far.csv", "o")), &["line 3", "1e390"]);
}

/// A shape of 10¹² rows, and one whose product overflows.
#[test]
fn headers_that_lie_are_refused_on_every_verb() {
    let scratch = Scratch::new();
    scratch.tiny_model();
    for shape in ["(1000000000000, 2)", "(9223372036854775807, 9223372036854775807)"] {
        let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        std::fs::write(scratch.path("liar.npy"), bytes).unwrap();
        let verbs: [&[&str]; 3] = [
            &["sample", "model", "--observation", "liar.npy", "--out", "s.npy"],
            &["log-prob", "model", "--theta", "liar.npy", "--observation", "1", "--out", "s.npy"],
            &["c2st", "liar.npy", "liar.npy"],
        ];
        for verb in verbs {
            contains_all(&scratch.fails(FAILED, verb), &["liar.npy", "0 follow"]);
        }
    }
}

#[test]
fn names_of_parameters_are_heeded() {
    let scratch = Scratch::new();
    scratch.tiny_model();
    let write = |name: &str, content: &str| std::fs::write(scratch.path(name), content).unwrap();
    fn evaluate<'a>(theta: &'a str, out: &'a str) -> [&'a str; 8] {
        ["log-prob", "model", "--theta", theta, "--observation", "1", "--out", out]
    }
    write("plain.csv", "0.1,-0.2\n0.3,0.4\n");
    write("named.csv", "theta1,theta2\n0.1,-0.2\n0.3,0.4\n");
    write("turned.csv", "theta2,theta1\n-0.2,0.1\n0.4,0.3\n");
    write("others.csv", "foo,theta1\n0.1,-0.2\n");
    scratch.succeeds(&evaluate("plain.csv", "plain.npy"));
    for name in ["named", "turned"] {
        let (table, out) = (format!("{name}.csv"), format!("{name}.npy"));
        scratch.succeeds(&evaluate(&table, &out));
        assert_eq!(numbers(scratch.path(&out)), numbers(scratch.path("plain.npy")), "{name}");
    }
    let text = scratch.fails(USAGE, &evaluate("others.csv", "o.npy"));
    contains_all(&text, &["others.csv", "foo, theta1", "theta1, theta2"]);
    write("hole.csv", "0.1,nan\n");
    let text = scratch.fails(FAILED, &evaluate("hole.csv", "o.npy"));
    contains_all(&text, &["hole.csv", "row 1, column 2", "NaN"]);
    // Names of data are not known to a model: said, not passed over.
    write("x.csv", "b,a\n0.1,-0.2\n");
    let output = scratch.freeform(&sample("x.csv", "s.npy")).output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    contains_all(&text, &["x.csv", "b, a", "in their order"]);
}

#[test]
fn what_is_read_is_not_replaced() {
    let scratch = Scratch::new();
    scratch.tiny_model();
    std::fs::write(scratch.path("x.csv"), "0.1,-0.2\n").unwrap();
    let text = scratch.fails(USAGE, &sample("x.csv", "x.csv"));
    contains_all(&text, &["--out x.csv", "reads"]);
    scratch.succeeds(&["simulate", "two_moons", "-n", "50", "--out", "set.npz"]);
    let text = scratch.fails(USAGE, &sample("x.csv", "set.npz"));
    contains_all(&text, &["set.npz", "holds a set of simulations"]);
}
