//! The same seed gives the same bytes, whatever the thread count.

use crate::support::{Scratch, TINY, bytes};

#[test]
fn simulations_do_not_depend_on_threads() {
    let scratch = Scratch::new();
    for threads in ["1", "2"] {
        let out = format!("sims{threads}.npz");
        scratch.succeeds(&[
            "simulate",
            "slcp",
            "-n",
            "5000",
            "--seed",
            "3",
            "--threads",
            threads,
            "--out",
            &out,
        ]);
    }
    assert_eq!(bytes(scratch.path("sims1.npz")), bytes(scratch.path("sims2.npz")));
}

#[test]
fn runs_do_not_depend_on_threads() {
    let scratch = Scratch::new();
    for threads in ["1", "2"] {
        let out = format!("run{threads}");
        let head = [
            "run",
            "two_moons",
            "--simulations",
            "400",
            "--observations",
            "1,2",
            "--threads",
            threads,
            "--out",
            &out,
        ];
        scratch.succeeds(&[&head[..], &TINY].concat());
    }
    for file in [
        "config.toml",
        "metrics.jsonl",
        "weights.safetensors",
        "samples/observation_01.npy",
        "samples/observation_02.npy",
        "c2st.csv",
    ] {
        let of = |run: &str| bytes(scratch.path(run).join(file));
        assert_eq!(of("run1"), of("run2"), "{file} depends on the thread count");
    }
}

#[test]
fn seeds_matter() {
    let scratch = Scratch::new();
    for seed in ["1", "2"] {
        let out = format!("sims{seed}.npz");
        scratch.succeeds(&["simulate", "two_moons", "-n", "10", "--seed", seed, "--out", &out]);
    }
    assert_ne!(bytes(scratch.path("sims1.npz")), bytes(scratch.path("sims2.npz")));
}

#[test]
fn the_config_of_a_run_repeats_it() {
    let scratch = Scratch::new();
    scratch.tiny_model();
    let config = "model/config.toml";
    scratch.succeeds(&[
        "train",
        "--task",
        "two_moons",
        "-n",
        "300",
        "--config",
        config,
        "--out",
        "again",
    ]);
    for file in ["config.toml", "weights.safetensors"] {
        let of = |run: &str| bytes(scratch.path(run).join(file));
        assert_eq!(of("model"), of("again"), "{file} differs");
    }
}
