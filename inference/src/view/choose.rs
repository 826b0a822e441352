//! Which view of x: the one under which a conditional Gaussian of θ, learnt for a short while, gives
//! held-out simulations most probability.

use super::components::Components;
use super::series::{Detail, Series};
use super::set::Set;
use super::{Block, View};
use crate::config::{DataTransform as Kind, NARROW, TransformConfig, WhiteningConfig};
use crate::transform::{DataTransform, informative_columns};
use crate::whitening::{Whitening, WhiteningTable};
use crate::work::{Halt, Pack, Part, Unpack};
use freeform_simulators::Layout;
use rayon::prelude::*;

/// Components where few are enough.
const FEW_COMPONENTS: usize = 4;
/// Simulations that judge: at most so many, and at most this share.
const MOST_JUDGES: usize = 1000;
const JUDGES_SHARE: usize = 5;
/// More simulations than these are not needed to choose.
const MOST_ROWS: usize = 20_000;
/// Another view than the numbers themselves must gain so many standard errors, and nats, over them.
const STANDARD_ERRORS: f64 = 2.0;
const LEAST_GAIN: f64 = 0.02;
/// Gains beyond those of this share of simulations, at either end, count as these: a few that a Gaussian is
/// far off whatever it sees would decide the mean, and hide what all others gain.
const TAIL: f64 = 0.05;

/// Simulations that views are tried on.
pub(crate) struct Candidates<'a> {
    /// Raw x `[n, C]`.
    pub x: &'a [f64],
    pub columns: usize,
    /// Raw θ `[n, D]`, and the map of a row to the flow's space.
    pub theta: &'a [f64],
    pub dim: usize,
    pub point: &'a (dyn Fn(&[f64], &mut [f32]) + Sync),
    /// Rows that may be looked at, shuffled.
    pub rows: &'a [u32],
    pub transform: &'a TransformConfig,
    pub whitening: &'a WhiteningConfig,
    pub seed: u64,
}

/// A view, and what is to be said of it.
pub(crate) struct Choice {
    pub view: View,
    /// Empty where nothing was chosen.
    pub remark: Option<String>,
}

/// Mean held-out log-likelihood of each judging simulation under a view.
struct Trial {
    view: View,
    scores: Vec<f64>,
}

