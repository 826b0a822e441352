//! Checks over all fresh simulations: is the posterior right on average?

use super::Finding;
use super::pairs::{Pair, PairJob};
use crate::run::Calibration;
use crate::run::calibrate::LEVELS;
use freeform_benchmark::{
    Recovery, SIGNIFICANCE, conformal_level, coverage_band, coverage_p_value, expected_coverage,
};
use serde::{Deserialize, Serialize};

/// Credible levels that are adjusted.
const ADJUSTED: [f64; 4] = [0.5, 0.8, 0.9, 0.95];
/// Less contraction than this is as good as none.
const NOTHING_LEARNT: f64 = 0.05;

/// A coverage curve and its judgement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CoverageCurve {
    /// Credible level, and the share of simulations whose true parameters lie inside.
    pub coverage: Vec<(f64, f64)>,
    /// Largest distance between the two.
    pub deviation: f64,
    /// What that may be: the 99% band of the whole curve.
    pub band: f64,
    /// The probability of at least that distance for an exact posterior.
    pub p_value: f64,
}

impl CoverageCurve {
    fn of(shares: &[f64]) -> Self {
        let coverage = expected_coverage(shares, LEVELS);
        let deviation = coverage.iter().map(|(l, c)| (l - c).abs()).fold(0.0, f64::max);
        let p_value = coverage_p_value(deviation, shares.len());
        Self { coverage, deviation, band: coverage_band(shares.len()), p_value }
    }
}

/// How well one parameter is found again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParameterRecovery {
    /// The parameter.
    pub name: String,
    /// How well; `None` for fewer than three simulations.
    #[serde(flatten)]
    pub recovery: Option<Recovery>,
}

/// A credible level that holds what it says.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConformalLevel {
    /// The probability that is wanted.
    pub wanted: f64,
    /// The credible level whose highest-density region has it; `None` where the simulations are too
    /// few.
    pub take: Option<f64>,
}

/// All checks on average.
pub(super) struct OnAverage {
    pub calibration: Calibration,
    pub tarp: CoverageCurve,
    pub recovery: Vec<ParameterRecovery>,
    pub conformal: Vec<ConformalLevel>,
}

impl OnAverage {
    pub fn of(pairs: &[Pair], job: &PairJob) -> Self {
        let prior = &job.posterior.model().prior;
        let (names, numbers) =
            (prior.names(), |(d, _): &(usize, &String)| prior.category(*d).is_none());
        let tarp: Vec<f64> = pairs.iter().map(|pair| pair.tarp).collect();
        let shares: Vec<f64> = pairs.iter().map(|pair| pair.ranked.share()).collect();
        let recovery = |(d, name): (usize, &String)| {
            let posterior: Vec<_> = pairs.iter().map(|p| (p.mean[d], p.std[d])).collect();
            let truths = job.simulations.theta.column(d).to_vec();
            ParameterRecovery { name: name.clone(), recovery: Recovery::of(&posterior, &truths) }
        };
        let level = |wanted| ConformalLevel { wanted, take: conformal_level(&shares, wanted) };
        Self {
            calibration: Calibration::of(pairs, names, job.left_out),
            tarp: CoverageCurve::of(&tarp),
            // Of a category there is no mean.
            recovery: names.iter().enumerate().filter(numbers).map(recovery).collect(),
            conformal: ADJUSTED.map(level).to_vec(),
        }
    }

    /// What they say; verdicts only on simulations enough for one.
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = match self.calibration.p_value {
            Some(_) => vec![self.ranks(), self.coverage(), self.tarp()],
            None => Vec::new(),
        };
        findings.extend(self.nothing_learnt());
        findings
    }

    fn ranks(&self) -> Finding {
        let calibration = &self.calibration;
        let all = calibration.parameters.len() as f64;
        let p_value = calibration.ranks_p_value();
        let wrong: Vec<String> = calibration
            .parameters
            .iter()
            .filter(|p| p.ecdf_p_value * all < SIGNIFICANCE)
            .map(|p| format!("{} ({})", p.name, shape_of_ranks(&p.ecdf)))
            .collect();
        let says = match wrong.is_empty() {
            true => "ranks of the true parameters are uniform".to_owned(),
            false => format!("ranks are not uniform: {}", wrong.join(", ")),
        };
        Finding::judged(("ranks (SBC)", SIGNIFICANCE), p_value, says, ON_AVERAGE)
    }

    fn coverage(&self) -> Finding {
        let Calibration { coverage, coverage_p_value, .. } = &self.calibration;
        let says = side(coverage, *coverage_p_value);
        Finding::judged(("coverage", SIGNIFICANCE), *coverage_p_value, says, ON_AVERAGE)
    }

    fn tarp(&self) -> Finding {
        let CoverageCurve { coverage, p_value, .. } = &self.tarp;
        let numbers = numbers(coverage, "balls around random points");
        let says = match *p_value >= SIGNIFICANCE {
            true => format!("{numbers} at worst, within what chance explains"),
            // A truth beyond all draws lies inside balls of every level or of none.
            false => format!("{numbers}: {}", shape(coverage)),
        };
        Finding::judged(("coverage (TARP)", SIGNIFICANCE), *p_value, says, ON_AVERAGE)
    }

    fn nothing_learnt(&self) -> Option<Finding> {
        let is_flat = |r: &&ParameterRecovery| {
            r.recovery.as_ref().is_some_and(|r| r.contraction < NOTHING_LEARNT)
        };
        let flat: Vec<&str> =
            self.recovery.iter().filter(is_flat).map(|r| r.name.as_str()).collect();
        let says = format!(
            "the posterior of {} is hardly narrower than the prior: x says next to nothing of it, or it \
             was not learnt",
            flat.join(", ")
        );
        let advice = "if x should say more, simulate more, or give x in another form";
        (!flat.is_empty()).then(|| Finding::remark("contraction", says, Some(advice)))
    }
}

