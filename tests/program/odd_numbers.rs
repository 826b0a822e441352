//! What is written where a number belongs, and programs that are fed with it under limits.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// What users, scripts and attackers write for a number.
const ODD: [&str; 92] = [
    "",
    " ",
    "0",
    "-0",
    "+0",
    "1",
    "-1",
    "+1",
    "01",
    "2",
    "7",
    "1.0",
    "1.5",
    "0.1",
    "-0.5",
    "1e0",
    "1e1",
    "1e4",
    "1E2",
    "10k",
    "10K",
    "1M",
    "2G",
    "1.5k",
    "1e-3",
    "-1e3",
    "1e309",
    "-1e309",
    "1e400",
    "nan",
    "NaN",
    "-nan",
    "inf",
    "-inf",
    "Infinity",
    "+inf",
    "32767",
    "32768",
    "65535",
    "65536",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "1e18",
    "1e19",
    "1e20",
    "0x10",
    "0b1",
    "0o7",
    "1_000",
    "_1",
    "1__0",
    "1,000",
    "1.000,5",
    "１２",
    "٣",
    "²",
    "½",
    "1 ",
    "\t1",
    "1\n",
    "--",
    "-",
    "1e",
    "e1",
    "1e+2",
    "1;2",
    "1..3",
    "1-3",
    "3-1",
    "1,2",
    ",",
    "1,",
    "0.0000000000000000001",
    "1e-400",
    "4.9e-324",
    "1.7976931348623157e308",
    "3.5e38",
    "true",
    "\"1\"",
    "[1]",
    "{}",
    "$((1))",
    "🦀",
    "1\u{200b}",
    "99999999999999999999999999999999999999999999999999999999999999999999999999999",
];

/// Those, and others made of the same stuff.
pub fn odd_text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(&ODD[..]).prop_map(str::to_owned),
        1 => any::<i64>().prop_map(|n| n.to_string()),
        1 => any::<u64>().prop_map(|n| n.to_string()),
        1 => (1_u32..40).prop_map(|n| n.to_string()),
        1 => any::<f64>().prop_map(|x| x.to_string()),
        1 => (any::<f32>(), -40..40_i32).prop_map(|(x, e)| format!("{x}e{e}")),
        1 => "[-+]?[0-9]{0,4}[.,_]?[0-9]{0,3}[eE]?[-+]?[0-9]{0,3}[kKMG]?",
        1 => "[0-9]{1,60}",
        1 => "[0-9,\\- ]{1,12}",
    ]
}

/// As many texts as are asked for, the same each time.
pub fn each_text(check: impl Fn(&str)) {
    let asked = std::env::var("FREEFORM_NUMBERS").ok().and_then(|n| n.parse().ok());
    each_of(asked.unwrap_or(24), odd_text(), |text| check(&text));
    if asked.is_some() {
        ODD.iter().for_each(|text| check(text));
    }
}

/// So many of a kind, the same each time.
pub fn each_of<S: Strategy>(cases: u32, of: S, mut check: impl FnMut(S::Value)) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, rng());
    for _ in 0..cases {
        check(of.new_tree(&mut runner).expect("nothing is rejected").current());
    }
}

fn rng() -> proptest::test_runner::TestRng {
    let algorithm = proptest::test_runner::RngAlgorithm::ChaCha;
    proptest::test_runner::TestRng::deterministic_rng(algorithm)
}

/// How a command ended.
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
}

/// Runs `freeform ARGS` with two gigabytes of address space. What works for longer than `patience` must
/// stop within two seconds of Ctrl-C.
pub fn limited(folder: &Path, args: &[String], patience: Duration) -> Ended {
    let program = assert_cmd::cargo::cargo_bin!("freeform");
    let child = Command::new("sh")
        .args(["-c", "ulimit -v 2000000; exec \"$0\" \"$@\""])
        .arg(program)
        .args(args)
        .current_dir(folder)
        .env("FREEFORM_CACHE", folder.join("cache"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("sh starts");
    let id = child.id();
    let (output, took) = end_of(child, patience);
    let Output { status, stdout, stderr } = output;
    let [stdout, stderr] = [stdout, stderr].map(|s| String::from_utf8_lossy(&s).into_owned());
    let shown = format!("freeform {args:?} ({id}): {status}: {stderr}");
    assert!(matches!(status.code(), Some(0 | 1 | 2 | 130)), "{shown}");
    assert!(!stderr.contains("panicked"), "{shown}");
    assert!(took < patience + Duration::from_millis(3500), "it went on for {took:?}: {shown}");
    if status.code() != Some(0) {
        assert!(!stderr.trim().is_empty(), "no word: {shown}");
    }
    Ended { code: status.code(), stdout }
}

/// Waits; interrupts what takes longer than `patience`, and kills what does not end then.
fn end_of(child: Child, patience: Duration) -> (Output, Duration) {
    let (id, began) = (child.id().to_string(), Instant::now());
    let waiter = std::thread::spawn(move || child.wait_with_output());
    let mut signals =
        [("-INT", patience), ("-KILL", patience + Duration::from_secs(4))].into_iter();
    let mut next = signals.next();
    while !waiter.is_finished() {
        std::thread::sleep(Duration::from_millis(2));
        if let Some((signal, when)) = next
            && began.elapsed() > when
        {
            let _ = Command::new("kill").args([signal, &id]).status();
            next = signals.next();
        }
    }
    (waiter.join().unwrap().unwrap(), began.elapsed())
}

/// Runs `work` on each of the items, two at a time.
pub fn two_at_a_time<T: Sync>(items: &[T], work: impl Fn(usize, &T) + Sync) {
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    let Some(item) = items.get(at) else { break };
                    work(at, item);
                }
            });
        }
    });
}
