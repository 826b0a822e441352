//! A hundred thousand draws of each against an independent distribution function.

use super::kinds::{BESIDE, HIERARCHY, NESTED, ORDERED, SHARES, prior, single};
use freeform_simulators::Prior;
use statrs::distribution::{Beta, ContinuousCDF, Gamma, Normal, StudentsT};
use std::f64::consts::TAU;

const N: usize = 100_000;

/// Asserts that the Kolmogorov-Smirnov distance of numbers is below what one law in a thousand exceeds.
fn follows(what: &str, mut values: Vec<f64>, cdf: impl Fn(f64) -> f64) {
    values.sort_by(f64::total_cmp);
    let n = values.len() as f64;
    let distance = |(i, v): (usize, &f64)| {
        let at = cdf(*v);
        (at - i as f64 / n).abs().max((at - (i + 1) as f64 / n).abs())
    };
    let most = values.iter().enumerate().map(distance).fold(0.0, f64::max);
    // NaN fails, too.
    let close = most < 1.95 / n.sqrt();
    assert!(close, "{what}: {most}, allowed {}", 1.95 / n.sqrt());
}

fn column(prior: &Prior, d: usize) -> Vec<f64> {
    prior.sample_n(11, N).column(d).to_vec()
}

/// exp(κ cos(t − μ)) integrated from `low` to x by Simpson's rule, over its integral over a turn.
fn von_mises_cdf(
    location: f64,
    concentration: f64,
    (low, high): (f64, f64),
) -> impl Fn(f64) -> f64 {
    const STEPS: usize = 20_000;
    let width = (high - low) / STEPS as f64;
    let density =
        move |x: f64| (concentration * ((TAU * (x - location) / (high - low)).cos() - 1.0)).exp();
    let mut below = vec![0.0];
    for i in 0..STEPS {
        let x = low + width * i as f64;
        let step = (density(x) + 4.0 * density(x + width / 2.0) + density(x + width)) * width / 6.0;
        below.push(below[i] + step);
    }
    move |x: f64| {
        let at = ((x - low) / width).clamp(0.0, STEPS as f64 - 1e-9);
        let i = at as usize;
        (below[i] + (below[i + 1] - below[i]) * at.fract()) / below[STEPS]
    }
}

/// Shares of draws, densities, quantiles and the written form of a category beside a normal law.
#[test]
fn categories_follow_their_probabilities() {
    let text = "[[parameter]]\nname = \"kind\"\ndistribution = \"category\"\n\
                probabilities = [0.2, 0.5, 0.3]\nlabels = [\"a\", \"b\", \"c\"]\n\
                [[parameter]]\nname = \"size\"\ndistribution = \"normal\"\nmean = 0\nstd = 1";
    let law = prior(text);
    let draws = law.sample_n(11, N);
    let found = law.probabilities(draws.view());
    assert_eq!((found.len(), found[0].labels[2].as_str()), (1, "c"));
    for (share, probability) in found[0].probabilities.iter().zip([0.2, 0.5, 0.3]) {
        let error = (probability * (1.0 - probability) / N as f64).sqrt();
        assert!((share - probability).abs() < 3.3 * error, "{found:?}");
    }
    let normal = -0.5 * TAU.ln() - 0.5 * 0.49;
    assert!((law.log_prob(&[1.0, 0.7]) - (0.5_f64.ln() + normal)).abs() < 1e-12);
    for outside in [-1.0, 0.5, 3.0, f64::NAN] {
        assert_eq!(law.log_prob(&[outside, 0.7]), f64::NEG_INFINITY, "{outside}");
        assert_eq!(law.outside(&[outside, 0.7]).map(|(d, _)| d), Some(0));
    }
    assert_eq!([0.1, 0.3, 0.69, 0.71].map(|p| law.quantile(0, p)), [0.0, 1.0, 1.0, 2.0]);
    let back = prior(&law.to_toml());
    assert_eq!((back.to_toml(), back.category(0)), (law.to_toml(), law.category(0)));
    assert!(law.category(1).is_none());
    // Of labels alone, each is as likely as any other.
    let even =
        prior("[[parameter]]\nname = \"p\"\ndistribution = \"category\"\nlabels = [\"a\", \"b\"]");
    assert_eq!(even.category(0).unwrap().probabilities(), [0.5, 0.5]);
}

