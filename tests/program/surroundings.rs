//! Odd surroundings: limits, missing folders and variables, strange names. Work goes on, or ends with an
//! error that says why.

#![cfg(target_os = "linux")]

use crate::support::{Scratch, bytes};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// `freeform ARGS` in a shell, after `before`.
fn shell(scratch: &Scratch, before: &str, args: &str) -> Output {
    let program = assert_cmd::cargo::cargo_bin!("freeform");
    Command::new("sh")
        .current_dir(scratch.path(""))
        .env("FREEFORM_CACHE", scratch.path("cache"))
        .args(["-c", &format!("{before}; \"{}\" {args}", program.display())])
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const TINY: &str = "--set network.width=8 --set network.blocks=1 --set training.max_epochs=1 --set \
                    training.members=1 --set whitening.kind=off --set posterior.correction=off";

#[test]
fn a_limit_of_file_sizes_is_an_error_that_names_the_file() {
    let scratch = Scratch::new();
    scratch.tiny_model();
    for (args, file) in [
        ("simulate two_moons -n 20000 --out s.npz", "s.npz"),
        ("sample model --observation 1 -n 20000 --anyway --out draws.csv", "draws.csv"),
        ("reference two_moons --observation 1 -n 20000 --out ref.npy", "ref.npy"),
    ] {
        let output = shell(&scratch, "ulimit -f 64", args);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{args}: {said}");
        assert!(said.contains(file) && said.contains("File too large"), "{args}: {said}");
        assert!(!scratch.path(file).exists());
    }
}

#[test]
fn a_limit_of_processor_time_saves_the_state() {
    let scratch = Scratch::new();
    let args = "train --task two_moons -n 20000 --threads 1 --resume --out long";
    let output = shell(&scratch, "ulimit -S -t 2", args);
    assert_eq!(output.status.code(), Some(75), "{}", said(&output));
    assert!(scratch.path("long/config.toml").exists());
}

#[test]
fn threads_that_cannot_be_had_are_an_error_at_once() {
    let scratch = Scratch::new();
    let args = "simulate two_moons -n 20 --out s.npz";
    for (before, code, part) in [
        ("export RAYON_NUM_THREADS=100000", 2, "at most 1024"),
        ("ulimit -v 900000; set -- --threads 1024", 1, "--threads"),
    ] {
        let began = Instant::now();
        let output = shell(&scratch, before, &format!("\"$@\" {args}"));
        assert_eq!(output.status.code(), Some(code), "{before}: {}", said(&output));
        assert!(said(&output).contains(part), "{}", said(&output));
        assert!(began.elapsed() < Duration::from_secs(10));
    }
}

#[test]
fn nothing_but_the_output_s_folder_is_needed() {
    let scratch = Scratch::new();
    let program = assert_cmd::cargo::cargo_bin!("freeform");
    let bare = |variables: &[(&str, &str)], args: &str| {
        let mut command = Command::new(program);
        command.current_dir(scratch.path("")).env_clear().envs(variables.iter().copied());
        command.args(args.split(' ')).stdin(Stdio::null()).output().unwrap()
    };
    let none: &[(&str, &str)] = &[];
    let missing = [("TMPDIR", "/nonexistent"), ("HOME", "/nonexistent"), ("LANG", "tr_TR")];
    for variables in [none, &missing[..], &[("FREEFORM_CACHE", "/proc/none")]] {
        for args in [
            "simulate two_moons -n 60 --overwrite --out s.npz",
            &format!("train --task two_moons -n 60 --overwrite --out m {TINY}"),
            "sample m --observation 1 -n 20 --anyway --out d.npy",
            "reference two_moons --observation 1 -n 20 --out r.npy",
            "plot d.npy --out p.png",
        ] {
            let output = bare(variables, args);
            assert_eq!(output.status.code(), Some(0), "{variables:?} {args}: {}", said(&output));
        }
    }
}

/// Names with blanks, with line ends, and that are no text.
#[test]
fn any_name_of_a_folder_will_do() {
    let scratch = Scratch::new();
    let plain = scratch.path("plain");
    for name in [&b"plain"[..], b"with blanks", b"line\nend", b"bad\xff", b"it's $HOME", b"-x"] {
        let folder = scratch.path("").join(OsStr::from_bytes(name));
        std::fs::create_dir(&folder).unwrap();
        let run = |args: &[&str], out: &str| {
            let mut command = scratch.freeform(args);
            let mut option = OsStr::new("--out=").to_owned();
            option.push(folder.join(out));
            let output = command.arg(option).output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{folder:?}: {}", said(&output));
        };
        let train: Vec<&str> = "train --task two_moons -n 60".split(' ').collect();
        run(&[&train[..], &TINY.split(' ').collect::<Vec<_>>()].concat(), "m");
        run(&["simulate", "two_moons", "-n", "60"], "s.npz");
        run(&["reference", "two_moons", "--observation", "1", "-n", "20"], "r.npy");
        for file in ["m/weights.safetensors", "s.npz", "r.npy"] {
            assert!(bytes(folder.join(file)) == bytes(plain.join(file)), "{folder:?}: {file}");
        }
    }
    // What is advised can be pasted.
    let text = format!(
        "tasks = [\"two_moons\"]\nbudgets = [60]\nobservations = []\n[settings]\n{}",
        TINY.replace("--set ", "\n")
            .replace("kind=off", "kind=\"off\"")
            .replace("correction=off", "correction=\"off\"")
    );
    std::fs::write(scratch.path("sweep.toml"), text).unwrap();
    let printed = scratch.succeeds(&["grid", "run", "sweep.toml", "--out", "with blanks/sweep"]);
    assert!(printed.contains("collect --out 'with blanks/sweep'"), "{printed}");
}

#[test]
fn a_folder_that_is_gone_is_an_error() {
    let scratch = Scratch::new();
    for args in ["simulate two_moons -n 20 --out s.npz", "grid status --out sweep"] {
        let output = shell(&scratch, "mkdir -p gone; cd gone; rmdir ../gone", args);
        assert!(matches!(output.status.code(), Some(1 | 2)), "{args}: {}", said(&output));
        assert!(said(&output).contains("error: ") && !said(&output).contains("panicked"));
    }
}
