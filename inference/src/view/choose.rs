//! Which view of x says most about θ: held-out simulations decide, by the likelihood of θ under a short
//! training of a whitening.

use super::channel::Channel;
use super::learnt::{Kind, Learnt, LearntTable};
use super::trial::Trial;
use super::words::describe;
use super::{Block, View};
use crate::config::{NARROW, TransformConfig, WhiteningConfig};
use crate::training::Finding;
use crate::work::{Halt, Part};
use freeform_simulators::Layout;

/// Another view than the numbers themselves must gain so many standard errors, and nats, over them.
const STANDARD_ERRORS: f64 = 2.0;
const LEAST_GAIN: f64 = 0.02;
/// In a round for one observation, so many: of the dozen views that are tried some gain two by chance, and every
/// round tries them anew.
const ERRORS_IN_ROUNDS: f64 = 3.0;
/// What was stated is doubted where another view gains so many over it.
const DOUBTFUL_ERRORS: f64 = 3.0;
const DOUBTFUL_GAIN: f64 = 0.05;
/// Numbers of channels that are tried where nobody said how many, and points that they leave at least.
const CHANNELS: [usize; 4] = [1, 2, 3, 4];
const LEAST_POINTS: usize = 5;

/// Points of a series, and pixels of a side of a square, that networks learn from together, and simulations without which they learn nothing.
const WINDOW: usize = 4;
const SIDE: usize = 3;
const LEAST_ROWS: usize = 300;

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
    /// Whether the simulations were made in rounds for one observation.
    pub in_rounds: bool,
}

/// A view, and what is to be said of it.
pub(crate) struct Choice {
    pub view: View,
    /// Empty where nothing was chosen.
    pub remark: Option<String>,
    /// Where simulations contradict what was stated.
    pub doubt: Option<Finding>,
}

