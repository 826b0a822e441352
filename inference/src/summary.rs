//! What a wide x says of θ, in as many numbers as there are parameters.
//!
//! The likelihood of an x of hundreds of numbers cannot be learnt from a thousand simulations; that
//! of an estimate of θ made from it can, and where the estimate is nearly sufficient little is lost
//! (semi-automatic summaries, Fearnhead & Prangle 2012).

use crate::config::WhiteningConfig;
use crate::random::member_seed;
use crate::whitening::{Whitening, WhiteningTable};
use crate::work::{Halt, Part};
use rayon::prelude::*;

/// Regressions of θ on x, each blind to other rows.
const REGRESSIONS: usize = 5;
/// Seeds of theirs, apart from those of flows.
const SEEDS: u64 = 1 << 33;

/// Estimates of θ from x: the mean location of several conditional Gaussians.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    regressions: Vec<Whitening>,
}

/// Simulations as the posterior's networks see them.
pub(crate) struct Regressed<'a> {
    /// θ in the flow's space `[n, D]`, and x `[n, C]`.
    pub theta: &'a [f32],
    pub x: &'a [f32],
    /// D and C.
    pub dims: (usize, usize),
    /// All rows, shuffled.
    pub order: &'a [u32],
    /// Share of the rows that stops a regression.
    pub validation_fraction: f64,
    pub settings: &'a WhiteningConfig,
    pub seed: u64,
}

impl Summary {
    /// Learns the regressions, and summarises every row by one that was not trained on it: else
    /// summaries would look better than those of new data are. `None` where the settings learn no
    /// whitening.
    pub(crate) fn cross_fit(
        from: &Regressed,
        part: &Part,
    ) -> Result<Option<(Self, Vec<f32>)>, Halt> {
        let (n, d) = (from.order.len(), from.dims.0);
        let regressions = (0..REGRESSIONS)
            .into_par_iter()
            .map(|k| from.regression(k, &part.part(&format!("regression-{k}"))));
        let regressions = regressions.collect::<Result<Vec<_>, Halt>>()?;
        let Some(regressions) = regressions.into_iter().collect::<Option<Vec<_>>>() else {
            return Ok(None);
        };
        let mut summaries = vec![0.0; n * d];
        for (k, regression) in regressions.iter().enumerate() {
            part.go_on()?;
            let rows = from.order[from.part(k)].iter().map(|r| *r as usize);
            let context = |row: usize| &from.x[row * from.dims.1..][..from.dims.1];
            let contexts: Vec<f32> = rows.clone().flat_map(context).copied().collect();
            let mut locations = vec![0.0; rows.len() * d];
            regression.invert(&mut locations, &contexts);
            for (row, location) in rows.zip(locations.chunks_exact(d)) {
                summaries[row * d..][..d].copy_from_slice(location);
            }
        }
        Ok(Some((Self { regressions }, summaries)))
    }

    /// D numbers of x as the networks see it.
    #[must_use]
    pub fn of(&self, x: &[f32]) -> Vec<f32> {
        Whitening::mean_location(self.regressions.iter(), x).unwrap_or_default()
    }

    /// D.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.regressions[0].dim()
    }

    /// The regressions, for a weights file.
    #[must_use]
    pub fn regressions(&self) -> &[Whitening] {
        &self.regressions
    }

    /// A summary from its regressions; `None` where there are none or they differ in size.
    #[must_use]
    pub fn from_regressions(regressions: Vec<Whitening>) -> Option<Self> {
        let first = regressions.first()?.shape();
        let size = |w: &Whitening| (w.shape().dim, w.shape().context_dim);
        let same = regressions.iter().all(|w| size(w) == (first.dim, first.context_dim));
        same.then_some(Self { regressions })
    }
}

impl Regressed<'_> {
    /// Places in the order of the rows that regression `k` is blind to.
    fn part(&self, k: usize) -> std::ops::Range<usize> {
        let n = self.order.len();
        n * k / REGRESSIONS..n * (k + 1) / REGRESSIONS
    }

    fn regression(&self, k: usize, part: &Part) -> Result<Option<Whitening>, Halt> {
        let blind = self.part(k);
        let rows = [&self.order[..blind.start], &self.order[blind.end..]].concat();
        let held_out = ((rows.len() as f64 * self.validation_fraction) as usize).max(1);
        let (validation, training) = rows.split_at(held_out);
        let table = WhiteningTable {
            target: self.theta,
            context: self.x,
            dims: self.dims,
            training,
            validation,
        };
        let seed = member_seed(self.seed, SEEDS + k as u64);
        Whitening::fit(&table, self.settings, seed, part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::WhiteningKind;
    use crate::random::{Purpose, stream};
    use crate::work::Unwatched;
    use rand_distr::{Distribution, StandardNormal};

    /// x_j = θ + 2 ε_j in 80 columns: their mean is sufficient, and E[θ | x] is off by a variance of
    /// 1 / (1 + 80/4) = 1/21.
    #[test]
    fn summaries_of_rows_are_as_good_as_those_of_new_data() {
        let (n, fresh, c) = (400, 2000, 80);
        let mut rng = stream(3, Purpose::Weights, 0);
        let mut normal = || -> f32 { StandardNormal.sample(&mut rng) };
        let mut draw = |rows: usize| -> (Vec<f32>, Vec<f32>) {
            let theta: Vec<f32> = (0..rows).map(|_| normal()).collect();
            let x = theta.iter().flat_map(|t| vec![*t; c]).map(|t| t + 2.0 * normal()).collect();
            (theta, x)
        };
        let ((theta, x), (new_theta, new_x)) = (draw(n), draw(fresh));
        let order: Vec<u32> = (0..n as u32).collect();
        let settings = WhiteningConfig {
            kind: WhiteningKind::Linear,
            networks: 1,
            degree: 1,
            width: 8,
            steps: 10,
            batch_size: 64,
            learning_rate: 1e-3,
            weight_decay: 0.0,
        };
        let from = Regressed {
            theta: &theta,
            x: &x,
            dims: (1, c),
            order: &order,
            validation_fraction: 0.1,
            settings: &settings,
            seed: 1,
        };
        let part = Part::new(&Unwatched, "test");
        let (summary, known) = Summary::cross_fit(&from, &part).unwrap().unwrap();
        let error = |pairs: Vec<(f32, f32)>| {
            pairs.iter().map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>() / pairs.len() as f64
        };
        let of_rows = error(known.into_iter().zip(theta.iter().copied()).collect());
        let summaries = new_x.chunks_exact(c).map(|x| summary.of(x)[0]);
        let of_new = error(summaries.zip(new_theta).collect());
        assert!((1.0 / 21.0 * 0.95..0.065).contains(&of_new), "{of_new}");
        // Regressions that knew the rows would come to 0.77.
        assert!((0.85..1.5).contains(&(of_rows / of_new)), "{of_rows} against {of_new}");
        assert_eq!(Summary::from_regressions(summary.regressions().to_vec()), Some(summary));
        assert_eq!(Summary::from_regressions(Vec::new()), None);
    }
}
