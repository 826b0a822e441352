//! Laws of one's own, in Rust.

use freeform_simulators::{Block, Conditional, OwnLaw, Prior, SimulationRng, Support};
use rand_distr::{Distribution, StandardNormal};
use std::f64::consts::TAU;
use std::sync::Arc;

/// r ~ Rayleigh by hand: the length of two standard normal numbers.
struct Rayleigh {
    name: &'static str,
    /// Added to the log-density: 0 for the right one.
    off: f64,
    /// Draws of another scale contradict the density.
    scale: f64,
    names: [String; 1],
    support: [Support; 1],
}

impl Rayleigh {
    fn with(name: &'static str, off: f64, scale: f64) -> Arc<Self> {
        let (names, support) = (["r".to_owned()], [Support::Positive { lower: 0.0 }]);
        Arc::new(Self { name, off, scale, names, support })
    }
}

impl OwnLaw for Rayleigh {
    fn name(&self) -> &str {
        self.name
    }
    fn names(&self) -> &[String] {
        &self.names
    }
    fn support(&self) -> &[Support] {
        &self.support
    }
    fn sample(&self, rng: &mut SimulationRng, out: &mut [f64]) {
        let [a, b]: [f64; 2] = [StandardNormal.sample(rng), StandardNormal.sample(rng)];
        out[0] = self.scale * a.hypot(b);
    }
    fn log_prob(&self, theta: &[f64]) -> f64 {
        theta[0].ln() - 0.5 * theta[0] * theta[0] + self.off
    }
}

fn beside(law: Arc<Rayleigh>) -> Result<Prior, freeform_simulators::PriorError> {
    let normal = Conditional::new("normal", [("mean", 0.0.into()), ("std", "r".into())])?;
    Prior::joint(vec![Block::one("a", normal), Block::Own(law)])
}

#[test]
fn a_law_in_rust_stands_beside_others_and_is_found_by_its_name() {
    let prior = beside(Rayleigh::with("rayleigh", 0.0, 1.0)).unwrap();
    let density = prior.log_prob(&[0.5, 2.0]);
    let exact = (2_f64.ln() - 2.0) - 0.5 * 0.0625 - 2_f64.ln() - 0.5 * TAU.ln();
    assert!((density - exact).abs() < 1e-12, "{density} {exact}");
    let mut draws = prior.sample_n(3, 100_000).column(1).to_vec();
    draws.sort_by(f64::total_cmp);
    let gap = |(i, r): (usize, &f64)| (1.0 - (-0.5 * r * r).exp() - i as f64 / 1e5).abs();
    assert!(draws.iter().enumerate().map(gap).fold(0.0, f64::max) < 1.95 / 1e5_f64.sqrt());
    let back = Prior::from_toml_str(&prior.to_toml()).unwrap();
    assert_eq!(back.sample_n(3, 20), prior.sample_n(3, 20));
    let unknown = prior.to_toml().replace("rayleigh", "maxwell");
    let error = Prior::from_toml_str(&unknown).unwrap_err().to_string();
    assert!(error.contains("\"maxwell\" of r") && error.contains("build the prior"), "{error}");
}

#[test]
fn densities_that_are_not_of_the_draws_are_refused() {
    let error = |law| beside(law).unwrap_err().to_string();
    // Without its constant: e times too large.
    let constant = error(Rayleigh::with("constant", 1.0, 1.0));
    assert!(
        constant.contains("integrates to 2.7") && constant.contains("add -0.99")
            || constant.contains("add -1.0"),
        "{constant}"
    );
    let scaled = error(Rayleigh::with("scaled", 0.0, 1.3));
    assert!(scaled.contains("\"scaled\" of r") && scaled.contains("contradicts"), "{scaled}");
    let nan = error(Rayleigh::with("nan", f64::NAN, 1.0));
    assert!(nan.contains("log-density at its own draw") && nan.contains("NaN"), "{nan}");
    let outside = error(Rayleigh::with("outside", 0.0, -1.0));
    assert!(outside.contains("it drew r = -") && outside.contains("low = 0"), "{outside}");
}
