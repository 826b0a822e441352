//! The power that what was learnt counts to, against normal laws in closed form.

mod closed_form;

use closed_form::{fit, moments, normal};
use freeform_inference::{EngineKind, Posterior};
use freeform_simulators::{Marginal, Prior, Simulations};
use ndarray::{Array2, array};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::path::Path;

/// θ ~ N(0, 1), x = θ + 0.5 ε: the posterior's precision is 1 + 4, and to the power s of all that x tells, 1 + 4 s.
const TOLD: f64 = 4.0;
const POWER: f64 = 0.5;

fn learnt(settings: &[&str]) -> Posterior {
    let prior = Prior::identical(1, Marginal::Normal { mean: 0.0, std: 1.0 }).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let theta = prior.sample_n(1, 2000);
    let x = theta.mapv(|theta| theta + normal(&mut rng) / TOLD.sqrt());
    fit(&["training.max_epochs=20"], &prior, Simulations { theta, x }, settings).unwrap()
}

fn load(folder: &Path) -> Posterior {
    Posterior::new(freeform_inference::Model::load(folder).unwrap(), EngineKind::Cpu)
}

#[test]
fn a_power_widens_the_posterior_towards_the_prior() {
    for correction in ["on", "auto"] {
        let correction = format!("posterior.correction={correction}");
        let posterior = learnt(&["training.members=1", &correction]);
        let folder = tempfile::tempdir().unwrap();
        posterior.model().save(folder.path()).unwrap();
        let path = folder.path().join("model.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        // Earlier programs can read one without a power.
        assert!(closed_form::is_of_version(&text, 3), "{text}");
        let own =
            |line: &&str| !["description_blake3", "power = "].iter().any(|k| line.starts_with(k));
        let lines: Vec<&str> = text.lines().filter(own).collect();
        let (head, likelihood) = ("[likelihood]", format!("[likelihood]\npower = {POWER}"));
        let text = lines.join("\n").replacen(head, &likelihood, 1);
        std::fs::write(&path, text).unwrap();
        let wide = load(folder.path());
        let x = [1.0];
        let precision = 1.0 + POWER * TOLD;
        let (mean, std) = moments(&wide.sample(&x, 20_000, 1).unwrap().theta, 0);
        assert!((mean - POWER * TOLD / precision).abs() < 0.03, "{mean}");
        assert!((std * precision.sqrt() - 1.0).abs() < 0.05, "{std}");
        // Its density is that of the draws, normalised.
        let theta: Array2<f64> = array![[0.0], [0.6], [1.2]];
        let found = wide.log_prob(&theta.view(), &x, 1).unwrap();
        let at = |theta: f64| {
            let z = (theta - POWER * TOLD / precision) * precision.sqrt();
            -0.5 * z * z + 0.5 * (precision / std::f64::consts::TAU).ln()
        };
        for (found, theta) in found.iter().zip(&theta) {
            assert!((found - at(*theta)).abs() < 0.1, "{theta}: {found} {}", at(*theta));
        }
        // What was written is what is read.
        let again = tempfile::tempdir().unwrap();
        wide.model().save(again.path()).unwrap();
        let text = std::fs::read_to_string(again.path().join("model.toml")).unwrap();
        assert!(text.contains("power = 0.5") && text.contains("format_version = 14"), "{text}");
        assert_eq!(
            load(again.path()).sample(&x, 10, 2).unwrap().theta,
            wide.sample(&x, 10, 2).unwrap().theta
        );
    }
}
