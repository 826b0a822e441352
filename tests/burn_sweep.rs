//! A sweep trained as one stack: the models that its runs give one by one.
#![cfg(feature = "burn")]

use freeform_benchmark::ReferenceStore;
use freeform_inference::Model;
use freeform_sbi::grid::{Layout, LocalJob, Plan, plan, run_local};
use freeform_sbi::run::Reporter;
use std::path::Path;
use std::sync::atomic::AtomicBool;

const SWEEP: &str = r#"
tasks = ["two_moons"]
budgets = [200]
seeds = [1, 2]
observations = []
engine = "burn"
[settings]
training.max_epochs = 6
training.batch_size = 32
training.members = 2
whitening.kind = "off"
network.blocks = 1
network.width = 8
[[grid]]
[grid.axes]
"optimizer.learning_rate" = [1e-3, 4e-3]
"loss.beta_end" = [10.0, 100.0]
"#;

fn sweep(folder: &Path, pack: usize) -> Vec<Model> {
    let file = folder.join("grid.toml");
    std::fs::write(&file, SWEEP).expect("a sweep");
    let layout = Layout::new(folder.join("sweep"));
    plan(&file, &layout).expect("a plan");
    let plan = Plan::read(&layout).expect("the plan");
    let job = LocalJob {
        layout: &layout,
        plan: &plan,
        jobs: 2,
        pack,
        retry_failed: false,
        store: &ReferenceStore::of_user(),
        interrupt: &AtomicBool::new(false),
        reporter: Reporter::new(true),
    };
    let report = run_local(&job).expect("a sweep");
    assert_eq!((report.runs, report.finished, report.failures.len()), (8, 8, 0));
    plan.entries.iter().map(|e| Model::load(&layout.run(&e.run)).expect("a model")).collect()
}

#[test]
fn a_packed_sweep_gives_the_models_of_its_runs() {
    let [one, many] = [1, 8].map(|pack| {
        let scratch = tempfile::tempdir().expect("a folder");
        sweep(scratch.path(), pack)
    });
    for (one, many) in one.iter().zip(&many) {
        let pairs = one.training.members.iter().zip(&many.training.members);
        for (a, b) in pairs {
            assert_eq!((&a.name, a.epochs), (&b.name, b.epochs));
            let (a, b) = (a.validation_nll, b.validation_nll);
            assert!((a - b).abs() < 1e-3 * a.abs().max(1.0), "{a}, {b}");
        }
    }
    // The runs differ among themselves.
    let nll = |m: &Model| m.training.members[0].validation_nll;
    assert!((nll(&many[0]) - nll(&many[3])).abs() > 1e-6);
}
