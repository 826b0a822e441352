//! What the numbers of an observation are to each other.

use serde::{Deserialize, Serialize};

/// What the numbers of x are to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// Nobody said: of a wide x held-out simulations decide, a narrow one is a vector.
    Auto,
    /// Nothing is known: statistics in any order, say.
    Vector,
    /// Measurements one after the other, `[T, channels]` row after row.
    Series,
    /// Trials whose order means nothing, `[N, channels]` row after row.
    Set,
}

/// A layout that is stated with the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataLayout {
    /// Which.
    pub layout: Layout,
    /// Numbers of one point of a series, or of one trial of a set, which stand side by side.
    pub channels: usize,
}

/// Fewer points or trials have no statistics.
const LEAST_POINTS: usize = 3;

/// Why a layout is not that of so many numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayoutMisfit {
    /// They are no whole number of points or trials.
    Uneven,
    /// They are so few points or trials, of which at least three make a series or a set.
    FewPoints(usize),
}

impl DataLayout {
    /// Of data of which nothing but the number of channels is known.
    #[must_use]
    pub fn of_channels(channels: usize) -> Self {
        Self { layout: Layout::Auto, channels }
    }

    /// Why x of so many numbers has another layout; `None` where it may have this one.
    #[must_use]
    pub fn misfit(self, numbers: usize) -> Option<LayoutMisfit> {
        if self.layout == Layout::Vector {
            return None;
        }
        if self.channels == 0 || !numbers.is_multiple_of(self.channels) {
            return Some(LayoutMisfit::Uneven);
        }
        let points = numbers / self.channels;
        let few = self.layout != Layout::Auto && points < LEAST_POINTS;
        few.then_some(LayoutMisfit::FewPoints(points))
    }
}

impl Layout {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Auto, Self::Vector, Self::Series, Self::Set];

    /// The name that users give it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Vector => "vector",
            Self::Series => "series",
            Self::Set => "set",
        }
    }

    /// The layout of a name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layout| layout.name() == name)
    }
}
