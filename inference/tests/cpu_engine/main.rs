//! The CPU engine against plain f64 arithmetic.

mod fixture;
mod reference;

use fixture::{Case, numbers};
use freeform_inference::engine::{CpuEngine, Direction, Engine, LogDet, UpdateSettings};
use freeform_inference::network::{Activation, FlowWeights, NetworkSpec};
use freeform_kernels::Isa;
use proptest::prelude::*;
use reference::{along, jacobian};

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|v| f64::from(*v)).collect()
}

/// Loss, parts and every gradient, on one instruction set.
fn check(case: &Case, isa: Isa) -> Result<(), TestCaseError> {
    let weights = case.weights();
    let data = case.data();
    let mut engine = CpuEngine::with_isa(isa, &case.spec, &weights);
    let (report, gradient) = engine.loss_and_gradients(&data.batch(), &case.loss());
    let problem = data.problem(case);
    let (encoder, decoder) = (wide(&weights.encoder), wide(&weights.decoder));
    let stopped = problem.stopped(&encoder, &decoder);
    let [latent, change, reconstruction, in_latent] = problem.parts(&encoder, &decoder, &stopped);
    let close = |got: f64, want: f64| (got - want).abs() <= 1e-4 * want.abs().max(0.1);
    prop_assert!(close(report.latent, latent), "latent {} {latent}", report.latent);
    prop_assert!(close(report.change, change), "change {} {change}", report.change);
    let got = report.reconstruction;
    prop_assert!(close(got, reconstruction), "reconstruction {got} {reconstruction}");
    let got = report.latent_reconstruction;
    prop_assert!(close(got, in_latent), "in latent units {got} {in_latent}");
    let loss = problem.loss(&encoder, &decoder, &stopped);
    prop_assert!(close(report.loss, loss), "loss {} {loss}", report.loss);

    let want = problem.gradient(&encoder, &decoder);
    let layout = case.spec.layout();
    let mut squares = 0.0;
    for (name, got, want) in
        [("encoder", &gradient.encoder, &want[0]), ("decoder", &gradient.decoder, &want[1])]
    {
        for slot in layout.slots() {
            let (got, want) = (&got[slot.range()], &want[slot.range()]);
            let size = want.iter().fold(0.0_f64, |m, w| m.max(w.abs()));
            for (i, (got, want)) in got.iter().zip(want).enumerate() {
                let error = (f64::from(*got) - want).abs();
                prop_assert!(
                    error <= 1e-4 * size + 2e-5,
                    "{isa:?} {case:?}: {name}.{}[{i}]: {got} instead of {want}",
                    slot.name
                );
                squares += want * want;
            }
        }
    }
    let norm = squares.sqrt();
    prop_assert!((report.gradient_norm - norm).abs() <= 1e-4 * norm + 1e-5);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn loss_and_gradients_match_double_precision(case in fixture::cases()) {
        for isa in Isa::available() {
            check(&case, isa)?;
        }
    }
}

#[test]
fn every_activation_loss_and_gate_matches() {
    for activation in Activation::ALL {
        for (glu, input_layers, exact) in
            [(true, 1, false), (false, 2, false), (true, 2, true), (false, 1, true)]
        {
            let (theta_dim, context_dim, width, blocks) = (3, 2, 7, 1);
            let spec = NetworkSpec {
                theta_dim,
                context_dim,
                width,
                input_layers,
                blocks,
                activation,
                glu,
            };
            let log_det = if exact { LogDet::Exact } else { LogDet::Hutchinson { probes: 2 } };
            let case = Case { spec, log_det, batch: 3, seed: 3 };
            check(&case, Isa::best()).unwrap();
        }
    }
}

fn small_case(log_det: LogDet) -> Case {
    let spec = NetworkSpec {
        theta_dim: 2,
        context_dim: 3,
        width: 10,
        input_layers: 2,
        blocks: 2,
        activation: Activation::Silu,
        glu: true,
    };
    Case { spec, log_det, batch: 6, seed: 11 }
}

