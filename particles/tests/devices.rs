//! Trainings by Burn's tensors: near those of the CPU's kernels, and going on from one another.
#![cfg(feature = "burn")]

use freeform_inference::EngineKind;
use freeform_particles::flow::Flow;
use freeform_particles::training::{LogDet, Told, Trained};
use freeform_particles::{Preset, TrainError, TrainSettings, train_on};
use ndarray::Array2;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use std::ops::ControlFlow;
use std::path::Path;

const STEPS: usize = 20;

fn settings(log_det: LogDet) -> TrainSettings {
    TrainSettings {
        layers: 2,
        width: 16,
        batch: 32,
        steps: STEPS,
        validation: 20,
        validate_every: 10,
        log_det,
        ..Preset::Recommended.settings(4, 300)
    }
}

/// Trains on three hundred rows of four particles in the plane, until after `stop` steps.
fn run(
    engine: EngineKind,
    log_det: LogDet,
    keep: Option<&Path>,
    stop: usize,
) -> (Result<Trained, TrainError>, Vec<f64>) {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let x: Vec<f64> = StandardNormal.sample_iter(&mut rng).take(300 * 8).collect();
    let x = Array2::from_shape_vec((300, 8), x).unwrap();
    let mut losses = Vec::new();
    let mut tell = |told: Told| {
        let Told::Step { step, report } = told else { return ControlFlow::Continue(()) };
        losses.push(report.loss);
        if step == stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let trained = train_on(engine, &settings(log_det), x.view(), 2, 1, keep, &mut tell);
    (trained, losses)
}

/// How far the weights of two trainings are apart, relative to how far they went.
fn apart(a: &Flow, b: &Flow) -> f64 {
    let distance = |a: &[f32], b: &[f32]| {
        a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt()
    };
    let start = Flow::initial(a.spec, a.scale, 1);
    distance(&a.weights, &b.weights) / distance(&a.weights, &start.weights)
}

#[test]
fn trainings_end_near_those_of_the_cpu() {
    for log_det in [LogDet::Probe, LogDet::Exact] {
        let [(cpu, expected), (burn, losses)] =
            [EngineKind::Cpu, EngineKind::Burn].map(|kind| run(kind, log_det, None, STEPS + 1));
        let (cpu, burn) = (cpu.unwrap(), burn.unwrap());
        assert_eq!((cpu.engines.join(" "), burn.engines.join(" ")), ("cpu".into(), "burn".into()));
        for (a, b) in expected.iter().zip(&losses) {
            assert!((a - b).abs() < 1e-3 * a.abs().max(1.0), "{expected:?} {losses:?}");
        }
        assert_eq!(losses.len(), STEPS);
        let apart = apart(&cpu.flow, &burn.flow);
        assert!(apart < 1e-2, "{log_det:?}: {apart}");
    }
}

/// To the same weights on the same engine, to weights near those on another, which the state remembers.
#[test]
fn trainings_go_on_on_any_engine() {
    let folder = tempfile::tempdir().unwrap();
    let whole = run(EngineKind::Burn, LogDet::Probe, None, STEPS + 1).0.unwrap();
    for (second, engines) in [(EngineKind::Burn, "burn"), (EngineKind::Cpu, "burn cpu")] {
        let keep = folder.path().join(second.name());
        let stopped = run(EngineKind::Burn, LogDet::Probe, Some(&keep), 7).0;
        assert!(matches!(stopped, Err(TrainError::Interrupted)));
        let (resumed, losses) = run(second, LogDet::Probe, Some(&keep), STEPS + 1);
        let resumed = resumed.unwrap();
        assert_eq!((losses.len(), resumed.engines.join(" ").as_str()), (STEPS - 7, engines));
        match second {
            EngineKind::Burn => assert_eq!(resumed.flow, whole.flow),
            _ => assert!(apart(&whole.flow, &resumed.flow) < 1e-2),
        }
    }
}
