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

    /// Where column `column` of x, from 0, stands in it: `point 12, channel 1`; `None` where that is no
    /// more than its number.
    #[must_use]
    pub fn place(self, column: usize) -> Option<String> {
        let within = self.layout != Layout::Vector && self.channels > 1;
        let point = if self.layout == Layout::Set { "trial" } else { "point" };
        within.then(|| {
            let (at, channel) = (column / self.channels + 1, column % self.channels + 1);
            format!("{point} {at}, channel {channel}")
        })
    }

    /// What column `column` of x, from 0, is called: `column 23 (point 12, channel 1)`.
    #[must_use]
    pub fn column(self, column: usize) -> String {
        let place = self.place(column).map_or(String::new(), |place| format!(" ({place})"));
        format!("column {}{place}", column + 1)
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

impl Default for DataLayout {
    /// Numbers one by one.
    fn default() -> Self {
        Self { layout: Layout::Vector, channels: 1 }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// As `numpy.unravel_index(22, (20, 2))` counts, from 1.
    #[test]
    fn columns_are_named_by_their_place() {
        let of = |layout, channels| DataLayout { layout, channels };
        assert_eq!(of(Layout::Series, 2).column(22), "column 23 (point 12, channel 1)");
        assert_eq!(of(Layout::Auto, 3).column(5), "column 6 (point 2, channel 3)");
        assert_eq!(of(Layout::Set, 2).column(1), "column 2 (trial 1, channel 2)");
        for plain in [of(Layout::Series, 1), of(Layout::Auto, 1), DataLayout::default()] {
            assert_eq!(plain.column(22), "column 23");
        }
    }
}
