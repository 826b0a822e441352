//! Reference draws against closed forms and quadrature.

use freeform_benchmark::ReferenceError;
use freeform_simulators::Task;
use std::sync::atomic::AtomicBool;

const N: usize = 20_000;

fn reference_draws(
    task: &Task,
    x: &[f64],
    n: usize,
    seed: u64,
) -> Result<ndarray::Array2<f32>, ReferenceError> {
    Ok(freeform_benchmark::reference_draws(task, x, n, seed, &AtomicBool::new(false))?.theta)
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(s, c), v| (s + v, c + 1.0));
    sum / count
}

#[test]
fn gaussian_linear_has_its_conjugate_posterior() {
    let task = Task::by_name("gaussian_linear").unwrap();
    let x = task.observation(2).unwrap().x;
    let draws = reference_draws(&task, &x, N, 1).unwrap();
    for (j, column) in draws.columns().into_iter().enumerate() {
        let m = mean(column.iter().map(|v| f64::from(*v)));
        let v = mean(column.iter().map(|v| (f64::from(*v) - m).powi(2)));
        // Mean x/2, variance 0.05; five standard errors.
        assert!((m - x[j] / 2.0).abs() < 5.0 * (0.05 / N as f64).sqrt());
        assert!((v / 0.05 - 1.0).abs() < 5.0 * (2.0 / N as f64).sqrt());
    }
}

/// Posterior expectations of two functions by summing prior × likelihood over a fine grid.
#[test]
fn two_moons_agrees_with_quadrature() {
    let task = Task::by_name("two_moons").unwrap();
    let x = task.observation(3).unwrap().x;
    let wide = x.clone();
    let draws = reference_draws(&task, &x, N, 1).unwrap();
    let side = 3000;
    let (mut total, mut sums) = (0.0, [0.0; 2]);
    let functions = |a: f64, b: f64| [a * b, (a - b).powi(2)];
    for i in 0..side {
        for j in 0..side {
            let at = |k: usize| (k as f64 + 0.5) / f64::from(side as u32) * 2.0 - 1.0;
            let (a, b) = (at(i), at(j));
            let weight = task.log_likelihood(&[a, b], &wide).exp();
            total += weight;
            let f = functions(a, b);
            sums[0] += weight * f[0];
            sums[1] += weight * f[1];
        }
    }
    for (index, sum) in sums.into_iter().enumerate() {
        let values =
            || draws.rows().into_iter().map(|r| functions(f64::from(r[0]), f64::from(r[1]))[index]);
        let (found, expected) = (mean(values()), sum / total);
        let sd = mean(values().map(|v| (v - found).powi(2))).sqrt();
        let error = 5.0 * sd / (N as f64).sqrt();
        assert!((found - expected).abs() < error, "{index}: {found} against {expected} ± {error}");
    }
    // The mirror image of θ₁ + θ₂ is as likely.
    let positive = mean(draws.rows().into_iter().map(|r| f64::from(u8::from(r[0] + r[1] > 0.0))));
    assert!((positive - 0.5).abs() < 5.0 * 0.5 / (N as f64).sqrt());
}

#[test]
fn slcp_has_its_four_mirrored_modes_inside_the_box() {
    let task = Task::by_name("slcp").unwrap();
    let draws = reference_draws(&task, &task.observation(5).unwrap().x, N, 1).unwrap();
    assert!(draws.iter().all(|v| v.abs() <= 3.0));
    for column in [2, 3] {
        let share = mean(draws.column(column).iter().map(|v| f64::from(u8::from(*v > 0.0))));
        assert!((share - 0.5).abs() < 5.0 * 0.5 / (N as f64).sqrt(), "column {column}: {share}");
    }
}

/// Self-normalised importance sampling from the prior is another route to the same posterior.
#[test]
fn slcp_agrees_with_importance_sampling() {
    let task = Task::by_name("slcp").unwrap();
    let x = task.observation(5).unwrap().x;
    let wide = x.clone();
    let draws = reference_draws(&task, &x, N, 2).unwrap();
    let proposals = task.prior().sample_n(9, 2_000_000);
    let (mut total, mut squares, mut sums) = (0.0, 0.0, [0.0; 5]);
    let features = |t: [f64; 5]| [t[0], t[1], t[2].abs(), t[3].abs(), t[4]];
    for row in proposals.rows() {
        let theta = [0, 1, 2, 3, 4].map(|j| row[j]);
        let weight = task.log_likelihood(&theta, &wide).exp();
        total += weight;
        squares += weight * weight;
        for (sum, f) in sums.iter_mut().zip(features(theta)) {
            *sum += weight * f;
        }
    }
    let effective = total * total / squares;
    assert!(effective > 500.0, "importance sampling found {effective} effective draws");
    for (j, sum) in sums.into_iter().enumerate() {
        let values = || {
            draws.rows().into_iter().map(|r| features([0, 1, 2, 3, 4].map(|i| f64::from(r[i])))[j])
        };
        let found = mean(values());
        let sd = mean(values().map(|v| (v - found).powi(2))).sqrt();
        let error = 5.0 * sd * (1.0 / effective + 1.0 / N as f64).sqrt();
        let expected = sum / total;
        assert!((found - expected).abs() < error, "{j}: {found} against {expected} ± {error}");
    }
}

#[test]
fn observations_that_do_not_fit_are_errors() {
    let task = Task::by_name("two_moons").unwrap();
    let wrong = |x: &[f64]| reference_draws(&task, x, 10, 1).unwrap_err();
    assert!(matches!(wrong(&[0.0]), ReferenceError::Length { length: 1, expected: 2, .. }));
    assert!(matches!(wrong(&[0.0, f64::NAN]), ReferenceError::NotFinite(_)));
    assert!(matches!(wrong(&[50.0, 0.0]), ReferenceError::Impossible { .. }));
}

#[test]
fn chains_and_rejection_stop_when_told() {
    let stop = AtomicBool::new(true);
    for name in ["two_moons", "lotka_volterra"] {
        let task = Task::by_name(name).unwrap();
        let x = task.observation(1).unwrap().x;
        let result = freeform_benchmark::reference_draws(&task, &x, 100, 1, &stop);
        assert!(matches!(result, Err(ReferenceError::Interrupted)), "{name}");
    }
}

#[test]
fn absurdly_many_draws_are_refused_at_once() {
    for name in ["two_moons", "sir"] {
        let task = Task::by_name(name).unwrap();
        let x = task.observation(1).unwrap().x;
        let error = reference_draws(&task, &x, usize::MAX / 16, 1).unwrap_err();
        assert!(matches!(error, ReferenceError::TooMany { .. }), "{name}: {error}");
    }
}