#[test]
fn single_parameters_follow_their_laws() {
    let normal = Normal::standard();
    let check = |law: &str, cdf: &dyn Fn(f64) -> f64| follows(law, column(&single(law), 0), cdf);
    check("\"loguniform\"\nlow = 1e-4\nhigh = 10", &|x| (x / 1e-4).ln() / 1e5_f64.ln());
    check("\"half_normal\"\nscale = 2.5", &|x| 2.0 * normal.cdf(x / 2.5) - 1.0);
    let t = StudentsT::new(0.0, 1.0, 2.5).unwrap();
    check("\"half_student_t\"\ndegrees_of_freedom = 2.5\nscale = 3", &|x| {
        2.0 * t.cdf(x / 3.0) - 1.0
    });
    check("\"student_t\"\ndegrees_of_freedom = 2.5\nlocation = -1\nscale = 3", &|x| {
        t.cdf((x + 1.0) / 3.0)
    });
    // Half-Cauchy.
    check("\"half_student_t\"\ndegrees_of_freedom = 1\nscale = 0.5", &|x| {
        (x / 0.5).atan() * 4.0 / TAU
    });
    check("\"circular_uniform\"", &|x| 0.5 + x / TAU);
    check("\"circular_uniform\"\nlow = 0\nhigh = 24", &|x| x / 24.0);
}

#[test]
fn truncated_normals_follow_their_law_in_either_tail() {
    let normal = Normal::standard();
    for (mean, std, low, high) in [
        (0.0, 1.0, -1.0, 2.0),
        (3.0, 2.0, f64::NEG_INFINITY, 1.0),
        (3.0, 2.0, 0.0, f64::INFINITY),
        (0.0, 1.0, 8.0, 9.0),
        (0.0, 1.0, -40.0, -6.0),
    ] {
        let ends: String = [("low", low), ("high", high)]
            .into_iter()
            .filter(|(_, v)| v.is_finite())
            .map(|(key, v)| format!("{key} = {v:?}\n"))
            .collect();
        let law = format!("\"truncated_normal\"\nmean = {mean:?}\nstd = {std:?}\n{ends}");
        let z = |x: f64| (x - mean) / std;
        // The mirrored law where it is the upper tail: shares of it keep their digits.
        let cdf = |x: f64| {
            if z(low) > 0.0 {
                let above = |x: f64| normal.cdf(-z(x));
                (above(low) - above(x)) / (above(low) - above(high))
            } else {
                (normal.cdf(z(x)) - normal.cdf(z(low))) / (normal.cdf(z(high)) - normal.cdf(z(low)))
            }
        };
        follows(&law, column(&single(&law), 0), cdf);
    }
}

#[test]
fn angles_follow_von_mises_law() {
    for (location, concentration, turn) in [
        (0.3, 1.5, None),
        (3.0, 0.01, None),
        (-3.1, 40.0, None),
        (1.0, 5000.0, None),
        (350.0, 4.0, Some((0.0, 360.0))),
        (1.0, 1e8, None),
    ] {
        let ends =
            turn.map_or(String::new(), |(low, high)| format!("low = {low}\nhigh = {high}\n"));
        let law = format!(
            "\"von_mises\"\nlocation = {location:?}\nconcentration = {concentration:?}\n{ends}"
        );
        let turn = turn.unwrap_or((-TAU / 2.0, TAU / 2.0));
        if concentration < 1e6 {
            let cdf = von_mises_cdf(location, concentration, turn);
            follows(&law, column(&single(&law), 0), cdf);
        } else {
            let normal = Normal::new(location, 1.0 / f64::sqrt(concentration)).unwrap();
            follows(&law, column(&single(&law), 0), |x| normal.cdf(x));
        }
    }
}

#[test]
fn ordered_parameters_are_order_statistics() {
    let law = Gamma::new(2.0, 0.5).unwrap();
    let prior = prior(ORDERED);
    let draws = prior.sample_n(11, N);
    assert!(draws.rows().into_iter().all(|r| r[0] < r[1] && r[1] < r[2]));
    for k in 1..=3_u32 {
        let share = Beta::new(f64::from(k), f64::from(4 - k)).unwrap();
        let column = draws.column(k as usize - 1).to_vec();
        follows(&format!("number {k} of 3"), column, |x| share.cdf(law.cdf(x)));
    }
}

