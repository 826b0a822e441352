//! A posterior's parameters in words, one by one.

use freeform_simulators::CategoryProbabilities;

/// Each parameter's name, and `mean ± standard deviation` to four digits, or the probability of each category.
pub(super) fn in_words<'a>(
    names: &'a [String],
    moments: impl Iterator<Item = (f64, f64)> + 'a,
    probabilities: &'a [CategoryProbabilities],
) -> impl Iterator<Item = (&'a str, String)> {
    names.iter().zip(moments).map(|(name, (mean, std))| {
        let own = probabilities.iter().find(|own| own.parameter == *name);
        let words =
            own.map_or_else(|| format!("{mean:>10.4} ± {std:.4}"), CategoryProbabilities::in_words);
        (name.as_str(), words)
    })
}
