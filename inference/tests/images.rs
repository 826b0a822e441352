//! Images, stated or found, against posteriors on a grid.

mod closed_form;

use freeform_inference::{Fit, FitError, Posterior};
use freeform_simulators::{DataLayout, Layout, Marginal, Prior, Simulations};
use ndarray::Array2;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal, Uniform};

/// Short trainings: the whitening does most of the work here.
const SHORT: [&str; 4] =
    ["training.members=2", "training.max_epochs=8", "whitening.steps=3000", "whitening.width=32"];
const SIDES: [usize; 2] = [16, 18];
const IMAGE: [&str; 2] = ["transform.layout=image", "transform.shape=[16, 18]"];

fn fit(prior: &Prior, simulations: &Simulations, settings: &[&str]) -> Result<Posterior, FitError> {
    closed_form::fit(&SHORT, prior, simulations.clone(), settings)
}

/// What a point adds to those before it along each side, in units of its own spread: first numbers as they
/// are, others less ρ times the one before, over √(1 − ρ²).
fn innovations(x: &[f64], rho: f64) -> Vec<f64> {
    let ([high, wide], unit) = (SIDES, (1.0 - rho * rho).sqrt());
    let mut out = x.to_vec();
    for at in (0..high * wide).rev() {
        if at % wide > 0 {
            out[at] = (out[at] - rho * out[at - 1]) / unit;
        }
    }
    for at in (wide..high * wide).rev() {
        out[at] = (out[at] - rho * out[at - wide]) / unit;
    }
    out
}

/// Fields of variance 1 whose correlation is ρ to the power of the steps along both sides, ρ uniform.
fn fields(rows: usize) -> (Prior, Simulations) {
    let prior = Prior::identical(1, Marginal::Uniform { low: 0.0, high: 0.9 }).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let (uniform, [high, wide]) = (Uniform::new(0.0, 0.9).unwrap(), SIDES);
    let mut theta = Array2::zeros((rows, 1));
    let mut x = Array2::zeros((rows, high * wide));
    for row in 0..rows {
        let rho: f64 = uniform.sample(&mut rng);
        theta[[row, 0]] = rho;
        let unit = (1.0 - rho * rho).sqrt();
        let mut field: Vec<f64> =
            (0..high * wide).map(|_| StandardNormal.sample(&mut rng)).collect();
        (wide..high * wide).for_each(|at| field[at] = rho * field[at - wide] + unit * field[at]);
        let inner = (0..high * wide).filter(|at| at % wide > 0);
        inner.for_each(|at| field[at] = rho * field[at - 1] + unit * field[at]);
        x.row_mut(row).iter_mut().zip(field).for_each(|(to, from)| *to = from);
    }
    (prior, Simulations { theta, x })
}

/// Mean and standard deviation of ρ on a grid.
fn exact(x: &[f64]) -> (f64, f64) {
    let [high, wide] = SIDES;
    let steps = (wide * (high - 1) + high * (wide - 1)) as f64;
    let grid: Vec<f64> = (0..900).map(|i| 0.001 * (f64::from(i) + 0.5)).collect();
    let log = |rho: &f64| {
        let squares: f64 = innovations(x, *rho).iter().map(|e| e * e).sum();
        -0.5 * squares - 0.5 * steps * (1.0 - rho * rho).ln()
    };
    closed_form::on_grid(&grid, log)
}

fn log_prob(posterior: &Posterior) -> f64 {
    posterior.model().training.learnt.as_ref().unwrap().log_prob
}

