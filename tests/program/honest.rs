//! What the program says of what it learnt and drew.

use crate::support::{Scratch, TINY, bytes};
use freeform_simulators::{Marginal, Prior, Simulations};
use ndarray::Array2;

const BOX: &str =
    "[[parameter]]\nname = \"rate\"\ndistribution = \"uniform\"\nlow = 0.0\nhigh = 1.0\n";

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

/// θ of a law on [0, 1], x = θ.
fn table(scratch: &Scratch, law: Marginal, rows: usize) -> Simulations {
    std::fs::write(scratch.path("prior.toml"), BOX).unwrap();
    let theta = Prior::identical(1, law).unwrap().sample_n(1, rows);
    // A little noise of its own: the golden ratio's multiples, modulo 1.
    let x = Array2::from_shape_fn((rows, 1), |(i, _)| {
        theta[[i, 0]] + 0.2 * ((i as f64 * 0.618_034).fract() - 0.5)
    });
    let simulations = Simulations::new(theta, x).unwrap();
    simulations.write(scratch.path("sims.npz")).unwrap();
    simulations
}

const TRAIN: [&str; 7] =
    ["train", "--simulations", "sims.npz", "--prior", "prior.toml", "--out", "model"];

#[test]
fn an_absurd_observation_is_refused_and_an_ordinary_one_says_what_its_draws_are_worth() {
    let scratch = Scratch::new();
    scratch.tiny_model();
    let sample = |x: &'static str, out: &'static str| {
        ["sample", "model", "--observation", x, "-n", "500", "--out", out]
    };
    let text = scratch.succeeds(&sample("1", "draws.npy"));
    for part in ["inside the prior", "independent ones", "different", "x lies within"] {
        assert!(text.contains(part), "{text}");
    }
    let value = json(&scratch.succeeds(&[&sample("1", "draws.npy")[..], &["--json"]].concat()));
    assert!(value["effective"].as_f64().unwrap() > 50.0, "{value}");
    assert_eq!(value["distance"]["columns_beyond"], 0);
    for (name, x) in [("missing", "-999,0.1"), ("huge", "1e6,1e6"), ("ms", "100,-250")] {
        let file = format!("{name}.csv");
        std::fs::write(scratch.path(&file), format!("{x}\n")).unwrap();
        let ask = ["--observation", &file, "--out", "absurd.npy"];
        let text = scratch.fails(1, &[&["sample", "model", "-n", "500"], &ask[..]].concat());
        assert!(text.contains("beyond all simulations") && text.contains("--anyway"), "{text}");
        let theta = ["log-prob", "model", "--theta", "draws.npy"];
        let text = scratch.fails(1, &[&theta[..], &ask[..]].concat());
        assert!(text.contains("beyond all simulations"), "{text}");
        assert!(!scratch.path("absurd.npy").exists());
    }
    let anyway = ["--observation", "ms.csv", "--out", "absurd.npy", "--anyway"];
    let output = scratch.freeform(&[&["sample", "model", "-n", "500"], &anyway[..]].concat());
    let output = { output }.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("beyond all simulations"), "{stderr}");

    // A model of before has no record of its simulations: used without that question.
    let text = String::from_utf8(bytes(scratch.path("model/model.toml"))).unwrap();
    let (head, rest) = text.split_once("[span]").expect("a record of where x lies");
    let (_, tail) = rest.split_once("\n[").expect("more of the model");
    // Nor had it a checksum.
    let (_, head) = head.split_once('\n').expect("a line with the checksum first");
    std::fs::write(scratch.path("model/model.toml"), format!("{head}[{tail}")).unwrap();
    let text = scratch.succeeds(&sample("1", "again.npy"));
    assert!(text.contains("unknown (an older model)"), "{text}");
    assert_eq!(bytes(scratch.path("again.npy")), bytes(scratch.path("draws.npy")));
}

#[test]
fn a_run_keeps_its_draws_and_fails_where_an_observation_is_absurd() {
    let scratch = Scratch::new();
    // Noise of width 0.4, from the seed.
    let program = "while read -r index seed rate; do\n[ -n \"$index\" ] || continue\n\
                   x=$(awk \"BEGIN { print $rate + 0.4 * ($((seed % 1009)) / 1009 - 0.5) }\")\n\
                   echo \"$index $x $((seed % 100))\"\ndone\n";
    std::fs::write(scratch.path("simulator.sh"), program).unwrap();
    std::fs::write(scratch.path("observed.csv"), "0.4,50\n400,50\n").unwrap();
    let settings = format!(
        "command = [\"sh\", \"simulator.sh\"]\ndata_dim = 2\nobservations = \"observed.csv\"\n{BOX}"
    );
    std::fs::write(scratch.path("simulator.toml"), settings).unwrap();
    let run = ["run", "simulator.toml", "-n", "300", "--out", "run"];
    let text = scratch.fails(1, &[&run[..], &TINY].concat());
    assert!(text.contains("observation 2:") && text.contains("400"), "{text}");
    assert!(!text.contains("observation 1:"), "{text}");
    assert!(scratch.path("run/samples/observation_01.npy").exists());
    let status = json(&String::from_utf8(bytes(scratch.path("run/status.json"))).unwrap());
    assert!(status["observations"][0]["effective"].as_f64().unwrap() > 10.0, "{status}");
}

#[test]
fn theta_of_another_law_is_warned_of_and_theta_from_mends_it() {
    let scratch = Scratch::new();
    table(&scratch, Marginal::Beta { alpha: 4.0, beta: 1.0 }, 1000);
    let train = [&TRAIN[..], &TINY].concat();
    let output = scratch.freeform(&train).output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("warning: theta does not look like draws from the prior"), "{text}");
    assert!(text.contains("`rate` has mean 0.8"), "{text}");
    let summary = String::from_utf8_lossy(&output.stdout);
    assert!(summary.contains("held-out log p(theta | x)"), "{summary}");
    assert!(summary.contains("prior") && summary.contains("gained"), "{summary}");

    let law = "[[parameter]]\nname = \"rate\"\ndistribution = \"beta\"\nalpha = 4.0\nbeta = 1.0\n";
    std::fs::write(scratch.path("proposal.toml"), law).unwrap();
    let named = [&train[..], &["--theta-from", "proposal.toml", "--overwrite"]].concat();
    let output = scratch.freeform(&named).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !text.contains("does not look like"), "{text}");
    // It is part of what the run is.
    let text = scratch.fails(1, &[&train[..], &["--resume"]].concat());
    assert!(text.contains("another law (--theta-from)"), "{text}");
    let alone = ["train", "--task", "two_moons", "--theta-from", "proposal.toml", "--out", "m"];
    let text = scratch.fails(2, &alone);
    assert!(text.contains("--simulations"), "{text}");
}

#[test]
fn one_huge_value_is_named_before_the_training_or_refused() {
    let scratch = Scratch::new();
    let standard = ["--set", "transform.data=standardize"];
    let train = |value: f64| {
        let mut simulations = table(&scratch, Marginal::Uniform { low: 0.0, high: 1.0 }, 500);
        simulations.x[[16, 0]] = value;
        simulations.write(scratch.path("sims.npz")).unwrap();
        let output = scratch.freeform(&[&TRAIN[..], &TINY, &standard].concat()).output().unwrap();
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    // Nothing is left of the others.
    let text = train(3.4e38);
    assert!(text.contains("column 1 of x has the value 3.4e38 in row 17"), "{text}");
    let text = train(1e4);
    assert!(text.contains("column 1 of x is dominated by one value"), "{text}");
    assert!(text.contains("one value: 10000 in row 17"), "{text}");
}
