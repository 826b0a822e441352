//! What a user should know of the simulations that a training is of.

use super::agreement::{ColumnShift, PairShift, deviations};
use freeform_simulators::{Prior, counted, written};
use ndarray::ArrayView2;
use std::fmt;

/// Something amiss in a table of simulations.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// θ is repeated.
    Replicates {
        /// Different θ.
        distinct: usize,
        /// Rows.
        rows: usize,
        /// Whether folds hold them out whole.
        held_out_whole: bool,
    },
    /// A parameter has a handful of values only.
    FewValues {
        /// The parameter.
        name: String,
        /// Different values.
        distinct: usize,
        /// Rows.
        rows: usize,
    },
    /// A category of which there are next to no simulations.
    RareCategory {
        /// The parameter.
        name: String,
        /// What the category is called.
        label: String,
        /// Its simulations.
        rows: usize,
        /// Of how many.
        of: usize,
    },
    /// θ does not look like draws from the law it is said to be from.
    NotFromPrior {
        /// Columns, the worst first.
        columns: Vec<ColumnShift>,
        /// Pairs of columns.
        pairs: Vec<PairShift>,
        /// Whether a law of its own was stated, beside the prior.
        proposal: bool,
        /// Whether the θ of failed simulations are known and were counted in.
        with_failed: bool,
    },
    /// Rows outside the prior's support were left out.
    OutsidePrior {
        /// How many.
        rows: usize,
        /// Of how many.
        of: usize,
    },
    /// x says more of θ as something else than what it is said to be.
    OtherLayout {
        /// What it is said to be, in words.
        stated: String,
        /// What says more.
        found: String,
        /// By how much, in nats of held-out log p(θ | x).
        gain: f64,
        /// Standard error of that.
        error: f64,
        /// The options that say so.
        fix: String,
    },
    /// A column of x rises from each row to the next.
    Rising {
        /// From 1.
        column: usize,
    },
    /// Trials of a set whose place tells them apart.
    UnlikeTrials {
        /// Which of a trial's numbers, from 1, where it has several.
        channel: Option<usize>,
        /// The trials whose means are farthest apart, from 1.
        trials: [usize; 2],
        /// These means over all simulations.
        means: [f64; 2],
    },
    /// One row holds more than half of a column's variance.
    Dominated {
        /// `x` or `theta`.
        table: &'static str,
        /// From 1.
        column: usize,
        /// What that is, where it is more than its number: `point 12, channel 1`.
        meaning: Option<String>,
        /// Row of the table, from 1.
        row: usize,
        /// What stands there.
        value: f64,
    },
}

impl Finding {
    /// Whether it can be why a training fails.
    #[must_use]
    pub fn may_break_training(&self) -> bool {
        matches!(self, Self::Dominated { .. })
    }
}

/// What differs, each with a semicolon after it.
fn in_words(columns: &[ColumnShift], pairs: &[PairShift]) -> String {
    let list = |shares: &[f64]| {
        shares.iter().map(|share| format!("{share:.3}")).collect::<Vec<_>>().join(", ")
    };
    let column =
        |ColumnShift { name, distance, means: [found, expected], shares }: &ColumnShift| {
            if let Some([found, expected]) = shares {
                let (found, expected) = (list(found), list(expected));
                return format!(" `{name}` has shares {found} where {expected} are expected;");
            }
            format!(
                " `{name}` has mean {found:.4} where {expected:.4} is expected (largest difference of the \
             distribution functions {distance:.2});"
            )
        };
    let pair = |PairShift { names: [a, b], correlations: [found, expected] }: &PairShift| {
        format!(
            " `{a}` and `{b}` depend on each other (correlation of scores or their squares {found:.2}, \
             {expected:.2} expected);"
        )
    };
    columns.iter().map(column).chain(pairs.iter().map(pair)).collect()
}

