//! Densities integrate to 1, by quadrature in θ itself in one dimension and in two.

use super::kinds::{HIERARCHY, NESTED, prior, single};
use freeform_simulators::Prior;

/// ∫ f over `ends` by the midpoint rule.
fn integral(ends: (f64, f64), points: usize, f: impl Fn(f64) -> f64) -> f64 {
    let width = (ends.1 - ends.0) / points as f64;
    (0..points).map(|i| f(ends.0 + width * (i as f64 + 0.5))).sum::<f64>() * width
}

/// ∫ p(θ) dθ over a line, in t with θ = sinh t: far tails and sharp peaks at 0 are both seen.
fn over_line(prior: &Prior) -> f64 {
    integral((-40.0, 40.0), 400_000, |t: f64| prior.log_prob(&[t.sinh()]).exp() * t.cosh())
}

/// ∫ p(θ) dθ over an interval.
fn over(prior: &Prior, ends: (f64, f64)) -> f64 {
    integral(ends, 400_000, |v| prior.log_prob(&[v]).exp())
}

#[test]
fn one_dimension() {
    let line = [
        "\"half_normal\"\nscale = 2.5",
        "\"half_student_t\"\ndegrees_of_freedom = 2.5\nscale = 3",
        "\"half_student_t\"\ndegrees_of_freedom = 1\nscale = 0.5",
        "\"student_t\"\ndegrees_of_freedom = 2.5\nlocation = -1\nscale = 3",
        "\"truncated_normal\"\nmean = 3\nstd = 2\nlow = 0",
        "\"truncated_normal\"\nmean = 3\nstd = 2\nhigh = 1",
        "\"truncated_normal\"\nmean = 3\nstd = 2",
    ];
    for law in line {
        let total = over_line(&single(law));
        assert!((total - 1.0).abs() < 1e-3, "{law}: {total}");
    }
    let intervals = [
        ("\"loguniform\"\nlow = 0.001\nhigh = 10", (0.001, 10.0)),
        ("\"truncated_normal\"\nmean = 0\nstd = 1\nlow = 8\nhigh = 9", (8.0, 9.0)),
        ("\"truncated_normal\"\nmean = 0\nstd = 1\nlow = -40\nhigh = -6", (-40.0, -6.0)),
        ("\"von_mises\"\nlocation = 0.3\nconcentration = 1.5", (-3.2, 3.2)),
        ("\"von_mises\"\nlocation = 3\nconcentration = 1e-3", (-3.2, 3.2)),
        ("\"von_mises\"\nlocation = 3\nconcentration = 9999", (-3.2, 3.2)),
        ("\"von_mises\"\nlocation = 3\nconcentration = 10001", (-3.2, 3.2)),
        ("\"von_mises\"\nlocation = 350\nconcentration = 4\nlow = 0\nhigh = 360", (-1.0, 361.0)),
        ("\"circular_uniform\"\nlow = 0\nhigh = 24", (-1.0, 25.0)),
    ];
    for (law, ends) in intervals {
        let total = over(&single(law), ends);
        assert!((total - 1.0).abs() < 1e-3, "{law}: {total}");
    }
    let shares = "[[parameter]]\nnames = [\"a\"]\ndistribution = \"dirichlet\"\n\
                  concentration = [1.5, 2.5]";
    let total = over(&prior(shares), (0.0, 1.0));
    assert!((total - 1.0).abs() < 1e-3, "{total}");
}

/// Where the second parameter is integrated over, given the first.
type Second = fn(f64) -> (f64, f64);

/// ∫∫ p(θ) dθ.
fn over_plane(prior: &Prior, first: (f64, f64), second: Second) -> f64 {
    integral(first, 1000, |a| integral(second(a), 1000, |b| prior.log_prob(&[a, b]).exp()))
}

#[test]
fn two_dimensions() {
    let ordered = "[[parameter]]\nnames = [\"a\", \"b\"]\ndistribution = \"beta\"\nalpha = 2\n\
                   beta = 3\nordered = true";
    let shares = super::kinds::SHARES;
    let normal = "[[parameter]]\nnames = [\"a\", \"b\"]\ndistribution = \"multivariate_normal\"\n\
                  mean = [1.0, -2.0]\ncovariance = [[2.0, 0.9], [0.9, 0.5]]";
    let circles = "[[parameter]]\nname = \"a\"\ndistribution = \"von_mises\"\nlocation = 3\n\
                   concentration = 2\n[[parameter]]\nnames = [\"b\"]\n\
                   distribution = \"truncated_normal\"\nmean = \"a\"\nstd = 0.5\nlow = -5";
    let funnel = "[[parameter]]\nname = \"b\"\ndistribution = \"normal\"\nmean = 0\nstd = \"tau\"\n\
                  [[parameter]]\nname = \"tau\"\ndistribution = \"half_normal\"\nscale = 1";
    // Up to edges that depend on the first, where midpoints would miss them.
    let cases: [(&str, (f64, f64), Second); 6] = [
        (ordered, (0.0, 1.0), |a| (a, 1.0)),
        (shares, (0.0, 1.0), |a| (0.0, 1.0 - a)),
        (normal, (-9.0, 11.0), |_| (-7.0, 3.0)),
        (circles, (-3.2, 3.2), |_| (-6.0, 8.0)),
        (NESTED, (0.0, 40.0), |end| (0.0, end)),
        (funnel, (-6.0, 6.0), |_| (0.0, 5.0)),
    ];
    for (text, first, second) in cases {
        let prior = prior(text);
        let total = over_plane(&prior, first, second);
        assert!((total - 1.0).abs() < 0.01, "{text}: {total}");
    }
}

/// By the chain rule, numbers by hand.
#[test]
fn a_hierarchys_density_is_the_product_of_its_laws() {
    let normal = |x: f64, mean: f64, std: f64| {
        -0.5 * ((x - mean) / std).powi(2) - std.ln() - 0.5 * std::f64::consts::TAU.ln()
    };
    let found = prior(HIERARCHY).log_prob(&[0.3, -1.2, 0.5, 0.7]);
    let exact = normal(0.3, 0.5, 0.7)
        + normal(-1.2, 0.5, 0.7)
        + normal(0.5, 0.0, 1.0)
        + 2_f64.ln()
        + normal(0.7, 0.0, 1.5);
    assert!((found - exact).abs() < 1e-12, "{found} {exact}");
    assert_eq!(prior(HIERARCHY).log_prob(&[0.3, -1.2, 0.5, -0.7]), f64::NEG_INFINITY);
    assert_eq!(prior(NESTED).log_prob(&[1.0, 1.5]), f64::NEG_INFINITY);
}