impl Candidates<'_> {
    /// The best of the views that suit the layout; x as it is where the layout is not stated and x is
    /// narrow.
    ///
    /// # Errors
    /// [`Halt`] where the work is to stop; trials are kept as pieces of `part`.
    pub fn choose(&self, part: &Part) -> Result<Choice, Halt> {
        let plain = View::plain(self.columns);
        let layout = self.transform.layout;
        let wide = self.columns > NARROW;
        if !wide && !matches!(layout, Layout::Series | Layout::Set) {
            return Ok(Choice { view: plain, remark: None });
        }
        let components = if wide && layout != Layout::Set { self.of_components() } else { vec![] };
        let views = match layout {
            Layout::Series => [self.of_series(&components), components].concat(),
            Layout::Set => self.of_set(),
            Layout::Vector => components,
            Layout::Auto => {
                let series = self.of_series(&components);
                [components, series, self.of_set()].concat()
            }
        };
        let stated = matches!(layout, Layout::Series | Layout::Set);
        let views: Vec<View> = if stated { views } else { [vec![plain], views].concat() };
        let trials = views
            .into_par_iter()
            .enumerate()
            .map(|(index, view)| self.trial(view, &part.part(&format!("view-{index}"))));
        let trials = trials.collect::<Result<Vec<Trial>, Halt>>()?;
        Ok(if stated { best(trials) } else { best_over_first(trials) })
    }

    fn view(&self, blocks: Vec<Block>) -> View {
        View { inputs: self.columns, blocks }
    }

    /// A few components, and more.
    fn of_components(&self) -> Vec<View> {
        let all = Components::fit(self.x, self.columns, self.seed);
        let few = all.first(self.columns, FEW_COMPONENTS);
        [few, all].map(|components| self.view(vec![Block::Components(components)])).into()
    }

    /// Few statistics and many, and many beside principal components.
    fn of_series(&self, components: &[View]) -> Vec<View> {
        let channels = self.transform.channels;
        let series = |detail| Block::Series(Series::fit(self.x, self.columns, channels, detail));
        let details = [Detail::Brief, Detail::Few, Detail::Many];
        let mut views: Vec<View> = details.map(|detail| self.view(vec![series(detail)])).into();
        let beside = |view: &View| [vec![series(Detail::Many)], view.blocks.clone()].concat();
        views.extend(components.iter().map(|view| self.view(beside(view))));
        views
    }

    fn of_set(&self) -> Vec<View> {
        let features = self.transform.channels;
        let set = |detailed| Block::Set(Set::fit(self.x, self.columns, features, detailed));
        [false, true].map(|detailed| self.view(vec![set(detailed)])).into()
    }

    fn trial(&self, view: View, part: &Part) -> Result<Trial, Halt> {
        let known = part.recall().and_then(|piece| Unpack::new(&piece).doubles());
        if let Some(scores) = known {
            return Ok(Trial { view, scores });
        }
        let rows = &self.rows[..self.rows.len().min(MOST_ROWS)];
        let width = view.outputs();
        let seen: Vec<f64> = rows.par_iter().flat_map_iter(|r| view.of(self.row(*r))).collect();
        part.go_on()?;
        let places: Vec<u32> = (0..rows.len() as u32).collect();
        let seen_row = |place: u32| &seen[place as usize * width..][..width];
        let theta =
            |place: u32| &self.theta[rows[place as usize] as usize * self.dim..][..self.dim];
        let kept = match self.transform.screening {
            false => (0..width).collect(),
            true => informative_columns(&places, theta, seen_row, width),
        };
        let data =
            DataTransform::fit(Kind::Shape, width, kept, places.iter().map(|p| seen_row(*p)));
        let context_dim = data.kept().len();
        let mut context = vec![0.0; rows.len() * context_dim];
        for (row, out) in seen.chunks_exact(width).zip(context.chunks_exact_mut(context_dim)) {
            data.apply(row, out);
        }
        let mut target = vec![0.0; rows.len() * self.dim];
        for (place, out) in (0..).zip(target.chunks_exact_mut(self.dim)) {
            (self.point)(theta(place), out);
        }
        let judges = (rows.len() / JUDGES_SHARE).clamp(1, MOST_JUDGES);
        let (training, validation) = places.split_at(rows.len() - judges);
        let dims = (self.dim, context_dim);
        let table =
            WhiteningTable { target: &target, context: &context, dims, training, validation };
        let whitening = Whitening::fit(&table, &self.whitening.trial(), self.seed, part)?;
        let scores: Vec<f64> = validation
            .iter()
            .map(|place| {
                let place = *place as usize;
                let mut white = target[place * self.dim..][..self.dim].to_vec();
                let context = &context[place * context_dim..][..context_dim];
                let log_det = whitening.as_ref().map_or(0.0, |w| w.apply(&mut white, context)[0]);
                log_det - 0.5 * white.iter().map(|z| f64::from(*z).powi(2)).sum::<f64>()
            })
            .collect();
        part.keep(|| Pack::default().doubles(&scores).finish())?;
        Ok(Trial { view, scores })
    }

    fn row(&self, index: u32) -> &[f64] {
        &self.x[index as usize * self.columns..][..self.columns]
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The trial with the best scores.
fn best(trials: Vec<Trial>) -> Choice {
    let best = trials.into_iter().max_by(|a, b| mean(&a.scores).total_cmp(&mean(&b.scores)));
    let view = best.map_or_else(|| unreachable!("a layout has views"), |trial| trial.view);
    let remark = Some(format!(
        "the networks see {} instead of its {} numbers",
        describe(&view),
        view.inputs
    ));
    Choice { view, remark }
}

/// The first trial, unless another is better by more than chance.
fn best_over_first(mut trials: Vec<Trial>) -> Choice {
    let first = trials.remove(0);
    let gain = |trial: &Trial| {
        let mut gains: Vec<f64> =
            trial.scores.iter().zip(&first.scores).map(|(a, b)| a - b).collect();
        winsorise(&mut gains);
        let (gain, n) = (mean(&gains), gains.len() as f64);
        let variance = gains.iter().map(|g| (g - gain).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
        (gain, (variance / n).sqrt())
    };
    let clear = trials.into_iter().map(|trial| (gain(&trial), trial));
    let clear = clear
        .filter(|((gain, error), _)| *gain > LEAST_GAIN && *gain > STANDARD_ERRORS * error)
        .max_by(|a, b| a.0.0.total_cmp(&b.0.0));
    match clear {
        None => Choice { view: first.view, remark: None },
        Some(((gain, error), Trial { view, .. })) => {
            let remark = format!(
                "x of {} numbers behaves as {}: held-out simulations gain {gain:.2} ± {error:.2} \
                 nats over its numbers one by one. --layout and --channels say otherwise",
                view.inputs,
                describe(&view)
            );
            Choice { view, remark: Some(remark) }
        }
    }
}

/// Takes the outer values, at either end, for the outermost of those between.
fn winsorise(values: &mut [f64]) {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let cut = (TAIL * sorted.len() as f64) as usize;
    if let [low, .., high] = sorted[cut..sorted.len() - cut] {
        values.iter_mut().for_each(|value| *value = value.clamp(low, high));
    }
}

/// Points or trials, and how many numbers each has.
fn sizes((count, width): (usize, usize), name: &str) -> String {
    if width == 1 {
        format!("{count} {name}")
    } else {
        format!("{count} {name} of {width} numbers")
    }
}

/// What a view shows, in words.
fn describe(view: &View) -> String {
    let words = view.blocks.iter().map(|block| match block {
        Block::Columns => "its numbers".to_owned(),
        Block::Components(c) => format!("{} principal components", c.count()),
        Block::Series(s) => {
            format!("{} statistics of a series of {}", s.outputs(), sizes(s.sizes(), "points"))
        }
        Block::Set(s) => {
            format!("{} statistics of a set of {}", s.outputs(), sizes(s.sizes(), "trials"))
        }
    });
    words.collect::<Vec<_>>().join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nearly all simulations gain 0.3 nats, and one loses forty: ±0.2 by it alone.
    #[test]
    fn one_simulation_does_not_hide_what_all_others_gain() {
        let trial = |inputs, scores: Vec<f64>| Trial { view: View::plain(inputs), scores };
        let plain = || trial(1, vec![1.0; 200]);
        let mut scores: Vec<f64> = (0..200).map(|i| 1.2 + 0.001 * f64::from(i)).collect();
        scores[7] = -40.0;
        assert_eq!(best_over_first(vec![plain(), trial(2, scores)]).view.inputs, 2);
        // Nor does one make a gain of none.
        let mut scores: Vec<f64> = (0..200).map(|i| 0.9 + 0.001 * f64::from(i)).collect();
        scores[7] = 400.0;
        assert_eq!(best_over_first(vec![plain(), trial(2, scores)]).view.inputs, 1);
    }
}