/// How rows of parameters `[n, D]`, all finite, differ from draws of a prior, in words; `None` where they
/// look like such draws.
#[must_use]
pub fn unlike_prior(theta: ArrayView2<f64>, prior: &Prior) -> Option<String> {
    let theta: Vec<f64> = theta.iter().copied().collect();
    let (columns, pairs) = deviations(&theta, prior);
    let words = in_words(&columns, &pairs);
    (!words.is_empty()).then(|| words.trim_matches([' ', ';']).to_owned())
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Replicates { distinct, rows, held_out_whole } => {
                write!(
                    f,
                    "the {rows} simulations hold only {} of theta",
                    counted(*distinct, "different row")
                )?;
                match held_out_whole {
                    true => write!(
                        f,
                        " (held out whole, so that no flow is judged on a theta it trained on)"
                    )?,
                    false => write!(f, ", too few to hold any out: validation flatters")?,
                }
                write!(f, "; simulations of as many different theta would teach far more")
            }
            Self::FewValues { name, distinct, rows } => write!(
                f,
                "`{name}` has only {} in {rows} simulations: these are no \
                 draws from a continuous prior, and nothing is learnt between them; draw it from the \
                 prior, fix it in the simulator, or make it a category (docs/priors.md)",
                counted(*distinct, "different value")
            ),
            Self::RareCategory { name, label, rows, of } => write!(
                f,
                "`{name}` is {label} in {rows} of {of} simulations: what is said of that category rests on next to \
                 nothing; simulate more, or draw theta from a law with larger shares and name it (--theta-from)"
            ),
            Self::NotFromPrior { columns, pairs, proposal, with_failed } => {
                let law = if *proposal { "the law given by --theta-from" } else { "the prior" };
                write!(
                    f,
                    "theta does not look like draws from {law}:{}",
                    in_words(columns, pairs)
                )?;
                write!(
                    f,
                    " what is learnt is not the posterior under the stated prior. State the prior \
                           that theta was drawn from, or name that law beside the prior \
                           (--theta-from proposal.toml)"
                )?;
                match with_failed {
                    true => Ok(()),
                    false => write!(
                        f,
                        "; where simulations that failed were left out, give their theta too (rows \
                         whose x is NaN)"
                    ),
                }
            }
            Self::OutsidePrior { rows, of } => write!(
                f,
                "{rows} of {of} simulations lie outside the prior's support and are left out"
            ),
            Self::OtherLayout { stated, found, gain, error, fix } => write!(
                f,
                "the layout that x is said to have makes the networks see {stated}, but {found} say \
                 {gain:.2} ± {error:.2} nats more of the parameters of held-out simulations. If the \
                 layout, or its number of channels, is wrong: {fix} (`layout` and `channels` in \
                 simulator.toml)"
            ),
            Self::Rising { column } => write!(
                f,
                "column {column} of x rises from each simulation to the next: is it a count of the rows, or a \
                 time at which they were made? It says nothing of theta then: leave it out"
            ),
            Self::UnlikeTrials { channel, trials: [low, high], means: [least, most] } => {
                let number =
                    channel.map_or(String::new(), |channel| format!("number {channel} of "));
                write!(
                    f,
                    "x is said to be a set, whose trials are alike, but {number}trial {low} has mean \
                     {least:.4} and of trial {high} {most:.4}: do the numbers of one trial stand side by \
                     side, trial after trial? Where the trials are sorted, that is harmless; where their \
                     order means something, x is a series"
                )
            }
            Self::Dominated { table, column, meaning, row, value } => {
                let what = meaning.as_ref().map_or(String::new(), |what| format!(" ({what})"));
                write!(
                    f,
                    "column {column}{what} of {table} is dominated by one value: {} in row {row} \
                     holds more than half of its variance, and all others look alike beside it. Where \
                     it is a fault, mend the simulator or drop that row; where it is not, the logarithm of \
                     that column says more",
                    written(*value)
                )
            }
        }
    }
}
