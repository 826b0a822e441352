//! Are the gaps of an observation like those of the simulations?

use super::count::{Count, PARTS, Structure};
use super::{Figure, Gaps};
use crate::view::present::is_present;
use freeform_simulators::counted;
use serde::Serialize;
use std::fmt;

/// Gaps of a series may be so much farther out than any simulated, in units of their range.
const MARGIN: f64 = 0.25;

/// How the gaps of an observation are to those of the simulations.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GapsStanding {
    /// Numbers, points or trials that were measured; of parts, of those together that lack some.
    pub present: usize,
    /// The fewest and the most in a simulation.
    pub simulated: (usize, usize),
    /// In what they are unlike, in words; empty where in nothing.
    pub unlike: Vec<String>,
    /// Whether the likelihood of each trial is known, and multiplied.
    pub multiplied: bool,
}

impl Gaps {
    /// How the gaps of an observation are to those of the simulations.
    pub fn standing(&self, x: &[f64]) -> GapsStanding {
        let what = self.structure.name();
        let present = self.figures[0];
        let mut unlike = Vec::new();
        for Figure { count, least, most, .. } in &self.figures {
            let value = count.of(self.structure, x);
            let margin = match (self.structure, count) {
                (Structure::Set(_), _) => 0.0,
                _ => MARGIN * (most - least),
            };
            if value >= least - margin && value <= most + margin {
                continue;
            }
            // Points are counted from 1.
            let from = f64::from(u8::from(matches!(count, Count::First | Count::Last)));
            let (least, most, value) = (least + from, most + from, value + from);
            let range =
                if least == most { format!("{least}") } else { format!("{least} to {most}") };
            unlike.push(match count {
                Count::Present => format!("it has {}, simulations {range}", counted(value as usize, what)),
                Count::Channel(channel) => format!(
                    "channel {} was measured in {}, in simulations in {range}",
                    channel + 1,
                    counted(value as usize, what)
                ),
                Count::First => format!("it begins at {what} {value}, simulations at {range}"),
                Count::Last => format!("it ends at {what} {value}, simulations at {range}"),
                Count::Part(part) => format!(
                    "of part {} of {PARTS} it has {value:.0}% of the {what}s, simulations {least:.0} to \
                     {most:.0}%",
                    part + 1
                ),
            });
        }
        unlike.extend(self.apart(x));
        GapsStanding {
            present: present.count.of(self.structure, x) as usize,
            simulated: self.present(),
            unlike,
            multiplied: false,
        }
    }
}

impl Gaps {
    /// Columns of which some are missing in x and some are not, where simulations lack all of them or none, in words.
    fn apart(&self, x: &[f64]) -> Option<String> {
        let missing = |column: &usize| !is_present(&x[*column]);
        let apart = self.patterns.iter().find_map(|pattern| {
            let lacking = pattern.iter().find(|column| missing(column))?;
            let other = pattern.iter().find(|column| !missing(column))?;
            Some((lacking + 1, other + 1))
        });
        apart.map(|(lacking, other)| {
            format!(
                "number {lacking} is missing and number {other} is not, which simulations lack together"
            )
        })
    }
}

impl GapsStanding {
    /// Whether nothing was trained with such gaps.
    #[must_use]
    pub fn is_unlike(&self) -> bool {
        !self.unlike.is_empty()
    }
}

impl fmt::Display for GapsStanding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let so = match self.multiplied {
            true => {
                "the likelihood of each trial is multiplied, and no simulation tells how well that does here"
            }
            false => "the posterior is extrapolated",
        };
        write!(
            f,
            "what is missing in x is unlike what is missing in the simulations ({}): {so}",
            self.unlike.join("; ")
        )
    }
}