const ON_AVERAGE: &str = "train on more simulations, and compare; until then take intervals as the \
                          adjusted levels say, which hold on average whatever the posterior";

/// What a distribution function of ranks looks like, in words.
fn shape_of_ranks(ecdf: &[(f64, f64)]) -> &'static str {
    let (mean, contrast) = mean_and_contrast(ecdf);
    match (mean.abs() > contrast.abs(), mean > 0.0) {
        (true, true) => "the posterior lies too high",
        (true, false) => "the posterior lies too low",
        (false, _) => shape(ecdf),
    }
}

/// Of differences from the diagonal: their mean, and their contrast between the two halves.
fn mean_and_contrast(curve: &[(f64, f64)]) -> (f64, f64) {
    let n = curve.len().max(1) as f64;
    let mean = curve.iter().map(|(p, y)| y - p).sum::<f64>() / n;
    let half = |p: f64| if p < 0.5 { 1.0 } else { -1.0 };
    (mean, curve.iter().map(|(p, y)| half(*p) * (y - p)).sum::<f64>() / n)
}

/// What a distribution function says of the posterior that is steep at both ends where truths lie beyond all
/// draws, on either side: of ranks, or of balls around random points.
fn shape(curve: &[(f64, f64)]) -> &'static str {
    let (mean, contrast) = mean_and_contrast(curve);
    match (mean.abs() > contrast.abs(), contrast > 0.0) {
        (true, _) => "the posterior lies beside the truths, or has another width",
        (false, true) => "the posterior is too narrow",
        (false, false) => "the posterior is too wide",
    }
}

/// Where a coverage curve is farthest from the diagonal.
fn farthest(coverage: &[(f64, f64)]) -> (f64, f64) {
    let farthest = coverage.iter().max_by(|a, b| (a.0 - a.1).abs().total_cmp(&(b.0 - b.1).abs()));
    farthest.copied().unwrap_or((0.0, 0.0))
}

/// The same in words.
fn numbers(coverage: &[(f64, f64)], regions: &str) -> String {
    let (level, found) = farthest(coverage);
    let (level, found) = (100.0 * level, 100.0 * found);
    format!("{regions} of level {level:.0}% hold {found:.0}% of the true parameters")
}

/// What the coverage of regions of highest density says, in words.
fn side(coverage: &[(f64, f64)], p_value: f64) -> String {
    let (level, found) = farthest(coverage);
    let numbers = numbers(coverage, "highest-density regions");
    match (p_value >= SIGNIFICANCE, found < level) {
        (true, _) => format!("{numbers} at worst, within what chance explains"),
        (false, true) => format!("{numbers}: the posterior is too sure of itself"),
        (false, false) => format!("{numbers}: the posterior is wider than it need be"),
    }
}

#[cfg(test)]
mod tests {
    use super::{shape, shape_of_ranks};
    use freeform_benchmark::{expected_coverage, tarp_share};
    use freeform_simulators::{Marginal, Prior};

    #[test]
    fn shapes_of_ranks_have_names() {
        let of = |f: &dyn Fn(f64) -> f64| {
            shape_of_ranks(
                &(1..100).map(|i| f64::from(i) / 100.0).map(|p| (p, f(p))).collect::<Vec<_>>(),
            )
        };
        // Low ranks are too many: most draws lie above the truth.
        assert!(of(&f64::sqrt).contains("high"));
        assert!(of(&|p| p * p).contains("low"));
        // Ranks at both ends are too many.
        let ends = |p: f64| p + 0.1 * (std::f64::consts::TAU * p).sin();
        assert!(of(&ends).contains("narrow"));
        assert!(of(&|p| 2.0 * p - ends(p)).contains("wide"));
    }

    /// Truths from a normal law in two dimensions, draws from one so many times as wide.
    #[test]
    fn balls_around_random_points_tell_narrow_from_wide() {
        let of = |width: f64, shift: f64| {
            let normal = |mean: f64, std: f64, seed: u64, n: usize| {
                Prior::identical(2, Marginal::Normal { mean, std }).unwrap().sample_n(seed, n)
            };
            let truths = normal(0.0, 1.0, 1, 400);
            let points = normal(0.0, 10.0, 2, 400);
            let share = |i: usize| {
                let draws = normal(shift, width, 3 + i as u64, 200);
                let (truth, point) = (truths.row(i).to_vec(), points.row(i).to_vec());
                tarp_share(draws.view(), &truth, &point, &[1.0, 1.0], 0.0)
            };
            let shares: Vec<f64> = (0..400).map(share).collect();
            shape(&expected_coverage(&shares, 100))
        };
        assert!(of(0.5, 0.0).contains("narrow"));
        assert!(of(2.0, 0.0).contains("wide"));
    }
}
