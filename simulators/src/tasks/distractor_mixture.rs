//! The noise that hides the data of `slcp_distractors`.

use std::sync::LazyLock;

use rand::RngExt;
use rand_distr::{Distribution, Exp1, StandardNormal};

use super::legacy_numpy::RandomState;
use crate::SimulationRng;

/// An equally weighted mixture of 20 multivariate t distributions with 2 degrees of freedom in
/// 92 dimensions, and the order in which data and noise are mixed.
///
/// Its constants come from one stream of numpy's legacy generator with seed 42, as in the
/// released benchmark.
#[derive(Debug)]
pub struct DistractorMixture {
    locations: Vec<Vec<f64>>,
    /// Lower triangles L, row by row: row i has i + 1 entries.
    scales: Vec<Vec<f64>>,
    order: Vec<usize>,
}

impl DistractorMixture {
    /// Number of components.
    pub const COMPONENTS: usize = 20;
    /// Number of noise values.
    pub const DIM: usize = 92;
    const SEED: u32 = 42;
    const TOTAL: usize = 100;

    /// The one mixture that there is.
    #[must_use]
    pub fn shared() -> &'static Self {
        static MIXTURE: LazyLock<DistractorMixture> = LazyLock::new(DistractorMixture::generate);
        &MIXTURE
    }

    /// Location of a component, `[92]`.
    #[must_use]
    pub fn location(&self, component: usize) -> &[f64] {
        &self.locations[component]
    }

    /// Row `row` of a component's lower-triangular scale L, up to the diagonal: `[row + 1]`.
    #[must_use]
    pub fn scale_row(&self, component: usize, row: usize) -> &[f64] {
        &self.scales[component][row_start(row)..row_start(row + 1)]
    }

    /// Entry i says which of the values (first the 8 of SLCP, then the 92 of noise) is data
    /// value i, `[100]`.
    #[must_use]
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    fn generate() -> Self {
        let mut state = RandomState::new(Self::SEED);
        let locations = (0..Self::COMPONENTS)
            .map(|_| (0..Self::DIM).map(|_| 15.0 * state.normal()).collect())
            .collect();
        let scales = (0..Self::COMPONENTS).map(|_| generate_scale(&mut state)).collect();
        let order = state.permutation(Self::TOTAL);
        Self { locations, scales, order }
    }

    /// Draws noise `[92]`: location + L z / √e with normals z and one exponential e, since a χ²
    /// variable with 2 degrees of freedom, divided by 2, is exponential.
    pub(super) fn sample(&self, rng: &mut SimulationRng, noise: &mut [f64]) {
        let component = rng.random_range(0..Self::COMPONENTS);
        let mut normals = [0.0; Self::DIM];
        normals.fill_with(|| StandardNormal.sample(rng));
        let exponential: f64 = Exp1.sample(rng);
        let stretch = exponential.sqrt().recip();
        for (i, value) in noise.iter_mut().enumerate() {
            let row = self.scale_row(component, i);
            let shift: f64 = row.iter().zip(&normals).map(|(l, z)| l * z).sum();
            *value = self.locations[component][i] + stretch * shift;
        }
    }
}

/// Where row i of a packed lower triangle begins.
const fn row_start(i: usize) -> usize {
    i * (i + 1) / 2
}

/// Three times (the lower triangle of a square of normals plus the exponentials of further
/// normals on the diagonal).
fn generate_scale(state: &mut RandomState) -> Vec<f64> {
    const DIM: usize = DistractorMixture::DIM;
    let mut scale = Vec::with_capacity(row_start(DIM));
    for i in 0..DIM {
        for j in 0..DIM {
            let entry = state.normal();
            if j <= i {
                scale.push(3.0 * entry);
            }
        }
    }
    for i in 0..DIM {
        scale[row_start(i) + i] += 3.0 * state.normal().exp();
    }
    scale
}
