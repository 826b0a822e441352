//! Whatever is written where a number belongs in files: sweeps, simulators, priors, observations.

use crate::odd_numbers::{each_text, limited, two_at_a_time};
use crate::support::Scratch;
use freeform_simulators::Simulations;
use std::time::Duration;

/// A sweep with `{}` in the place of a number.
const SWEEPS: [&str; 9] = [
    "tasks = [\"two_moons\"]\nbudgets = [{}]\n",
    "tasks = [\"two_moons\"]\nbudgets = [100]\nseeds = [{}]\n",
    "tasks = [\"two_moons\"]\nbudgets = [100]\nobservations = [{}]\n",
    "tasks = [\"two_moons\"]\nbudgets = [100]\n[settings]\noptimizer.learning_rate = {}\n",
    "tasks = [\"two_moons\"]\nbudgets = [100]\n[settings]\nnetwork.width = {}\n",
    "tasks = [\"two_moons\"]\nbudgets = [100]\n[[grid]]\n[grid.axes]\n\"network.width\" = [{}]\n",
    "tasks = [\"two_moons\"]\nbudgets = [100]\n[[grid]]\n[grid.axes]\n\"loss.beta_end\" = { from = {}, \
     to = 9.0, steps = 2, scale = \"log\" }\n",
    "tasks = [\"two_moons\"]\nbudgets = [100]\n[[grid]]\n[grid.axes]\n\"loss.beta_end\" = { from = 1.0, \
     to = 9.0, steps = {}, scale = \"linear\" }\n",
    "tasks = [\"two_moons\"]\nbudgets = [100]\n[resources.default]\ncpus = {}\n",
];

#[test]
fn numbers_in_sweeps_are_used_or_refused() {
    let scratch = Scratch::new();
    two_at_a_time(&SWEEPS, |at, sweep| {
        let (file, out) = (format!("sweep{at}.toml"), format!("sweep{at}"));
        each_text(|text| {
            std::fs::write(scratch.path(&file), sweep.replace("{}", text)).unwrap();
            let args = ["grid", "plan", &file, "--out", &out, "--json"].map(str::to_owned);
            let ended = limited(&scratch.path(""), &args, Duration::from_secs(10));
            if ended.code == Some(0) {
                let planned = std::fs::read_to_string(scratch.path(&out).join("plan.jsonl"));
                let planned = planned.unwrap();
                // A seed beyond TOML's integers is read all the same.
                if sweep.contains("seeds") && text.parse::<u64>().is_ok() {
                    let seed = text.parse::<u64>().unwrap_or_default();
                    assert!(planned.contains(&format!("\"seed\":{seed},")), "{planned}");
                    return;
                }
                // As a number in TOML, or nothing at all where a list may be empty.
                let value: Option<toml::Table> = format!("v = [{text}]").parse().ok();
                let value = value.unwrap_or_else(|| panic!("{text:?} in {sweep}: {planned}"));
                let finite = |v: &toml::Value| {
                    v.as_integer().is_some_and(|n| n >= 0)
                        || v.as_float().is_some_and(f64::is_finite)
                };
                let numbers = value["v"].as_array().unwrap();
                assert!(numbers.iter().all(finite), "{text:?} in {sweep}: {planned}");
            }
            let _ = std::fs::remove_dir_all(scratch.path(&out));
        });
    });
}

/// A prior's table, and the law that its draws must obey.
type Law = fn(f64, f64) -> bool;

const PRIORS: [(&str, Law); 13] = [
    ("distribution = \"uniform\"\nlow = {}\nhigh = 3.0", |v, t| v < 3.0 && v <= t && t <= 3.0),
    ("distribution = \"uniform\"\nlow = -2.0\nhigh = {}", |v, t| v > -2.0 && -2.0 <= t && t <= v),
    ("distribution = \"normal\"\nmean = {}\nstd = 1.0", |v, t| {
        (t - v).abs() <= 9.0 + 1e-15 * v.abs()
    }),
    ("distribution = \"normal\"\nmean = 0.0\nstd = {}", |v, t| v > 0.0 && t.abs() <= 9.0 * v),
    ("distribution = \"lognormal\"\nlocation = {}\nscale = 1.0", |_, t| t > 0.0),
    ("distribution = \"lognormal\"\nlocation = 0.0\nscale = {}", |v, t| v > 0.0 && t > 0.0),
    ("distribution = \"exponential\"\nrate = {}", |v, t| v > 0.0 && t > 0.0),
    ("distribution = \"exponential\"\nscale = {}", |v, t| v > 0.0 && t > 0.0),
    ("distribution = \"gamma\"\nshape = {}\nrate = 1.0", |v, t| v > 0.0 && t > 0.0),
    ("distribution = \"gamma\"\nshape = 1.0\nrate = {}", |v, t| v > 0.0 && t > 0.0),
    ("distribution = \"beta\"\nalpha = {}\nbeta = 1.0", |v, t| v > 0.0 && (0.0..=1.0).contains(&t)),
    (
        "distribution = \"student_t\"\ndegrees_of_freedom = {}\nlocation = 0.0\nscale = 1.0",
        |v, _| v > 0.0,
    ),
    (
        "distribution = \"student_t\"\ndegrees_of_freedom = 3.0\nlocation = 0.0\nscale = {}",
        |v, _| v > 0.0,
    ),
];

