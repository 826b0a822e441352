//! Views of x that consists of parts, each with a layout of its own: what the networks are given of each
//! part, side by side.

use super::choose::{Candidates, Choice};
use super::trial::Trial;
use super::words::describe;
use super::{Block, View};
use crate::config::TransformConfig;
use crate::work::{Halt, Part};
use freeform_simulators::DataPart;
use serde::{Deserialize, Serialize};

/// A part of x, and what the networks are given of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartView {
    /// Its first column, from 0.
    from: usize,
    view: View,
}

impl PartView {
    pub fn view(&self) -> &View {
        &self.view
    }

    pub(super) fn view_mut(&mut self) -> &mut View {
        &mut self.view
    }

    /// Its first column, from 0.
    pub fn from(&self) -> usize {
        self.from
    }

    /// Of x, which may be a row of the table that the view was learnt from.
    pub fn apply(&self, row: Option<usize>, x: &[f64], out: &mut Vec<f64>) {
        out.extend(self.view.of_row(row, &x[self.from..][..self.view.inputs]));
    }

    /// The same for new data alone.
    pub fn forgetting(self) -> Self {
        Self { view: self.view.forgetting(), ..self }
    }

    pub fn is_whole(&self, columns: usize) -> bool {
        let end = self.from.checked_add(self.view.inputs);
        end.is_some_and(|end| end <= columns) && self.view.is_whole()
    }
}

impl Candidates<'_> {
    /// The best of the views of each part, of one after the other, the others left as they are.
    ///
    /// # Errors
    /// [`Halt`] where the work is to stop.
    pub(super) fn choose_parts(&self, part: &Part) -> Result<Choice, Halt> {
        let layout = self.transform.layout();
        let parts: Vec<(usize, &DataPart)> = layout.placed_parts().collect();
        let tables: Vec<Vec<f64>> = parts.iter().map(|part| self.columns_of(*part)).collect();
        let settings: Vec<TransformConfig> =
            parts.iter().map(|(_, part)| self.settings_of(part)).collect();
        let of = |at: usize| Candidates {
            x: &tables[at],
            columns: parts[at].1.numbers(),
            transform: &settings[at],
            ..*self
        };
        let whole = |views: &[View]| {
            let block = |((from, _), view): (&(usize, &DataPart), &View)| {
                Block::Part(PartView { from: *from, view: view.clone() })
            };
            View { inputs: self.columns, blocks: parts.iter().zip(views).map(block).collect() }
        };
        let options: Vec<Vec<View>> = (0..parts.len())
            .map(|at| {
                let own = of(at);
                own.of_stated(&own.of_components())
            })
            .collect();
        let mut chosen: Vec<View> = options.iter().map(|views| views[0].clone()).collect();
        for (at, own) in options.iter().enumerate().filter(|(_, own)| own.len() > 1) {
            let with = |view: View| {
                let mut views = chosen.clone();
                views[at] = view;
                whole(&views)
            };
            let name = |kind: &str| format!("part-{}-{kind}", at + 1);
            let trials = own.iter().cloned().map(with).collect();
            let mut trials = self.try_all(trials, &name("view"), part)?;
            let unmapped = own.iter().filter_map(|view| view.unmapped(&tables[at])).map(with);
            trials.extend(self.try_all(unmapped.collect(), &name("unmapped"), part)?);
            let Some(best) = Trial::best(trials.iter()) else { continue };
            let part = part.part(&name("networks"));
            let own = best.view.part(at);
            let learnt = of(at).with_learnt(own, &part)?.map(with);
            let learnt = self.try_all(learnt.into_iter().collect(), "learnt", &part)?;
            let learnt = learnt.first().filter(|trial| trial.is_learnt_over(best));
            chosen[at] = learnt.unwrap_or(best).view.part(at).clone();
        }
        let view = whole(&chosen);
        let remark = format!(
            "the networks see {} instead of the {} numbers of x",
            describe(&view),
            self.columns
        );
        Ok(Choice { view, remark: Some(remark), doubt: None })
    }

    fn columns_of(&self, (from, part): (usize, &DataPart)) -> Vec<f64> {
        let rows = self.x.chunks_exact(self.columns);
        rows.flat_map(|row| &row[from..][..part.numbers()]).copied().collect()
    }

    /// The settings of a part alone.
    fn settings_of(&self, part: &DataPart) -> TransformConfig {
        let stated = part.layout();
        TransformConfig {
            layout: stated.layout,
            channels: stated.channels,
            shape: stated.shape,
            parts: Vec::new(),
            ..self.transform.clone()
        }
    }
}

impl View {
    /// Whether it, or the view of a part, regresses points of a series on those before.
    pub fn has_regressions(&self) -> bool {
        self.blocks.iter().any(|block| match block {
            Block::Series(series) => series.regression().is_some(),
            Block::Part(part) => part.view.has_regressions(),
            _ => false,
        })
    }

    /// The view of a part, from 0.
    fn part(&self, at: usize) -> &Self {
        match &self.blocks[at] {
            Block::Part(part) => &part.view,
            _ => self,
        }
    }

    /// The parts that it sees, where x has several.
    pub(super) fn parts(&self) -> impl Iterator<Item = &PartView> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Part(part) => Some(part),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Set;
    use super::*;
    use freeform_simulators::Layout;

    #[test]
    fn each_part_is_seen_by_its_own_view() {
        // Three trials of a set that forgets their order, and two numbers.
        let x = [3.0, 1.0, 2.0, 7.0, 8.0, 1.0, 2.0, 3.0, 7.0, 8.0];
        let trials = [3.0, 1.0, 2.0, 1.0, 2.0, 3.0];
        let set = View { inputs: 3, blocks: vec![Block::Set(Set::fit(&trials, 3, 1, false))] };
        let part = |from, view| Block::Part(PartView { from, view });
        let view = View { inputs: 5, blocks: vec![part(0, set.clone()), part(3, View::plain(2))] };
        assert!(view.is_whole() && !view.is_plain() && view.has_statistics());
        assert_eq!((view.layout(), view.outputs()), (Layout::Parts, set.outputs() + 2));
        assert_eq!(view.of(&x[..5]), view.of(&x[5..]));
        let expected: Vec<f64> = [set.of(&x[..3]), vec![7.0, 8.0]].concat();
        assert_eq!(view.of(&x[..5]), expected);
        let read: View = serde_json::from_str(&serde_json::to_string(&view).unwrap()).unwrap();
        assert_eq!(read, view);
        let beyond = View { inputs: 5, blocks: vec![part(4, View::plain(2))] };
        assert!(!beyond.is_whole());
    }
}
