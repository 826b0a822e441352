//! Checks, the page about a model, and observations that are unlike the simulations.

use crate::support::{Scratch, TINY, bytes};
use freeform_simulators::Simulations;
use ndarray::Array2;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Names that markup and long lines make trouble of.
const PRIOR: &str = "[[parameter]]\nname = \"a<b> & c\"\ndistribution = \"uniform\"\nlow = -1.0\nhigh = 1.0\n\
                     [[parameter]]\nname = \"infection_rate_of_the_second_wave_in_the_north\"\n\
                     distribution = \"uniform\"\nlow = -1.0\nhigh = 1.0\n";

/// x = θ + noise, twice over: four numbers whose first and third, second and fourth go together.
fn simulations(n: usize, noise: f64, seed: u64) -> Simulations {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let theta = Array2::from_shape_fn((n, 2), |_| rng.random_range(-1.0..1.0));
    // The sum of twelve uniform numbers less six: nearly normal, of variance 1.
    let mut normal = || (0..12).map(|_| rng.random_range(0.0..1.0)).sum::<f64>() - 6.0;
    let x = Array2::from_shape_fn((n, 4), |(i, j)| theta[[i, j % 2]] + noise * normal());
    Simulations { theta, x }
}

/// A small model of them in folder `model`, fresh ones in `fresh.npz`, and observations.
fn prepared() -> Scratch {
    let scratch = Scratch::new();
    std::fs::write(scratch.path("prior.toml"), PRIOR).unwrap();
    simulations(1500, 0.1, 1).write(scratch.path("train.npz")).unwrap();
    simulations(200, 0.1, 2).write(scratch.path("fresh.npz")).unwrap();
    let train = ["train", "--simulations", "train.npz", "--prior", "prior.toml", "--out", "model"];
    let more = ["--set", "whitening.steps=1000"];
    scratch.succeeds(&[&train[..], &TINY[..8], &more].concat());
    for (name, row) in [
        ("ordinary", "0.32,-0.21,0.25,-0.18"),
        ("far", "9,9,9,9"),
        ("absurd", "0.3,-0.2,900,-0.2"),
        // Ten standard deviations of the noise between numbers that go together.
        ("shifted", "0.3,-0.2,-0.5,0.6"),
    ] {
        std::fs::write(scratch.path(&format!("{name}.csv")), format!("{row}\n")).unwrap();
    }
    scratch
}

fn check(scratch: &Scratch, args: &[&str]) -> serde_json::Value {
    let head = ["check", "model", "--simulations", "fresh.npz", "--json", "--quiet"];
    serde_json::from_str(&scratch.succeeds(&[&head[..], args].concat())).unwrap()
}

/// The findings of a check, by their name.
fn finding<'a>(found: &'a serde_json::Value, name: &str) -> &'a serde_json::Value {
    let all = found["findings"].as_array().unwrap();
    all.iter().find(|finding| finding["check"] == name).unwrap_or(&serde_json::Value::Null)
}

#[test]
fn a_model_is_checked_and_a_page_written() {
    let scratch = prepared();
    // What `calibrate` ranked, `check` knows.
    scratch.succeeds(&["calibrate", "model", "--simulations", "fresh.npz", "--quiet"]);
    let args = ["check", "model", "--simulations", "fresh.npz", "--observation", "ordinary.csv"];
    let output = scratch.freeform(&args).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("200 of 200 simulations are ranked already"), "{said}");
    let found: serde_json::Value =
        serde_json::from_slice(&bytes(scratch.path("model/check.json"))).unwrap();
    assert_eq!(found["simulations"], 200);
    for name in ["ranks (SBC)", "coverage", "coverage (TARP)", "local test (L-C2ST)"] {
        let p = finding(&found, name)["p_value"].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&p), "{name}: {p}");
    }
    // θ is known to 0.1/√2 of a width of 2/√12: 98% of the variance.
    let contraction = found["recovery"][0]["contraction"].as_f64().unwrap();
    assert!((0.95..1.0).contains(&contraction), "{contraction}");
    let take = found["conformal"][2]["take"].as_f64().unwrap();
    assert!((0.7..1.0).contains(&take), "{take}");
    let page = String::from_utf8(bytes(scratch.path("model/report.html"))).unwrap();
    for part in [
        "a&lt;b&gt; &amp; c",
        "infection_rate_of_the_second_wave_in_the_north",
        "freeform check model --simulations fresh.npz --observation ordinary.csv",
        "prefers-color-scheme: dark",
        "@media print",
        "ranks (SBC)",
    ] {
        assert!(page.contains(part), "`{part}` is missing");
    }
    assert!(!page.contains("<b> & c"), "a name is markup");
    // One drawing each of training, checks, and the posterior.
    assert_eq!(page.matches("<svg").count(), 3);
    // Nothing is loaded: the only address is that of SVG's grammar.
    let rest = page.replace("http://www.w3.org/2000/svg", "");
    for forbidden in ["http:", "https:", "src=", "url(", "@import", "<script", "<link"] {
        assert!(!rest.contains(forbidden), "{forbidden}");
    }
    // The same page from the folder alone.
    scratch.succeeds(&["report", "model"]);
    assert_eq!(page, String::from_utf8(bytes(scratch.path("model/report.html"))).unwrap());
    scratch.fails(2, &["report", "nowhere"]);
}

