//! Energies and distances of data and of draws.

use super::Failure;
use super::weighing::Drawn;
use freeform_benchmark::{Line, LinePanel, line_panels};
use freeform_particles::System;
use freeform_particles::generator::{Histogram, pair_distances};
use ndarray::{ArrayView2, s};
use std::path::Path;

/// Data, draws and reweighted draws.
pub(super) struct Histograms {
    energy: [Histogram; 3],
    distance: [Histogram; 3],
}

impl Histograms {
    pub fn new(system: &dyn System, x: ArrayView2<'_, f64>, energy: &[f64], drawn: &Drawn) -> Self {
        const BINS: usize = 60;
        let most = drawn.log_weight.iter().copied().filter(|w| w.is_finite());
        let most = most.fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = drawn
            .log_weight
            .iter()
            .map(|w| if w.is_finite() { (w - most).exp() } else { 0.0 })
            .collect();
        let range = |values: &[f64]| {
            let low = values.iter().copied().fold(f64::INFINITY, f64::min);
            let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let pad = 0.02 * (high - low) + 1e-9;
            (low - pad, high + pad)
        };
        let three = |data: &[f64], draws: &[f64], weights: &[f64]| {
            let range = range(data);
            [
                Histogram::new(data, None, range, BINS),
                Histogram::new(draws, None, range, BINS),
                Histogram::new(draws, Some(weights), range, BINS),
            ]
        };
        let distances = |x: ArrayView2<'_, f64>| -> Vec<f64> {
            let rows = x.rows().into_iter().map(|row| row.to_vec());
            rows.flat_map(|row| pair_distances(&row, system.dims()).collect::<Vec<_>>()).collect()
        };
        // The weight of a draw is that of each of its pairs.
        let pairs = system.particles() * (system.particles() - 1) / 2;
        let enough = x.nrows().min(200_000 / pairs + 1);
        let few = drawn.x.nrows().min(1_000_000 / pairs + 1);
        let of_pairs: Vec<f64> =
            weights[..few].iter().flat_map(|w| std::iter::repeat_n(*w, pairs)).collect();
        let (data, draws) =
            (distances(x.slice(s![..enough, ..])), distances(drawn.x.slice(s![..few, ..])));
        Self {
            energy: three(energy, &drawn.energy, &weights),
            distance: three(&data, &draws, &of_pairs),
        }
    }

    /// Total variation of draws and of reweighted draws to the data; χ² a bin of the latter.
    pub fn energies(&self) -> [f64; 3] {
        let [data, plain, weighed] = &self.energy;
        [data.total_variation(plain), data.total_variation(weighed), data.chi_squared(weighed)]
    }

    pub fn draw(&self, folder: &Path) -> Result<(), Failure> {
        let files = [
            ("energies.svg", "energies", "u", &self.energy),
            ("distances.svg", "distances of pairs", "d", &self.distance),
        ];
        for (file, title, axis, histograms) in files {
            let names = ["data", "draws", "reweighted"];
            let lines = names.iter().zip(histograms).map(|(name, histogram)| Line {
                name: Some((*name).to_owned()),
                points: histogram.outline(),
            });
            let panel = LinePanel {
                title: title.to_owned(),
                axes: [axis.to_owned(), "density".to_owned()],
                lines: lines.collect(),
                points: Vec::new(),
            };
            line_panels(&folder.join(file), &[panel])?;
        }
        Ok(())
    }
}
