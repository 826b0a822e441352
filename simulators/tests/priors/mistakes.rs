//! Bad input: errors name the key, the value and the fix.

use freeform_simulators::{Dirichlet, Prior};

fn one(law: &str) -> String {
    format!("[[parameter]]\nname = \"p\"\ndistribution = {law}\n")
}

fn several(names: &str, law: &str) -> String {
    format!("[[parameter]]\nnames = {names}\ndistribution = {law}\n")
}

#[test]
fn mistakes_are_named_with_their_fix() {
    let unit = one("\"normal\"\nmean = 0\nstd = 1");
    let cases = [
        (one("\"half_normal\"\nscale = -2"), vec!["\"p\"", "scale = -2", "above 0"]),
        (
            one("\"half_student_t\"\ndegrees_of_freedom = 0\nscale = 1"),
            vec!["degrees_of_freedom = 0", "above 0"],
        ),
        (one("\"loguniform\"\nlow = 0\nhigh = 1"), vec!["low = 0", "above 0", "logarithm"]),
        (one("\"loguniform\"\nlow = 3\nhigh = 1"), vec!["high = 1", "above low = 3"]),
        (one("\"log_uniform\"\nlow = 1\nhigh = 3"), vec!["did you mean \"loguniform\"?"]),
        (
            one("\"truncated_normal\"\nmean = 0\nstd = 1\nlow = 2\nhigh = 2"),
            vec!["high = 2", "above low = 2"],
        ),
        (
            one("\"truncated_normal\"\nmean = 0\nstd = 1\nlow = 50"),
            vec!["std = 1", "next to nothing", "mean = 0"],
        ),
        (one("\"truncated_normal\"\nmean = 0\nstd = 1\nlow = nan"), vec!["low = NaN", "finite"]),
        (
            one("\"von_mises\"\nlocation = 0\nconcentration = 0"),
            vec!["concentration = 0", "above 0"],
        ),
        (
            one("\"von_mises\"\nlocation = 0\nconcentration = 1\nlow = 1\nhigh = 0"),
            vec!["high = 0", "above low = 1"],
        ),
        (
            several("[\"a\"]", "\"dirichlet\"\nconcentration = [2.0]"),
            vec!["concentration = [2.0]", "two at least"],
        ),
        (
            several("[\"a\", \"b\"]", "\"dirichlet\"\nconcentration = [1.0, -1.0, 2]"),
            vec!["concentration = -1", "above 0"],
        ),
        (
            several("[\"a\", \"b\"]", "\"dirichlet\"\nconcentration = [1.0, 1.0]"),
            vec!["\"a\"", "names = 2 entries", "it must have 1", "no parameter"],
        ),
        (
            one("\"category\"\nprobabilities = [0.5, 0.4]"),
            vec!["\"p\"", "probabilities = [0.5, 0.4]", "add up to 1", "0.9"],
        ),
        (
            one("\"category\"\nprobabilities = [0.0, 1.0]"),
            vec!["probabilities = 0", "above 0", "leave out"],
        ),
        (one("\"category\"\nprobabilities = [1.0]"), vec!["1 entries", "two at least"]),
        (one("\"category\""), vec!["\"p\"", "probabilities", "[0.5, 0.5]"]),
        (
            one("\"category\"\nprobabilities = [0.5, 0.5]\nlabels = [\"a\", \"b\", \"c\"]"),
            vec!["labels = 3 entries", "2 categories"],
        ),
        (one("\"category\"\nlabels = [\"a\", \"a\"]"), vec!["labels = \"a\"", "twice"]),
        (one("\"category\"\nlabel = [\"a\", \"b\"]"), vec!["did you mean \"labels\"?"]),
        (
            several(
                "[\"a\", \"b\", \"c\"]",
                "\"category\"\nlabels = [\"1\", \"2\", \"3\", \"4\", \"5\"]",
            ),
            vec!["\"c\"", "125 combinations", "64 at most"],
        ),
        (
            one("\"category\"\nlabels = [\"a\", \"b\"]")
                + "[[parameter]]\nname = \"q\"\ndistribution = \"normal\"\nmean = \"p\"\nstd = 1",
            vec!["\"q\"", "mean = \"p\"", "is a category"],
        ),
        (
            several("[\"a\"]", "\"normal\"\nmean = 0\nstd = 1\nordered = true"),
            vec!["names = 1 entries", "at least 2"],
        ),
        (
            several("[\"a\", \"b\"]", "\"circular_uniform\"\nordered = true"),
            vec!["ordered = true", "no order"],
        ),
        (
            several("[\"a\", \"b\"]", "\"normal\"\nmean = 0\nstd = 1\nordered = 1"),
            vec!["ordered = 1", "true or false"],
        ),
        (one("\"normal\"\nmean = 0\nstd = 1\nordered = true"), vec!["unknown key \"ordered\""]),
        (several("[]", "\"normal\"\nmean = 0\nstd = 1"), vec!["\"names\" is missing", "list"]),
        (
            several(
                "[\"a\", \"b\"]",
                "\"multivariate_normal\"\nmean = [0, 0]\ncovariance = [[1, 2], [2, 1]]",
            ),
            vec!["not positive definite", "[1][1]"],
        ),
        (
            several(
                "[\"a\"]",
                "\"multivariate_normal\"\nmean = [0, 0]\ncovariance = [[1, 0], [0, 1]]",
            ),
            vec!["names = 1 entries", "as many as mean, 2"],
        ),
        (
            unit.clone() + "[multivariate_normal]\nmean = [0]\ncovariance = [[1]]",
            vec!["one or the other", "names = [...]"],
        ),
        // Laws given by other parameters.
        (one("\"normal\"\nmean = 0\nstd = \"p\""), vec!["in a circle", "p → p"]),
        (
            "[[parameter]]\nname = \"a\"\ndistribution = \"normal\"\nmean = \"b\"\nstd = 1\n\
             [[parameter]]\nname = \"b\"\ndistribution = \"normal\"\nmean = \"c\"\nstd = 1\n\
             [[parameter]]\nname = \"c\"\ndistribution = \"normal\"\nmean = \"a\"\nstd = 1"
                .to_owned(),
            vec!["in a circle", "a → b → c → a", "by numbers"],
        ),
        (
            one("\"half_normal\"\nscale = 1")
                + "[[parameter]]\nname = \"q\"\ndistribution = \"normal\"\nmean = \"pp\"\nstd = 1",
            vec![
                "\"q\"",
                "mean = \"pp\"",
                "neither a number nor a parameter",
                "did you mean \"p\"?",
            ],
        ),
        (
            unit.clone()
                + "[[parameter]]\nname = \"q\"\ndistribution = \"normal\"\nmean = 0\nstd = \"p\"",
            vec!["\"q\"", "std = \"p\"", "above 0", "half_normal"],
        ),
        (
            unit + "[[parameter]]\nname = \"q\"\ndistribution = \"uniform\"\nlow = 0\nhigh = \"p\"",
            vec!["\"q\"", "high = \"p\"", "above low = 0", "bounds"],
        ),
        (
            one("\"half_normal\"\nscale = 1")
                + "[[parameter]]\nname = \"q\"\ndistribution = \"normal\"\nmean = \"p\"\nstd = -1",
            vec!["\"q\"", "std = -1", "above 0"],
        ),
        (
            one("\"half_normal\"\nscale = 1")
                + "[[parameter]]\nname = \"q\"\ndistribution = \"gamma\"\nshape = 1\nrate = 1\n\
                   scale = \"p\"",
            vec!["\"q\"", "scale = \"p\"", "one or the other"],
        ),
        (
            one("\"half_normal\"\nscale = 1")
                + "[[parameter]]\nname = \"q\"\ndistribution = \"circular_uniform\"\nlow = -1\n\
                   high = \"p\"",
            vec!["\"q\"", "high = \"p\"", "ends of a turn"],
        ),
    ];
    for (text, fragments) in cases {
        let error = match Prior::from_toml_str(&text) {
            Ok(_) => panic!("{text}\nwas taken"),
            Err(error) => error.to_string(),
        };
        for fragment in fragments {
            assert!(error.contains(fragment), "{text}\ngave: {error}\nwithout: {fragment}");
        }
    }
    assert!(Dirichlet::new(vec![f64::NAN, 1.0]).is_err());
}

