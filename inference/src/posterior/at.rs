//! What a question is about.

/// An observation as the two kinds of flow see it.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    /// The posterior flows' context.
    pub context: &'a [f32],
    /// The likelihood's target.
    pub target: &'a [f32],
    /// Whether it has fewer trials than any simulation, and the likelihood of one trial says all.
    pub few: bool,
}

impl<'a> At<'a> {
    /// Within what was simulated.
    pub fn new(context: &'a [f32], target: &'a [f32]) -> Self {
        Self { context, target, few: false }
    }

    /// What the likelihood describes of each of some observations side by side.
    pub fn targets(self, rows: usize) -> impl Iterator<Item = &'a [f32]> {
        let width = self.target.len() / rows.max(1);
        (0..rows).map(move |row| &self.target[row * width..(row + 1) * width])
    }
}
