//! Whether the memory suffices, before anything is allocated.

use super::{Config, ConfigError, Problem};
use crate::engine::LogDet;

/// Bytes of a number in a network.
const BYTES: f64 = 4.0;
/// Copies of a flow's weights while it trains: gradient, two moments, average, best, and what a
/// checkpoint takes of all these.
const COPIES: f64 = 10.0;

impl Config {
    /// Checks that the networks and their batches fit into `available` bytes of memory, where that
    /// is known, when `threads` flows train at a time. An estimate: what passes may still be much.
    ///
    /// # Errors
    /// [`ConfigError::Memory`], which names the setting that takes most.
    pub fn check_memory(
        &self,
        problem: &Problem,
        threads: usize,
        available: Option<u64>,
    ) -> Result<(), ConfigError> {
        let Some(available) = available else { return Ok(()) };
        let (n, t, w) = (&self.network, &self.training, &self.whitening);
        let Problem { simulations, theta_dim, context_dim, .. } = *problem;
        let float = |value: usize| value as f64;
        let (d, c, h) = (float(theta_dim), float(context_dim), float(n.width));
        let gate = if n.glu { c + 1.0 } else { 0.0 };
        let layers = float(n.input_layers) + float(n.blocks) * 2.0;
        let flow = 2.0 * h * (d + c + d + layers * (h + 1.0) + float(n.blocks) * gate);
        let at_once = float(t.members.min(threads.max(1)));
        let streams = 1.0
            + match self.log_det(theta_dim) {
                LogDet::Exact => d,
                LogDet::Hutchinson { probes } => float(probes),
            };
        let rows = float(t.batch_size.min(simulations.max(1)));
        let outputs = 2.0 * d + d * (d - 1.0) / 2.0;
        let width = float(w.width);
        let whitening = width * (c + 1.0 + width + 1.0) + (width + 1.0) * outputs;
        let whitened = float(w.batch_size.min(simulations.max(1)));
        let deepest = if n.blocks > n.width {
            ("network.blocks", n.blocks)
        } else if n.input_layers > n.width {
            ("network.input_layers", n.input_layers)
        } else {
            ("network.width", n.width)
        };
        let parts = [
            (deepest, "networks", flow * COPIES * at_once),
            (("training.members", t.members), "flows", flow * 3.0 * float(t.members)),
            (
                ("training.batch_size", t.batch_size),
                "a batch",
                rows * streams * (layers + 1.0) * h * at_once,
            ),
            (("whitening.width", w.width), "the whitening", whitening * COPIES * at_once),
            (
                ("whitening.networks", w.networks),
                "the whitenings",
                whitening * float(w.networks) * float(t.members) * 2.0,
            ),
            (
                ("whitening.batch_size", w.batch_size),
                "a batch of the whitening",
                whitened * (c + 4.0 * width + 2.0 * outputs) * at_once,
            ),
        ];
        let needed = BYTES * parts.iter().map(|(_, _, numbers)| numbers).sum::<f64>();
        let largest = parts.into_iter().max_by(|a, b| a.2.total_cmp(&b.2));
        match largest {
            Some(((key, value), what, numbers)) if needed > available as f64 => {
                Err(ConfigError::Memory {
                    place: Box::default(),
                    key,
                    value,
                    what,
                    needed: gigabytes(BYTES * numbers),
                    available: gigabytes(available as f64),
                })
            }
            _ => Ok(()),
        }
    }
}

fn gigabytes(bytes: f64) -> String {
    format!("{:.1} GB", bytes / 1e9)
}

#[cfg(test)]
mod tests {
    use crate::config::{Overrides, Preset, Problem};

    #[test]
    fn what_cannot_fit_is_refused_by_name_and_what_fits_is_not() {
        let problem = Problem {
            simulations: 1_000_000,
            theta_dim: 10,
            context_dim: 100,
            layout: None,
            missing: freeform_simulators::Missing::Failed,
        };
        let check = |setting: &str| {
            let mut overrides = Overrides::default();
            overrides.set(setting).unwrap();
            let config = overrides.resolve(Preset::Recommended, &problem).unwrap();
            config.check_memory(&problem, 2, Some(16 << 30)).map_err(|e| e.to_string())
        };
        assert_eq!(check("network.width=512"), Ok(()));
        assert_eq!(check("training.batch_size=4096"), Ok(()));
        for setting in
            ["network.width=50000", "whitening.width=30000", "training.batch_size=1000000"]
        {
            let error = check(setting).unwrap_err();
            let key = setting.split('=').next().unwrap();
            assert!(error.contains(&format!("`{key}`")) && error.contains("17.2 GB"), "{error}");
        }
        let deep = check("network.blocks=10000");
        assert!(deep.is_ok() || deep.unwrap_err().contains("network.blocks"));
    }
}
