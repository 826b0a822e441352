//! Losses against finite differences and closed forms; trainings that go on; densities that are honest.

use freeform_kernels::Isa;
use freeform_particles::flow::Flow;
use freeform_particles::generator::{densities, draws, positions};
use freeform_particles::space::latent_normalizer;
use freeform_particles::training::{Losses, Optimizer, Told};
use freeform_particles::{NetworkSpec, Preset, TrainError, TrainSettings, train};
use ndarray::Array2;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use std::cell::Cell;
use std::ops::ControlFlow;

const SPEC: NetworkSpec =
    NetworkSpec { particles: 3, dims: 2, layers: 2, width: 16, normalizer: 2.0 };

/// Zero-centred normal rows.
fn rows(seed: u64, count: usize, scale: f64) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut x: Vec<f64> =
        StandardNormal.sample_iter(&mut rng).take(count * 6).map(|v: f64| scale * v).collect();
    x.chunks_exact_mut(6).for_each(|row| freeform_particles::space::center(row, 2));
    x
}

fn singles(x: &[f64]) -> Vec<f32> {
    x.iter().map(|v| *v as f32).collect()
}

/// A flow whose maps move particles: φ's last layers are larger than initial ones.
fn flow(seed: u64) -> Flow {
    let mut flow = Flow::initial(SPEC, 1.0, seed);
    flow.weights.iter_mut().for_each(|w| *w *= 1.5);
    let settings = TrainSettings { steps: 40, validation: 20, batch: 32, ..small() };
    let x = Array2::from_shape_vec((400, 6), rows(seed, 400, 2.0)).unwrap();
    train(&settings, x.view(), 2, seed, None, &mut |_| ControlFlow::Continue(())).unwrap().flow
}

fn small() -> TrainSettings {
    TrainSettings {
        layers: 2,
        width: 16,
        normalizer: 2.0,
        scale: false,
        beta_start: 2.0,
        beta_end: 2.0,
        average: 0.5,
        learning_rate: 1e-2,
        validate_every: 20,
        ..Preset::Recommended.settings(3, 400)
    }
}

/// Both losses' gradients along random directions in the weights. The exact one is of a loss that can be
/// evaluated; the probe's has its tangent J_g v held fixed, so its mean over an orthonormal set of
/// probes, scaled, is the gradient of −tr(SG(J_g) J_f).
#[test]
fn gradients_of_both_losses() {
    let flow = flow(3);
    let x = singles(&rows(1, 9, 1.5));
    let beta = 3.0;
    let mut exact = Losses::new(Isa::best(), &SPEC, true, 7);
    let size = flow.weights.len();
    let mut gradient = vec![0.0; size];
    let report = exact.gradient(&flow, beta, &x, &[], &mut gradient);
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let mut ignored = vec![0.0; size];
    for _ in 0..4 {
        let direction: Vec<f64> = StandardNormal.sample_iter(&mut rng).take(size).collect();
        let mut along = |h: f64| {
            let mut moved = flow.clone();
            moved.weights.iter_mut().zip(&direction).for_each(|(w, d)| *w += (h * d) as f32);
            exact.gradient(&moved, beta, &x, &[], &mut ignored).loss
        };
        let h = 1e-3;
        let expected =
            (8.0 * (along(h) - along(-h)) - (along(2.0 * h) - along(-2.0 * h))) / (12.0 * h);
        let found: f64 = gradient.iter().zip(&direction).map(|(g, d)| f64::from(*g) * d).sum();
        assert!((found - expected).abs() < 1e-2 * (1.0 + expected.abs()), "{found} {expected}");
    }
    // The parts, by densities.
    let doubles: Vec<f64> = x.iter().map(|v| f64::from(*v)).collect();
    let found = densities(&flow, &doubles);
    let encoder = found.iter().map(|d| -d.encoder).sum::<f64>() / 9.0 - latent_normalizer(4);
    assert!((report.latent - report.change - encoder).abs() < 1e-4, "{report:?} {encoder}");
    let reconstruction = found.iter().map(|d| d.reconstruction).sum::<f64>() / 9.0;
    assert!((report.reconstruction - reconstruction).abs() < 1e-5 * (1.0 + reconstruction));

    // Probes √dof·b for the four vectors of an orthonormal basis: their mean is the trace.
    let mut probed = Losses::new(Isa::best(), &SPEC, false, 7);
    let basis = freeform_particles::space::basis(3, 2);
    let (mut mean, mut change) = (vec![0.0_f64; size], 0.0);
    let weights_before = flow.weights.clone();
    for direction in basis.chunks_exact(6) {
        let probe: Vec<f32> =
            (0..9).flat_map(|_| direction.iter().map(|b| 2.0 * *b as f32)).collect();
        let mut gradient = vec![0.0; size];
        change += probed.gradient(&flow, beta, &x, &probe, &mut gradient).change / 4.0;
        mean.iter_mut().zip(&gradient).for_each(|(m, g)| *m += f64::from(*g) / 4.0);
    }
    assert_eq!(weights_before, flow.weights);
    // tr(J_f J_g) is close to dof, and the gradients agree, where the decoder inverts the encoder well.
    assert!((change - 4.0).abs() < 1.0, "{change}");
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let exact: Vec<f64> = gradient.iter().map(|g| f64::from(*g)).collect();
    let cosine = dot(&mean, &exact) / (dot(&mean, &mean) * dot(&exact, &exact)).sqrt();
    assert!(cosine > 0.9, "{cosine}");
}

