//! The same seed gives the same bytes, whatever the thread count.

use crate::support::{Scratch, TINY, bytes};
use freeform_kernels::Isa;

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

/// Instruction sets of one arithmetic give the same files, the others nearly the same.
#[test]
fn runs_do_not_depend_on_the_vectors() {
    let scratch = Scratch::new();
    let isas = Isa::available();
    for isa in &isas {
        let head = ["run", "two_moons", "--simulations", "400", "--observations", "1", "--out"];
        let mut command = scratch.freeform(&[&head[..], &[isa.name()], &TINY].concat());
        command.env(Isa::VARIABLE, isa.name()).assert().success();
    }
    for file in ["metrics.jsonl", "weights.safetensors", "samples/observation_01.npy", "c2st.csv"] {
        let of = |isa: &Isa| bytes(scratch.path(isa.name()).join(file));
        for isa in &isas {
            let same = of(isa) == of(&isas[0]);
            if file == "weights.safetensors" || isa.arithmetic() == isas[0].arithmetic() {
                let fits = same == (isa.arithmetic() == isas[0].arithmetic());
                assert!(fits, "{file} of {isa:?} and {:?}: same bytes: {same}", isas[0]);
            }
        }
    }
}

#[test]
fn an_instruction_set_that_there_is_not_is_refused() {
    let scratch = Scratch::new();
    for name in ["neon512", "AVX2", "portable "] {
        let refused = scratch.freeform(&["tasks"]).env(Isa::VARIABLE, name).assert().code(2);
        let message = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
        for part in [Isa::VARIABLE, name, "portable", "unset"] {
            assert!(message.contains(part), "{part}: {message}");
        }
    }
    scratch.freeform(&["tasks"]).env(Isa::VARIABLE, "").assert().success();
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
