//! What the numbers of a view are, one by one, where a message names some of them.

use super::{Block, View};
use crate::config::TransformConfig;
use freeform_simulators::{DataLayout, Layout};

impl View {
    /// What the numbers of x are to each other: as this view takes them, or else as `stated`.
    pub fn layout_of_x(&self, stated: &TransformConfig) -> DataLayout {
        match self.layout() {
            Layout::Vector => stated.layout(),
            Layout::Parts => stated.layout(),
            layout => {
                DataLayout { shape: self.pixels(), ..DataLayout::new(layout, self.channels()) }
            }
        }
    }

    /// What each of its numbers is, beyond its number, of an x of this layout; `None` where there is no
    /// more to say.
    pub fn meanings(&self, layout: &DataLayout) -> Vec<Option<String>> {
        let of = |(at, block): (usize, &Block)| match block {
            Block::Columns => (0..self.inputs).map(|column| layout.place(column)).collect(),
            Block::Filled { .. } => (1..=self.inputs)
                .map(|column| {
                    Some(format!("{}, filled where it is missing", layout.column(column - 1)))
                })
                .collect(),
            Block::Components(components) => (1..=components.count())
                .map(|number| Some(format!("principal component {number}")))
                .collect(),
            Block::Series(series) => series.names().into_iter().map(Some).collect(),
            Block::Set(set) => set.names().into_iter().map(Some).collect::<Vec<_>>(),
            Block::Image(image) => image.names().into_iter().map(Some).collect(),
            Block::Regressed(regressed) => regressed.names().into_iter().map(Some).collect(),
            Block::Learnt(learnt) => learnt.names().into_iter().map(Some).collect(),
            Block::Part(part) => {
                let named = part.view().meanings(&DataLayout::default()).into_iter().enumerate();
                let name = |(place, meaning): (usize, Option<String>)| match meaning {
                    Some(meaning) => Some(format!("{meaning}, part {}", at + 1)),
                    None => layout.place(part.from() + place),
                };
                named.map(name).collect()
            }
            Block::Gaps(gaps) => gaps.names().into_iter().map(Some).collect(),
        };
        self.blocks.iter().enumerate().flat_map(of).collect()
    }

    /// What each of its numbers is called: `column 23 (point 12, channel 1)`, `statistic 8
    /// (autocorrelation at lag 4)`.
    pub fn titles(&self, layout: &DataLayout) -> Vec<String> {
        let word = if self.is_plain() { "column" } else { "statistic" };
        let title = |(at, meaning): (usize, Option<String>)| match meaning {
            Some(meaning) => format!("{word} {} ({meaning})", at + 1),
            None => format!("{word} {}", at + 1),
        };
        self.meanings(layout).into_iter().enumerate().map(title).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Series, Set, series::Detail};
    use super::*;

    /// The number of that name, of one x.
    fn called(view: &View, x: &[f64], name: &str) -> f64 {
        let meanings = view.meanings(&DataLayout::default());
        assert_eq!(meanings.len(), view.outputs());
        let places: Vec<usize> =
            (0..meanings.len()).filter(|at| meanings[*at].as_deref() == Some(name)).collect();
        assert_eq!(places.len(), 1, "{name} among {meanings:?}");
        view.of(x)[places[0]]
    }

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-6, "{found}, not {expected}");
    }

    /// One period every eight points: correlation 0 at lag 2, −1 at lag 4, 1 at lag 8; the second channel
    /// is the first a point later.
    #[test]
    fn statistics_of_a_series_are_what_they_are_called() {
        let wave = |t: i32| (f64::from(t) * std::f64::consts::FRAC_PI_4).sin();
        let x: Vec<f64> = (0..400).flat_map(|t| [wave(t), 5.0 + wave(t - 1)]).collect();
        let view = View {
            inputs: 800,
            blocks: vec![Block::Series(Series::fit(&x, 800, 2, Detail::Many))],
        };
        let at = |name: &str| called(&view, &x, name);
        for channel in ["of channel 1", "of channel 2"] {
            near(at(&format!("autocorrelation {channel} at lag 4")), -1.0);
            near(at(&format!("autocorrelation {channel} at lag 8")), 1.0);
            // Nearly: the last quarter of a period has no partner.
            assert!(at(&format!("autocorrelation {channel} at lag 2")).abs() < 0.005);
            near(at(&format!("mean {channel}")), 0.0);
            near(at(&format!("skewness {channel}")), 0.0);
            // Of a sine, 3/2.
            near(at(&format!("log kurtosis {channel}")), 1.5_f64.ln());
        }
        // Scores have variance 1: a step of eight points changes nothing, one of four by twice the wave.
        near(at("log mean square of increments of channel 1 over 4 points"), 4_f64.ln());
        assert!(at("log mean square of increments of channel 1 over 8 points") < -10.0);
        near(at("first value of channel 1"), 0.0);
        near(at("last value of channel 1"), -1.0);
        near(at("correlation of channel 2 with channel 1 at the same point"), 0.5_f64.sqrt());
        near(at("correlation of channel 2 with channel 1 1 point before"), 1.0);
    }

    /// Reaction times 0 to 39 and a choice which every fourth makes.
    #[test]
    fn statistics_of_a_set_are_what_they_are_called() {
        let x: Vec<f64> =
            (0..41).flat_map(|i| [f64::from(i), f64::from(u8::from(i % 4 == 0))]).collect();
        let view = View {
            inputs: 82,
            blocks: vec![Block::Set(Set::fit(&x, 82, 2, true).with_extremes())],
        };
        let at = |name: &str| called(&view, &x, name);
        near(at("share of trials with 1 in channel 2"), 11.0 / 41.0);
        near(at("share of trials with 0 in channel 2"), 30.0 / 41.0);
        near(at("50% quantile of channel 1"), 0.0);
        // Ten numbers of 41 in even steps, above their middle; √((41² − 1)/12) is their spread.
        let spread = (1680.0_f64 / 12.0).sqrt();
        near(at("75% quantile of channel 1"), 10.0 / spread);
        near(
            at("log squared distance of the 25% and 75% quantiles of channel 1"),
            (400.0 / spread / spread).ln(),
        );
        // Those with 1 are 0, 4, …, 40.
        near(at("70% quantile of channel 1 where channel 2 is 1"), 8.0 / spread);
        near(at("log variance of channel 1 where channel 2 is 1"), (160.0 / spread / spread).ln());
        near(at("mean of channel 1"), 0.0);
        near(at("smallest of channel 1"), -20.0 / spread);
        near(at("largest of channel 1"), 20.0 / spread);
        near(at("smallest of channel 1 where channel 2 is 0"), -19.0 / spread);
        let titles = view.titles(&DataLayout::default());
        assert_eq!(titles[0], "statistic 1 (2% quantile of channel 1)");
        assert_eq!(View::plain(2).titles(&DataLayout::default()), ["column 1", "column 2"]);
    }
}
