//! What a view shows, in words.

use super::gaps::Gaps;
use super::{Block, View};
use freeform_simulators::counted;

/// Points or trials, and how many numbers each has; of a set with gaps, how many there are.
fn sizes(view: &View, (count, width): (usize, usize), name: &str) -> String {
    let present = view.gaps().filter(|_| name == "trial").map(Gaps::present);
    let points = match present {
        Some((least, most)) if least < most => format!("{least} to {}", counted(most, name)),
        _ => counted(count, name),
    };
    match width {
        1 => points,
        _ => format!("{points} of {width} numbers"),
    }
}

/// What a view shows, in words.
pub(super) fn describe(view: &View) -> String {
    let words = view.blocks.iter().enumerate().filter_map(|(at, block)| {
        Some(match block {
            Block::Part(part) => match part.view() {
                plain if plain.is_plain() => {
                    format!("{} (part {})", counted(plain.inputs(), "number"), at + 1)
                }
                view => format!("{} (part {})", describe(view), at + 1),
            },
            Block::Columns | Block::Filled { .. } => "its numbers".to_owned(),
            Block::Components(c) => counted(c.count(), "principal component"),
            Block::Series(s) => {
                format!(
                    "{} of a series of {}",
                    counted(s.outputs(), "statistic"),
                    sizes(view, s.sizes(), "point")
                )
            }
            Block::Set(s) => {
                format!(
                    "{} of a set of {}",
                    counted(s.outputs(), "statistic"),
                    sizes(view, s.sizes(), "trial")
                )
            }
            Block::Image(image) => {
                let ([high, wide], channels) = image.sizes();
                let of =
                    if channels > 1 { format!(" of {channels} numbers") } else { String::new() };
                format!(
                    "{} of an image of {high} × {wide} pixels{of}",
                    counted(image.outputs(), "statistic")
                )
            }
            Block::Regressed(regressed) => counted(regressed.outputs(), "linear regression"),
            Block::Learnt(learnt) => counted(learnt.outputs(), "learnt number"),
            Block::Gaps(_) => return None,
        })
    });
    words.collect::<Vec<_>>().join(" and ")
}
