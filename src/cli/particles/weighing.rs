//! Draws of a model with energies and weights.

use super::{Failure, Output, failures};
use crate::run::check_room;
use freeform_particles::generator::{Draw, Reweighted, Weighed, draws, weigh};
use freeform_particles::reference::Estimate;
use freeform_particles::{Flow, System};
use ndarray::Array2;
use std::sync::atomic::{AtomicBool, Ordering};

/// Draws between two looks at signals.
const PIECE: usize = 2048;

/// Draws, their energies and log-weights −u − ln q.
pub(super) struct Drawn {
    /// `[draws, N·n]`.
    pub x: Array2<f64>,
    pub log_q: Vec<f64>,
    pub energy: Vec<f64>,
    pub log_weight: Vec<f64>,
    /// Share with det J_g < 0.
    pub folded: f64,
}

impl Drawn {
    pub fn new(
        flow: &Flow,
        system: &dyn System,
        seed: u64,
        count: usize,
        stop: &AtomicBool,
        output: &Output,
    ) -> Result<Self, Failure> {
        let size = flow.spec.particles * flow.spec.dims;
        check_room(&format!("-n {count}: so many draws"), count as u128 * (size + 4) as u128)?;
        let mut bar = output.reporter.bar("drawing", count, 0);
        let mut all: Vec<Draw> = Vec::with_capacity(count);
        while all.len() < count {
            if stop.load(Ordering::Relaxed) {
                bar.finish();
                return Err(failures::stopped(&"interrupted; nothing was written"));
            }
            let piece = all.len()..(all.len() + PIECE).min(count);
            all.extend(draws(flow, seed, piece));
            bar.update(all.len(), String::new);
        }
        bar.finish();
        let energy: Vec<f64> = all.iter().map(|draw| system.energy(&draw.x)).collect();
        let log_weight = energy.iter().zip(&all).map(|(u, draw)| -u - draw.log_q).collect();
        let folded = all.iter().filter(|draw| draw.is_folded).count() as f64 / count as f64;
        let log_q = all.iter().map(|draw| draw.log_q).collect();
        let flat = all.into_iter().flat_map(|draw| draw.x).collect();
        let x = Array2::from_shape_vec((count, size), flat);
        let x = x.map_err(|error| Failure::failed(&error))?;
        Ok(Self { x, log_q, energy, log_weight, folded })
    }

    /// The weights' worth and the energy's mean.
    pub fn weighed(&self) -> (Weighed, Reweighted) {
        (weigh(&self.log_weight), Reweighted::of(&self.log_weight, &self.energy))
    }
}

/// A number with its error.
pub(super) fn shown(estimate: Estimate) -> String {
    format!("{:.4} ± {:.4}", estimate.value, estimate.error)
}

/// What weights say, for people.
pub(super) fn told(drawn: &Drawn, weighed: &Weighed, energy: &Reweighted) -> String {
    let k = weighed.pareto_k.map_or("unknown".to_owned(), |k| format!("{k:.2}"));
    let mut text = format!(
        "effective draws  {:.1}% of {}, largest weight {:.2}%, Pareto's k {k}\n\
         ln Z             {} by the mean weight\n\
         mean energy      {} reweighted, {} of the draws\n",
        100.0 * weighed.effective_share,
        weighed.draws,
        100.0 * weighed.largest,
        shown(weighed.ln_z),
        shown(energy.reweighted),
        shown(energy.plain),
    );
    if weighed.worthless > 0 {
        text += &format!("without weight   {} draws\n", weighed.worthless);
    }
    if drawn.folded > 0.0 {
        text += &format!(
            "folded           {:.2}% of the draws have det J_g < 0\n",
            100.0 * drawn.folded
        );
    }
    text
}

/// Warns where means by these weights mean little.
pub(super) fn warn(weighed: &Weighed, output: &Output) {
    if let Some(k) = weighed.pareto_k.filter(|k| *k > 0.7) {
        output.reporter.warn(&format!(
            "Pareto's k is {k:.2}: above 0.7, means by these weights do not settle; train longer"
        ));
    }
}