#[test]
fn a_step_is_clipped_adamw_with_averaging() {
    let case = small_case(LogDet::Hutchinson { probes: 2 });
    let (data, weights) = (case.data(), case.weights());
    let mut engine = CpuEngine::new(&case.spec, &weights);
    let update = UpdateSettings {
        learning_rate: 3e-3,
        beta1: 0.9,
        beta2: 0.99,
        epsilon: 1e-7,
        weight_decay: 0.1,
        clip_norm: Some(0.7),
        average_decay: Some(0.8),
    };
    let mut state: Vec<[f64; 4]> =
        wide(&weights.encoder).into_iter().map(|w| [w, 0.0, 0.0, 0.0]).collect();
    for t in 1..=4 {
        let (report, gradient) = engine.loss_and_gradients(&data.batch(), &case.loss());
        assert!(report.gradient_norm > 0.7, "clipping is not exercised");
        let again = engine.train_step(&data.batch(), &case.loss(), &update);
        assert_eq!(report, again);
        for ([w, m, v, average], g) in state.iter_mut().zip(wide(&gradient.encoder)) {
            let g = g * 0.7 / report.gradient_norm;
            *m = 0.9 * *m + 0.1 * g;
            *v = 0.99 * *v + 0.01 * g * g;
            let (m, v) = (*m / (1.0 - 0.9_f64.powi(t)), *v / (1.0 - 0.99_f64.powi(t)));
            *w -= 3e-3 * (m / (v.sqrt() + 1e-7) + 0.1 * *w);
            *average = if t == 1 { *w } else { 0.8 * *average + 0.2 * *w };
        }
    }
    let (got, optimizer) = (engine.weights(), engine.optimizer_state());
    let average = optimizer.average.unwrap();
    assert_eq!(optimizer.step, 4);
    for (i, [w, _, _, kept]) in state.iter().enumerate() {
        assert!((f64::from(got.encoder[i]) - w).abs() < 2e-5, "{} {w}", got.encoder[i]);
        assert!((f64::from(average.encoder[i]) - kept).abs() < 2e-5);
    }
}

#[test]
fn restored_state_goes_on_bit_for_bit() {
    let case = small_case(LogDet::Exact);
    let data = case.data();
    let update = fixture::adam(Some(0.9));
    let mut one = CpuEngine::new(&case.spec, &case.weights());
    for _ in 0..3 {
        one.train_step(&data.batch(), &case.loss(), &update);
    }
    let mut two = CpuEngine::new(&case.spec, &one.weights());
    two.set_optimizer_state(&one.optimizer_state());
    for _ in 0..3 {
        let report = one.train_step(&data.batch(), &case.loss(), &update);
        assert_eq!(report, two.train_step(&data.batch(), &case.loss(), &update));
    }
    assert_eq!(one.weights(), two.weights());
    assert_eq!(one.optimizer_state(), two.optimizer_state());
}

#[test]
fn a_step_that_is_not_finite_changes_nothing() {
    let case = small_case(LogDet::Hutchinson { probes: 1 });
    let mut data = case.data();
    let row = data.rows[1] as usize;
    data.theta[row * case.spec.theta_dim] = f32::NAN;
    let mut engine = CpuEngine::new(&case.spec, &case.weights());
    let report = engine.train_step(&data.batch(), &case.loss(), &fixture::adam(None));
    assert!(!report.is_finite());
    assert_eq!(engine.weights(), case.weights());
    assert_eq!(engine.optimizer_state().step, 0);
}

#[test]
fn a_singular_jacobian_is_reported() {
    let spec = NetworkSpec {
        theta_dim: 1,
        context_dim: 1,
        width: 1,
        input_layers: 1,
        blocks: 0,
        activation: Activation::Relu,
        glu: false,
    };
    // u + (u·1 + 0·c + 0)·(−1) + 0: constant.
    let network = vec![1.0, 0.0, 0.0, -1.0, 0.0];
    let weights = FlowWeights { encoder: network.clone(), decoder: network };
    let case = Case { spec, log_det: LogDet::Exact, batch: 2, seed: 1 };
    let mut engine = CpuEngine::new(&case.spec, &weights);
    let report = engine.train_step(&case.data().batch(), &case.loss(), &fixture::adam(None));
    assert!(!report.is_finite(), "{report:?}");
    assert_eq!(engine.weights(), weights);
}

