//! What external programs print beside their answers.

/// Lines that were no answers, and were passed over. How many there are may depend on how often a
/// program was restarted, so they are no part of a result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Noise {
    /// How many lines.
    pub lines: u64,
    /// The first of them, shortened.
    pub first: Option<String>,
}

impl Noise {
    /// Takes note of a line.
    pub(crate) fn hear(&mut self, line: &str) {
        self.lines += 1;
        self.first.get_or_insert_with(|| line.trim().chars().take(200).collect());
    }

    /// Adds what was heard elsewhere.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.lines += other.lines;
        if self.first.is_none() {
            self.first.clone_from(&other.first);
        }
    }
}