/// The same gradient on one thread and on several.
#[test]
fn threads_change_nothing() {
    let flow = flow(4);
    let (x, probes) = (singles(&rows(1, 100, 1.0)), singles(&rows(2, 100, 1.0)));
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut gradient = vec![0.0; flow.weights.len()];
            let mut losses = Losses::new(Isa::best(), &SPEC, false, 100);
            losses.gradient(&flow, 1.0, &x, &probes, &mut gradient);
            (gradient, draws(&flow, 3, 0..50))
        })
    };
    assert_eq!(run(1), run(3));
    // Pieces make up the whole.
    let mut pieces = draws(&flow, 3, 0..17);
    pieces.extend(draws(&flow, 3, 17..50));
    assert_eq!(pieces, run(1).1);
}

#[test]
fn trainings_go_on_to_the_same_weights() {
    let folder = tempfile::tempdir().unwrap();
    let keep = folder.path().join("state");
    let x = Array2::from_shape_vec((300, 6), rows(5, 300, 1.0)).unwrap();
    let settings = TrainSettings { steps: 30, validation: 20, batch: 16, ..small() };
    let mut checks = Vec::new();
    let mut go_on = |told: Told| {
        if let Told::Checked(check) = told {
            checks.push(*check);
        }
        ControlFlow::Continue(())
    };
    let whole = train(&settings, x.view(), 2, 1, None, &mut go_on).unwrap();
    let mut stop = |told: Told| match told {
        Told::Step { step: 13, .. } => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    let stopped = train(&settings, x.view(), 2, 1, Some(&keep), &mut stop);
    assert!(matches!(stopped, Err(TrainError::Interrupted)), "{stopped:?}");
    // While the validation rows are looked at, too.
    let mut stop = |told: Told| match told {
        Told::Checking(20, 20) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    let stopped = train(&settings, x.view(), 2, 1, Some(&keep), &mut stop);
    assert!(matches!(stopped, Err(TrainError::Interrupted)), "{stopped:?}");
    let resumed = train(&settings, x.view(), 2, 1, Some(&keep), &mut go_on).unwrap();
    assert_eq!(whole, resumed);
    let error = train(&settings, x.view(), 2, 2, Some(&keep), &mut go_on).unwrap_err();
    assert!(error.to_string().contains("other settings"), "{error}");
    let few = TrainSettings { validation: 300, ..settings };
    let error = train(&few, x.view(), 2, 1, None, &mut go_on).unwrap_err();
    assert!(error.to_string().contains("300 rows, of which validation = 300"), "{error}");
    // What is said on the way is the same too: at steps 20 and 30 of both.
    assert_eq!((checks.len(), &checks[..2]), (4, &checks[2..]));
}

/// At learning rates at which the loss ceases to be finite, a training goes back to earlier weights and
/// goes on at half the rate, to a law near that of the rows; where that does not help, it ends with
/// an error. Interrupted on its way, it ends with the same weights.
#[test]
fn trainings_that_fall_go_on_or_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let keep = folder.path().join("state");
    let x = Array2::from_shape_vec((300, 6), rows(5, 300, 1.0)).unwrap();
    let settings = TrainSettings {
        steps: 300,
        validation: 20,
        batch: 16,
        validate_every: 300,
        optimizer: Optimizer::Muon,
        learning_rate: 0.4,
        ..small()
    };
    let nll = Cell::new(f64::NAN);
    let mut go_on = |told: Told| {
        if let Told::Checked(check) = told {
            nll.set(check.encoder_nll);
        }
        ControlFlow::Continue(())
    };
    let whole = train(&settings, x.view(), 2, 1, None, &mut go_on).unwrap();
    assert!(whole.skipped >= 10, "{}", whole.skipped);
    assert!(whole.flow.weights.iter().all(|w| w.is_finite()));
    let mut stop = |told: Told| match told {
        Told::Step { step: 130, .. } => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    let stopped = train(&settings, x.view(), 2, 1, Some(&keep), &mut stop);
    assert!(matches!(stopped, Err(TrainError::Interrupted)), "{stopped:?}");
    let resumed = train(&settings, x.view(), 2, 1, Some(&keep), &mut go_on).unwrap();
    assert_eq!(whole, resumed);
    // The entropy of a normal law in four dimensions is 5.676.
    assert!((nll.get() - 5.676).abs() < 0.5, "{}", nll.get());
    let wild = TrainSettings { learning_rate: 1e30, ..settings };
    let error = train(&wild, x.view(), 2, 1, None, &mut go_on).unwrap_err();
    assert!(error.to_string().contains("ceased to be finite 8 times"), "{error}");
}

/// Normal data of width s: a trained flow is close to x/s, its densities agree with each other and
/// with the closed form; one that was not trained to invert says so.
#[test]
fn densities_agree_where_the_decoder_inverts_and_differ_where_not() {
    let s = 2.0;
    let settings = TrainSettings {
        steps: 1500,
        validation: 200,
        batch: 64,
        beta_end: 50.0,
        learning_rate: 3e-3,
        average: 0.98,
        validate_every: 1500,
        ..small()
    };
    let x = Array2::from_shape_vec((4000, 6), rows(6, 4000, s)).unwrap();
    let flow =
        train(&settings, x.view(), 2, 1, None, &mut |_| ControlFlow::Continue(())).unwrap().flow;
    let test = rows(7, 400, s);
    let found = densities(&flow, &test);
    let truth = |x: &[f64]| {
        let square: f64 = x.iter().map(|v| v * v).sum();
        -0.5 * square / (s * s) - latent_normalizer(4) - 4.0 * s.ln()
    };
    let mean = |of: &dyn Fn(usize) -> f64| (0..400).map(of).sum::<f64>() / 400.0;
    let kl = mean(&|i| truth(&test[i * 6..][..6]) - found[i].log_q);
    assert!(found.iter().all(|d| d.is_solved()), "all solved");
    assert!(kl.abs() < 0.03, "KL {kl}");
    let apart = mean(&|i| (found[i].log_q - found[i].encoder).abs());
    assert!(apart < 0.1, "{apart}");
    // A draw's density is that found for it; its positions are the same without one.
    let drawn = draws(&flow, 1, 0..100);
    for (x, y) in drawn.iter().flat_map(|d| &d.x).zip(positions(&flow, 1, 0..100)) {
        assert!((x - y).abs() < 1e-5 * (1.0 + x.abs()), "{x} {y}");
    }
    let x: Vec<f64> = drawn.iter().flat_map(|d| d.x.clone()).collect();
    for (draw, density) in drawn.iter().zip(densities(&flow, &x)) {
        assert!((draw.log_q - density.log_q).abs() < 1e-3, "{} {density:?}", draw.log_q);
    }
    // Another flow's decoder does not invert this encoder: Algorithm 2 is then no density.
    let mut bad = flow.clone();
    let half = bad.weights.len() / 2;
    let other = Flow::initial(flow.spec, 1.0, 9);
    bad.weights[half..].copy_from_slice(&other.weights[half..]);
    let found = densities(&bad, &test);
    let apart = mean(&|i| (found[i].approximate - found[i].log_q).abs());
    assert!(apart > 1.0, "{apart}");
    assert!(mean(&|i| found[i].reconstruction) > 1.0);
}
