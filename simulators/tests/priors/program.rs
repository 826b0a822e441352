//! Laws that a program knows.

use freeform_simulators::Prior;
use std::path::Path;

const PROGRAM: &str = r#"
import math, random, sys

for line in sys.stdin:
    what, *numbers = line.split()
    if what == "sample":
        rng = random.Random(int(numbers[0]))
        a = rng.gauss(0, 1)
        print(a, DRAW * math.exp(rng.gauss(a, 0.5)), flush=True)
    else:
        a, b = map(float, numbers)
        z = (math.log(b) - a) / 0.5
        print(-0.5 * (a * a + z * z) - math.log(0.5 * b) - CONSTANT, flush=True)
"#;

const TOML: &str = r#"
[[parameter]]
names = ["a", "b"]
distribution = "program"
command = ["python3", "prior.py"]
low = [-inf, 0]

[[parameter]]
name = "c"
distribution = "uniform"
low = 0
high = 1
"#;

fn write(folder: &Path, draw: &str, constant: &str) {
    let text = PROGRAM.replace("DRAW", draw).replace("CONSTANT", constant);
    std::fs::write(folder.join("prior.py"), text).unwrap();
    std::fs::write(folder.join("prior.toml"), TOML).unwrap();
}

#[test]
fn a_program_gives_density_and_draws() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "1", "math.log(2 * math.pi)");
    let path = folder.path().join("prior.toml");
    let prior = Prior::read(&path).unwrap();
    let draws = prior.sample_n(5, 2000);
    assert_eq!(draws, Prior::read(&path).unwrap().sample_n(5, 2000));
    for row in draws.rows().into_iter().take(50) {
        let (a, b) = (row[0], row[1]);
        let z = (b.ln() - a) / 0.5;
        let exact = -0.5 * (a * a + z * z) - (0.5 * b).ln() - std::f64::consts::TAU.ln();
        assert!((prior.log_prob(&row.to_vec()) - exact).abs() < 1e-9);
    }
    // E a = 0, E log b = 0, var log b = 1 + 1/4.
    let mean = |f: &dyn Fn(f64, f64) -> f64| {
        draws.rows().into_iter().map(|r| f(r[0], r[1])).sum::<f64>() / 2000.0
    };
    assert!(mean(&|a, _| a).abs() < 0.09 && mean(&|_, b: f64| b.ln()).abs() < 0.1);
    assert!((mean(&|_, b: f64| b.ln().powi(2)) - 1.25).abs() < 0.2);
    // Written, it says where it is run and what its files were.
    let text = prior.to_toml();
    assert_eq!(Prior::from_toml_str(&text).unwrap().sample_n(5, 20), prior.sample_n(5, 20));
    // Elsewhere it is the same law.
    let moved = tempfile::tempdir().unwrap();
    write(moved.path(), "1", "math.log(2 * math.pi)");
    let elsewhere = Prior::read(moved.path().join("prior.toml")).unwrap();
    assert!(elsewhere.to_toml() != text && elsewhere.identity() == prior.identity());
    write(folder.path(), "1.0", "math.log(2 * math.pi)");
    let error = Prior::from_toml_str(&text).unwrap_err().to_string();
    assert!(error.contains("python3 prior.py") && error.contains("not what they were"), "{error}");
}

#[test]
fn programs_that_cannot_be_used_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("prior.toml");
    let error = || Prior::read(&path).unwrap_err().to_string();
    write(folder.path(), "1", "0");
    let constant = error();
    assert!(constant.contains("integrates to") && constant.contains("prior.toml"), "{constant}");
    assert!(constant.contains("\"python3 prior.py\" of a, b"), "{constant}");
    write(folder.path(), "1.7", "math.log(2 * math.pi)");
    assert!(error().contains("density contradicts its draws"), "{}", error());
    write(folder.path(), "-1", "math.log(2 * math.pi)");
    let outside = error();
    assert!(outside.contains("it ended without an answer to \"log_prob"), "{outside}");
    assert!(outside.contains("math domain error") || outside.contains("ValueError"), "{outside}");
    std::fs::write(folder.path().join("prior.py"), "print('hello')\nwhile True: input()").unwrap();
    let noise = error();
    assert!(noise.contains("\"hello\"") && noise.contains("2 number(s)"), "{noise}");
    std::fs::remove_file(folder.path().join("prior.py")).unwrap();
    assert!(error().contains("No such file"), "{}", error());
    std::fs::write(&path, TOML.replace("low = [-inf, 0]", "low = [0]")).unwrap();
    assert!(error().contains("\"low\"") && error().contains("one a name"), "{}", error());
    std::fs::write(&path, TOML.replace("low = [-inf, 0]", "low = [0, 1]\nhigh = [1, 1]")).unwrap();
    assert!(error().contains("high = 1") && error().contains("above low = 1"), "{}", error());
}