/// Bounds that are parameters are taken where the one lies above the other whatever they are.
#[test]
fn ends_in_order_are_taken() {
    let ordered = several("[\"a\", \"b\"]", "\"normal\"\nmean = 0\nstd = 1\nordered = true");
    let between = |low: &str, high: &str| {
        format!(
            "[[parameter]]\nname = \"c\"\ndistribution = \"uniform\"\nlow = {low}\nhigh = {high}\n"
        )
    };
    for text in [
        ordered.clone() + &between("\"a\"", "\"b\""),
        one("\"uniform\"\nlow = 1\nhigh = 2") + &between("0.5", "\"p\""),
        one("\"uniform\"\nlow = 1\nhigh = 2") + &between("\"p\"", "3"),
        between("\"d\"", "\"e\"")
            + "[[parameter]]\nname = \"d\"\ndistribution = \"normal\"\nmean = 0\nstd = 1\n"
            + "[[parameter]]\nname = \"e\"\ndistribution = \"truncated_normal\"\nmean = 0\nstd = 1\n"
            + "low = \"d\"\n",
    ] {
        let prior = Prior::from_toml_str(&text).unwrap_or_else(|e| panic!("{text}\n{e}"));
        let draws = prior.sample_n(1, 1000);
        assert!(
            draws.rows().into_iter().all(|r| prior.log_prob(&r.to_vec()).is_finite()),
            "{text}"
        );
    }
    assert!(Prior::from_toml_str(&(ordered + &between("\"b\"", "\"a\""))).is_err());
}

#[test]
fn every_kind_round_trips() {
    use super::kinds::{BESIDE, HIERARCHY, NESTED, ORDERED, SHARES};
    let angles = one("\"von_mises\"\nlocation = 0.1\nconcentration = 2");
    let one_side = one("\"truncated_normal\"\nmean = 0.1\nstd = 2\nlow = -1");
    for text in [BESIDE, HIERARCHY, NESTED, ORDERED, SHARES, &angles, &one_side] {
        let prior = Prior::from_toml_str(text).unwrap();
        let back = Prior::from_toml_str(&prior.to_toml()).unwrap();
        assert_eq!(back.to_toml(), prior.to_toml());
        assert_eq!(back.sample_n(3, 50), prior.sample_n(3, 50), "{text}");
        let theta = prior.sample_n(4, 1).row(0).to_vec();
        assert_eq!(back.log_prob(&theta), prior.log_prob(&theta));
    }
}
