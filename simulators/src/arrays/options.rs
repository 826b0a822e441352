//! What a reader cannot know by itself.

/// Whether the first line of a text file names the columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FirstLine {
    /// Names if all of its fields are names, numbers if all are numbers; refused where it has some
    /// of either, and where numbers may be names: 0, 1, 2, … or other evenly spaced numbers above
    /// lines that are not so.
    #[default]
    Auto,
    /// Names, whatever they look like.
    Names,
    /// Numbers.
    Numbers,
}

/// How a one-dimensional array becomes a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Orientation {
    /// `[n]` becomes `[1, n]`: one observation of n numbers.
    Row,
    /// `[n]` becomes `[n, 1]`: n values of one quantity.
    #[default]
    Column,
}

/// How to read a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TableOptions {
    /// Of a text file: what its first line is.
    pub first_line: FirstLine,
    /// Of an `.npy` or `.npz` file: what a one-dimensional array becomes.
    pub orientation: Orientation,
    /// Of an `.npz` file: the array that is meant where it holds several. Without a name, and
    /// where no array has it, the file must hold one array only.
    pub array: Option<&'static str>,
    /// Of an `.npy` or `.npz` file: whether an array of three dimensions, `[n, T, channels]`, is a table
    /// of T × channels columns, and one of four, `[n, H, W, channels]`, of H × W × channels.
    pub points: bool,
}

impl TableOptions {
    /// Observations, one a row: of an archive, the array `x`; `[m, T, channels]` are m of T points,
    /// `[m, H, W, channels]` m images.
    #[must_use]
    pub fn observations() -> Self {
        Self { orientation: Orientation::Row, array: Some("x"), points: true, ..Self::default() }
    }

    /// Parameters, one set a row: of an archive, the array `theta`.
    #[must_use]
    pub fn parameters() -> Self {
        Self { array: Some("theta"), ..Self::default() }
    }

    /// The same with another rule for the first line.
    #[must_use]
    pub fn with_first_line(self, first_line: FirstLine) -> Self {
        Self { first_line, ..self }
    }
}
