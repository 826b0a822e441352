//! What was found at an observation, and what to do about it, in words.

use super::Finding;
use freeform_benchmark::{Lc2stScore, Predictive, SIGNIFICANCE};
use freeform_inference::{Distance, Draws, Standing};
use freeform_simulators::DataLayout;

/// Whether an observation is like the simulations, and its draws worth having.
pub(super) fn standing(draws: &Draws, warnings: &[String]) -> Finding {
    let says = match warnings {
        [] => {
            let standing = draws.standing.as_ref().map(ToString::to_string);
            standing.unwrap_or_else(|| "within the simulations in every column".to_owned())
        }
        // They are said in full beside.
        warnings => {
            let heads = warnings.iter().map(|text| text.split(": ").next().unwrap_or_default());
            heads.collect::<Vec<_>>().join("; ")
        }
    };
    let is_unlike = is_unlike(draws);
    Finding {
        check: "the observation".to_owned(),
        observation: None,
        p_value: None,
        passed: Some(warnings.is_empty()),
        says,
        advice: (!warnings.is_empty()).then(|| {
            match is_unlike {
                true => {
                    "check its units and its order, and whether the simulator describes how it was \
                     measured"
                }
                false => {
                    "the observation itself is like the simulations; the draws are what to look at"
                }
            }
            .to_owned()
        }),
    }
}

/// Whether the observation itself is unlike the simulations.
pub(super) fn is_unlike(draws: &Draws) -> bool {
    draws.distance.as_ref().is_some_and(Distance::is_beyond)
        || draws.standing.as_ref().is_some_and(Standing::is_unusual)
}

/// Far from all simulations there is nothing that classifiers could have learnt from.
pub(super) fn not_local() -> Finding {
    let says = "not judged: no simulations lie near this observation".to_owned();
    Finding::remark("local test (L-C2ST)", says, None)
}

/// What a classifier of true parameters and draws near an observation says.
pub(super) fn local(score: &Lc2stScore) -> Finding {
    let says = match score.p_value < SIGNIFICANCE {
        true => "a classifier tells posterior draws from true parameters near this observation",
        false => "no classifier tells posterior draws from true parameters near this observation",
    };
    let advice = "the posterior is wrong here: train on more simulations, or on simulations near this \
                  observation (--theta-from)";
    Finding::judged(("local test (L-C2ST)", SIGNIFICANCE), score.p_value, says.to_owned(), advice)
}

/// Whether simulations at the posterior look like an observation whose numbers are laid out like this.
pub(super) fn explained(predictive: &Predictive, layout: &DataLayout) -> Finding {
    let worst: Vec<String> = predictive
        .columns
        .iter()
        .take(3)
        .map(|c| {
            let (low, high) = c.interval;
            let column = layout.column(c.column - 1);
            format!("{column} is {:.4}, simulated 90% [{low:.4}, {high:.4}]", c.observed)
        })
        .collect();
    let says = match predictive.p_value < SIGNIFICANCE {
        true => format!("simulations at the posterior do not look like x: {}", worst.join("; ")),
        false => "simulations at the posterior's parameters look like x".to_owned(),
    };
    let advice = "the simulator cannot explain this observation: a part of the model is missing, or the \
                  data are not what it simulates; no posterior of it is to be believed";
    Finding::judged(("predictive", SIGNIFICANCE), predictive.p_value, says, advice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use freeform_simulators::Layout;
    use ndarray::Array2;

    /// 1,000 draws at an observation of which nothing is known, worth so many.
    fn draws(effective: f64) -> Draws {
        Draws {
            theta: Array2::zeros((1000, 1)),
            acceptance: 1.0,
            effective,
            distinct: 1000,
            proposals: 4000,
            pareto_k: Some(0.5),
            truncated: 0.0,
            distance: None,
            standing: None,
            edges: None,
            elsewhere: None,
        }
    }

    #[test]
    fn advice_is_of_the_observation_only_where_that_is_unlike_the_simulations() {
        let fine = draws(900.0);
        assert_eq!(standing(&fine, &fine.warnings()).advice, None);
        let rough = draws(20.0);
        let found = standing(&rough, &rough.warnings());
        assert_eq!(found.passed, Some(false));
        let advice = found.advice.unwrap();
        assert!(advice.contains("draws") && !advice.contains("units"), "{advice}");
        let distance = Distance { columns_beyond: 9, columns: 10, expected: 0.02, farthest: None };
        let unlike = Draws { distance: Some(distance), ..draws(900.0) };
        let advice = standing(&unlike, &unlike.warnings()).advice.unwrap();
        assert!(advice.contains("units"), "{advice}");
    }

    /// Of simulations around 0, of three points of two numbers, the fourth number observed is 50.
    #[test]
    fn what_is_not_explained_is_named_by_its_place() {
        let simulated =
            Array2::from_shape_fn((500, 6), |(i, j)| ((i * 31 + j * 7) % 500) as f64 / 500.0);
        let predictive = Predictive::of(simulated.view(), &[0.5, 0.5, 0.5, 50.0, 0.5, 0.5]);
        let layout = DataLayout::new(Layout::Series, 2);
        let said = explained(&predictive, &layout).says;
        assert!(said.contains("column 4 (point 2, channel 2) is 50.0000"), "{said}");
        let predictive = Predictive::of(simulated.view(), &[0.5; 6]);
        assert!(explained(&predictive, &layout).says.contains("look like x"));
    }
}
