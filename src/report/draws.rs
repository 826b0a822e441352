//! Draws in a few numbers.

use freeform_simulators::{CategoryProbabilities, Prior};
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

/// One parameter's marginal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParameterSummary {
    /// The parameter.
    pub name: String,
    /// The quantiles at 5%, 25%, 50%, 75% and 95%.
    pub quantiles: [f64; 5],
    /// The true value, where it is known.
    pub truth: Option<f64>,
    /// How likely each category is, where it is one, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub categories: Option<String>,
}

impl ParameterSummary {
    /// Of each column of `draws` `[n, D]`.
    pub(crate) fn of(prior: &Prior, draws: ArrayView2<f64>, truth: Option<&[f64]>) -> Vec<Self> {
        let columns = prior.names().iter().zip(draws.columns()).enumerate();
        let probabilities = prior.probabilities(draws);
        let categories = |name: &String| {
            let own = probabilities.iter().find(|own| own.parameter == *name);
            own.map(CategoryProbabilities::in_words)
        };
        columns
            .filter(|(_, (_, column))| !column.is_empty())
            .map(|(d, (name, column))| {
                let mut sorted = column.to_vec();
                sorted.sort_by(f64::total_cmp);
                let at = |p: f64| sorted[(p * (sorted.len() - 1) as f64).round() as usize];
                let quantiles = [0.05, 0.25, 0.5, 0.75, 0.95].map(at);
                let truth = truth.map(|truth| truth[d]);
                Self { name: name.clone(), quantiles, truth, categories: categories(name) }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use freeform_simulators::Marginal;

    #[test]
    fn quantiles_of_a_hundred_and_one_numbers() {
        let draws = ndarray::Array2::from_shape_fn((101, 1), |(i, _)| ((i * 7) % 101) as f64);
        let prior = Prior::identical(1, Marginal::Normal { mean: 0.0, std: 9.0 }).unwrap();
        let found = ParameterSummary::of(&prior, draws.view(), Some(&[3.0]));
        assert_eq!(found[0].quantiles, [5.0, 25.0, 50.0, 75.0, 95.0]);
        assert_eq!(found[0].truth, Some(3.0));
    }
}
