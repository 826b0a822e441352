//! Priors beyond a box, from `simulator.toml` to draws and densities.

use crate::support::{Scratch, TINY, bytes, numbers};
use std::fs;

/// tau and three effects, shares, an angle, and a law that a program knows.
const PRIOR: &str = r#"
[[parameter]]
names = ["t1", "t2"]
distribution = "normal"
mean = 0.0
std = "tau"

[[parameter]]
name = "tau"
distribution = "half_normal"
scale = 1.0

[[parameter]]
names = ["low", "high"]
distribution = "uniform"
low = 0.0
high = 1.0
ordered = true

[[parameter]]
names = ["share"]
distribution = "dirichlet"
concentration = [2.0, 1.0]

[[parameter]]
name = "angle"
distribution = "circular_uniform"
low = 0.0
high = 360.0

[[parameter]]
names = ["own"]
distribution = "program"
command = ["python3", "prior.py"]
low = [0.0]
"#;

/// Exponential.
const OWN: &str = "
import random, sys
for line in sys.stdin:
    what, number = line.split()
    if what == 'sample':
        print(random.Random(int(number)).expovariate(1.0), flush=True)
    else:
        print(-float(number), flush=True)
";

const MODEL: &str = "
import math, random, sys
for line in sys.stdin:
    if not line.strip():
        sys.stdout.flush()
        continue
    index, seed, *theta = line.split()
    t1, t2, tau, low, high, share, angle, own = map(float, theta)
    rng = random.Random(int(seed))
    x = [t1, t2, low, high, share, math.cos(math.radians(angle)), math.sin(math.radians(angle)), own]
    print(index, *(v + 0.3 * rng.gauss(0, 1) for v in x))
";

fn project(scratch: &Scratch, prior: &str) {
    fs::write(scratch.path("prior.py"), OWN).unwrap();
    fs::write(scratch.path("model.py"), MODEL).unwrap();
    fs::write(scratch.path("prior.toml"), prior).unwrap();
    let head = "command = [\"python3\", \"model.py\"]\ndata_dim = 8\n";
    fs::write(scratch.path("simulator.toml"), format!("{head}{prior}")).unwrap();
}

#[test]
fn a_prior_of_every_kind_goes_all_the_way() {
    let scratch = Scratch::new();
    project(&scratch, PRIOR);
    scratch.succeeds(&["simulate", "simulator.toml", "-n", "400", "--out", "sims.npz"]);
    let head = ["train", "--simulations", "sims.npz", "--prior", "prior.toml", "--out", "model"];
    scratch.succeeds(&[&head[..], &TINY].concat());
    fs::write(scratch.path("x.csv"), "0.5,-0.2,0.3,0.6,0.7,1.0,0.02,0.8\n").unwrap();
    let sample = |out| {
        let line =
            ["sample", "model", "--observation", "x.csv", "-n", "200", "--anyway", "--out", out];
        scratch.succeeds(&line);
    };
    sample("a.npy");
    sample("b.npy");
    assert_eq!(bytes(scratch.path("a.npy")), bytes(scratch.path("b.npy")));
    let draws = numbers(scratch.path("a.npy"));
    assert_eq!(draws.dim(), (200, 8));
    for row in draws.rows() {
        assert!(row[2] > 0.0 && 0.0 < row[3] && row[3] < row[4] && row[4] < 1.0, "{row}");
        assert!(0.0 < row[5] && row[5] < 1.0 && (0.0..=360.0).contains(&row[6]) && row[7] > 0.0);
    }
    // At 1.1°: draws lie on either side of the cut at 0 and 360.
    let within =
        |low: f64, high: f64| draws.column(6).iter().filter(|a| low < **a && **a < high).count();
    let (before, after) = (within(270.0, 360.0), within(0.0, 90.0));
    assert!(before + after > 150 && before > 20 && after > 20, "{before} {after}");
    let line =
        ["log-prob", "model", "--theta", "a.npy", "--observation", "x.csv", "--anyway", "--out"];
    scratch.succeeds(&[&line[..], &["lp.npy"]].concat());
    assert!(numbers(scratch.path("lp.npy")).iter().all(|l| l.is_finite()));
    let toml = fs::read_to_string(scratch.path("model/model.toml")).unwrap();
    assert!(toml.contains("std = \"tau\"") && toml.contains("format_version = 6"), "{toml}");
    // The law's program belongs to the model.
    fs::write(scratch.path("prior.py"), OWN.replace("expovariate(1.0)", "expovariate(2.0)"))
        .unwrap();
    let line = ["sample", "model", "--observation", "x.csv", "-n", "9", "--out", "c.npy"];
    let said = scratch.fails(1, &line);
    assert!(said.contains("python3 prior.py") && said.contains("not what they were"), "{said}");
    // And a law that is not that of its draws is refused before anything is simulated.
    let line = ["simulate", "simulator.toml", "-n", "9", "--out", "never.npz"];
    let said = scratch.fails(2, &line);
    assert!(said.contains("of own") && said.contains("contradicts its draws"), "{said}");
}

#[test]
fn theta_outside_a_joint_prior_is_refused() {
    let scratch = Scratch::new();
    project(&scratch, PRIOR);
    let prior = freeform_simulators::Prior::read(scratch.path("prior.toml")).unwrap();
    let mut theta = prior.sample_n(1, 200);
    // Row 7: high below low.
    theta.row_mut(6).swap(3, 4);
    let mut text = prior.names().join(",") + ",x1\n";
    for row in theta.rows() {
        let fields: Vec<String> = row.iter().chain([&row[0]]).map(f64::to_string).collect();
        text += &(fields.join(",") + "\n");
    }
    fs::write(scratch.path("sims.csv"), text).unwrap();
    let head = ["train", "--simulations", "sims.csv", "--prior", "prior.toml", "--out", "model"];
    let said = scratch.fails(1, &[&head[..], &TINY].concat());
    assert!(said.contains("row 7") && said.contains("outside the prior's support"), "{said}");
    let bound = format!("`high` is {} and must be from {} to 1", theta[[6, 4]], theta[[6, 3]]);
    assert!(said.contains(&bound), "{said}\n{bound}");
}

#[test]
fn mistakes_in_a_simulators_prior_are_named() {
    let scratch = Scratch::new();
    for (law, words) in [
        ("name = \"a\"\ndistribution = \"half_normal\"\nscale = -1", ["\"a\"", "scale = -1"]),
        ("name = \"a\"\ndistribution = \"normal\"\nmean = \"a\"\nstd = 1", ["circle", "a → a"]),
        (
            "names = [\"a\"]\ndistribution = \"dirichlet\"\nconcentration = [1.0]",
            ["concentration = [1.0]", "two at least"],
        ),
    ] {
        project(&scratch, &format!("[[parameter]]\n{law}\n"));
        let said =
            scratch.fails(2, &["simulate", "simulator.toml", "-n", "9", "--out", "never.npz"]);
        assert!(words.iter().all(|word| said.contains(word)), "{said}");
        assert!(said.contains("simulator.toml"), "{said}");
    }
}
