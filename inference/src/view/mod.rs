//! What of x the networks are given: its numbers one by one, or what is known to say most about data
//! of its structure. Which, is chosen by held-out simulations; see [`choose`].
//!
//! Structure beats training: a thousand simulations teach no network that trials may be reordered, or
//! that neighbours in time belong together, but a few statistics that rest on it say it at once.

mod centred;
mod channel;
mod choose;
mod components;
mod cross_fit;
mod gaps;
mod image;
mod learnt;
mod names;
mod numbers;
mod parts;
mod present;
mod quantile;
mod regressed;
mod series;
mod set;
mod suited;
mod trial;
mod whole;
mod words;

pub(crate) use choose::{Candidates, Choice};
pub use gaps::GapsStanding;
pub(crate) use present::is_present;

use components::Components;
use freeform_simulators::Layout;
use gaps::{Gaps, Structure};
use image::Image;
use learnt::Learnt;
use parts::PartView;
use rayon::prelude::*;
use regressed::Regressed;
use serde::{Deserialize, Serialize};
use series::Series;
use set::Set;

/// A part of what the networks are given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Block {
    /// The numbers of x.
    Columns,
    /// The same, with these numbers where one is missing.
    Filled { with: Vec<f64> },
    /// Leading principal components of them.
    Components(Components),
    /// What linear regressions of θ on them say.
    Regressed(Regressed),
    /// Statistics of a series.
    Series(Series),
    /// Statistics of a set of trials, which forget their order.
    Set(Set),
    /// Statistics of an image.
    Image(Image),
    /// What networks learnt to say of a series or a set.
    Learnt(Learnt),
    /// A part of x that has a view of its own.
    Part(PartView),
    /// Where numbers are missing; the last.
    Gaps(Gaps),
}

/// x ↦ the numbers that take its place, block after block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct View {
    /// Numbers in an observation.
    inputs: usize,
    blocks: Vec<Block>,
}

impl View {
    /// x as it is.
    pub fn plain(inputs: usize) -> Self {
        Self { inputs, blocks: vec![Block::Columns] }
    }

    /// Numbers in an observation, C; of a set of any number of trials, those of the simulations.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Numbers that simulations and observations are compared in, one by one: those of x, or of a trial
    /// where there may be any number of these.
    pub fn compared(&self) -> usize {
        self.trial().unwrap_or(self.inputs)
    }

    /// Numbers of a trial, where there may be any number of them.
    pub fn trial(&self) -> Option<usize> {
        match self.gaps()?.structure() {
            Structure::Set(width) => Some(width),
            _ => None,
        }
    }

    /// How many numbers take their place.
    pub fn outputs(&self) -> usize {
        self.blocks.iter().map(|block| self.outputs_of(block)).sum()
    }

    /// Whether it leaves x as it is.
    pub fn is_plain(&self) -> bool {
        self.blocks == [Block::Columns]
    }

    /// Whether networks learnt some of its numbers.
    pub fn is_learnt(&self) -> bool {
        self.blocks.iter().any(|block| match block {
            Block::Learnt(_) => true,
            Block::Part(part) => part.view().is_learnt(),
            _ => false,
        })
    }

    /// Whether linear regressions of θ are some of its numbers.
    pub fn is_regressed(&self) -> bool {
        self.blocks.iter().any(|block| matches!(block, Block::Regressed(_)))
    }

    /// Whether some of its numbers follow from others.
    pub fn has_statistics(&self) -> bool {
        match self.layout() {
            Layout::Vector => self.is_regressed(),
            Layout::Parts => self.parts().any(|part| part.view().has_statistics()),
            _ => true,
        }
    }

    /// What it takes x for: a series, a set, an image or parts, or else a vector.
    pub fn layout(&self) -> Layout {
        let structures = self.blocks.iter().find_map(|block| match block {
            Block::Series(_) => Some(Layout::Series),
            Block::Set(_) => Some(Layout::Set),
            Block::Image(_) => Some(Layout::Image),
            Block::Part(_) => Some(Layout::Parts),
            _ => None,
        });
        structures.unwrap_or(Layout::Vector)
    }

    /// Numbers of a point of that series, of a trial of that set or of a pixel of that image; 1 of a
    /// vector.
    pub fn channels(&self) -> usize {
        let sizes = self.blocks.iter().find_map(|block| match block {
            Block::Series(series) => Some(series.sizes().1),
            Block::Set(set) => Some(set.sizes().1),
            Block::Image(image) => Some(image.sizes().1),
            _ => None,
        });
        sizes.unwrap_or(1)
    }

