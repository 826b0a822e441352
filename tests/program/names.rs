//! Names of columns, on every verb that reads a table of them.

use crate::newcomer::{PRIOR, contains_all};
use crate::support::{Scratch, TINY, bytes, random};
use rand::RngExt;
use std::fs;

/// A hundred draws of model `m`, where nothing is said of names.
fn draws(scratch: &Scratch, observation: &str, more: &[&str]) -> Vec<u8> {
    let sample =
        ["sample", "m", "-n", "100", "--anyway", "--out", "d.csv", "--observation", observation];
    let said = scratch.says(&[&sample[..], more].concat());
    assert!(!said.contains("not compared"), "{said}");
    bytes(scratch.path("d.csv"))
}

/// Columns are taken by their names: in comments, of draws, of observations, of simulations to check by.
#[test]
fn columns_are_taken_by_their_names() {
    let scratch = Scratch::new();
    fs::write(scratch.path("prior.toml"), PRIOR).unwrap();
    let mut random = random();
    let table = |random: &mut rand_chacha::ChaCha8Rng, names: [&str; 4]| {
        let mut rows = names.join(",") + "\n";
        for _ in 0..150 {
            let [a, b]: [f64; 2] = std::array::from_fn(|_| random.random_range(-1.0..1.0));
            let [e, f]: [f64; 2] = std::array::from_fn(|_| random.random_range(-0.1..0.1));
            let of = |name: &str| match name {
                "a" => a,
                "b" => b,
                "u" => 10.0 * (a + e),
                _ => b + f,
            };
            rows += &(names.map(|name| of(name).to_string()).join(",") + "\n");
        }
        rows
    };
    fs::write(scratch.path("s.csv"), table(&mut random, ["u", "v", "a", "b"])).unwrap();
    let train = ["train", "--prior", "prior.toml", "--simulations", "s.csv", "--out", "m"];
    scratch.succeeds(&[&train[..], &TINY[..]].concat());
    let draws = |observation: &str, more: &[&str]| draws(&scratch, observation, more);
    fs::write(scratch.path("x.csv"), "u,v\n4,0.5\n").unwrap();
    fs::write(scratch.path("swapped.csv"), "v,u\n0.5,4\n").unwrap();
    fs::write(scratch.path("comment.csv"), "# v,u\n0.5,4\n").unwrap();
    fs::write(scratch.path("bare.csv"), "4.0,0.5\n").unwrap();
    let right = draws("x.csv", &[]);
    for other in ["swapped.csv", "comment.csv", "bare.csv"] {
        assert!(draws(other, &[]) == right, "{other}");
    }
    assert!(draws("comment.csv", &["--header", "yes"]) == right);
    fs::write(scratch.path("foreign.csv"), "u,w\n4,0.5\n").unwrap();
    let foreign = ["sample", "m", "--observation", "foreign.csv", "--out", "e.csv"];
    contains_all(&scratch.fails(1, &foreign), &["called u, w", "those of x u, v"]);
    // Parameters too.
    let plain = String::from_utf8(right).unwrap();
    fs::write(scratch.path("named.csv"), "a,b\n".to_owned() + &plain).unwrap();
    let mut swapped = String::from("# b,a\n");
    for line in plain.lines() {
        let (a, b) = line.split_once(',').unwrap();
        swapped += &format!("{b},{a}\n");
    }
    fs::write(scratch.path("swapped_draws.csv"), swapped).unwrap();
    let densities = |theta: &str, more: &[&str]| {
        let args = [
            "log-prob",
            "m",
            "--theta",
            theta,
            "--observation",
            "bare.csv",
            "--anyway",
            "--out",
            "l.npy",
        ];
        scratch.succeeds(&[&args[..], more].concat());
        bytes(scratch.path("l.npy"))
    };
    let right = densities("d.csv", &[]);
    assert!(densities("swapped_draws.csv", &[]) == right);
    let same = scratch.succeeds(&["c2st", "named.csv", "swapped_draws.csv"]);
    let score: f64 = same.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(score < 0.6, "{same}");
    // Those to check by.
    let said = |file: &str, names: [&str; 4], random: &mut rand_chacha::ChaCha8Rng| {
        fs::write(scratch.path(file), table(random, names)).unwrap();
        let output = scratch.freeform(&["calibrate", "m", "--simulations", file]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr)
    };
    let told = said("c.csv", ["v", "a", "u", "b"], &mut random);
    assert!(
        told.contains("150 simulations ranked") && !told.contains("does not look like"),
        "{told}"
    );
    contains_all(
        &said("w.csv", ["v", "a", "w", "b"], &mut random),
        &["called v, w", "those of x u, v"],
    );
    // Another law of theta.
    let narrow = fs::read_to_string(scratch.path("c.csv")).unwrap();
    let mut lines = narrow.lines();
    let mut rows = lines.next().unwrap().to_owned() + "\n";
    for line in lines {
        let fields: Vec<f64> = line.split(',').map(|field| field.parse().unwrap()).collect();
        rows += &format!("{},{},{},{}\n", fields[0], 0.2 * fields[1], 0.2 * fields[2], fields[3]);
    }
    fs::write(scratch.path("n.csv"), rows).unwrap();
    let output = scratch.freeform(&["calibrate", "m", "--simulations", "n.csv"]).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    contains_all(&told, &["does not look like draws from the model's prior: `a` has mean"]);
}

/// `data_names` are the names of x: its own observations, and files of them, are taken by name.
#[test]
fn a_simulators_names_of_x_are_heeded() {
    let scratch = Scratch::new();
    let program = "while read -r index seed a b; do [ -n \"$index\" ] || continue\n\
                   echo \"$index $a $b\"\ndone\n";
    fs::write(scratch.path("model.sh"), program).unwrap();
    let head = "command = [\"sh\", \"model.sh\"]\ndata_names = [\"u\", \"v\"]\nobservations = \"obs.csv\"\n";
    fs::write(scratch.path("simulator.toml"), head.to_owned() + PRIOR).unwrap();
    fs::write(scratch.path("obs.csv"), "v,u\n0.5,-0.4\n").unwrap();
    fs::write(scratch.path("x.csv"), "u,v\n-0.4,0.5\n").unwrap();
    let train = ["train", "--task", "simulator.toml", "-n", "150", "--out", "m"];
    scratch.succeeds(&[&train[..], &TINY[..]].concat());
    let draws = |observation: &str| draws(&scratch, observation, &[]);
    assert!(draws("1") == draws("x.csv"));
    fs::write(scratch.path("obs.csv"), "v,w\n0.5,-0.4\n").unwrap();
    let sample = ["sample", "m", "--observation", "1", "--out", "d.csv"];
    contains_all(&scratch.fails(2, &sample), &["called v, w", "those of x u, v"]);
    // Of draws, names on one side only are said.
    fs::write(scratch.path("named.csv"), "a,b\n".to_owned() + &"0.1,0.2\n0.3,0.1\n".repeat(20))
        .unwrap();
    fs::write(scratch.path("bare.csv"), "0.1,0.2\n0.3,0.1\n".repeat(20)).unwrap();
    assert!(
        scratch.says(&["c2st", "named.csv", "bare.csv"]).contains("only one of the sets names")
    );
}
