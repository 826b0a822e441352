//! Operands of a matrix product.

/// A row-major matrix in a slice: row i starts at `i · stride`.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The elements.
    pub data: &'a [f32],
    /// Distance between the starts of two rows.
    pub stride: usize,
}

/// As [`View`], to write into.
#[derive(Debug)]
pub struct ViewMut<'a> {
    /// The elements.
    pub data: &'a mut [f32],
    /// Distance between the starts of two rows.
    pub stride: usize,
}

/// What a product adds to.
#[derive(Clone, Copy, Debug)]
pub enum Start<'a> {
    /// C ← product.
    Zero,
    /// C ← C + product.
    Accumulate,
    /// C ← product + bias in the first `rows` rows (a primal stream), product in the others
    /// (tangent streams, which no bias enters).
    Bias {
        /// One number for each column of C.
        values: &'a [f32],
        /// Rows that get the bias.
        rows: usize,
    },
    /// C ← C + product, + bias in the first `rows` rows: a residual layer.
    AccumulateBias {
        /// One number for each column of C.
        values: &'a [f32],
        /// Rows that get the bias.
        rows: usize,
    },
}

impl<'a> View<'a> {
    /// A matrix of rows `stride` apart.
    #[must_use]
    pub fn new(data: &'a [f32], stride: usize) -> Self {
        Self { data, stride }
    }

    #[track_caller]
    pub(crate) fn check(&self, name: &str, rows: usize, columns: usize) {
        check(name, self.data.len(), self.stride, rows, columns);
    }
}

impl<'a> ViewMut<'a> {
    /// A matrix of rows `stride` apart.
    #[must_use]
    pub fn new(data: &'a mut [f32], stride: usize) -> Self {
        Self { data, stride }
    }

    #[track_caller]
    pub(crate) fn check(&self, name: &str, rows: usize, columns: usize) {
        check(name, self.data.len(), self.stride, rows, columns);
    }
}

#[track_caller]
fn check(name: &str, len: usize, stride: usize, rows: usize, columns: usize) {
    // Slices hold fewer than 2⁶³ bytes, so a checked product that fits is a real bound.
    let needed = match rows {
        0 => Some(0),
        _ => (rows - 1).checked_mul(stride).and_then(|start| start.checked_add(columns)),
    };
    assert!(
        (columns <= stride || rows <= 1) && needed.is_some_and(|needed| needed <= len),
        "matrix {name} of {rows} × {columns} does not fit in {len} elements with stride {stride}"
    );
}

impl Start<'_> {
    #[track_caller]
    pub(super) fn check(&self, columns: usize) {
        if let Start::Bias { values, .. } | Start::AccumulateBias { values, .. } = self {
            let len = values.len();
            assert!(len == columns, "a bias of {len} elements for {columns} columns");
        }
    }

    pub(super) fn accumulates(&self) -> bool {
        matches!(self, Start::Accumulate | Start::AccumulateBias { .. })
    }

    /// The bias and the number of rows that get it.
    pub(super) fn bias(&self) -> Option<(&[f32], usize)> {
        match self {
            Start::Bias { values, rows } | Start::AccumulateBias { values, rows } => {
                Some((values, *rows))
            }
            _ => None,
        }
    }
}
