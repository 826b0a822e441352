//! What a training is of.

use freeform_simulators::{Prior, Simulations, beyond_single_precision};
use ndarray::Axis;

/// A hash of a prior and the simulations that were drawn under it, 16 hexadecimal digits: of the
/// numbers in single precision, and in full of the columns that it does not hold (see
/// [`beyond_single_precision`]). So it is what it was when all tables were in single precision.
#[must_use]
pub fn fingerprint(prior: &Prior, simulations: &Simulations) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(prior.identity().as_bytes());
    let mut bytes = Vec::new();
    for table in [&simulations.theta, &simulations.x] {
        hasher.update(format!("{:?}", table.dim()).as_bytes());
        for row in table.rows() {
            bytes.clear();
            row.iter().for_each(|v| bytes.extend((*v as f32).to_le_bytes()));
            hasher.update(&bytes);
        }
        for column in beyond_single_precision(table.view()) {
            hasher.update(format!("column {column}").as_bytes());
            for values in table.column(column).axis_chunks_iter(Axis(0), 1024) {
                bytes.clear();
                values.iter().for_each(|v| bytes.extend(v.to_le_bytes()));
                hasher.update(&bytes);
            }
        }
    }
    hasher.finalize().to_hex()[..16].to_owned()
}
