//! Draws of a model with energies and weights.

use super::{Failure, Output, failures};
use crate::run::check_room;
use freeform_particles::generator::{Draw, Reweighted, Weighed, draws, positions, weigh};
use freeform_particles::reference::Estimate;
use freeform_particles::{Flow, NetworkSpec, System};
use ndarray::Array2;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

/// Floating-point operations of a thread between two looks at signals: a second or less.
const WORK: f64 = 3e10;

/// Draws below which weights are warned of.
const FEW: usize = 100;

/// Draws, their energies and log-weights −u − ln q.
pub(super) struct Drawn {
    /// `[draws, N·n]`.
    pub x: Array2<f64>,
    pub log_q: Vec<f64>,
    pub energy: Vec<f64>,
    pub log_weight: Vec<f64>,
    /// Share with det J_g < 0.
    pub folded: f64,
    /// How many have no weight, as f leads from x to another code.
    pub second: usize,
}

impl Drawn {
    /// The weights' worth and the energy's mean.
    pub fn weighed(&self) -> (Weighed, Reweighted) {
        (weigh(&self.log_weight), Reweighted::of(&self.log_weight, &self.energy))
    }

    /// Share of second codes.
    pub fn second_share(&self) -> f64 {
        self.second as f64 / self.log_weight.len() as f64
    }
}

/// Draws to be made of a model.
pub(super) struct Drawing<'a> {
    pub flow: &'a Flow,
    pub system: &'a dyn System,
    pub seed: u64,
    pub count: usize,
    pub stop: &'a AtomicBool,
    pub output: &'a Output,
}

impl Drawing<'_> {
    /// With densities and weights.
    pub fn weighed(&self) -> Result<Drawn, Failure> {
        let Self { flow, system, seed, count, .. } = *self;
        let piece = piece(flow, flow.spec.dof() + 2);
        let all: Vec<Draw> = self.in_pieces(piece, |part| draws(flow, seed, part))?;
        let energy: Vec<f64> = all.iter().map(|draw| system.energy(&draw.x)).collect();
        self.warn_of(&energy);
        let log_weight = all.iter().zip(&energy).map(|(draw, u)| draw.log_weight(*u)).collect();
        let folded = all.iter().filter(|draw| draw.is_folded).count() as f64 / count as f64;
        let second = all.iter().filter(|draw| draw.is_second).count();
        let log_q = all.iter().map(|draw| draw.log_q).collect();
        let x = self.table(all.into_iter().flat_map(|draw| draw.x).collect())?;
        Ok(Drawn { x, log_q, energy, log_weight, folded, second })
    }

    /// Positions `[count, N·n]` and energies, without densities.
    pub fn positions(&self) -> Result<(Array2<f64>, Vec<f64>), Failure> {
        let Self { flow, system, seed, .. } = *self;
        let x = self.table(self.in_pieces(piece(flow, 1), |part| positions(flow, seed, part))?)?;
        let energy: Vec<f64> = x.outer_iter().map(|x| system.energy(&x.to_vec())).collect();
        self.warn_of(&energy);
        Ok((x, energy))
    }

    /// Says where energies are not numbers, and why.
    fn warn_of(&self, energy: &[f64]) {
        let lost = energy.iter().filter(|u| u.is_nan()).count();
        if lost > 0 {
            let why = self.system.complaint().map(|why| format!("; the last: {why}"));
            self.output.reporter.warn(&format!(
                "the energies of {lost} of {} draws are not numbers, so these have no weight, and means by weights \
                 are without them{}",
                energy.len(),
                why.unwrap_or_default()
            ));
        }
    }

    fn table(&self, x: Vec<f64>) -> Result<Array2<f64>, Failure> {
        let size = self.flow.spec.particles * self.flow.spec.dims;
        Array2::from_shape_vec((self.count, size), x).map_err(|error| Failure::failed(&error))
    }

    /// What `make` makes of pieces of the draws, with progress.
    fn in_pieces<T>(
        &self,
        piece: usize,
        make: impl Fn(Range<usize>) -> Vec<T>,
    ) -> Result<Vec<T>, Failure> {
        let NetworkSpec { particles, dims, .. } = self.flow.spec;
        let count = self.count;
        check_room(
            &format!("-n {count}: so many draws"),
            count as u128 * (particles * dims + 4) as u128,
        )?;
        let mut bar = self.output.reporter.bar("drawing", count, 0);
        let mut all = Vec::new();
        for start in (0..count).step_by(piece) {
            if self.stop.load(Ordering::Relaxed) {
                bar.finish();
                return Err(failures::stopped(&"interrupted; nothing was written"));
            }
            let end = (start + piece).min(count);
            all.extend(make(start..end));
            bar.update(end, String::new);
        }
        bar.finish();
        Ok(all)
    }
}

/// Configurations between two looks at signals, of which each takes so many passes through a network.
pub(super) fn piece(flow: &Flow, passes: usize) -> usize {
    let share = WORK / (passes as f64 * flow.spec.flops());
    // Each thread has one at least.
    (share.clamp(1.0, 1024.0) * rayon::current_num_threads() as f64) as usize
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
    if weighed.worthless > drawn.second {
        text += &format!("without weight   {} draws\n", weighed.worthless - drawn.second);
    }
    if drawn.folded > 0.0 {
        text += &format!(
            "folded           {:.2}% of the draws have det J_g < 0\n",
            100.0 * drawn.folded
        );
    }
    if drawn.second > 0 {
        text += &format!(
            "second codes     {:.3}% of the draws have no weight: the encoder leads from x to another z\n",
            100.0 * drawn.second_share()
        );
    }
    text
}

/// Warns where means by these weights mean little.
pub(super) fn warn(weighed: &Weighed, output: &Output) {
    if weighed.draws < FEW {
        output.reporter.warn(&format!(
            "{} draws say little of weights: effective numbers look too good, and errors too small, below some {FEW}",
            weighed.draws
        ));
    }
    if let Some(k) = weighed.pareto_k.filter(|k| *k > 0.7) {
        output.reporter.warn(&format!(
            "Pareto's k is {k:.2}: above 0.7, means by these weights do not settle; train longer"
        ));
    }
}
