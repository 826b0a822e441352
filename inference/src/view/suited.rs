//! The views that suit a layout.

use super::choose::Candidates;
use super::components::Components;
use super::gaps::{Gaps, Structure};
use super::image::Image;
use super::present::{is_present, means};
use super::regressed::Regressed;
use super::series::{Detail, Regression, Series};
use super::set::Set;
use super::{Block, View};
use crate::config::{NARROW, TransformConfig};
use crate::work::{Halt, Part};
use freeform_simulators::Layout;

/// Components where few are enough.
const FEW_COMPONENTS: usize = 4;
/// A square of numbers is tried as an image from so many a side on.
const LEAST_SIDE: usize = 16;
/// The widest x that θ is regressed on.
const MOST_REGRESSED: usize = 1000;

impl Candidates<'_> {
    /// These, and what is told of gaps where there are any.
    pub(super) fn view(&self, mut blocks: Vec<Block>, structure: Structure) -> View {
        blocks.extend(Gaps::of(self.x, self.columns, structure).map(Block::Gaps));
        View { inputs: self.columns, blocks }
    }

    /// x as it is, filled where numbers are missing.
    pub(super) fn plain(&self) -> View {
        match self.x.iter().all(is_present) {
            true => View::plain(self.columns),
            false => {
                let with = means(self.x, self.columns);
                self.view(vec![Block::Filled { with }], Structure::Vector)
            }
        }
    }

    /// The numbers, and their components.
    pub(super) fn of_vector(&self, components: &[View]) -> Vec<View> {
        [&[self.plain()], components].concat()
    }

    /// Those of the layout that is stated, the plainest or the most concise first.
    pub(super) fn of_stated(&self, components: &[View]) -> Vec<View> {
        let TransformConfig { layout, channels, shape, .. } = *self.transform;
        match layout {
            Layout::Series => [
                &self.of_series(channels, components)[..],
                &self.of_regressions(channels),
                components,
            ]
            .concat(),
            Layout::Set => self.of_set(channels),
            Layout::Image => [&self.of_image(shape, channels, components)[..], components].concat(),
            _ => self.of_vector(components),
        }
    }

    /// A few components, and more, of a wide x.
    pub(super) fn of_components(&self) -> Vec<View> {
        if self.columns <= NARROW {
            return Vec::new();
        }
        let TransformConfig { layout, channels, .. } = *self.transform;
        let along = (layout != Layout::Vector).then_some(channels);
        let all = Components::fit(self.x, self.columns, along, self.seed);
        let few = all.first(self.columns, FEW_COMPONENTS);
        let structure = along.map_or(Structure::Vector, Structure::Series);
        [few, all].map(|found| self.view(vec![Block::Components(found)], structure)).into()
    }

    /// What linear regressions say, alone and beside principal components.
    pub(super) fn of_regressed(&self, components: &[View], part: &Part) -> Result<Vec<View>, Halt> {
        if !(NARROW + 1..=MOST_REGRESSED).contains(&self.columns) {
            return Ok(Vec::new());
        }
        let targets = self.targets();
        let table = self.learnt_table(&targets);
        let fitted = Regressed::fit(&table, self.whitening, &part.part("regressed"))?;
        let Some(regressed) = fitted.map(Block::Regressed) else { return Ok(Vec::new()) };
        let beside = components.last().map(|view| vec![regressed.clone(), view.blocks[0].clone()]);
        let blocks = std::iter::once(vec![regressed]).chain(beside);
        Ok(blocks.map(|blocks| self.view(blocks, Structure::Vector)).collect())
    }

    /// Few statistics and many, and many beside principal components.
    pub(super) fn of_series(&self, channels: usize, components: &[View]) -> Vec<View> {
        let series = |detail| Block::Series(Series::fit(self.x, self.columns, channels, detail));
        let details = [Detail::Brief, Detail::Few, Detail::Many];
        let structure = Structure::Series(channels);
        let of = |blocks: Vec<Block>| self.view(blocks, structure);
        let mut views: Vec<View> = details.map(|detail| of(vec![series(detail)])).into();
        let beside = |view: &View| vec![series(Detail::Many), view.blocks[0].clone()];
        views.extend(components.iter().map(|view| of(beside(view))));
        views
    }

    /// Regressions of points on those before, where a series has points enough.
    pub(super) fn of_regressions(&self, channels: usize) -> Vec<View> {
        let of = |regression| {
            let series = Series::regressed(self.x, self.columns, channels, regression);
            self.view(vec![Block::Series(series)], Structure::Series(channels))
        };
        Regression::candidates(self.columns / channels, channels).map(of).collect()
    }

    pub(super) fn of_set(&self, features: usize) -> Vec<View> {
        let fit = |detailed| Set::fit(self.x, self.columns, features, detailed);
        let set = |detailed| Block::Set(fit(detailed));
        let ends = |detailed| Block::Set(fit(detailed).with_extremes());
        [set(false), set(true), ends(false), ends(true)]
            .map(|block| self.view(vec![block], Structure::Set(features)))
            .into()
    }

    /// Few statistics and many, and many beside a coarse image or principal components.
    pub(super) fn of_image(
        &self,
        shape: Option<[usize; 2]>,
        channels: usize,
        components: &[View],
    ) -> Vec<View> {
        let Some(shape) = shape else { return vec![] };
        let image =
            |detail, coarse| Block::Image(Image::fit(self.x, shape, channels, detail, coarse));
        let view = |blocks: Vec<Block>| View { inputs: self.columns, blocks };
        let details = [Detail::Brief, Detail::Few, Detail::Many];
        let mut views: Vec<View> = details.map(|detail| view(vec![image(detail, false)])).into();
        views.push(view(vec![image(Detail::Many, true)]));
        let beside = |other: &View| view(vec![image(Detail::Many, false), other.blocks[0].clone()]);
        views.extend(components.iter().map(beside));
        views
    }

    /// The image with as many columns as it is said to have rows.
    pub(super) fn of_transposed(&self) -> Vec<View> {
        let turned = self.transform.shape.filter(|[a, b]| a != b).map(|[high, wide]| [wide, high]);
        self.of_image(turned, self.transform.channels, &[]).into_iter().skip(1).take(1).collect()
    }

    /// Rows and columns of pixels, and numbers of each, of an x of which nobody says that it is an image:
    /// those of its array, or of a large square.
    pub(super) fn pixels(&self) -> (Option<[usize; 2]>, usize) {
        let TransformConfig { channels, shape, .. } = *self.transform;
        let divides = |shape: &[usize; 2]| self.columns.is_multiple_of(shape[0] * shape[1]);
        match shape.filter(divides) {
            _ if !self.x.iter().all(is_present) => (None, 1),
            Some(shape) => (Some(shape), self.columns / (shape[0] * shape[1])),
            None => {
                let side = (self.columns / channels).isqrt();
                let square = side >= LEAST_SIDE && side * side * channels == self.columns;
                (square.then_some([side, side]), channels)
            }
        }
    }
}
