//! Pairs of commands that race for one folder.

/// What is in the folder before.
pub enum Before {
    Nothing,
    Empty,
    /// A trained model.
    Model,
}

/// Two commands for one folder, `OUT`; `TINY` stands for the settings of a small model, `SMALL` for those of a
/// small Boltzmann generator.
pub struct Pair {
    pub lines: [&'static str; 2],
    /// What is in the folder to begin with.
    pub before: Before,
    /// Files that must be of one command.
    pub files: &'static [&'static str],
}

pub const PAIRS: [Pair; 15] = [
    Pair {
        lines: [
            "train --task two_moons -n 200 TINY --out OUT --seed 1",
            "train --task two_moons -n 200 TINY --out OUT --seed 2",
        ],
        before: Before::Nothing,
        files: &["config.toml", "model.toml", "weights.safetensors", "metrics.jsonl"],
    },
    Pair {
        lines: [
            "run simulator.toml -n 60 TINY --set posterior.correction=off --out OUT --seed 1",
            "run simulator.toml -n 60 TINY --set posterior.correction=off --out OUT --seed 2",
        ],
        before: Before::Nothing,
        files: &["simulations.npz", "weights.safetensors", "samples/observation_01.npy"],
    },
    Pair {
        lines: [
            "tune --task two_moons -n 200 --search beta TINY --out OUT --seed 1",
            "tune --task two_moons -n 200 --search beta TINY --out OUT --seed 2",
        ],
        before: Before::Nothing,
        files: &["start/model.toml", "start/metrics.jsonl", "start/config.toml"],
    },
    Pair {
        lines: [
            "benchmark --tasks two_moons --budgets 100 --seeds 1 --observations 1 TINY --out OUT",
            "benchmark --tasks two_moons --budgets 100 --seeds 1 --observations 2 TINY --out OUT \
             --set whitening.steps=61",
        ],
        before: Before::Nothing,
        files: &["results.csv", "two_moons-100-seed1/weights.safetensors"],
    },
    Pair {
        lines: ["calibrate OUT -n 120 --seed 1", "calibrate OUT -n 130 --seed 2"],
        before: Before::Model,
        files: &["calibration.json", "plots/calibration.svg"],
    },
    Pair {
        lines: ["check OUT -n 120 --seed 1", "check OUT -n 130 --seed 2"],
        before: Before::Model,
        files: &["check.json", "plots/check.svg"],
    },
    // Each into files of its own, from ranks that both keep: whichever comes, it is right.
    Pair {
        lines: ["calibrate OUT -n 120 --seed 1", "check OUT -n 120 --seed 1"],
        before: Before::Model,
        files: &[],
    },
    Pair {
        lines: ["c2st --all OUT --observations 1", "c2st --all OUT --observations 2"],
        before: Before::Model,
        files: &[],
    },
    Pair {
        lines: [
            "infer simulator.toml --observation 1 -n 120 --rounds 2 TINY --anyway --out OUT --seed 1",
            "infer simulator.toml --observation 1 -n 120 --rounds 2 TINY --anyway --out OUT --seed 2",
        ],
        before: Before::Nothing,
        files: &[
            "inference.toml",
            "rounds/01/simulations.npz",
            "rounds/02/weights.safetensors",
            "weights.safetensors",
            "samples.npy",
        ],
    },
    Pair {
        lines: [
            "particles train dw4 --data data.npz SMALL --out OUT --seed 1",
            "particles train dw4 --data data.npz SMALL --out OUT --seed 2",
        ],
        before: Before::Nothing,
        files: &["particles.safetensors", "metrics.jsonl"],
    },
    Pair {
        lines: [
            "particles reference dw4 -n 300 --burn-in 20 --out OUT/x.npz --seed 1",
            "particles reference dw4 -n 300 --burn-in 20 --out OUT/x.npz --seed 2",
        ],
        before: Before::Empty,
        files: &["x.npz"],
    },
    Pair {
        lines: [
            "particles sample generator -n 300 --out OUT/x.npz --seed 1",
            "particles sample generator -n 300 --out OUT/x.npz --seed 2",
        ],
        before: Before::Empty,
        files: &["x.npz"],
    },
    Pair {
        lines: [
            "particles evaluate generator --data data.npz --rows 30 -n 300 --out OUT --seed 1",
            "particles evaluate generator --data data.npz --rows 30 -n 300 --out OUT --seed 2",
        ],
        before: Before::Nothing,
        files: &["evaluation.json", "energies.svg", "distances.svg"],
    },
    Pair {
        lines: ["plot one.csv --out OUT/p.png --title p", "plot two.csv --out OUT/p.png --title p"],
        before: Before::Empty,
        files: &["p.png"],
    },
    Pair {
        lines: ["reference import one", "reference import two"],
        before: Before::Empty,
        files: &[
            "../cache/released/two_moons/observation_01.npy",
            "../cache/released/two_moons/observation_01.json",
        ],
    },
];
