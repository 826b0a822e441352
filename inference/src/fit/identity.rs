//! What a training is of.

use freeform_simulators::{Prior, Simulations};

/// A hash of a prior and the simulations that were drawn under it, 16 hexadecimal digits.
#[must_use]
pub fn fingerprint(prior: &Prior, simulations: &Simulations) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(prior.to_toml().as_bytes());
    for table in [&simulations.theta, &simulations.x] {
        hasher.update(format!("{:?}", table.dim()).as_bytes());
        for row in table.rows() {
            let bytes: Vec<u8> = row.iter().flat_map(|v| v.to_le_bytes()).collect();
            hasher.update(&bytes);
        }
    }
    hasher.finalize().to_hex()[..16].to_owned()
}
