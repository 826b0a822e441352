//! What settings may be.

use super::{Config, ConfigError, MOST_DEGREE};

/// The most that a size may be, and the range in words.
type Limit = (usize, &'static str);

const WIDEST: Limit = (100_000, "a whole number of at least 1 and at most 100000");
const DEEPEST: Limit = (10_000, "a whole number of at least 1 and at most 10000");
const LARGEST_BATCH: Limit = (100_000_000, "a whole number of at least 1 and at most 100000000");
const MOST_STEPS: Limit = (1_000_000_000, "a whole number of at least 1 and at most 1000000000");
const MOST_MEMBERS: Limit = (1000, "a whole number of at least 1 and at most 1000");
const HIGHEST_DEGREE: Limit = (MOST_DEGREE, "a whole number from 1 to 3");
const MOST_PROPOSALS: Limit = (10_000, "a whole number of at least 1 and at most 10000");

impl Config {
    /// Checks every range.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`] for the first value outside its range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let Self { network: n, loss, optimizer: o, training: t, .. } = self;
        let (w, p) = (&self.whitening, &self.posterior);
        let positive = "a number above 0";
        let share = "a share from 0 to below 1";
        size("network.width", n.width, WIDEST)?;
        size("network.input_layers", n.input_layers, DEEPEST)?;
        size("loss.probes", loss.probes, WIDEST)?;
        check("loss.beta_start", loss.beta_start, loss.beta_start > 0.0, positive)?;
        check("loss.beta_end", loss.beta_end, loss.beta_end > 0.0, positive)?;
        let ramp_ok = (0.0..=1.0).contains(&loss.beta_ramp);
        check("loss.beta_ramp", loss.beta_ramp, ramp_ok, "a share from 0 to 1")?;
        let lambda = loss.latent_reconstruction;
        check("loss.latent_reconstruction", lambda, lambda >= 0.0, "0 (off) or more")?;
        check("optimizer.learning_rate", o.learning_rate, o.learning_rate > 0.0, positive)?;
        check("optimizer.weight_decay", o.weight_decay, o.weight_decay >= 0.0, "0 or more")?;
        check("optimizer.clip_norm", o.clip_norm, o.clip_norm >= 0.0, "0 (off) or more")?;
        let average_ok = (0.0..1.0).contains(&o.average_decay);
        check("optimizer.average_decay", o.average_decay, average_ok, share)?;
        size("training.batch_size", t.batch_size, LARGEST_BATCH)?;
        size("training.max_epochs", t.max_epochs, MOST_STEPS)?;
        let fraction = t.validation_fraction;
        let fraction_ok = fraction > 0.0 && fraction <= 0.5;
        check("training.validation_fraction", fraction, fraction_ok, "above 0 and at most 0.5")?;
        size("training.members", t.members, MOST_MEMBERS)?;
        size("transform.channels", self.transform.channels, WIDEST)?;
        size("whitening.networks", w.networks, MOST_MEMBERS)?;
        size("whitening.degree", w.degree, HIGHEST_DEGREE)?;
        size("whitening.width", w.width, WIDEST)?;
        size("whitening.steps", w.steps, MOST_STEPS)?;
        size("whitening.batch_size", w.batch_size, LARGEST_BATCH)?;
        check("whitening.learning_rate", w.learning_rate, w.learning_rate > 0.0, positive)?;
        check("whitening.weight_decay", w.weight_decay, w.weight_decay >= 0.0, "0 or more")?;
        size("posterior.proposals", p.proposals, MOST_PROPOSALS)?;
        let polish_ok = p.polish_steps <= 100;
        let patience_ok = t.patience <= MOST_STEPS.0;
        check("training.patience", t.patience as f64, patience_ok, "at most 1000000000")?;
        let blocks_ok = n.blocks <= DEEPEST.0;
        check("network.blocks", n.blocks as f64, blocks_ok, "at most 10000")?;
        check("posterior.polish_steps", p.polish_steps as f64, polish_ok, "at most 100")
    }
}

fn check(
    key: &'static str,
    value: f64,
    ok: bool,
    requirement: &'static str,
) -> Result<(), ConfigError> {
    if ok && value.is_finite() {
        return Ok(());
    }
    Err(ConfigError::OutOfRange {
        place: Box::default(),
        key,
        value: value.to_string(),
        requirement,
    })
}

/// A size from 1 to the most that makes sense.
fn size(key: &'static str, value: usize, (most, range): Limit) -> Result<(), ConfigError> {
    check(key, value as f64, (1..=most).contains(&value), range)
}
