//! Is an observation like the simulations as a whole? How its columns go together, and what they say
//! of θ together, beside the same of the simulations.

mod cloud;

pub(crate) use cloud::{Cloud, CloudShape};
pub use cloud::{Misfit, Outlyingness};

use crate::flow::ConditionalFlow;
use crate::training::{Role, TrainingData};
use crate::view::GapsStanding;
use freeform_simulators::tenths;
use serde::Serialize;
use std::fmt;

/// Wider data have no covariance that could be learnt and kept.
const WIDEST: usize = 512;

/// What the simulations look like: x as the networks see it, and the learnt summary, D estimates of
/// θ in the flow's space.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Typical {
    pub data: Option<Cloud>,
    pub summary: Option<Cloud>,
    /// How far held-out simulations lie from what their own posteriors predict; ascending, empty
    /// where no likelihood is kept.
    pub residuals: Vec<f64>,
    /// What the columns of `data` are, beyond their number; in no file, since the model's view says it.
    pub meanings: Vec<Option<String>>,
}

/// Where an observation lies among the simulations, its columns taken together.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Standing {
    /// Of its numbers, or of the statistics that the networks see of them; `None` where they are more
    /// than 512.
    pub data: Option<Outlyingness>,
    /// Of what it says of each parameter (columns are parameters); `None` where no summary was learnt.
    pub summary: Option<Outlyingness>,
    /// Of its distance from what its own posterior predicts, by the learnt likelihood; `None` where
    /// there is none.
    pub residual: Option<Outlyingness>,
    /// What is missing in it beside what is missing in them; `None` where nothing may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gaps: Option<GapsStanding>,
}

impl Typical {
    /// Of the data that `flows` were trained on, the summary of each row by a flow that held it out.
    pub fn of(data: &TrainingData, flows: &[ConditionalFlow]) -> Self {
        let folds = (0..flows.len()).map(|index| data.fold(Role::Posterior, index));
        let (mut summaries, mut first) = (Vec::new(), None);
        for (flow, fold) in flows.iter().zip(folds) {
            let (_, contexts) = fold.validation_tables();
            summaries.extend(flow.location(&contexts).unwrap_or_default());
            first.get_or_insert(fold);
        }
        let Some(fold) = first else { return Self::default() };
        let (dim, width) = fold.dims;
        let rows: Vec<&[f32]> = fold
            .training
            .iter()
            .chain(&fold.validation)
            .map(|r| &fold.context[*r as usize * width..][..width])
            .collect();
        Self {
            data: if width <= WIDEST { Cloud::of(width, &rows) } else { None },
            summary: Cloud::of(dim, &summaries.chunks_exact(dim).collect::<Vec<_>>()),
            residuals: Vec::new(),
            meanings: Vec::new(),
        }
    }

    /// The clouds that there are, by name.
    pub fn clouds(&self) -> impl Iterator<Item = (&'static str, &Cloud)> {
        let named = [("data", &self.data), ("summary", &self.summary)];
        named.into_iter().filter_map(|(name, cloud)| Some((name, cloud.as_ref()?)))
    }

    /// Where x as the networks see it lies, whose columns are called `columns`; `residual` is its
    /// distance from what its posterior predicts.
    pub fn standing(
        &self,
        flows: &[ConditionalFlow],
        (context, columns): (&[f32], &dyn Fn(usize) -> String),
        (names, residual): (&[String], Option<f64>),
    ) -> Option<Standing> {
        let named = |at: usize| match self.meanings.get(at) {
            Some(Some(meaning)) => format!("{} ({meaning})", columns(at)),
            _ => columns(at),
        };
        let data = self.data.as_ref().map(|cloud| cloud.outlyingness(context, &named));
        let summary = self.summary.as_ref().and_then(|cloud| {
            let summary = learnt_summary(flows, context)?;
            Some(cloud.outlyingness(&summary, &|at| names[at].clone()))
        });
        // Squares, as clouds' distances are not.
        let references: Vec<f64> = self.residuals.iter().map(|r| r.sqrt()).collect();
        let residual = residual.map(|r| Outlyingness::among(&references, r.sqrt()));
        let any = data.is_some() || summary.is_some() || residual.is_some();
        any.then_some(Standing { data, summary, residual, gaps: None })
    }
}