const PROGRAM: &str = "while read -r index seed a; do [ -n \"$index\" ] || continue\n\
     echo \"$index $a\"\ndone\n";

#[test]
fn numbers_in_priors_are_used_or_refused() {
    let scratch = Scratch::new();
    std::fs::write(scratch.path("model.sh"), PROGRAM).unwrap();
    two_at_a_time(&PRIORS, |at, (prior, obeys)| {
        let (file, out) = (format!("simulator{at}.toml"), format!("sims{at}.npz"));
        let head = "command = [\"sh\", \"model.sh\"]\ndata_dim = 1\nworkers = 1\n[[parameter]]\n\
                    name = \"a\"\n";
        each_text(|text| {
            let body = format!("{head}{}\n", prior.replace("{}", text));
            std::fs::write(scratch.path(&file), body).unwrap();
            let args = ["simulate", &file, "-n", "3", "--out", &out, "--json"].map(str::to_owned);
            let ended = limited(&scratch.path(""), &args, Duration::from_secs(10));
            if ended.code == Some(0) {
                let value: toml::Table = format!("v = {text}").parse().unwrap();
                let value = &value["v"];
                let value = value.as_float().or(value.as_integer().map(|n| n as f64)).unwrap();
                let made = Simulations::read(scratch.path(&out)).unwrap();
                let sane = |t: &f64| t.is_finite() && obeys(value, *t);
                assert!(
                    value.is_finite() && made.theta.iter().all(sane),
                    "{prior} {text}: {made:?}"
                );
            }
            let _ = std::fs::remove_file(scratch.path(&out));
        });
    });
}

/// Lines of a simulator's file, and how many numbers it gives.
const LINES: [(&str, usize); 8] = [
    ("data_dim = {}", 1),
    ("timeout = {}", 1),
    ("workers = {}", 1),
    ("batch = {}", 1),
    ("max_failure_share = {}", 1),
    ("layout = {}", 4),
    ("layout = \"series\"\nchannels = {}", 4),
    ("layout = \"set\"\nchannels = {}", 4),
];

#[test]
fn numbers_in_simulators_are_used_or_refused() {
    let scratch = Scratch::new();
    std::fs::write(scratch.path("model.sh"), PROGRAM).unwrap();
    let four = PROGRAM.replace("$index $a", "$index $a $a $a $a");
    std::fs::write(scratch.path("four.sh"), four).unwrap();
    two_at_a_time(&LINES, |at, (line, columns)| {
        let (file, out) = (format!("simulator{at}.toml"), format!("sims{at}.npz"));
        let program = if *columns == 4 { "four.sh" } else { "model.sh" };
        let data = match line.starts_with("data_dim") {
            true => String::new(),
            false => format!("data_dim = {columns}\n"),
        };
        let prior =
            "[[parameter]]\nname = \"a\"\ndistribution = \"normal\"\nmean = 0.0\nstd = 1.0\n";
        each_text(|text| {
            let line = line.replace("{}", text);
            let body = format!("command = [\"sh\", \"{program}\"]\n{data}{line}\n{prior}");
            std::fs::write(scratch.path(&file), body).unwrap();
            let args = ["simulate", &file, "-n", "3", "--out", &out, "--json"].map(str::to_owned);
            let ended = limited(&scratch.path(""), &args, Duration::from_secs(10));
            if ended.code == Some(0) {
                let made = Simulations::read(scratch.path(&out)).unwrap();
                assert_eq!(made.theta.dim(), (3, 1), "{line}");
                assert!(made.x.columns().into_iter().all(|x| x == made.theta.column(0)), "{line}");
                assert_eq!(made.x.dim(), (3, *columns), "{line}");
                let value: toml::Table = line.parse().unwrap();
                let sane = |v: &toml::Value| {
                    v.as_integer().is_some_and(|n| n >= 0)
                        || v.as_float().is_some_and(|x| x >= 0.0)
                        || v.as_str().is_some_and(|word| ["series", "set"].contains(&word))
                };
                assert!(value.values().all(sane), "{line}");
                // Four numbers are four points, or too few.
                let channels = value.get("channels").and_then(toml::Value::as_integer);
                assert!(channels.is_none_or(|n| n == 1), "{line}");
            }
            let _ = std::fs::remove_file(scratch.path(&out));
            let _ = std::fs::remove_dir_all(scratch.path(&format!("{out}.parts")));
        });
    });
}
