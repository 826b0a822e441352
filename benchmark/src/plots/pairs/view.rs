//! What is shown of one parameter.

use super::PairPlot;
use super::panels::{quantile, sets, sorted};
use super::words::ticks;

/// Bars of a marginal.
pub(super) const BINS: usize = 32;
/// Letters of a category's name.
const LETTERS: usize = 9;

/// One parameter: what is shown of it.
pub(super) struct View {
    pub column: usize,
    pub low: f64,
    pub high: f64,
    /// What its categories are called, where it is one.
    pub labels: Option<Vec<String>>,
}

impl View {
    /// The middle 99.8% of all draws with a margin, and the true value; all of a category.
    pub fn new(plot: &PairPlot, column: usize) -> Self {
        if let Some(law) = plot.prior.and_then(|prior| prior.category(column)) {
            let count = law.probabilities().len();
            let labels = Some((0..count).map(|category| shortened(&law.label(category))).collect());
            return Self { column, low: -0.5, high: count as f64 - 0.5, labels };
        }
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for (draws, _) in sets(plot) {
            let values = sorted(draws, column);
            low = low.min(quantile(&values, 0.001));
            high = high.max(quantile(&values, 0.999));
        }
        if let Some(truth) = plot.truth {
            (low, high) = (low.min(truth[column]), high.max(truth[column]));
        }
        let spread = high - low;
        let pad = match high.abs() {
            _ if spread > 0.0 => 0.07 * spread,
            0.0 => 1e-6,
            magnitude => 1e-6 * magnitude,
        };
        Self { column, low: low - pad, high: high + pad, labels: None }
    }

    /// Bars of its marginal.
    pub fn bins(&self) -> usize {
        self.labels.as_ref().map_or(BINS, Vec::len)
    }

    /// Where a draw is shown: those of a category side by side.
    pub fn place(&self, value: f64, place: f64) -> f64 {
        let aside = self.labels.as_ref().map_or(0.0, |_| 0.6 * place.fract() - 0.3);
        self.share(value + aside)
    }

    pub fn share(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }

    /// Places of round numbers, and their labels.
    pub fn ticks(&self, wanted: usize) -> Vec<(f64, String)> {
        let all = match &self.labels {
            None => ticks((self.low, self.high), wanted),
            Some(labels) => (0..).map(f64::from).zip(labels.iter().cloned()).collect(),
        };
        // Not so near an end that a label would run into the next panel's.
        let inside = all.into_iter().map(|(value, label)| (self.share(value), label));
        inside.filter(|(share, _)| (0.02..=0.98).contains(share)).collect()
    }
}

/// A name that fits under a panel.
fn shortened(label: &str) -> String {
    match label.chars().count() > LETTERS {
        true => label.chars().take(LETTERS - 1).chain(['…']).collect(),
        false => label.to_owned(),
    }
}
