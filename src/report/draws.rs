//! Draws in a few numbers.

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
}

impl ParameterSummary {
    /// Of each column of `draws` `[n, D]`.
    pub(crate) fn of(names: &[String], draws: ArrayView2<f64>, truth: Option<&[f64]>) -> Vec<Self> {
        let columns = names.iter().zip(draws.columns()).enumerate();
        columns
            .filter(|(_, (_, column))| !column.is_empty())
            .map(|(d, (name, column))| {
                let mut sorted = column.to_vec();
                sorted.sort_by(f64::total_cmp);
                let at = |p: f64| sorted[(p * (sorted.len() - 1) as f64).round() as usize];
                let quantiles = [0.05, 0.25, 0.5, 0.75, 0.95].map(at);
                Self { name: name.clone(), quantiles, truth: truth.map(|truth| truth[d]) }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_a_hundred_and_one_numbers() {
        let draws = ndarray::Array2::from_shape_fn((101, 1), |(i, _)| ((i * 7) % 101) as f64);
        let found = ParameterSummary::of(&["a".to_owned()], draws.view(), Some(&[3.0]));
        assert_eq!(found[0].quantiles, [5.0, 25.0, 50.0, 75.0, 95.0]);
        assert_eq!(found[0].truth, Some(3.0));
    }
}
