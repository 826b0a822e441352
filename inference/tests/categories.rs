//! Priors with categories, against posteriors in closed form.

use freeform_inference::{EngineKind, Fit, Posterior, Rounds, rank_simulations};
use freeform_simulators::{
    InProcess, Prior, SimulationError, SimulationRng, Simulations, SimulatorFn,
};
use ndarray::Array2;
use rand_distr::{Distribution, StandardNormal};
use std::sync::atomic::AtomicBool;

const PRIOR: &str = r#"
[[parameter]]
name = "model"
distribution = "category"
probabilities = [0.5, 0.3, 0.2]
labels = ["level", "slope", "nothing"]

[[parameter]]
name = "size"
distribution = "normal"
mean = 0.0
std = 1.0
"#;
/// Numbers of x, and what they are of the size under each model, with their noise.
const POINTS: usize = 3;

fn slopes(model: usize) -> ([f64; POINTS], f64) {
    match model {
        0 => ([1.0, 1.0, 1.0], 0.5),
        1 => ([-0.5, -1.0, -1.5], 0.5),
        _ => ([0.0, 0.0, 0.0], 1.2),
    }
}

fn simulate(theta: &[f64], rng: &mut SimulationRng, x: &mut [f64]) {
    let (slopes, noise) = slopes(theta[0] as usize);
    for (slot, slope) in x.iter_mut().zip(slopes) {
        let e: f64 = StandardNormal.sample(rng);
        *slot = slope * theta[1] + noise * e;
    }
}

fn simulations(prior: &Prior, n: usize, seed: u64) -> Simulations {
    let theta = prior.sample_n(seed, n);
    let mut x = Array2::zeros((n, POINTS));
    for (i, (theta, mut x)) in theta.rows().into_iter().zip(x.rows_mut()).enumerate() {
        let mut rng = SimulationRng::new(seed + 1, i as u64);
        simulate(&theta.to_vec(), &mut rng, x.as_slice_mut().unwrap());
    }
    Simulations::new(theta, x).unwrap()
}

/// Of each model its probability, and mean and standard deviation of the size.
fn exact(x: &[f64]) -> [[f64; 3]; 3] {
    let of = |model: usize| {
        let (slopes, noise) = slopes(model);
        let precision = 1.0 + slopes.iter().map(|s| s * s).sum::<f64>() / (noise * noise);
        let sum: f64 = slopes.iter().zip(x).map(|(s, x)| s * x).sum::<f64>() / (noise * noise);
        let square = x.iter().map(|x| x * x).sum::<f64>() / (noise * noise);
        let log_evidence = -0.5 * (square - sum * sum / precision)
            - 0.5 * precision.ln()
            - POINTS as f64 * noise.ln();
        (log_evidence, sum / precision, precision.powf(-0.5))
    };
    let all = [0, 1, 2].map(of);
    let weights = [0, 1, 2].map(|k| [0.5, 0.3, 0.2][k] * all[k].0.exp());
    let total: f64 = weights.iter().sum();
    [0, 1, 2].map(|k| [weights[k] / total, all[k].1, all[k].2])
}

fn fitted(prior: &Prior, simulations: Simulations) -> Posterior {
    Fit::new(prior).run(simulations).unwrap()
}

