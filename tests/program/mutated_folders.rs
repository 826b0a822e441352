//! Damaged files of a run and of its check: the page and the check say so, or are what they were.

use crate::odd_numbers::limited;
use crate::support::{Scratch, TINY, attacks, bytes, random};
use rand::RngExt;
use std::path::Path;
use std::time::Duration;

fn prepared() -> Scratch {
    let scratch = Scratch::new();
    let run = ["run", "two_moons", "-n", "200", "--observations", "1", "--out", "model", "-q"];
    scratch.succeeds(&[&run[..], &TINY].concat());
    scratch.succeeds(&CHECK);
    scratch
}

const CHECK: [&str; 7] = ["check", "model", "-n", "120", "--observation", "1", "-q"];

/// Some bits flipped, bytes taken out or put in, or the end cut off.
pub fn damaged(whole: &[u8], random: &mut impl RngExt) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    let at = random.random_range(0..bytes.len());
    match random.random_range(0..4) {
        0 => bytes[at] ^= 1 << random.random_range(0..8),
        1 => bytes.truncate(at),
        2 => drop(bytes.drain(at..(at + 9).min(whole.len()))),
        _ => drop(bytes.splice(at..at, *b"<9e999]\n")),
    }
    bytes
}

fn freeform(scratch: &Scratch, args: &[&str]) -> Option<i32> {
    let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
    limited(&scratch.path(""), &args, Duration::from_secs(10)).code
}

pub fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        match entry.path().is_dir() {
            true => found.extend(files(&entry.path())),
            false => found.push(entry.path()),
        }
    }
    found.sort();
    found
}

#[test]
fn a_page_of_damaged_files_says_so() {
    let scratch = prepared();
    let page = || String::from_utf8(bytes(scratch.path("model/report.html"))).unwrap();
    assert_eq!(freeform(&scratch, &["report", "model", "-q"]), Some(0));
    let before = page();
    let mut random = random();
    for path in files(&scratch.path("model")) {
        let whole = bytes(&path);
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let is_model = ["model.toml", "weights.safetensors"].contains(&&*name);
        if name == "report.html" || whole.is_empty() {
            continue;
        }
        for _ in 0..2 * attacks() {
            let changed = damaged(&whole, &mut random);
            std::fs::write(&path, &changed).unwrap();
            let code = freeform(&scratch, &["report", "model", "-q"]);
            if is_model && changed != whole {
                assert_eq!(code, Some(1), "{name}");
                continue;
            }
            assert_eq!(code, Some(0), "{name}");
            let page = page();
            assert!(page.trim_end().ends_with("</html>"), "{name}: the page is cut off");
            // Results are sealed; plots, draws and commands are shown as they lie there.
            if ["check.json", "status.json", "c2st.csv"].contains(&&*name) {
                let named = page.contains(&format!("{name} is"));
                assert!(page == before || named, "{name} is shown as if it were whole");
            }
        }
        std::fs::write(&path, &whole).unwrap();
    }
    assert_eq!(freeform(&scratch, &["report", "model", "-q"]), Some(0));
    assert_eq!(page(), before);
}

/// What a check keeps is made again where it is damaged, to the same end.
#[test]
fn a_check_of_damaged_pieces_is_the_same() {
    let scratch = prepared();
    let before = bytes(scratch.path("model/check.json"));
    let mut random = random();
    for path in files(&scratch.path("model/calibration")) {
        let whole = bytes(&path);
        for _ in 0..attacks() {
            std::fs::write(&path, damaged(&whole, &mut random)).unwrap();
            assert_eq!(freeform(&scratch, &CHECK), Some(0), "{}", path.display());
            assert!(bytes(scratch.path("model/check.json")) == before, "{}", path.display());
        }
        std::fs::write(&path, &whole).unwrap();
    }
}

/// The check of one model lies in the folder of another.
#[test]
fn a_check_of_another_model_is_not_shown() {
    let scratch = prepared();
    let other = ["train", "--task", "two_moons", "-n", "200", "--seed", "9", "--out", "other"];
    scratch.succeeds(&[&other[..], &TINY, &["-q"]].concat());
    std::fs::copy(scratch.path("model/check.json"), scratch.path("other/check.json")).unwrap();
    scratch.succeeds(&["report", "other", "-q"]);
    let page = std::fs::read_to_string(scratch.path("other/report.html")).unwrap();
    assert!(page.contains("check.json is of another model"), "{page}");
    assert!(!page.contains("fresh simulations"), "{page}");
}
