//! The written form of a prior: round trips, and errors that name the place and the fix.

use freeform_simulators::{Marginal, MultivariateNormal, Prior};

const INDEPENDENT: &str = r#"
[[parameter]]
name = "beta"
distribution = "lognormal"
location = -0.9
scale = 0.5

[[parameter]]
name = "start"
distribution = "uniform"
low = -1
high = 2.5
"#;

#[test]
fn the_documented_form_is_read() {
    let prior = Prior::from_toml_str(INDEPENDENT).unwrap();
    assert_eq!(prior.names(), ["beta", "start"]);
    let expected = vec![
        Marginal::LogNormal { location: -0.9, scale: 0.5 },
        Marginal::Uniform { low: -1.0, high: 2.5 },
    ];
    assert_eq!(prior.marginals().unwrap(), expected);
    let normal = "[multivariate_normal]\nmean = [0, 1.5]\ncovariance = [[1, 0.5], [0.5, 2]]\n";
    let prior = Prior::from_toml_str(normal).unwrap();
    assert_eq!(prior.names(), ["theta1", "theta2"]);
    let expected =
        MultivariateNormal::new(vec![0.0, 1.5], vec![vec![1.0, 0.5], vec![0.5, 2.0]]).unwrap();
    assert_eq!(prior.as_multivariate_normal().unwrap(), &expected);
}

#[test]
fn every_distribution_round_trips() {
    let marginals = [
        Marginal::Uniform { low: -0.1, high: 0.3 },
        Marginal::Normal { mean: 1e-7, std: 0.1 },
        Marginal::LogNormal { location: -0.9, scale: 0.5 },
        Marginal::Exponential { rate: 2.0 },
        Marginal::Gamma { shape: 2.0, rate: 1.0 / 3.0 },
        Marginal::Beta { alpha: 2.0, beta: 3.5 },
        Marginal::StudentT { degrees_of_freedom: 4.0, location: 0.0, scale: 1e300 },
    ];
    let prior =
        Prior::independent(marginals.iter().enumerate().map(|(i, m)| (format!("p {i}"), *m)))
            .unwrap();
    let back = Prior::from_toml_str(&prior.to_toml()).unwrap();
    assert_eq!((back.names(), back.marginals()), (prior.names(), Some(marginals.to_vec())));

    let law = MultivariateNormal::new(vec![0.1], vec![vec![1.0 / 3.0]]).unwrap();
    let prior = Prior::multivariate_normal(law.clone(), Some(vec!["a".into()])).unwrap();
    let back = Prior::from_toml_str(&prior.to_toml()).unwrap();
    assert_eq!((back.names(), back.as_multivariate_normal()), (prior.names(), Some(&law)));
}

#[test]
fn a_file_is_named_in_its_errors() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("prior.toml");
    let error = Prior::read(&path).unwrap_err().to_string();
    assert!(error.contains("cannot read") && error.contains("prior.toml"), "{error}");
    std::fs::write(&path, INDEPENDENT).unwrap();
    assert_eq!(Prior::read(&path).unwrap().dim(), 2);
    std::fs::write(&path, "parameter = 3").unwrap();
    let error = Prior::read(&path).unwrap_err().to_string();
    assert!(error.contains("prior.toml") && error.contains("[[parameter]]"), "{error}");
}

#[test]
fn mistakes_are_named_with_their_fix() {
    let parameter = |rest: &str| format!("[[parameter]]\nname = \"rate\"\n{rest}");
    let normal = |rest: &str| format!("[multivariate_normal]\nmean = [0.0, 0.0]\n{rest}");
    let cases = [
        (String::new(), vec!["no parameters"]),
        ("= 3".into(), vec!["not valid TOML"]),
        ("[[paramter]]\nname = \"a\"".into(), vec!["\"paramter\"", "did you mean \"parameter\"?"]),
        ("[[parameter]]\nmean = 0".into(), vec!["parameter 1", "\"name\" is missing"]),
        (parameter(""), vec!["\"rate\"", "\"distribution\" is missing", "lognormal"]),
        (
            parameter("distribution = \"log-normal\""),
            vec!["\"rate\"", "\"log-normal\"", "did you mean \"lognormal\"?"],
        ),
        (
            parameter("distribution = \"normal\"\nmean = 0\nsdt = 1"),
            vec!["\"rate\"", "unknown key \"sdt\"", "did you mean \"std\"?"],
        ),
        (parameter("distribution = \"normal\"\nmean = 0"), vec!["\"std\" is missing", "std ="]),
        (
            parameter("distribution = \"normal\"\nmean = 0\nstd = -1.5"),
            vec!["\"rate\"", "std = -1.5", "above 0"],
        ),
        (
            parameter("distribution = \"normal\"\nmean = nan\nstd = 1"),
            vec!["\"rate\"", "mean = NaN", "finite"],
        ),
        (
            parameter("distribution = \"uniform\"\nlow = 2\nhigh = 1"),
            vec!["\"rate\"", "high = 1", "above low = 2"],
        ),
        (
            parameter("distribution = \"exponential\"\nrate = \"fast\""),
            vec!["rate = \"fast\"", "number"],
        ),
        (
            parameter("distribution = \"exponential\"\nrate = 1\n")
                + &parameter("distribution = \"exponential\"\nrate = 1"),
            vec!["two parameters", "\"rate\""],
        ),
        (normal(""), vec!["\"covariance\" is missing"]),
        (normal("covariance = [[1.0, 0.0]]"), vec!["covariance has length 1, mean 2"]),
        (normal("covariance = [[1.0, 0.1], [0.2, 1.0]]"), vec!["not symmetric", "[1][0]"]),
        (normal("covariance = [[1.0, 2.0], [2.0, 1.0]]"), vec!["positive definite", "[1][1]"]),
        (normal("covariance = [[nan, 0.0], [0.0, 1.0]]"), vec!["[0][0]"]),
        (
            normal("covariance = [[1.0, 0.0], [0.0, 1.0]]\nnames = [\"a\"]"),
            vec!["names has length 1, mean 2"],
        ),
    ];
    for (text, fragments) in cases {
        let error = Prior::from_toml_str(&text).unwrap_err().to_string();
        for fragment in fragments {
            assert!(error.contains(fragment), "{text}\ngave: {error}\nwithout: {fragment}");
        }
    }
}
