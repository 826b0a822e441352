//! `freeform benchmark` and `freeform c2st --all`.

use crate::support::{Scratch, TINY, bytes};
use std::time::{Duration, Instant, SystemTime};

const CELLS: [&str; 7] =
    ["benchmark", "--tasks", "two_moons,gaussian_mixture", "--budgets", "300,400", "--out", "t"];

fn table(scratch: &Scratch, more: &[&str]) -> String {
    scratch.succeeds(&[&CELLS[..], more, &TINY].concat())
}

fn rows(scratch: &Scratch) -> Vec<csv_row::Row> {
    let text = String::from_utf8(bytes(scratch.path("t/results.csv"))).unwrap();
    let mut lines = text.lines();
    let head = lines.next().unwrap();
    assert!(head.starts_with("task,num_simulations,num_observation,algorithm,C2ST,"), "{head}");
    lines.map(csv_row::parse).collect()
}

mod csv_row {
    pub type Row = (String, usize, usize, f64);

    pub fn parse(line: &str) -> Row {
        let fields: Vec<&str> = line.split(',').collect();
        assert_eq!(fields[3], "FFF");
        let number = |i: usize| fields[i].parse().unwrap();
        (fields[0].to_owned(), number(1), number(2), fields[4].parse().unwrap())
    }
}

#[test]
fn a_table_grows_and_nothing_is_done_twice() {
    let scratch = Scratch::new();
    let printed = table(&scratch, &["--observations", "1", "--tasks", "two_moons"]);
    assert!(printed.contains("two_moons") && printed.contains("NPE"), "{printed}");
    // One observation says nothing of the spread.
    assert!(!printed.contains('±'), "{printed}");
    assert_eq!(rows(&scratch).len(), 4);
    let model = scratch.path("t/two_moons-300-seed1/weights.safetensors");
    // A rewritten model would have a new date.
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let file = std::fs::File::options().write(true).open(&model).unwrap();
    file.set_modified(long_ago).unwrap();
    let before = rows(&scratch);

    let printed = table(&scratch, &["--observations", "1-2"]);
    assert!(printed.contains('±') && !printed.contains("±0.000"), "{printed}");
    let after = rows(&scratch);
    assert_eq!(after.len(), 8);
    assert!(before.iter().all(|row| after.contains(row)), "{before:?} are not in {after:?}");
    assert!(after.iter().all(|row| (0.45..=1.0).contains(&row.3)));
    assert_eq!(std::fs::metadata(&model).unwrap().modified().unwrap(), long_ago);
    let svg = String::from_utf8(bytes(scratch.path("t/figure.svg"))).unwrap();
    assert!(svg.contains("gaussian_mixture") && svg.contains("two_moons"));
    assert_eq!(&bytes(scratch.path("t/figure.png"))[..8], b"\x89PNG\r\n\x1a\n");
}

#[test]
fn a_killed_table_goes_on_to_the_same_rows() {
    let [whole, killed] = [Scratch::new(), Scratch::new()];
    table(&whole, &["--observations", "1"]);
    let args = [&CELLS[..], &["--observations", "1"], &TINY].concat();
    for milliseconds in [150, 400, 700] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_freeform"));
        command.args(&args).current_dir(killed.path("")).env("FREEFORM_CACHE", killed.path("c"));
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let mut child = command.spawn().unwrap();
        std::thread::sleep(Duration::from_millis(milliseconds));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    table(&killed, &["--observations", "1"]);
    assert_eq!(rows(&whole), rows(&killed));
}

#[test]
fn a_table_of_other_settings_is_left_alone() {
    let scratch = Scratch::new();
    table(&scratch, &["--observations", "1"]);
    let args = [&CELLS[..], &["--observations", "1", "--preset", "paper"], &TINY].concat();
    let message = scratch.fails(1, &args);
    assert!(message.contains("other settings"), "{message}");
    let message = scratch.fails(2, &["benchmark", "--tasks", "two_mons", "--out", "u"]);
    assert!(message.contains("two_moons"), "{message}");
    let message = scratch.fails(2, &["benchmark", "--observations", "11", "--out", "u"]);
    assert!(message.contains("1 to 10"), "{message}");
}

