//! A GPU that goes away in the middle of a training: an error, and the training goes on elsewhere.
//! By itself, since it takes the device away from the whole process.
#![cfg(feature = "wgpu")]

use burn::tensor::{Device, DeviceKind};
use freeform_inference::engine::burn::gpu::adapters;
use freeform_inference::{DeviceError, EngineKind, GraphicsApi};
use freeform_inference::{Overrides, Preset};
use freeform_sbi::run::{
    Existing, Reporter, RunError, TrainJob, TrainResult, TrainingInput, train,
};
use freeform_simulators::{Missing, Task, simulate};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

fn settings() -> Overrides {
    let mut overrides = Overrides::default();
    for assignment in [
        "training.max_epochs=2000",
        "training.patience=0",
        "training.members=1",
        "network.width=8",
        "network.blocks=1",
        "whitening.kind=off",
        "posterior.correction=off",
    ] {
        overrides.set(assignment).expect("a setting");
    }
    overrides
}

fn go_on(folder: &Path, engine: EngineKind) -> Result<TrainResult, RunError> {
    let task = Task::by_name("two_moons").expect("a task");
    let simulations = simulate(task.simulator(), 300, 1).expect("two moons").simulations;
    let prior = task.prior().clone();
    let input = TrainingInput {
        simulations,
        prior,
        task: None,
        simulator: None,
        table: None,
        layout: None,
        data_names: None,
        missing: Missing::Failed,
        masks: None,
        theta_from: None,
        theta_failed: None,
        local: None,
        rows: None,
        warnings: Vec::new(),
    };
    let job = TrainJob {
        preset: Preset::Recommended,
        overrides: &settings(),
        seed: 1,
        engine,
        folder,
        existing: Existing::Resume,
        interrupt: &AtomicBool::new(false),
        reporter: Reporter::new(true),
    };
    train(&job, input)
}

#[test]
fn a_lost_device_is_an_error_and_the_cpu_goes_on() {
    let setup = Device::wgpu_options().device_kind(DeviceKind::Cpu).init_with_setup();
    let listed = adapters(GraphicsApi::Wgpu);
    let (Ok((_, setup)), Some(adapter)) = (setup, listed.iter().find(|a| a.software)) else {
        let needed = std::env::var_os("FREEFORM_NEEDS_ADAPTER").is_some();
        assert!(!needed, "no adapter in software");
        eprintln!("SKIPPED: no device was lost: there is no adapter in software to lose");
        return;
    };
    let kind: EngineKind = adapter.device.parse().expect("a listed name");
    let scratch = tempfile::tempdir().expect("a folder");
    let folder = scratch.path().join("run");
    let checkpoint = folder.join("checkpoints/posterior-1.safetensors");
    let lost = std::thread::scope(|scope| {
        let training = scope.spawn(|| go_on(&folder, kind));
        while !checkpoint.exists() && !training.is_finished() {
            std::thread::sleep(Duration::from_millis(50));
        }
        setup.device.destroy();
        training.join().expect("an error, not a panic")
    });
    match lost {
        Err(RunError::Device(error @ DeviceError::Failed { .. })) => {
            eprintln!("{error}");
            assert!(error.to_string().contains("--device cpu"), "{error}");
        }
        other => panic!("{other:?}"),
    }
    let kept = std::fs::metadata(&checkpoint).expect("a checkpoint").len();
    assert!(kept > 0);
    let result = go_on(&folder, EngineKind::Cpu).expect("the CPU goes on");
    // Some of the time was spent before the loss: the checkpoint was taken up.
    assert!(result.seconds > 5.0, "{}", result.seconds);
    assert_eq!(result.model.training.members[0].epochs, 2000);
}