/// D estimates of θ in the flow's space: the mean location of the flows' whitenings; `None` where
/// they have none.
pub(crate) fn learnt_summary(flows: &[ConditionalFlow], context: &[f32]) -> Option<Vec<f32>> {
    let all: Option<Vec<Vec<f32>>> = flows.iter().map(|flow| flow.location(context)).collect();
    let (all, share) = (all?, 1.0 / flows.len() as f32);
    let mut mean = vec![0.0; all.first()?.len()];
    for location in all {
        mean.iter_mut().zip(location).for_each(|(mean, value)| *mean += share * value);
    }
    Some(mean)
}

impl Standing {
    /// Whether it lies farther out than chance explains.
    #[must_use]
    pub fn is_unusual(&self) -> bool {
        self.parts().any(|found| found.unusual) || self.unlike_gaps().is_some()
    }

    /// Whether it lies so far out that nothing is known of its posterior.
    #[must_use]
    pub fn is_far(&self) -> bool {
        self.parts().any(|found| found.far)
    }

    fn parts(&self) -> impl Iterator<Item = &Outlyingness> {
        [&self.data, &self.summary, &self.residual].into_iter().flatten()
    }

    /// What is unusual, in words; `None` where nothing is.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        let unusual = self.unusual().map(|unusual| {
            unusual
                + ". Check its units and their order; else the simulator may not be able to explain it \
                   (`freeform check --observation` of a model that `train` made simulates at the posterior's parameters)"
        });
        let gaps = self.unlike_gaps().map(ToString::to_string);
        let parts: Vec<String> = gaps.into_iter().chain(unusual).collect();
        (!parts.is_empty()).then(|| parts.join(". "))
    }

    /// The gaps, where they are unlike those of the simulations.
    fn unlike_gaps(&self) -> Option<&GapsStanding> {
        self.gaps.as_ref().filter(|gaps| gaps.is_unlike())
    }

    /// In what respects it is unusual; `None` where in none.
    pub(crate) fn unusual(&self) -> Option<String> {
        let parts = [
            ("the numbers of x do not go together as in the simulations", &self.data),
            ("what x says of the parameters is unlike what simulations say", &self.summary),
            ("x is unlike what simulations at its own posterior give", &self.residual),
        ];
        let text = |(what, found): (&str, &Outlyingness)| {
            let far = found.worst.iter().filter(|worst| worst.deviations.abs() >= 2.0);
            let far = far.map(|Misfit { name, deviations }| {
                let sign = if *deviations > 0.0 { "+" } else { "" };
                format!("{name} ({sign}{} sd)", tenths(*deviations))
            });
            let named = far.collect::<Vec<_>>().join(", ");
            let named = match named.is_empty() {
                true => named,
                false => format!(", farthest from what the rest predicts: {named}"),
            };
            let (times, share) = (tenths(found.distance), found.percentile);
            format!("{what}: {times} times as far out as usual, beyond {share:.1}% of them{named}")
        };
        let found = parts.into_iter().filter_map(|(what, found)| Some((what, found.as_ref()?)));
        let parts: Vec<String> = found.filter(|(_, found)| found.unusual).map(text).collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |found: &Option<Outlyingness>| {
            found.as_ref().map(|found| format!("{:.1}%", found.percentile))
        };
        let parts = [
            ("as a whole", part(&self.data)),
            ("in what it says of the parameters", part(&self.summary)),
            ("from what its own posterior predicts", part(&self.residual)),
        ];
        let known = parts.into_iter().filter_map(|(what, share)| Some((what, share?)));
        let text: Vec<String> =
            known.map(|(what, share)| format!("{what} farther out than {share}")).collect();
        match text.is_empty() {
            true => write!(f, "how unusual it is as a whole is unknown"),
            false => write!(f, "it lies {} of the simulations", text.join(", ")),
        }
    }
}
