//! Laws of one's own.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use crate::prior::{PriorError, Support};
use crate::simulation::SimulationRng;

/// A law of one's own: its density and its draws.
///
/// A prior with it is written by the law's name (`prior.toml`, the files of a model). It is read back
/// in a program that has built the law before, by [`crate::Prior::joint`], under the same name.
pub trait OwnLaw: Send + Sync {
    /// What tells it from others: another law must have another name.
    fn name(&self) -> &str;

    /// Names of its parameters, `[d]`.
    fn names(&self) -> &[String];

    /// Where each may lie, `[d]`.
    fn support(&self) -> &[Support];

    /// Draws its parameters into `out`, `[d]`, with the given random numbers alone.
    fn sample(&self, rng: &mut SimulationRng, out: &mut [f64]);

    /// The normalised log-density at `theta`, `[d]`, inside the support; −∞ where it is 0.
    fn log_prob(&self, theta: &[f64]) -> f64;

    /// Whether density and draws were compared before, when this very law was built.
    fn is_known(&self) -> bool {
        false
    }

    /// What `prior.toml` says of it beside its name, where that is enough to build it anew.
    fn toml(&self) -> Option<toml::Table> {
        None
    }
}

/// A shared law of one's own.
#[derive(Clone)]
pub(super) struct Own(pub(super) Arc<dyn OwnLaw>);

impl fmt::Debug for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Own").field(&self.0.name()).finish()
    }
}

/// Laws that this process has built, by name: what models name can be found.
static KNOWN: RwLock<BTreeMap<String, Arc<dyn OwnLaw>>> = RwLock::new(BTreeMap::new());

/// Makes a law known under its name.
pub(super) fn remember(law: &Arc<dyn OwnLaw>) {
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    known.insert(law.name().to_owned(), Arc::clone(law));
}

/// The law of this name, over these parameters.
pub(in crate::prior) fn recall(
    name: &str,
    names: &[String],
) -> Result<Arc<dyn OwnLaw>, PriorError> {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    let error = |reason: String| {
        let (law, parameters) = (name.to_owned(), names.join(", "));
        PriorError::Own { law, parameters, reason }
    };
    let law = known.get(name).ok_or_else(|| {
        error(
            "it is code of the program that made this file, and this program has not built it; build \
             the prior with it first"
                .to_owned(),
        )
    })?;
    if law.names() == names {
        return Ok(Arc::clone(law));
    }
    Err(error(format!("here it is of other parameters: {}", law.names().join(", "))))
}