impl Candidates<'_> {
    /// The best of the views that suit the layout; x as it is where neither layout nor channels are
    /// stated and x is narrow.
    ///
    /// # Errors
    /// [`Halt`] where the work is to stop; trials are kept as pieces of `part`.
    pub fn choose(&self, part: &Part) -> Result<Choice, Halt> {
        let plain = self.plain();
        let TransformConfig { layout, channels, .. } = *self.transform;
        let wide = self.columns > NARROW;
        let structured = match layout {
            Layout::Series | Layout::Set | Layout::Image | Layout::Parts => true,
            Layout::Auto => wide || channels > 1,
            Layout::Vector => wide,
        };
        if layout == Layout::Parts {
            return self.choose_parts(part);
        }
        if !structured {
            return Ok(Choice { view: plain, remark: None, doubt: None });
        }
        let components = self.of_components();
        match layout {
            Layout::Series | Layout::Set => {
                self.stated(self.of_stated(&components), self.of_vector(&components), part)
            }
            Layout::Image => {
                let others = [self.of_vector(&components), self.of_transposed()].concat();
                self.stated(self.of_stated(&components), others, part)
            }
            Layout::Vector | Layout::Parts => {
                let regressed = self.of_regressed(&components, part)?;
                self.found([self.of_vector(&components), regressed].concat(), None, part)
            }
            Layout::Auto => {
                let series = self.of_series(channels, &components);
                let (shape, depth) = self.pixels();
                let image = self.of_image(shape, depth, &[]);
                let set = self.of_set(channels);
                let regressions = self.of_regressions(channels);
                let regressed = self.of_regressed(&components, part)?;
                let vector = [vec![plain], components.clone(), regressed].concat();
                let own = [vector, series, regressions, set, image].concat();
                // One is what nobody has to say.
                self.found(own, (channels == 1).then_some(&components), part)
            }
        }
    }

    /// The best of what was stated; where another kind of view is better by far, with a doubt.
    fn stated(&self, own: Vec<View>, others: Vec<View>, part: &Part) -> Result<Choice, Halt> {
        let mut stated = self.try_all(own, "view", part)?;
        let unmapped = self.unmapped(stated.iter());
        stated.extend(self.try_all(unmapped, "unmapped", part)?);
        let best = Trial::best(stated.iter()).unwrap_or_else(|| unreachable!("a layout has views"));
        let learnt = self.learnt(best, part)?;
        let channels = self.transform.channels;
        let more = self.divisors().filter(|other| *other != channels);
        let mut others = others;
        let more = more.filter(|_| self.transform.layout != Layout::Image);
        for other in more.chain([channels]) {
            let same = other == channels;
            if !(same && self.transform.layout == Layout::Series) {
                others.extend(self.of_series(other, &[]).into_iter().skip(1));
            }
            if !(same && self.transform.layout == Layout::Set) {
                others.extend(self.of_set(other).into_iter().take(1));
            }
        }
        let others = self.try_all(others, "other", part)?;
        let doubt = Trial::best(others.iter()).and_then(|other| {
            let gain = other.over(best);
            gain.is_clear(DOUBTFUL_GAIN, DOUBTFUL_ERRORS).then(|| Finding::OtherLayout {
                stated: describe(&best.view),
                found: describe(&other.view),
                gain: gain.nats,
                error: gain.error,
                fix: self.options(&other.view),
            })
        });
        let best = learnt.as_ref().unwrap_or(best);
        let (view, seen) = (best.view.clone(), describe(&best.view));
        let remark = format!("the networks see {seen} instead of the {} numbers of x", view.inputs);
        Ok(Choice { view, remark: Some(remark), doubt })
    }

    /// The first view, unless another is better by more than chance. Where nobody said how many channels
    /// there are, and `components` come along, several are tried too: where they are better by more than
    /// chance again, all views of so many.
    fn found(
        &self,
        own: Vec<View>,
        components: Option<&Vec<View>>,
        part: &Part,
    ) -> Result<Choice, Halt> {
        let trials = self.try_all(own, "view", part)?;
        let first = &trials[0];
        let errors = if self.in_rounds { ERRORS_IN_ROUNDS } else { STANDARD_ERRORS };
        let clear = |trial: &&Trial| trial.over(first).is_clear(LEAST_GAIN, errors);
        let best = Trial::best(trials.iter().skip(1).filter(clear)).unwrap_or(first);
        let several = components.map_or(vec![], |_| self.of_several_channels());
        let several = self.try_all(several, "channels", part)?;
        let beats = |trial: &&Trial| trial.over(best).is_clear(LEAST_GAIN, STANDARD_ERRORS);
        let more = match (Trial::best(several.iter().filter(beats)), components) {
            (Some(trial), Some(components)) => {
                let channels = trial.view.channels();
                let series = self.of_series(channels, components);
                let views = [series, self.of_regressions(channels), self.of_set(channels)].concat();
                self.try_all(views, "several", part)?
            }
            _ => vec![],
        };
        let best = Trial::best(more.iter()).unwrap_or(best);
        let found = |trial: &&Trial| {
            (trial.view.layout(), trial.view.channels())
                == (best.view.layout(), best.view.channels())
        };
        let unmapped = self.unmapped(trials.iter().chain(&more).filter(found));
        let unmapped = self.try_all(unmapped, "unmapped", part)?;
        let best = Trial::best(std::iter::once(best).chain(&unmapped)).unwrap_or(best);
        let learnt = self.learnt(best, part)?;
        let best = learnt.as_ref().unwrap_or(best);
        let gain = best.over(first);
        // Numbers that are filled where they are missing are no other view.
        let other = !best.view.is_plain() && !std::ptr::eq(best, first);
        let remark = other.then(|| {
            format!(
                "x of {} numbers behaves as {}: held-out simulations gain {:.2} ± {:.2} nats over its \
                 numbers one by one. --layout and --channels say otherwise",
                self.columns,
                describe(&best.view),
                gain.nats,
                gain.error
            )
        });
        Ok(Choice { view: best.view.clone(), remark, doubt: None })
    }

    /// A view with what networks learn beside, where held-out simulations gain by it.
    fn learnt(&self, best: &Trial, part: &Part) -> Result<Option<Trial>, Halt> {
        let part = part.part("networks");
        let Some(view) = self.with_learnt(&best.view, &part)? else { return Ok(None) };
        let trials = self.try_all(vec![view], "learnt", &part)?;
        Ok(trials.into_iter().next().filter(|trial| trial.is_learnt_over(best)))
    }

    /// A view of a series, an image or a set with what networks learn of its points beside.
    pub(super) fn with_learnt(&self, view: &View, part: &Part) -> Result<Option<View>, Halt> {
        let Some(kind) = self.learnt_kind(view) else { return Ok(None) };
        let mapped = view.blocks.iter().find_map(|block| match block {
            Block::Series(series) => Some(series.channels().to_vec()),
            _ => None,
        });
        let channels = mapped.unwrap_or_else(|| Channel::each(self.x, view.channels()));
        let targets = self.targets();
        let learnt = Learnt::fit(&self.learnt_table(&targets), channels, kind, part)?;
        let mut view = view.clone();
        // What tells of gaps is the last.
        let at = view.blocks.len() - usize::from(view.gaps().is_some());
        view.blocks.insert(at, Block::Learnt(learnt));
        Ok(Some(view))
    }

    /// θ in the flow's space, `[n, D]`.
    pub(super) fn targets(&self) -> Vec<f32> {
        let mut targets = vec![0.0; self.x.len() / self.columns * self.dim];
        let places = self.theta.chunks_exact(self.dim).zip(targets.chunks_exact_mut(self.dim));
        places.for_each(|(theta, out)| (self.point)(theta, out));
        targets
    }

    pub(super) fn learnt_table<'t>(&'t self, targets: &'t [f32]) -> LearntTable<'t> {
        LearntTable {
            x: self.x,
            columns: self.columns,
            targets,
            outputs: self.dim,
            rows: self.rows,
            seed: self.seed,
        }
    }

    /// The windows that networks learn from; `None` where they do not.
    fn learnt_kind(&self, view: &View) -> Option<Kind> {
        let enough = self.rows.len() >= LEAST_ROWS && !self.in_rounds;
        match view.layout() {
            _ if !enough => None,
            Layout::Series => Some(Kind::Runs(WINDOW)),
            Layout::Image => Some(Kind::Squares { side: SIDE, wide: view.pixels()?[1] }),
            Layout::Set => Some(Kind::Trials),
            _ => None,
        }
    }

    /// These views of points and pixels whose tails are not drawn in.
    fn unmapped<'t>(&self, trials: impl Iterator<Item = &'t Trial>) -> Vec<View> {
        trials.filter_map(|trial| trial.view.unmapped(self.x)).collect()
    }

    /// How a view is asked for.
    fn options(&self, view: &View) -> String {
        match view.layout() {
            layout @ (Layout::Series | Layout::Set) => {
                format!("--layout {} --channels {}", layout.name(), view.channels())
            }
            Layout::Image => {
                let [high, wide] = view.pixels().unwrap_or_default();
                format!("--layout image --shape {high}x{wide} --channels {}", view.channels())
            }
            _ => "--layout vector".to_owned(),
        }
    }

    /// Numbers of channels to try: they divide x, and leave points enough.
    fn divisors(&self) -> impl Iterator<Item = usize> {
        let columns = self.columns;
        CHANNELS.into_iter().filter(move |channels| {
            columns.is_multiple_of(*channels) && columns / channels >= LEAST_POINTS
        })
    }

    /// A series and a set of each number of channels but one.
    fn of_several_channels(&self) -> Vec<View> {
        let several = self.divisors().filter(|channels| *channels > 1);
        several
            .flat_map(|channels| {
                let series = self.of_series(channels, &[]).into_iter().skip(1).take(1);
                series.chain(self.of_set(channels).into_iter().take(1))
            })
            .collect()
    }

    pub(super) fn row(&self, index: u32) -> &[f64] {
        &self.x[index as usize * self.columns..][..self.columns]
    }
}