    /// The numbers of a trial of that set that are one of a few values, with these.
    pub fn categories(&self) -> Vec<(usize, &[f64])> {
        let set = self.blocks.iter().find_map(|block| match block {
            Block::Set(set) => Some(set.categories().collect()),
            _ => None,
        });
        set.unwrap_or_default()
    }

    /// Rows and columns of pixels of that image.
    pub fn pixels(&self) -> Option<[usize; 2]> {
        self.blocks.iter().find_map(|block| match block {
            Block::Image(image) => Some(image.sizes().0),
            _ => None,
        })
    }

    fn outputs_of(&self, block: &Block) -> usize {
        match block {
            Block::Columns | Block::Filled { .. } => self.inputs,
            Block::Components(components) => components.count(),
            Block::Regressed(regressed) => regressed.outputs(),
            Block::Series(series) => series.outputs(),
            Block::Set(set) => set.outputs(),
            Block::Image(image) => image.outputs(),
            Block::Learnt(learnt) => learnt.outputs(),
            Block::Part(part) => part.view().outputs(),
            Block::Gaps(gaps) => gaps.outputs(),
        }
    }

    /// Of one x; every number is finite where those of x are, or are missing where they may be.
    pub fn of(&self, x: &[f64]) -> Vec<f64> {
        self.of_row(None, x)
    }

    /// Of one x, which may be a row of the table that the view was learnt from.
    pub(super) fn of_row(&self, row: Option<usize>, x: &[f64]) -> Vec<f64> {
        let mut out = Vec::with_capacity(self.outputs());
        for block in &self.blocks {
            match block {
                Block::Columns => out.extend_from_slice(x),
                Block::Filled { with } => {
                    let fill = |(v, with): (&f64, &f64)| if is_present(v) { *v } else { *with };
                    out.extend(x.iter().zip(with).map(fill));
                }
                Block::Components(components) => components.apply(x, &mut out),
                Block::Regressed(regressed) => regressed.apply(row, x, &mut out),
                Block::Series(series) => series.apply(x, &mut out),
                Block::Set(set) => set.apply(x, &mut out),
                Block::Image(image) => image.apply(x, &mut out),
                Block::Learnt(learnt) => match row {
                    None => learnt.apply(x, &mut out),
                    Some(row) => learnt.apply_to_row(row, x, &mut out),
                },
                Block::Part(part) => part.apply(row, x, &mut out),
                Block::Gaps(gaps) => gaps.apply(x, &mut out),
            }
        }
        out
    }

    /// The same for points and pixels whose tails are not drawn in, of these rows of x; `None` where that
    /// is no other.
    pub fn unmapped(&self, x: &[f64]) -> Option<Self> {
        let mut changed = false;
        let mut other = |block: &Block| {
            let other = match block {
                Block::Series(series) => series.unmapped(x).map(Block::Series),
                Block::Image(image) => image.unmapped(x).map(Block::Image),
                _ => None,
            };
            changed |= other.is_some();
            other.unwrap_or_else(|| block.clone())
        };
        let blocks = self.blocks.iter().map(&mut other).collect();
        changed.then_some(Self { inputs: self.inputs, blocks })
    }

    /// Of every row of the table of x that it was chosen for, `[n, C]` to `[n, outputs]`.
    pub fn table(&self, x: Vec<f64>) -> Vec<f64> {
        if self.is_plain() {
            return x;
        }
        let rows = x.par_chunks_exact(self.inputs).enumerate();
        rows.flat_map_iter(|(index, row)| self.of_row(Some(index), row)).collect()
    }

    /// The same for new data alone, without what is known of the rows of that table.
    pub fn forgetting(mut self) -> Self {
        let each = self.blocks.into_iter().map(|block| match block {
            Block::Learnt(learnt) => Block::Learnt(learnt.forgetting()),
            Block::Regressed(regressed) => Block::Regressed(regressed.forgetting()),
            Block::Part(part) => Block::Part(part.forgetting()),
            other => other,
        });
        self.blocks = each.collect();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_view_changes_nothing() {
        let view = View::plain(3);
        assert!(view.is_plain() && view.is_whole());
        assert_eq!(view.of(&[1.0, 2.0, 3.0]), [1.0, 2.0, 3.0]);
        assert_eq!((view.outputs(), view.parameters()), (3, Some(0)));
        assert_eq!(view.clone().with_numbers(&[]), Some(view.clone()));
        assert_eq!(view.with_numbers(&[1.0]), None);
    }
}
