//! What the numbers of an observation are to each other.

mod part;

pub use part::{DataPart, PartError};

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
    /// Pixels, `[H, W, channels]` row after row.
    Image,
    /// Parts one after the other, each with a layout of its own.
    Parts,
}

/// A layout that is stated with the data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataLayout {
    /// Which.
    pub layout: Layout,
    /// Numbers of one point of a series, of one trial of a set, or of one pixel of an image, which stand
    /// side by side.
    pub channels: usize,
    /// Rows and columns of pixels of an image, `[H, W]`; otherwise what an array of more than two
    /// dimensions had in their place.
    pub shape: Option<[usize; 2]>,
    /// The parts of [`Layout::Parts`]; otherwise none.
    pub parts: Vec<DataPart>,
}

/// Fewer points, trials, or rows or columns of pixels have no statistics.
const LEAST_POINTS: usize = 3;
/// Of fewer than so many rows or columns nobody thinks of pixels who does not say so.
const LEAST_SIDE: usize = 8;

/// Why a layout is not that of so many numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayoutMisfit {
    /// They are no whole number of points or trials.
    Uneven,
    /// They are so few points or trials, of which at least three make a series or a set.
    FewPoints(usize),
    /// Nobody said how many rows and columns of pixels an image has.
    NoShape,
    /// They are not so many rows and columns of pixels, or these are fewer than three.
    Shape([usize; 2]),
    /// Its parts have so many numbers together.
    Parts(usize),
}

impl DataLayout {
    /// A layout of so many channels, which is no image's.
    #[must_use]
    pub fn new(layout: Layout, channels: usize) -> Self {
        Self { layout, channels, shape: None, parts: Vec::new() }
    }

    /// An image of so many rows and columns of pixels.
    #[must_use]
    pub fn image(shape: [usize; 2], channels: usize) -> Self {
        Self { shape: Some(shape), ..Self::new(Layout::Image, channels) }
    }

    /// Of data of which nothing but the number of channels is known.
    #[must_use]
    pub fn of_channels(channels: usize) -> Self {
        Self::new(Layout::Auto, channels)
    }

    /// What an array of more than two dimensions says by its lengths behind the first: `[T, channels]`,
    /// which may be rows and columns of pixels too, or `[H, W, channels]`.
    #[must_use]
    pub fn of_lengths(lengths: &[usize]) -> Option<Self> {
        match *lengths {
            [points, channels] => {
                Some(Self { shape: Some([points, channels]), ..Self::of_channels(channels) })
            }
            [rows, columns, channels] => Some(Self::image([rows, columns], channels)),
            _ => None,
        }
    }

    /// Whether it is an image, or an array of two lengths that may be its rows and columns of pixels.
    #[must_use]
    pub fn may_be_image(&self) -> bool {
        let long = |shape: [usize; 2]| shape.iter().all(|side| *side >= LEAST_SIDE);
        match self.layout {
            Layout::Image => true,
            Layout::Auto => self.shape.is_some_and(long),
            _ => false,
        }
    }

    /// How many numbers stand side by side where one observation is a table: those of a point or a trial,
    /// or of a row of pixels.
    #[must_use]
    pub fn side_by_side(&self) -> usize {
        match (self.layout, self.shape) {
            (Layout::Image, Some([_, columns])) => columns.saturating_mul(self.channels),
            (Layout::Vector | Layout::Parts, _) => 1,
            _ => self.channels,
        }
    }

    /// Where column `column` of x, from 0, stands in it: `point 12, channel 1`; `None` where that is no
    /// more than its number.
    #[must_use]
    pub fn place(&self, column: usize) -> Option<String> {
        if let (Layout::Image, Some([_, columns])) = (self.layout, self.shape) {
            let (pixel, channel) = (column / self.channels, column % self.channels + 1);
            let of = if self.channels > 1 { format!(", channel {channel}") } else { String::new() };
            return Some(format!(
                "row {}, column {}{of}",
                pixel / columns + 1,
                pixel % columns + 1
            ));
        }
        if self.layout == Layout::Parts {
            return self.place_in_parts(column);
        }
        let within = self.layout != Layout::Vector && self.channels > 1;
        let point = if self.layout == Layout::Set { "trial" } else { "point" };
        within.then(|| {
            let (at, channel) = (column / self.channels + 1, column % self.channels + 1);
            format!("{point} {at}, channel {channel}")
        })
    }