/// Three models of which x is a line, a slope, or nothing but noise: their probabilities, the size under each, and
/// the density, at observations that leave two or three of them likely.
#[test]
fn models_and_their_parameters_are_told_together() {
    let prior = Prior::from_toml_str(PRIOR).unwrap();
    let posterior = fitted(&prior, simulations(&prior, 2000, 1));
    assert!(posterior.model().training.remarks.is_empty());
    let sizes = Array2::from_shape_fn((240, 2), |(i, column)| match column {
        0 => (i / 80) as f64,
        _ => (i % 80) as f64 * 0.1 - 3.95,
    });
    for x in [[0.5, 0.3, 0.6], [0.0, 0.0, 0.0], [0.3, -0.5, -0.9], [-1.5, -0.8, -1.0]] {
        let draws = posterior.sample(&x, 4000, 1).unwrap();
        let found = &prior.probabilities(draws.theta.view())[0];
        assert_eq!(found.labels, ["level", "slope", "nothing"]);
        for (k, [probability, mean, std]) in exact(&x).into_iter().enumerate() {
            let share = found.probabilities[k];
            assert!((share - probability).abs() < 0.06, "{x:?}, {k}: {share}, not {probability}");
            let own = draws.theta.rows().into_iter().filter(|row| row[0] == k as f64);
            let own: Vec<f64> = own.map(|row| row[1]).collect();
            if probability > 0.2 {
                let n = own.len() as f64;
                let centre = own.iter().sum::<f64>() / n;
                let width = (own.iter().map(|v| (v - centre).powi(2)).sum::<f64>() / n).sqrt();
                assert!((centre - mean).abs() < 0.3 * std, "{x:?}, {k}: {centre}, not {mean}");
                assert!((width / std - 1.0).abs() < 0.2, "{x:?}, {k}: {width}, not {std}");
            }
        }
        // A density in the size and a probability in the model.
        let densities = posterior.log_prob(&sizes.view(), &x, 1).unwrap();
        let total: f64 = densities.iter().map(|log| 0.1 * log.exp()).sum();
        assert!((total - 1.0).abs() < 0.05, "{x:?}: {total}");
        let of_model: f64 = densities[..80].iter().map(|log| 0.1 * log.exp()).sum();
        assert!((of_model - found.probabilities[0]).abs() < 0.05, "{x:?}: {of_model}");
    }
    let unknown = Array2::from_shape_vec((2, 2), vec![3.0, 0.0, 0.5, 0.0]).unwrap();
    let outside = posterior.log_prob(&unknown.view(), &[0.0; 3], 1).unwrap();
    assert_eq!(outside, [f64::NEG_INFINITY; 2]);
    // A file holds all of it.
    let folder = tempfile::tempdir().unwrap();
    posterior.save(folder.path()).unwrap();
    let read = Posterior::load(folder.path(), EngineKind::Cpu).unwrap();
    let draws = |posterior: &Posterior| posterior.sample(&[0.5, 0.3, 0.6], 300, 2).unwrap().theta;
    assert_eq!(draws(&posterior), draws(&read));
    // Ranks, of which those of equal categories are drawn, are uniform: χ² with nine degrees of freedom, 1%.
    let ranked = rank_simulations(
        &posterior,
        &simulations(&prior, 300, 77),
        5,
        &AtomicBool::new(false),
        &|| {},
    );
    let ranks = ranked.unwrap().unwrap().ranks;
    for column in 0..2 {
        let mut bins = [0.0; 10];
        ranks.iter().for_each(|rank| bins[rank[column] / 40] += 1.0);
        let square: f64 = bins.iter().map(|b: &f64| (b - 30.0).powi(2) / 30.0).sum();
        assert!(square < 21.7, "{column}: {bins:?}");
    }
}

/// Two switches of which x is a noisy sum: θ of categories alone.
#[test]
fn categories_alone() {
    let prior = Prior::from_toml_str(
        "[[parameter]]\nnames = [\"first\", \"second\"]\ndistribution = \"category\"\n\
         probabilities = [0.7, 0.3]",
    )
    .unwrap();
    let theta = prior.sample_n(3, 1500);
    let x = Array2::from_shape_fn((1500, 1), |(i, _)| {
        let e: f64 = StandardNormal.sample(&mut SimulationRng::new(4, i as u64));
        theta[[i, 0]] + 2.0 * theta[[i, 1]] + 0.7 * e
    });
    let posterior = fitted(&prior, Simulations::new(theta, x).unwrap());
    let all = Array2::from_shape_vec((4, 2), vec![0., 0., 0., 1., 1., 0., 1., 1.]).unwrap();
    for x in [-0.5, 0.6, 1.5, 2.4] {
        let weight = |row: usize| {
            let (a, b) = (all[[row, 0]], all[[row, 1]]);
            let prior = |on: f64| if on == 1.0 { 0.3 } else { 0.7 };
            prior(a) * prior(b) * (-0.5 * ((x - a - 2.0 * b) / 0.7_f64).powi(2)).exp()
        };
        let weights = [0, 1, 2, 3].map(weight);
        let total: f64 = weights.iter().sum();
        let draws = posterior.sample(&[x], 4000, 1).unwrap();
        assert!(draws.effective > 2000.0 && draws.warnings().is_empty(), "{:?}", draws.warnings());
        let densities = posterior.log_prob(&all.view(), &[x], 1).unwrap();
        for row in 0..4 {
            let exact = weights[row] / total;
            let same = |draw: &ndarray::ArrayView1<f64>| *draw == all.row(row);
            let share = draws.theta.rows().into_iter().filter(same).count() as f64 / 4000.0;
            assert!((share - exact).abs() < 0.06, "{x}, {row}: {share}, not {exact}");
            let density = densities[row].exp();
            assert!((density - exact).abs() < 0.06, "{x}, {row}: {density}, not {exact}");
        }
    }
}

