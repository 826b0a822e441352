//! Where a view, or the views of the parts of x, tell of gaps.

use super::{Gaps, GapsStanding};
use crate::view::parts::PartView;
use crate::view::present::is_present;
use crate::view::{Block, View};

impl View {
    /// What is told of gaps in x, where there may be any.
    pub fn gaps(&self) -> Option<&Gaps> {
        match self.blocks.last() {
            Some(Block::Gaps(gaps)) => Some(gaps),
            _ => None,
        }
    }

    /// What is told of gaps in x or in its parts, each with the first number of x that it is about and with
    /// its own first number among those of the view.
    pub fn all_gaps(&self) -> Vec<(usize, usize, &Gaps)> {
        let (mut all, mut at) = (Vec::new(), 0);
        for block in &self.blocks {
            match block {
                Block::Gaps(gaps) => all.push((0, at, gaps)),
                Block::Part(part) => all.extend(
                    part.view()
                        .all_gaps()
                        .into_iter()
                        .map(|(first, place, gaps)| (part.from() + first, at + place, gaps)),
                ),
                _ => {}
            }
            at += self.outputs_of(block);
        }
        all
    }

    /// Which of its numbers tell of gaps alone, whatever was measured.
    pub fn of_gaps(&self) -> Vec<usize> {
        let each = self.all_gaps().into_iter().flat_map(|(_, at, gaps)| at..at + gaps.outputs());
        each.collect()
    }

    /// Its columns that may be used, of those that `kept` says tell of θ: with them what is told of gaps,
    /// which says how far the others can be trusted.
    pub fn with_gaps(&self, mut kept: Vec<usize>) -> Vec<usize> {
        kept.extend(self.of_gaps());
        kept.sort_unstable();
        kept.dedup();
        kept
    }

    /// Runs of its numbers that are those of x, filled: the first of x, the first of the view, and how many.
    pub fn filled(&self) -> Vec<(usize, usize, usize)> {
        let (mut all, mut at) = (Vec::new(), 0);
        for block in &self.blocks {
            match block {
                Block::Filled { .. } => all.push((0, at, self.inputs)),
                Block::Part(part) => all.extend(
                    part.view()
                        .filled()
                        .into_iter()
                        .map(|(first, place, count)| (part.from() + first, at + place, count)),
                ),
                _ => {}
            }
            at += self.outputs_of(block);
        }
        all
    }

    /// The first number of `x`, from 0, that is missing though it is in no simulation, or in none of its part:
    /// nothing was learnt of that. Of points and trials that is no question.
    pub fn never_missing(&self, x: &[f64]) -> Option<usize> {
        let of_part = |part: &PartView| {
            let own = &x[part.from()..][..part.view().inputs()];
            Some(part.from() + part.view().never_missing(own)?)
        };
        match self.gaps() {
            Some(gaps) => gaps.never_missing(x),
            None if self.parts().next().is_some() => self.parts().find_map(of_part),
            None => x.iter().position(|v| !is_present(v)),
        }
    }

    /// How the gaps of an observation are to those of the simulations, of all parts together; `None` where
    /// nothing may be missing.
    pub fn standing_of_gaps(&self, x: &[f64]) -> Option<GapsStanding> {
        if let Some(gaps) = self.gaps() {
            return Some(gaps.standing(x));
        }
        let parts = self.parts().enumerate().filter_map(|(index, part)| {
            let own = &x[part.from()..][..part.view().inputs()];
            let standing = part.view().gaps()?.standing(own);
            let unlike =
                standing.unlike.iter().map(|unlike| format!("part {}: {unlike}", index + 1));
            Some(GapsStanding { unlike: unlike.collect(), ..standing })
        });
        parts.reduce(|all, part| GapsStanding {
            present: all.present + part.present,
            simulated: (all.simulated.0 + part.simulated.0, all.simulated.1 + part.simulated.1),
            unlike: [all.unlike, part.unlike].concat(),
            multiplied: false,
        })
    }
}