/// Batches too large for one pass are means of their parts.
#[test]
fn gradients_of_large_batches_add_up() {
    for log_det in [LogDet::Hutchinson { probes: 2 }, LogDet::Exact] {
        let mut case = small_case(log_det);
        case.batch = 1500;
        let data = case.data();
        let mut engine = CpuEngine::new(&case.spec, &case.weights());
        let (whole, gradient) = engine.loss_and_gradients(&data.batch(), &case.loss());
        let (mut loss, mut sum) = (0.0, vec![0.0; gradient.encoder.len()]);
        for part in data.parts(100) {
            let (report, gradient) = engine.loss_and_gradients(&part.batch(), &case.loss());
            loss += report.loss / 15.0;
            sum.iter_mut().zip(&gradient.encoder).for_each(|(s, g)| *s += f64::from(*g) / 15.0);
        }
        assert!((whole.loss - loss).abs() < 1e-5 * loss.abs().max(1.0), "{} {loss}", whole.loss);
        let size = sum.iter().fold(0.0_f64, |m, s| m.max(s.abs()));
        for (got, want) in gradient.encoder.iter().zip(&sum) {
            assert!((f64::from(*got) - want).abs() < 1e-4 * size, "{got} {want}");
        }
    }
}

#[test]
fn transforms_and_jacobians_match_double_precision() {
    for (glu, input_layers, activation) in
        [(true, 1, Activation::Relu), (false, 2, Activation::Gelu), (true, 3, Activation::Tanh)]
    {
        let mut case = small_case(LogDet::Exact);
        case.spec = NetworkSpec { glu, input_layers, activation, ..case.spec };
        let (spec, weights) = (&case.spec, case.weights());
        let (n, dim, width) = (700, spec.theta_dim, spec.context_dim);
        let (input, context) = (numbers(n * dim, 5), numbers(n * width, 6));
        for direction in [Direction::Encode, Direction::Decode] {
            let flat = match direction {
                Direction::Encode => wide(&weights.encoder),
                Direction::Decode => wide(&weights.decoder),
            };
            for shared in [false, true] {
                let context = if shared { &context[..width] } else { &context };
                let mut engine = CpuEngine::new(spec, &weights);
                let (mut out, mut jac) = (vec![0.0; n * dim], vec![0.0; n * dim * dim]);
                engine.transform(direction, &input, context, &mut out);
                let plain = out.clone();
                engine.transform_with_jacobian(direction, &input, context, &mut out, &mut jac);
                assert_eq!(plain, out);
                for row in (0..n).step_by(13).chain([n - 1]) {
                    let u = wide(&input[row * dim..][..dim]);
                    let at = if shared { 0 } else { row * width };
                    let c = wide(&context[at..][..width]);
                    let want = along(spec, &flat, &u, &vec![0.0; dim], &c).0;
                    let rows = jacobian(spec, &flat, &u, &c);
                    for i in 0..dim {
                        let got = f64::from(out[row * dim + i]);
                        assert!((got - want[i]).abs() < 2e-5, "row {row}: {got} {}", want[i]);
                        for j in 0..dim {
                            let got = f64::from(jac[(row * dim + i) * dim + j]);
                            assert!((got - rows[i][j]).abs() < 2e-5, "{got} {}", rows[i][j]);
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn results_do_not_depend_on_the_thread_count() {
    let case = small_case(LogDet::Exact);
    let (n, dim) = (3001, case.spec.theta_dim);
    let (input, context) = (numbers(n * dim, 8), numbers(case.spec.context_dim, 9));
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut engine = CpuEngine::new(&case.spec, &case.weights());
        let (mut out, mut jac) = (vec![0.0; n * dim], vec![0.0; n * dim * dim]);
        pool.install(|| {
            engine.transform_with_jacobian(Direction::Decode, &input, &context, &mut out, &mut jac)
        });
        (out, jac)
    };
    assert_eq!(run(1), run(3));
}
