//! What draws say of parameters that are categories.

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::Prior;

/// How likely each category of one parameter is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryProbabilities {
    /// The parameter.
    pub parameter: String,
    /// What its categories are called, `[K]`; their numbers where they have no names.
    pub labels: Vec<String>,
    /// The share of the draws in each, `[K]`.
    pub probabilities: Vec<f64>,
}

impl CategoryProbabilities {
    /// `rising 0.713, falling 0.287`.
    #[must_use]
    pub fn in_words(&self) -> String {
        let each = self.labels.iter().zip(&self.probabilities);
        each.map(|(label, p)| format!("{label} {p:.3}")).collect::<Vec<_>>().join(", ")
    }
}

impl Prior {
    /// How likely each category of the parameters that are such is, by draws of θ `[n, D]`.
    ///
    /// # Panics
    /// If a draw has another number of columns than D.
    #[must_use]
    pub fn probabilities(&self, draws: ArrayView2<'_, f64>) -> Vec<CategoryProbabilities> {
        assert_eq!(draws.ncols(), self.dim(), "one column for each parameter");
        let of = |(column, name): (usize, &String)| {
            let law = self.category(column)?;
            let count = law.probabilities().len();
            let mut shares = vec![0.0; count];
            for value in draws.column(column) {
                shares[(*value as usize).min(count - 1)] += 1.0 / draws.nrows() as f64;
            }
            Some(CategoryProbabilities {
                parameter: name.clone(),
                labels: (0..count).map(|category| law.label(category)).collect(),
                probabilities: shares,
            })
        };
        self.names().iter().enumerate().filter_map(of).collect()
    }
}
