//! Published C2ST figures of the SBI benchmark.

use std::sync::OnceLock;

/// Lueckmann, Boelts, Greenberg, Gonçalves & Macke 2021, "Benchmarking Simulation-Based Inference",
/// the results table released with it, each cell condensed to the mean and the standard deviation
/// over its ten observations. `gaussian_mixture` is from the authors' 2024 rerun with the corrected
/// simulator.
const FIGURES: &str = include_str!("figures.csv");

/// One cell of the published table.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
pub struct PublishedScore {
    /// Task.
    pub task: String,
    /// Simulation budget.
    pub num_simulations: usize,
    /// NPE, NLE, NRE, their sequential forms SNPE, SNLE, SNRE, REJ-ABC or SMC-ABC.
    pub algorithm: String,
    /// Mean C2ST over the ten observations.
    #[serde(rename = "mean_C2ST")]
    pub mean: f64,
    /// Standard deviation over the ten observations.
    #[serde(rename = "sd_C2ST")]
    pub sd: f64,
}

/// The whole table: ten tasks, three budgets, eight algorithms.
pub fn published_scores() -> &'static [PublishedScore] {
    static TABLE: OnceLock<Vec<PublishedScore>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut reader = csv::Reader::from_reader(FIGURES.as_bytes());
        reader.deserialize().collect::<Result<_, _>>().expect("the table is part of the program")
    })
}

/// The published mean C2ST of one cell, if the study has it.
#[must_use]
pub fn published_c2st(task: &str, num_simulations: usize, algorithm: &str) -> Option<f64> {
    let found = |s: &&PublishedScore| {
        s.task == task && s.num_simulations == num_simulations && s.algorithm == algorithm
    };
    published_scores().iter().find(found).map(|s| s.mean)
}