/// Rounds for one observation, where two models are likely and where one is sure.
#[test]
fn rounds_keep_the_models_that_are_likely() {
    let prior = Prior::from_toml_str(PRIOR).unwrap();
    let simulator = SimulatorFn::new(
        prior.clone(),
        POINTS,
        |theta: &[f64], rng: &mut SimulationRng, x: &mut [f64]| {
            simulate(theta, rng, x);
            Ok::<(), SimulationError>(())
        },
    );
    let source = InProcess::new("lines", &simulator);
    for x in [[0.5, 0.3, 0.6], [2.3, 2.5, 2.4]] {
        let rounds = Rounds::new(&source, &x).simulations(600).rounds(3).seed(1);
        let (posterior, reports) = rounds.set("training.members=2").unwrap().run().unwrap();
        let draws = posterior.sample(&x, 4000, 1).unwrap();
        let found = &prior.probabilities(draws.theta.view())[0].probabilities;
        let exact = exact(&x);
        for (found, [exact, ..]) in found.iter().zip(exact) {
            assert!((found - exact).abs() < 0.08, "{x:?}: {found}, not {exact}");
        }
        let level = draws.theta.rows().into_iter().filter(|row| row[0] == 0.0);
        let (n, sum) = level.fold((0.0, 0.0), |(n, sum), row| (n + 1.0, sum + row[1]));
        let [_, mean, std] = exact[0];
        assert!((sum / n - mean).abs() < 0.4 * std, "{x:?}: {}, not {mean}", sum / n);
        let last = reports.last().unwrap();
        assert!((last.probabilities[0].probabilities[0] - found[0]).abs() < 0.05);
    }
}

/// What the simulations say against the prior: a category that never occurs otherwise, or always.
#[test]
fn bad_categories_are_named() {
    let prior = Prior::from_toml_str(PRIOR).unwrap();
    let with = |change: &dyn Fn(usize, f64) -> f64| {
        let mut table = simulations(&prior, 400, 1);
        let column = table.theta.column_mut(0).into_iter().enumerate();
        column.for_each(|(i, value)| *value = change(i, *value));
        Fit::new(&prior).run(table).map(|_| ()).unwrap_err().to_string()
    };
    let text = with(&|_, _| 1.0);
    assert!(text.contains("model") && text.contains('1'), "{text}");
    let text = with(&|i, value| if i == 7 { 1.5 } else { value });
    assert!(text.contains("row 8") && text.contains("`model` is 1.5"), "{text}");
    assert!(text.contains("must be 0, 1 or 2"), "{text}");
    let text = with(&|i, value| if i == 9 { 3.0 } else { value });
    assert!(text.contains("`model` is 3"), "{text}");
    // What there is next to nothing of, or too much of, is told, and learnt all the same.
    let mut table = simulations(&prior, 400, 1);
    let column = table.theta.column_mut(0).into_iter().enumerate();
    column.filter(|(i, v)| **v == 2.0 && *i > 30).for_each(|(_, value)| *value = 0.0);
    let few = table.theta.column(0).iter().filter(|v| **v == 2.0).count();
    let short = ["training.members=1", "training.max_epochs=3", "whitening.steps=200"];
    let fit = short.iter().fold(Fit::new(&prior), |fit, set| fit.set(set).unwrap());
    let remarks = fit.run(table).unwrap().model().training.remarks.join("\n");
    assert!(remarks.contains(&format!("`model` is nothing in {few} of 400")), "{remarks}");
    assert!(
        remarks.contains("`model` has shares 0.") && remarks.contains("0.500, 0.300, 0.200"),
        "{remarks}"
    );
    // A law of θ whose categories are others.
    let other =
        Prior::from_toml_str(&PRIOR.replace("[\"level\", \"slope\"", "[\"slope\", \"level\""))
            .unwrap();
    let fit = Fit::new(&prior).theta_from(&other);
    let text = fit.run(simulations(&prior, 400, 1)).err().unwrap().to_string();
    assert!(
        text.contains("level, slope, nothing") && text.contains("slope, level, nothing"),
        "{text}"
    );
}
