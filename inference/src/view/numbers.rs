//! The numbers of a view that stand in a file of weights: those of its principal components and networks.

use super::{Block, View};

impl View {
    /// These numbers; empty where there are none.
    pub fn numbers(&self) -> Vec<f64> {
        let of = |block: &Block| match block {
            Block::Components(components) => components.numbers().to_vec(),
            Block::Learnt(learnt) => learnt.numbers(),
            Block::Regressed(regressed) => regressed.numbers().to_vec(),
            Block::Part(part) => part.view().numbers(),
            _ => Vec::new(),
        };
        self.blocks.iter().flat_map(of).collect()
    }

    /// How many those are; `None` where there are more than can be counted.
    pub fn parameters(&self) -> Option<usize> {
        self.blocks.iter().try_fold(0_usize, |sum, block| match block {
            Block::Components(components) => sum.checked_add(components.parameters(self.inputs)?),
            Block::Learnt(learnt) => sum.checked_add(learnt.parameters()?),
            Block::Regressed(regressed) => sum.checked_add(regressed.parameters(self.inputs)?),
            Block::Part(part) => sum.checked_add(part.view().parameters()?),
            _ => Some(sum),
        })
    }

    /// The view with these numbers; `None` where their count is wrong.
    pub fn with_numbers(mut self, numbers: &[f64]) -> Option<Self> {
        let rest = self.take_numbers(numbers)?;
        (rest.is_empty() && numbers.iter().all(|v| v.is_finite())).then_some(self)
    }

    /// Takes the first of these; what is left.
    fn take_numbers<'n>(&mut self, numbers: &'n [f64]) -> Option<&'n [f64]> {
        let mut rest = numbers;
        for block in &mut self.blocks {
            match block {
                Block::Components(components) => {
                    let own;
                    (own, rest) = rest.split_at_checked(components.parameters(self.inputs)?)?;
                    components.set_numbers(own);
                }
                Block::Regressed(regressed) => {
                    let own;
                    (own, rest) = rest.split_at_checked(regressed.parameters(self.inputs)?)?;
                    regressed.set_numbers(own);
                }
                Block::Learnt(learnt) => {
                    let own;
                    (own, rest) = rest.split_at_checked(learnt.parameters()?)?;
                    learnt.set_numbers(own);
                }
                Block::Part(part) => rest = part.view_mut().take_numbers(rest)?,
                _ => {}
            }
        }
        Some(rest)
    }
}
