//! `freeform particles train --device burn`: near what the CPU's kernels train, and a model like theirs.
#![cfg(feature = "burn")]

use freeform_particles::Model;
use std::path::Path;

const SMALL: [&str; 6] =
    ["layers=2", "width=16", "steps=20", "batch=32", "validation=50", "validate_every=20"];

fn freeform(folder: &Path, args: &[&str]) {
    let mut command = assert_cmd::cargo::cargo_bin_cmd!("freeform");
    command.current_dir(folder).arg("-q").arg("particles").args(args).assert().success();
}

#[test]
fn a_generator_trains_on_burn_as_on_the_cpu() {
    let scratch = tempfile::tempdir().expect("a folder");
    let folder = scratch.path();
    freeform(folder, &["reference", "dw4", "-n", "300", "--burn-in", "20", "--out", "data.npz"]);
    let [cpu, burn] = ["cpu", "burn"].map(|device| {
        let head = ["train", "dw4", "--data", "data.npz", "--out", device, "--device", device];
        let set = SMALL.iter().flat_map(|setting| ["--set", setting]);
        freeform(folder, &head.into_iter().chain(set).collect::<Vec<_>>());
        Model::load(&folder.join(device)).expect("a model")
    });
    assert_eq!((cpu.about.engines, burn.about.engines), (vec!["cpu".into()], vec!["burn".into()]));
    let start = freeform_particles::Flow::initial(cpu.flow.spec, cpu.flow.scale, 1);
    let distance = |a: &[f32], b: &[f32]| -> f32 {
        a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt()
    };
    let went = distance(&cpu.flow.weights, &start.weights);
    let apart = distance(&cpu.flow.weights, &burn.flow.weights);
    assert!(went > 0.1 && apart < 0.01 * went, "{apart} apart after {went}");
    let (a, b) = (cpu.about.checks[0], burn.about.checks[0]);
    assert!((a.loss - b.loss).abs() < 1e-3 * a.loss.abs(), "{a:?} {b:?}");
    assert!((a.nll - b.nll).abs() < 1e-2, "{a:?} {b:?}");
    // Drawn from by the kernels, as any.
    freeform(folder, &["sample", "burn", "-n", "50", "--out", "draws.npz"]);
}