#[test]
fn a_trained_run_is_scored_later() {
    let scratch = Scratch::new();
    scratch.tiny_model();
    let head = ["c2st", "--all", "model", "--observations"];
    let more = ["--mmd", "--median-distance"];
    let first = scratch.succeeds(&[&head[..], &["2"], &more].concat());
    assert!(first.contains("MMD") && first.contains("median distance"), "{first}");
    scratch.succeeds(&[&head[..], &["1-2"], &more].concat());
    let scores = String::from_utf8(bytes(scratch.path("model/c2st.csv"))).unwrap();
    assert_eq!(scores.lines().count(), 3, "{scores}");
    // An edited table is noticed, and does not count.
    let foreign = scores.replace("native", "released");
    assert_ne!(foreign, scores);
    std::fs::write(scratch.path("model/c2st.csv"), &foreign).unwrap();
    let output = scratch.freeform(&[&head[..], &["1-2"], &more].concat()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && said.contains("is not what was written there"), "{said}");
    assert_eq!(String::from_utf8(bytes(scratch.path("model/c2st.csv"))).unwrap(), scores);
    // One without its seal, of a former version: rows scored against other reference draws are scored
    // anew, not passed off as these.
    std::fs::remove_file(scratch.path("model/status.json")).unwrap();
    std::fs::write(scratch.path("model/c2st.csv"), &foreign).unwrap();
    scratch.succeeds(&[&head[..], &["1-2"], &more].concat());
    assert_eq!(String::from_utf8(bytes(scratch.path("model/c2st.csv"))).unwrap(), scores);
    let message = scratch.fails(2, &["c2st", "--all", "nowhere"]);
    assert!(message.contains("no model"), "{message}");
}

/// Rows of cells that a call does not ask for are kept from the table, so the table is checked.
#[test]
fn an_edited_table_of_results_is_refused() {
    let scratch = Scratch::new();
    let cell = ["benchmark", "--tasks", "two_moons", "--budgets", "300", "--seeds", "1"];
    let args = [&cell[..], &["--observations", "1", "--out", "t"], &TINY].concat();
    scratch.succeeds(&args);
    let path = scratch.path("t/results.csv");
    let whole = std::fs::read_to_string(&path).unwrap();
    let score = whole.lines().nth(1).unwrap().split(',').nth(4).unwrap();
    std::fs::write(&path, whole.replacen(score, "0.501", 1)).unwrap();
    let message = scratch.fails(1, &args);
    assert!(message.contains("results.csv") && message.contains("results.blake3"), "{message}");
    // Without either the rows come back from the cells' folders.
    for file in ["results.csv", "results.blake3"] {
        std::fs::remove_file(scratch.path("t").join(file)).unwrap();
    }
    scratch.succeeds(&args);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), whole);
}

#[test]
fn missing_released_draws_are_missed_before_anything_is_trained() {
    let scratch = Scratch::new();
    let args = ["benchmark", "--tasks", "two_moons", "--budgets", "200", "--out", "table"];
    let message = scratch.fails(1, &[&args[..], &["--reference", "released"]].concat());
    assert!(message.contains("freeform reference import"), "{message}");
    assert!(!scratch.path("table").exists());
}

/// What an interrupted scoring advises exists, and it comes at once.
#[test]
fn scoring_stops_soon_and_says_how_to_go_on() {
    let scratch = Scratch::new();
    scratch.tiny_model();
    let args = ["c2st", "--all", "model"];
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_freeform"));
    command.args(args).current_dir(scratch.path("")).env("FREEFORM_CACHE", scratch.path("cache"));
    let pipe = std::process::Stdio::piped;
    let child = command.stdout(pipe()).stderr(pipe()).spawn().unwrap();
    let first = scratch.path("model/samples/observation_01.npy");
    let begun = Instant::now();
    while !first.exists() && begun.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(5));
    }
    // Ten thousand against ten thousand draws take longer than this.
    std::thread::sleep(Duration::from_millis(300));
    let asked = Instant::now();
    let id = child.id().to_string();
    std::process::Command::new("kill").args(["-INT", &id]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("the same command goes on") && !said.contains("--resume"), "{said}");
}
