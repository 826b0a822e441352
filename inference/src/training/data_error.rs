//! Why simulations cannot be trained on.

use super::bounds::OutsideRows;
use crate::work::Halt;
use freeform_simulators::{counted, written};

/// Fewer training rows than this make no standard deviation worth the name.
pub(super) const MIN_TRAINING: usize = 8;

/// Simulations that cannot be trained on.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// Too few rows.
    #[error(
        "{} leave {training} for training and {validation} for validation; \
         at least {MIN_TRAINING} and 1 are needed: simulate more",
        counted(*.rows, "usable simulation")
    )]
    TooFew {
        /// Usable rows.
        rows: usize,
        /// Of these, for training.
        training: usize,
        /// Of these, for validation.
        validation: usize,
    },
    /// theta does not fit the prior.
    #[error(
        "simulations have {} of theta, but the prior has {}",
        counted(*.columns, "column"), counted(*.dim, "parameter")
    )]
    PriorMismatch {
        /// Columns of theta.
        columns: usize,
        /// Parameters of the prior.
        dim: usize,
    },
    /// Parameters outside the prior.
    #[error(
        "theta lies outside the prior's support in {0}: these simulations were not drawn from this prior. \
         State the one that they were drawn from, or name that law beside the prior (--theta-from)"
    )]
    OutsidePrior(Box<OutsideRows>),
    /// Parameters outside the law that they are said to be drawn from.
    #[error(
        "theta lies outside the support of the law that it is said to be drawn from (--theta-from) in \
         {0}"
    )]
    OutsideLaw(Box<OutsideRows>),
    /// A law of θ with other categories than the prior's.
    #[error(
        "`{name}` is {wanted} in the prior, and {found} in the law that theta is said to be drawn from (--theta-from): \
         give it the same labels in the same order there, each with a probability above 0"
    )]
    OtherCategories {
        /// The parameter.
        name: String,
        /// The prior's labels.
        wanted: String,
        /// Those of the other law.
        found: String,
    },
    /// Numbers whose spread no precision holds.
    #[error("{column}: values as large as {} are too large to be scaled; use larger units", written(*.value))]
    TooLarge {
        /// Which column.
        column: String,
        /// Its farthest value.
        value: f64,
    },
    /// A value beside which the others are all the same.
    #[error(
        "{column} has the value {} in row {row}, so far from the others that z-scores do not \
         tell these apart: leave that simulation out, or set {fix}",
        written(*.value)
    )]
    FarOut {
        /// Which column.
        column: String,
        /// The value.
        value: f64,
        /// Its row, counted from 1.
        row: usize,
        /// The setting that would do.
        fix: &'static str,
    },
    /// A layout that does not fit x.
    #[error(
        "x has {}, which are no whole number of points or trials of {channels} \
         (transform.channels; `channels` in simulator.toml): set it to how many numbers stand side by \
         side",
        counted(*.columns, "number")
    )]
    Channels {
        /// Numbers of x.
        columns: usize,
        /// As stated.
        channels: usize,
    },
    /// A layout of next to no points.
    #[error(
        "{} of x, {channels} side by side (transform.channels; `channels` in \
         simulator.toml), are {} or trials; at least 3 make a series or a set: set {}transform.layout \
         (`layout` in simulator.toml) to vector",
        counted(*.columns, "number"), counted(*.points, "point"),
        if *.channels > 1 { "that lower, or " } else { "" }
    )]
    FewPoints {
        /// Numbers of x.
        columns: usize,
        /// As stated.
        channels: usize,
        /// What that makes.
        points: usize,
    },
    /// An image of nobody knows how many rows and columns of pixels.
    #[error(
        "x has {}, {channels} a pixel, and nobody said how many rows and columns of pixels of an image \
         they are: --shape {example} (transform.shape; `shape` in simulator.toml), or save x as \
         [n, H, W] or [n, H, W, channels]",
        counted(*.columns, "number"),
        example = example(columns / channels)
    )]
    NoPixels {
        /// Numbers of x.
        columns: usize,
        /// Numbers of a pixel.
        channels: usize,
    },
    /// Parts of more or fewer numbers than x has.
    #[error(
        "the parts that x is said to have (transform.parts; `parts` in simulator.toml) are of {} together, where x \
         has {columns}: say each part, in the order of its columns", counted(*numbers, "number")
    )]
    Parts {
        /// Numbers of x.
        columns: usize,
        /// Those of the parts.
        numbers: usize,
    },
    /// An image of other pixels than x has.
    #[error(
        "x has {}, which are no image of {high} rows and {wide} columns of pixels with {} each \
         (transform.shape and transform.channels; `shape` and `channels` in simulator.toml): rows × columns \
         × channels must be the numbers of x, with 3 rows and 3 columns at least",
        counted(*.columns, "number"), counted(*.channels, "number")
    )]
    Pixels {
        /// Numbers of x.
        columns: usize,
        /// Rows, as stated.
        high: usize,
        /// Columns, as stated.
        wide: usize,
        /// Numbers of a pixel.
        channels: usize,
    },
    /// Gaps in images.
    #[error(
        "row {row} of x has NaN among the pixels of an image{} (from the start, or hidden as in an observation), of which \
         none may be missing: fill them in the simulations and the observation alike, or say {}",
        part.map_or_else(String::new, |(part, _)| format!(" (part {part})")),
        part.map_or_else(
            || "transform.layout=vector (--layout, `layout` in simulator.toml)".to_owned(),
            |(_, numbers)| format!("vector:{numbers} in its place in transform.parts (--parts, `parts` in simulator.toml)")
        )
    )]
    MissingPixels {
        /// Row of the table, from 1.
        row: usize,
        /// Which part of x, from 1, and how many numbers it has, where x has parts.
        part: Option<(usize, usize)>,
    },
    /// A simulation without a number.
    #[error(
        "row {row} of x is NaN throughout: nothing was measured there, which leaves nothing to learn \
         from. If that simulation failed, leave its row out, and name its theta as one that failed \
         (theta_failed)"
    )]
    NothingMeasured {
        /// Row of the table, from 1.
        row: usize,
    },
    /// A number that no simulation has.
    #[error(
        "{column} of x is NaN in every simulation: leave it out of x (and out of its layout), in the observation too"
    )]
    NeverMeasured {
        /// Which.
        column: String,
    },
    /// A parameter that never varies.
    #[error("parameter `{name}` is constant ({}) in all simulations: fix it in the simulator", written(*value))]
    ConstantParameter {
        /// Its name.
        name: String,
        /// Its value.
        value: f64,
    },
    /// Told to stop, or unable to keep what was done.
    #[error(transparent)]
    Halt(#[from] Halt),
}

/// A shape of so many pixels, to show how one is written.
fn example(pixels: usize) -> String {
    let side = pixels.isqrt();
    if side * side == pixels { format!("{side}x{side}") } else { "HxW".to_owned() }
}
