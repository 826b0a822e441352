//! What a view shows, in words.

use super::{Block, View};
use freeform_simulators::counted;

/// Points or trials, and how many numbers each has.
fn sizes((count, width): (usize, usize), name: &str) -> String {
    match width {
        1 => counted(count, name),
        _ => format!("{} of {width} numbers", counted(count, name)),
    }
}

/// What a view shows, in words.
pub(super) fn describe(view: &View) -> String {
    let words = view.blocks.iter().map(|block| match block {
        Block::Columns => "its numbers".to_owned(),
        Block::Components(c) => counted(c.count(), "principal component"),
        Block::Series(s) => {
            format!(
                "{} of a series of {}",
                counted(s.outputs(), "statistic"),
                sizes(s.sizes(), "point")
            )
        }
        Block::Set(s) => {
            format!(
                "{} of a set of {}",
                counted(s.outputs(), "statistic"),
                sizes(s.sizes(), "trial")
            )
        }
    });
    words.collect::<Vec<_>>().join(" and ")
}