#[test]
fn shares_follow_dirichlets_law() {
    let prior = prior(SHARES);
    let draws = prior.sample_n(11, N);
    let whole = |columns: &[usize]| -> Vec<f64> {
        draws.rows().into_iter().map(|r| columns.iter().map(|c| r[*c]).sum()).collect()
    };
    // Shares, and shares together, are Beta; the last one is what is left.
    for (columns, alpha) in [(&[0][..], 1.5), (&[1], 3.0), (&[0, 1], 4.5)] {
        let law = Beta::new(alpha, 5.3 - alpha).unwrap();
        follows(&format!("shares {columns:?}"), whole(columns), |x| law.cdf(x));
    }
    // Of the two that remain, the one's part is independent of the rest: Beta(1.5, 3).
    let part = draws.rows().into_iter().map(|r| r[0] / (r[0] + r[1])).collect();
    let law = Beta::new(1.5, 3.0).unwrap();
    follows("a / (a + b)", part, |x| law.cdf(x));
    // Small concentrations, whose draws lie at the corners.
    let corners = "[[parameter]]\nnames = [\"a\"]\ndistribution = \"dirichlet\"\n\
                   concentration = [0.3, 0.3]";
    let law = Beta::new(0.3, 0.3).unwrap();
    follows("corners", column(&super::kinds::prior(corners), 0), |x| law.cdf(x));
}

#[test]
fn correlated_parameters_stand_beside_bounded_ones() {
    let prior = prior(BESIDE);
    let draws = prior.sample_n(11, N);
    let normal = Normal::standard();
    follows("low", draws.column(0).to_vec(), |x| (x / 0.01).ln() / 1e4_f64.ln());
    follows("a", draws.column(1).to_vec(), |x| normal.cdf((x - 1.0) / f64::sqrt(2.0)));
    // b given a is N(−2 + 0.45 (a − 1), 0.5 − 0.405).
    let residual = draws.rows().into_iter().map(|r| r[2] + 2.0 - 0.45 * (r[1] - 1.0)).collect();
    follows("b given a", residual, |x| normal.cdf(x / f64::sqrt(0.095)));
    let beta = Beta::new(2.0, 5.0).unwrap();
    follows("share", draws.column(3).to_vec(), |x| beta.cdf(x));
}

#[test]
fn hierarchies_are_drawn_from_the_top() {
    let prior = prior(HIERARCHY);
    assert_eq!(prior.names(), ["theta1", "theta2", "mu", "tau"]);
    let draws = prior.sample_n(11, N);
    let normal = Normal::standard();
    follows("mu", draws.column(2).to_vec(), |x| normal.cdf(x));
    follows("tau", draws.column(3).to_vec(), |x| 2.0 * normal.cdf(x / 1.5) - 1.0);
    for d in [0, 1] {
        let white = draws.rows().into_iter().map(|r| (r[d] - r[2]) / r[3]).collect();
        follows("theta given mu and tau", white, |x| normal.cdf(x));
    }
    let prior = super::kinds::prior(NESTED);
    let draws = prior.sample_n(11, N);
    follows("end", draws.column(0).to_vec(), |x| 1.0 - (-x / 2.0).exp());
    let share = draws.rows().into_iter().map(|r| r[1] / r[0]).collect();
    follows("start / end", share, |x| x);
}

/// A rate that is another parameter, and a scale that is: the exponential's mean is the scale.
#[test]
fn scales_are_inverse_rates_when_parameters_too() {
    let text = |key: &str| {
        format!(
            "[[parameter]]\nname = \"s\"\ndistribution = \"uniform\"\nlow = 1\nhigh = 3\n\
             [[parameter]]\nname = \"t\"\ndistribution = \"exponential\"\n{key} = \"s\""
        )
    };
    for (key, white) in [("rate", (|s, t| s * t) as fn(f64, f64) -> f64), ("scale", |s, t| t / s)] {
        let draws = prior(&text(key)).sample_n(11, N);
        let values = draws.rows().into_iter().map(|r| white(r[0], r[1])).collect();
        follows(key, values, |x: f64| 1.0 - (-x).exp());
        let density = prior(&text(key)).log_prob(&[2.0, 1.0]);
        let exact = if key == "rate" { 2_f64.ln() - 2.0 } else { -2_f64.ln() - 0.5 };
        assert!((density - (exact - 2_f64.ln())).abs() < 1e-12, "{key}: {density}");
    }
}
