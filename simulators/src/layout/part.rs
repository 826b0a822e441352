//! Parts of an observation that have each a layout of their own: a series and a few scalars, say.

use super::{DataLayout, Layout};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Numbers of x that stand side by side and have a layout of their own, written `series:40x2` (40 points of
/// two channels), `set:20` (20 trials of one number), `image:32x32x3` or `vector:3`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DataPart {
    layout: DataLayout,
    numbers: usize,
}

/// A text that is no part of x.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0}\" is no part of x: write vector:3 (numbers), series:40 or series:40x2 (points × channels), set:20x2 \
     (trials × channels) or image:32x32 (rows × columns × channels), with 3 points, trials, rows and columns at least"
)]
pub struct PartError(String);

impl DataPart {
    /// What its numbers are to each other.
    #[must_use]
    pub fn layout(&self) -> &DataLayout {
        &self.layout
    }

    /// How many they are.
    #[must_use]
    pub fn numbers(&self) -> usize {
        self.numbers
    }

    fn of(layout: Layout, lengths: &[usize]) -> Option<Self> {
        let numbers = lengths.iter().try_fold(1_usize, |all, n| all.checked_mul(*n))?;
        let layout = match (layout, lengths) {
            (Layout::Vector, [_]) => DataLayout::default(),
            (Layout::Series | Layout::Set, [_]) => DataLayout::new(layout, 1),
            (Layout::Series | Layout::Set, [_, channels]) => DataLayout::new(layout, *channels),
            (Layout::Image, &[rows, columns]) => DataLayout::image([rows, columns], 1),
            (Layout::Image, &[rows, columns, channels]) => {
                DataLayout::image([rows, columns], channels)
            }
            _ => return None,
        };
        let fits = numbers > 0 && layout.misfit(numbers).is_none();
        fits.then_some(Self { layout, numbers })
    }
}

impl FromStr for DataPart {
    type Err = PartError;

    fn from_str(text: &str) -> Result<Self, PartError> {
        let part = || {
            let (name, lengths) = text.trim().split_once(':')?;
            let length = |length: &str| length.trim().parse().ok();
            let lengths: Vec<usize> =
                lengths.split(['x', 'X', '×']).map(length).collect::<Option<_>>()?;
            Self::of(Layout::by_name(name.trim())?, &lengths)
        };
        part().ok_or_else(|| PartError(text.to_owned()))
    }
}

impl TryFrom<String> for DataPart {
    type Error = PartError;

    fn try_from(text: String) -> Result<Self, PartError> {
        text.parse()
    }
}

impl fmt::Display for DataPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DataLayout { layout, channels, shape, .. } = &self.layout;
        write!(f, "{}:", layout.name())?;
        match shape {
            Some([rows, columns]) => write!(f, "{rows}x{columns}")?,
            None => write!(f, "{}", self.numbers / channels)?,
        }
        if *channels > 1 { write!(f, "x{channels}") } else { Ok(()) }
    }
}

impl From<DataPart> for String {
    fn from(part: DataPart) -> Self {
        part.to_string()
    }
}

impl DataLayout {
    /// Parts that stand one after the other, each with its own layout.
    #[must_use]
    pub fn of_parts(parts: Vec<DataPart>) -> Self {
        Self { parts, ..Self::new(Layout::Parts, 1) }
    }

    /// Each part, with the number of its first column, from 0.
    pub fn placed_parts(&self) -> impl Iterator<Item = (usize, &DataPart)> {
        self.parts.iter().scan(0, |next, part| {
            let from = *next;
            *next += part.numbers;
            Some((from, part))
        })
    }

    /// Where a column stands among the parts: `part 2, number 3`.
    pub(super) fn place_in_parts(&self, column: usize) -> Option<String> {
        let holds = |(_, (from, part)): &(usize, (usize, &DataPart))| column < from + part.numbers;
        let (at, (from, part)) = self.placed_parts().enumerate().find(holds)?;
        let within = column - from;
        let place = part.layout.place(within).unwrap_or_else(|| {
            let name = match part.layout.layout {
                Layout::Series => "point",
                Layout::Set => "trial",
                _ => "number",
            };
            format!("{name} {}", within + 1)
        });
        Some(format!("part {}, {place}", at + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(texts: &[&str]) -> DataLayout {
        DataLayout::of_parts(texts.iter().map(|text| text.parse().unwrap()).collect())
    }

    #[test]
    fn parts_are_read_as_they_are_written() {
        for text in ["vector:3", "series:40", "series:40x2", "set:20x2", "image:4x5", "image:4x5x3"]
        {
            let part: DataPart = text.parse().unwrap();
            assert_eq!(part.to_string(), text);
        }
        let image: DataPart = " image: 4×5x3".parse().unwrap();
        assert_eq!((image.numbers(), image.layout()), (60, &DataLayout::image([4, 5], 3)));
        for wrong in [
            "series",
            "series:",
            "series:2",
            "serie:40",
            "vector:0",
            "vector:3x2",
            "parts:3",
            "auto:20",
            "image:40",
            "set:20x0",
            "set:99999999999999x99999999999999",
        ] {
            let error = wrong.parse::<DataPart>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("\"{wrong}\" is no part of x: write ")), "{error}");
        }
    }

    #[test]
    fn columns_are_named_by_their_part() {
        let layout = parts(&["series:4x2", "set:3", "vector:2"]);
        assert_eq!(layout.column(3), "column 4 (part 1, point 2, channel 2)");
        assert_eq!(layout.column(9), "column 10 (part 2, trial 2)");
        assert_eq!(layout.column(12), "column 13 (part 3, number 2)");
        assert_eq!(layout.misfit(13), None);
        assert_eq!(layout.misfit(14), Some(super::super::LayoutMisfit::Parts(13)));
    }
}