#[test]
fn a_wrong_model_is_found_out() {
    let scratch = prepared();
    // Three times the noise that it was trained on.
    simulations(300, 0.3, 3).write(scratch.path("noisy.npz")).unwrap();
    let args = ["check", "model", "--simulations", "noisy.npz", "--json", "--quiet"];
    let found: serde_json::Value = serde_json::from_str(&scratch.succeeds(&args)).unwrap();
    assert_eq!(found["passed"], false);
    for name in ["ranks (SBC)", "coverage", "coverage (TARP)"] {
        assert_eq!(finding(&found, name)["passed"], false, "{name}: {found}");
    }
    assert!(finding(&found, "ranks (SBC)")["says"].to_string().contains("narrow"));
    assert!(finding(&found, "coverage (TARP)")["says"].to_string().contains("narrow"));
    assert!(finding(&found, "coverage")["advice"].to_string().contains("simulations"));
    // To hold 90% takes more than a level of 90%.
    assert!(found["conformal"][2]["take"].as_f64().is_none_or(|take| take > 0.97));
}

#[test]
fn few_simulations_are_no_verdict() {
    let scratch = prepared();
    simulations(40, 0.1, 4).write(scratch.path("few.npz")).unwrap();
    let args = ["check", "model", "--simulations", "few.npz", "--json", "--observation", "far.csv"];
    let output = scratch.freeform(&args).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&found["passed"], finding(&found, "coverage")), (&().into(), &().into()));
    // The observation is looked at all the same.
    assert_eq!(finding(&found, "the observation")["passed"], false);
}

/// Far outside, one absurd number, shifted noise: said by every verb that is asked about them.
#[test]
fn unlike_observations_are_warned_of_by_every_verb() {
    let scratch = prepared();
    let said = |args: &[&str]| {
        let output = scratch.freeform(args).output().unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    for (name, part) in
        [("far", "beyond all simulations"), ("absurd", "column 3: 900"), ("shifted", "go together")]
    {
        let file = format!("{name}.csv");
        let observation = ["--observation", &file, "--anyway", "--quiet"];
        let sample =
            [&["sample", "model", "-n", "500", "--out", "s.npy"][..], &observation].concat();
        let density =
            [&["log-prob", "model", "--theta", "s.npy", "--out", "l.npy"][..], &observation]
                .concat();
        let check = ["check", "model", "--simulations", "fresh.npz", "--observation", &file, "-q"];
        for args in [&sample[..], &density, &check] {
            let (fine, text) = said(args);
            assert!(fine && text.contains("warning: ") && text.contains(part), "{args:?}: {text}");
        }
    }
    let found = check(&scratch, &["--observation", "shifted.csv"]);
    assert_eq!(finding(&found, "the observation")["passed"], false, "{found}");
    let args = ["sample", "model", "-n", "500", "--out", "s.npy", "--observation", "ordinary.csv"];
    let output = scratch.freeform(&[&args[..], &["--json", "--quiet"]].concat()).output().unwrap();
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(value["standing"]["data"]["percentile"].is_number(), "{value}");
    assert!(value["standing"]["residual"]["percentile"].is_number(), "{value}");
    assert!(value["edges"]["share"].is_number(), "{value}");
}

/// `--plots none` draws none, and the page does without.
#[test]
fn plots_can_be_left_out() {
    let scratch = Scratch::new();
    let run = ["run", "two_moons", "-n", "300", "--observations", "1", "--out", "r", "--quiet"];
    scratch.succeeds(&[&run[..], &TINY, &["--plots", "none"]].concat());
    let drawn = std::fs::read_dir(scratch.path("r/plots")).map_or(0, |files| files.count());
    assert_eq!(drawn, 0);
    let page = String::from_utf8(bytes(scratch.path("r/report.html"))).unwrap();
    assert!(page.contains("C2ST against reference draws") && !page.contains("<svg"));
    assert!(page.contains("freeform run two_moons -n 300"));
}