#[test]
fn an_image_has_the_posterior_of_a_grid_and_says_more_than_its_numbers() {
    let (prior, simulations) = fields(1000);
    let posterior = fit(&prior, &simulations, &IMAGE).unwrap();
    let (mut error, mut widths) = (0.0, 0.0);
    for row in 0..20 {
        let x = simulations.x.row(row).to_vec();
        let draws = posterior.sample(&x, 4000, 1).unwrap().theta;
        let mean = draws.column(0).mean().unwrap();
        let width = draws.column(0).mapv(|v| (v - mean).powi(2)).mean().unwrap().sqrt();
        let (exact_mean, exact_width) = exact(&x);
        error += ((mean - exact_mean) / exact_width).powi(2) / 20.0;
        widths += width / exact_width / 20.0;
    }
    assert!(error.sqrt() < 0.55, "{error}");
    assert!((0.85..1.25).contains(&widths), "{widths}");
    let vector = fit(&prior, &simulations, &["transform.layout=vector"]).unwrap();
    let (image, vector) = (log_prob(&posterior), log_prob(&vector));
    assert!(image > vector + 1.0, "{image} as an image, {vector} as a vector");
    // A saved model is the same model, which older programs must not read.
    let folder = tempfile::tempdir().unwrap();
    posterior.save(folder.path()).unwrap();
    let loaded = Posterior::load(folder.path(), Default::default()).unwrap();
    let x = simulations.x.row(0).to_vec();
    let [a, b] = [&posterior, &loaded].map(|p| p.sample(&x, 100, 1).unwrap().theta);
    assert_eq!(a, b);
    let text = std::fs::read_to_string(folder.path().join("model.toml")).unwrap();
    assert!(closed_form::is_of_version(&text, 8), "{text}");
    assert_eq!(loaded.model().layout(), DataLayout::image(SIDES, 1));
}

/// Where the array has rows and columns nobody has to say that they are pixels; and 18 columns of 16 rows
/// are not 16 of 18.
#[test]
fn images_are_found_and_wrong_shapes_doubted() {
    let (prior, simulations) = fields(800);
    let quick = ["training.members=1", "training.max_epochs=1", "posterior.correction=off"];
    let quick = |fit: Fit<'_>, more: &[&str]| {
        let settings = SHORT.iter().chain(&quick).chain(more);
        let fit = settings.fold(fit, |fit, setting| fit.set(setting).unwrap());
        let posterior = fit.run(simulations.clone()).unwrap();
        let model = posterior.model();
        let words = [&model.training.notes[..], &model.training.remarks].concat().join("\n");
        (model.layout(), words)
    };
    let shaped = Fit::new(&prior).layout(DataLayout::of_lengths(&SIDES).unwrap());
    let (layout, words) = quick(shaped, &[]);
    assert_eq!((layout.layout, layout.shape), (Layout::Image, Some(SIDES)), "{words}");
    assert!(words.contains("of an image of 16 × 18 pixels"), "{words}");
    // Rows of the wrong length.
    let turned = ["transform.layout=image", "transform.shape=[18, 16]"];
    let (_, words) = quick(Fit::new(&prior), &turned);
    assert!(words.contains("nats more of") && words.contains("--shape 16x18"), "{words}");
    let (_, words) = quick(Fit::new(&prior), &IMAGE);
    assert!(!words.contains("nats more of"), "{words}");
}

#[test]
fn images_that_do_not_fit_are_refused() {
    let (prior, mut simulations) = fields(100);
    let said = |simulations: &Simulations, settings: &[&str]| {
        fit(&prior, simulations, settings).err().expect("refused").to_string()
    };
    let text = said(&simulations, &["transform.layout=image"]);
    assert!(text.contains("288 numbers") && text.contains("--shape"), "{text}");
    let text = said(&simulations, &["transform.layout=image", "transform.shape=[16, 17]"]);
    assert!(text.contains("16 rows and 17 columns") && text.contains("transform.shape"), "{text}");
    let text = said(&simulations, &["transform.shape=[2, 144]"]);
    assert!(text.contains("2 rows and 144 columns") && text.contains("3 rows"), "{text}");
    simulations.x[[6, 30]] = f64::NAN;
    let gaps = [&IMAGE[..], &["transform.missing=allowed"]].concat();
    let text = said(&simulations, &gaps);
    assert!(text.contains("row 7 of x") && text.contains("pixels"), "{text}");
}
