//! Quantiles of one parameter of several parts.

use super::Joint;
use super::block::PartLaw;
use crate::simulation::SimulationRng;
use statrs::distribution::{Beta, ContinuousCDF};

/// Draws that stand in for a quantile without a closed form.
const QUANTILE_DRAWS: usize = 50_000;

impl Joint {
    pub fn quantile(&self, column: usize, p: f64) -> f64 {
        if let Some(marginal) = self.marginal(column) {
            return marginal.quantile(p);
        }
        if let Some(part) = self.part(column)
            && let PartLaw::Ordered(law) = &part.law
            && let Some(marginal) = law.fixed()
        {
            // The k-th of n uniform numbers is Beta(k, n − k + 1).
            let k = column - part.start + 1;
            let share = Beta::new(k as f64, (part.len + 1 - k) as f64);
            return marginal.quantile(share.map_or(f64::NAN, |law| law.inverse_cdf(p)));
        }
        if let Some(law) = self.category(column) {
            return law.quantile(p);
        }
        let sorted = self.sorted.get_or_init(|| self.sorted_draws());
        let values = &sorted[column];
        let at = p * (values.len() - 1) as f64;
        let (below, above) = (values[at as usize], values[at.ceil() as usize]);
        below + (above - below) * at.fract()
    }

    fn sorted_draws(&self) -> Vec<Vec<f64>> {
        let dim = self.order.len();
        let mut columns = vec![Vec::with_capacity(QUANTILE_DRAWS); dim];
        let mut theta = vec![0.0; dim];
        for index in 0..QUANTILE_DRAWS {
            self.sample(&mut SimulationRng::for_prior(0x9a47, index as u64), &mut theta);
            columns.iter_mut().zip(&theta).for_each(|(column, value)| column.push(*value));
        }
        columns.iter_mut().for_each(|column| column.sort_by(f64::total_cmp));
        columns
    }
}