    /// What column `column` of x, from 0, is called: `column 23 (point 12, channel 1)`.
    #[must_use]
    pub fn column(&self, column: usize) -> String {
        let place = self.place(column).map_or(String::new(), |place| format!(" ({place})"));
        format!("column {}{place}", column + 1)
    }

    /// Why x of so many numbers has another layout; `None` where it may have this one.
    #[must_use]
    pub fn misfit(&self, numbers: usize) -> Option<LayoutMisfit> {
        if self.layout == Layout::Vector {
            return None;
        }
        if self.layout == Layout::Parts {
            let sum = self.parts.iter().map(DataPart::numbers).fold(0, usize::saturating_add);
            return (sum != numbers).then_some(LayoutMisfit::Parts(sum));
        }
        if self.channels == 0 || !numbers.is_multiple_of(self.channels) {
            return Some(LayoutMisfit::Uneven);
        }
        let points = numbers / self.channels;
        if self.layout == Layout::Image {
            let Some(shape) = self.shape else { return Some(LayoutMisfit::NoShape) };
            let fits = shape[0].checked_mul(shape[1]) == Some(points);
            let fits = fits && shape.iter().all(|side| *side >= LEAST_POINTS);
            return (!fits).then_some(LayoutMisfit::Shape(shape));
        }
        let few = self.layout != Layout::Auto && points < LEAST_POINTS;
        few.then_some(LayoutMisfit::FewPoints(points))
    }
}

impl Default for DataLayout {
    /// Numbers one by one.
    fn default() -> Self {
        Self::new(Layout::Vector, 1)
    }
}

impl Layout {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Auto, Self::Vector, Self::Series, Self::Set, Self::Image, Self::Parts];

    /// The name that users give it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Vector => "vector",
            Self::Series => "series",
            Self::Set => "set",
            Self::Image => "image",
            Self::Parts => "parts",
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
        let of = DataLayout::new;
        assert_eq!(of(Layout::Series, 2).column(22), "column 23 (point 12, channel 1)");
        assert_eq!(of(Layout::Auto, 3).column(5), "column 6 (point 2, channel 3)");
        assert_eq!(of(Layout::Set, 2).column(1), "column 2 (trial 1, channel 2)");
        for plain in [of(Layout::Series, 1), of(Layout::Auto, 1), DataLayout::default()] {
            assert_eq!(plain.column(22), "column 23");
        }
        // `numpy.unravel_index(22, (4, 5, 2))` is (2, 1, 0).
        let image = DataLayout::image([4, 5], 2);
        assert_eq!(image.column(22), "column 23 (row 3, column 2, channel 1)");
        assert_eq!(DataLayout::image([4, 5], 1).column(7), "column 8 (row 2, column 3)");
    }

    #[test]
    fn images_fit_their_pixels_alone() {
        let image = DataLayout::image([4, 5], 2);
        assert_eq!(image.misfit(40), None);
        assert_eq!(image.misfit(41), Some(LayoutMisfit::Uneven));
        assert_eq!(image.misfit(38), Some(LayoutMisfit::Shape([4, 5])));
        assert_eq!(DataLayout::image([2, 5], 1).misfit(10), Some(LayoutMisfit::Shape([2, 5])));
        assert_eq!(DataLayout::new(Layout::Image, 1).misfit(9), Some(LayoutMisfit::NoShape));
        assert_eq!(image.side_by_side(), 10);
        // Three dimensions leave open what they are, four do not.
        assert_eq!(
            DataLayout::of_lengths(&[4, 5]).map(|l| (l.layout, l.channels)),
            Some((Layout::Auto, 5))
        );
        assert_eq!(DataLayout::of_lengths(&[4, 5, 2]), Some(image));
    }
}
