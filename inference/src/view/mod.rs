//! What of x the networks are given: its numbers one by one, or what is known to say most about data
//! of its structure. Which, is chosen by held-out simulations; see [`choose`].
//!
//! Structure beats training: a thousand simulations teach no network that trials may be reordered, or
//! that neighbours in time belong together, but a few statistics that rest on it say it at once.

mod channel;
mod choose;
mod components;
mod names;
mod series;
mod set;
mod trial;
mod words;

pub(crate) use choose::{Candidates, Choice};

use components::Components;
use freeform_simulators::Layout;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use series::Series;
use set::Set;

/// A part of what the networks are given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Block {
    /// The numbers of x.
    Columns,
    /// Leading principal components of them.
    Components(Components),
    /// Statistics of a series.
    Series(Series),
    /// Statistics of a set of trials, which forget their order.
    Set(Set),
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

    /// Numbers in an observation, C.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// How many numbers take their place.
    pub fn outputs(&self) -> usize {
        self.blocks.iter().map(|block| self.outputs_of(block)).sum()
    }

    /// Whether it leaves x as it is.
    pub fn is_plain(&self) -> bool {
        self.blocks == [Block::Columns]
    }

    /// Whether some of its numbers follow from others.
    pub fn has_statistics(&self) -> bool {
        self.layout() != Layout::Vector
    }

    /// What it takes x for: a series or a set, or else a vector.
    pub fn layout(&self) -> Layout {
        let structures = self.blocks.iter().find_map(|block| match block {
            Block::Series(_) => Some(Layout::Series),
            Block::Set(_) => Some(Layout::Set),
            Block::Columns | Block::Components(_) => None,
        });
        structures.unwrap_or(Layout::Vector)
    }

    /// Numbers of a point of that series, or of a trial of that set; 1 of a vector.
    pub fn channels(&self) -> usize {
        let sizes = self.blocks.iter().find_map(|block| match block {
            Block::Series(series) => Some(series.sizes()),
            Block::Set(set) => Some(set.sizes()),
            Block::Columns | Block::Components(_) => None,
        });
        sizes.map_or(1, |(_, channels)| channels)
    }

    fn outputs_of(&self, block: &Block) -> usize {
        match block {
            Block::Columns => self.inputs,
            Block::Components(components) => components.count(),
            Block::Series(series) => series.outputs(),
            Block::Set(set) => set.outputs(),
        }
    }

    /// Of one x; every number is finite where those of x are.
    pub fn of(&self, x: &[f64]) -> Vec<f64> {
        let mut out = Vec::with_capacity(self.outputs());
        for block in &self.blocks {
            match block {
                Block::Columns => out.extend_from_slice(x),
                Block::Components(components) => components.apply(x, &mut out),
                Block::Series(series) => series.apply(x, &mut out),
                Block::Set(set) => set.apply(x, &mut out),
            }
        }
        out
    }

    /// Of every row of a table of x, `[n, C]` to `[n, outputs]`.
    pub fn table(&self, x: Vec<f64>) -> Vec<f64> {
        match self.is_plain() {
            true => x,
            false => x.par_chunks_exact(self.inputs).flat_map_iter(|row| self.of(row)).collect(),
        }
    }

    /// Whether it describes x of C numbers, with numbers that mean something.
    pub fn is_whole(&self) -> bool {
        let whole = |block: &Block| match block {
            Block::Columns => true,
            Block::Components(components) => components.is_whole(self.inputs),
            Block::Series(series) => series.is_whole(self.inputs),
            Block::Set(set) => set.is_whole(self.inputs),
        };
        self.inputs > 0 && !self.blocks.is_empty() && self.blocks.iter().all(whole)
    }

    /// The numbers of principal components, for a weights file; empty where there are none.
    pub fn numbers(&self) -> Vec<f64> {
        let components = self.blocks.iter().filter_map(|block| match block {
            Block::Components(components) => Some(components.numbers()),
            _ => None,
        });
        components.flatten().copied().collect()
    }

    /// How many numbers those are; `None` where there are more than can be counted.
    pub fn parameters(&self) -> Option<usize> {
        self.blocks.iter().try_fold(0_usize, |sum, block| match block {
            Block::Components(components) => sum.checked_add(components.parameters(self.inputs)?),
            _ => Some(sum),
        })
    }

    /// The view with these numbers; `None` where their count is wrong.
    pub fn with_numbers(mut self, numbers: &[f64]) -> Option<Self> {
        let mut rest = numbers;
        for block in &mut self.blocks {
            if let Block::Components(components) = block {
                let own;
                (own, rest) = rest.split_at_checked(components.parameters(self.inputs)?)?;
                components.set_numbers(own);
            }
        }
        (rest.is_empty() && numbers.iter().all(|v| v.is_finite())).then_some(self)
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
