//! Whether a view that was read from a file is one.

use super::{Block, View};

impl View {
    /// Whether it describes x of C numbers, with numbers that mean something.
    pub fn is_whole(&self) -> bool {
        let whole = |block: &Block| match block {
            Block::Columns => true,
            Block::Filled { with } => {
                with.len() == self.inputs && with.iter().all(|v| v.is_finite())
            }
            Block::Components(components) => components.is_whole(self.inputs),
            Block::Regressed(regressed) => regressed.is_whole(),
            Block::Series(series) => series.is_whole(self.inputs),
            Block::Set(set) => set.is_whole(self.inputs),
            Block::Image(image) => image.is_whole(self.inputs),
            Block::Learnt(learnt) => learnt.is_whole(self.inputs),
            Block::Part(part) => part.is_whole(self.inputs),
            Block::Gaps(gaps) => gaps.is_whole(self.inputs),
        };
        let gaps = |block: &Block| matches!(block, Block::Gaps(_));
        let before = self.blocks.split_last().map_or(&[][..], |(_, before)| before);
        self.inputs > 0
            && !self.blocks.first().is_none_or(gaps)
            && !before.iter().any(gaps)
            && self.blocks.iter().all(whole)
    }
}
