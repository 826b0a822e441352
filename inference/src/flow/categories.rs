//! Categories of θ beside a flow: P(k | x) by a classifier, and the flow for all else given x and k.

use crate::classifier::{Classifier, ClassifierShape};
use crate::transform::Cells;
use statrs::function::erf::erfc;

/// P(k | x) of the combinations k of categories.
#[derive(Clone, Debug, PartialEq)]
pub struct Categories {
    cells: Cells,
    classifier: Classifier,
}

/// Rows of a target in two: what the flow describes, and what it is given.
pub(crate) struct Split {
    /// Rows that lie in some combination.
    pub rows: Vec<usize>,
    /// Their numbers that are no category.
    pub others: Vec<f32>,
    /// x and the combination, as indicators.
    pub contexts: Vec<f32>,
    /// log of the classifier's density of each.
    pub log_densities: Vec<f64>,
}

impl Categories {
    /// Of a classifier that sees x and tells the combinations of these categories apart.
    pub(crate) fn new(cells: Cells, classifier: Classifier) -> Self {
        Self { cells, classifier }
    }

    /// From a classifier's numbers; `None` where they do not fit.
    pub(crate) fn from_numbers(cells: Cells, width: usize, weights: Vec<f32>) -> Option<Self> {
        let classifier = Classifier::from_numbers(Self::shape(&cells, width), weights)?;
        Some(Self { cells, classifier })
    }

    /// The classifier's sizes, for files.
    pub(crate) fn own_shape(&self) -> ClassifierShape {
        self.classifier.shape()
    }

    /// The classifier's numbers, for files.
    pub(crate) fn numbers(&self) -> &[f32] {
        self.classifier.numbers()
    }

    /// Sizes of the classifier for an x of `width` numbers.
    pub(crate) fn shape(cells: &Cells, width: usize) -> ClassifierShape {
        ClassifierShape { inputs: width, classes: cells.classes().unwrap_or(usize::MAX) }
    }

    /// D and C of the flow beside.
    pub(crate) fn dims(&self) -> (usize, usize) {
        Self::dims_of(&self.cells, self.classifier.shape().inputs)
    }

    /// D and C of the flow beside categories of D parameters, for an x of `width` numbers.
    pub(crate) fn dims_of(cells: &Cells, width: usize) -> (usize, usize) {
        // A flow needs something to describe: where all of θ is categories, a number that means nothing.
        (cells.others().count().max(1), width + cells.indicators())
    }

    /// log p of rows of θ in the flow's space `[n, D]`, with what `flow` says of the others and their contexts;
    /// −∞ outside of all combinations.
    pub(crate) fn log_density(
        &self,
        target: &[f32],
        context: &[f32],
        flow: impl FnOnce(&[f32], &[f32]) -> Vec<f64>,
    ) -> Vec<f64> {
        let split = self.split(target, context);
        let mut out = vec![f64::NEG_INFINITY; target.len() / self.cells.dim()];
        let others = match split.others.is_empty() {
            true => vec![0.0; split.rows.len()],
            false => flow(&split.others, &split.contexts),
        };
        let each = split.rows.iter().zip(split.log_densities).zip(others);
        each.for_each(|((row, own), other)| out[*row] = own + other);
        out
    }

    /// θ of latents z `[n, D]` and its log-density, the others by `flow` of their latents and contexts.
    pub(crate) fn decode(
        &self,
        z: &[f32],
        context: &[f32],
        flow: impl FnOnce(&[f32], &[f32]) -> (Vec<f32>, Vec<f64>),
    ) -> (Vec<f32>, Vec<f64>) {
        let (cells, dim) = (&self.cells, self.cells.dim());
        let rows = z.len() / dim;
        let (width, classes) = (self.classifier.shape().inputs, self.classifier.shape().classes);
        let log_probs = self.classifier.log_probs(context);
        let mut points = vec![0.0; z.len()];
        let (mut latents, mut contexts) = (Vec::new(), Vec::new());
        let mut log_densities = Vec::with_capacity(rows);
        for (row, (point, z)) in points.chunks_exact_mut(dim).zip(z.chunks_exact(dim)).enumerate() {
            let at = if context.len() == width { 0 } else { row };
            let own = &log_probs[at * classes..][..classes];
            let probabilities: Vec<f64> = own.iter().map(|log| log.exp()).collect();
            let uniform = |column| 0.5 * erfc(-f64::from(z[column]) / std::f64::consts::SQRT_2);
            let class = cells.draw(&probabilities, uniform, point);
            log_densities.push(own[class] + cells.log_scale());
            contexts.extend_from_slice(&context[at * width..][..width]);
            cells.indicate(class, &mut contexts);
            latents.extend(cells.others().map(|column| z[column]));
        }
        if latents.is_empty() {
            return (points, log_densities);
        }
        let (decoded, densities) = flow(&latents, &contexts);
        let others: Vec<usize> = cells.others().collect();
        for (point, decoded) in points.chunks_exact_mut(dim).zip(decoded.chunks(others.len())) {
            others.iter().zip(decoded).for_each(|(column, value)| point[*column] = *value);
        }
        log_densities.iter_mut().zip(densities).for_each(|(own, other)| *own += other);
        (points, log_densities)
    }

    /// The mean of θ in the flow's space, `[n, D]`, for contexts `[n, C]`, with what `flow` says of the others' given
    /// theirs.
    pub(crate) fn location(&self, contexts: &[f32], flow: impl Fn(&[f32]) -> Vec<f32>) -> Vec<f32> {
        let (cells, width) = (&self.cells, self.classifier.shape().inputs);
        let classes = self.classifier.shape().classes;
        let log_probs = self.classifier.log_probs(contexts);
        let others: Vec<usize> = cells.others().collect();
        let mut out = vec![0.0; contexts.len() / width * cells.dim()];
        for class in 0..classes {
            let mut seen = Vec::new();
            for context in contexts.chunks_exact(width) {
                seen.extend_from_slice(context);
                cells.indicate(class, &mut seen);
            }
            let mut middle = vec![0.0; cells.dim()];
            cells.middle(class, &mut middle);
            let given = flow(&seen);
            let given = given.chunks_exact(given.len() / (contexts.len() / width));
            for (row, given) in given.enumerate() {
                others.iter().zip(given).for_each(|(column, value)| middle[*column] = *value);
                let share = log_probs[row * classes + class].exp() as f32;
                let out = out[row * cells.dim()..].iter_mut();
                out.zip(&middle).for_each(|(mean, value)| *mean += share * value);
            }
        }
        out
    }

    /// Rows of θ in the flow's space, `[n, D]`, in two.
    pub(crate) fn split(&self, target: &[f32], context: &[f32]) -> Split {
        let (cells, dim) = (&self.cells, self.cells.dim());
        let (width, classes) = (self.classifier.shape().inputs, self.classifier.shape().classes);
        let log_probs = self.classifier.log_probs(context);
        let (mut rows, mut others) = (Vec::new(), Vec::new());
        let (mut contexts, mut log_densities) = (Vec::new(), Vec::new());
        for (row, point) in target.chunks_exact(dim).enumerate() {
            let Some(class) = cells.class_at(point) else { continue };
            let at = if context.len() == width { 0 } else { row };
            rows.push(row);
            others.extend(cells.others().map(|column| point[column]));
            contexts.extend_from_slice(&context[at * width..][..width]);
            cells.indicate(class, &mut contexts);
            log_densities.push(log_probs[at * classes + class] + cells.log_scale());
        }
        Split { rows, others, contexts, log_densities }
    }
}
