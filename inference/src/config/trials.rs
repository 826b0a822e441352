//! The settings of flows that learn the density of one trial.

use super::Config;

/// Trials are many and of few numbers: batches are so many times larger, and networks no larger than this.
const BATCHES: usize = 4;
const MOST_WIDTH: usize = 32;
const MOST_BLOCKS: usize = 3;

impl Config {
    /// These settings for flows that learn from `rows` trials of `simulations` simulations: as many steps as
    /// those that learn from these take.
    pub(crate) fn of_trials(&self, simulations: usize, rows: usize) -> Self {
        let mut config = self.clone();
        let (training, network) = (&mut config.training, &mut config.network);
        let steps = simulations.div_ceil(training.batch_size).max(1);
        training.batch_size *= BATCHES;
        let own = rows.div_ceil(training.batch_size).max(1);
        let epochs = |epochs: usize| (epochs * steps).div_ceil(own);
        training.max_epochs = epochs(training.max_epochs);
        training.patience = epochs(training.patience);
        network.width = network.width.min(MOST_WIDTH);
        network.blocks = network.blocks.min(MOST_BLOCKS);
        config
    }
}
