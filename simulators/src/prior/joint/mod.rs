//! Priors of several parts: laws of one parameter, ordered ones, shares, correlated ones, laws that are
//! given by other parameters, and one's own.

mod agreement;
mod balance;
mod block;
mod category;
mod conditional;
mod dirichlet;
mod own;
mod quantile;
mod resolved;

pub use block::Block;
pub use category::Category;
pub(super) use category::MOST;
pub use conditional::{Conditional, Term};
pub use dirichlet::Dirichlet;
pub use own::OwnLaw;
pub(super) use own::recall;

use std::fmt;
use std::sync::{Arc, OnceLock};

use rand::Rng;

use super::{Marginal, PriorError, Support};
use block::{Part, PartLaw};
use category::check_categories;
use own::Own;

/// A law of several parts over D parameters.
#[derive(Clone)]
pub(super) struct Joint {
    blocks: Vec<Block>,
    parts: Vec<Part>,
    /// Columns in an order in which each comes after those that its law is given by, and the part that
    /// each belongs to.
    order: Vec<(usize, usize)>,
    /// Sorted draws of each column, made when first asked for.
    sorted: Arc<OnceLock<Vec<Vec<f64>>>>,
}

impl fmt::Debug for Joint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Joint").field("parts", &self.parts).finish_non_exhaustive()
    }
}

impl Joint {
    /// The law of these blocks over `names`, and the support of each parameter whatever the others are.
    pub fn new(blocks: Vec<Block>, names: &[String]) -> Result<(Self, Vec<Support>), PriorError> {
        let mut starts = Vec::with_capacity(blocks.len());
        let mut start = 0;
        for block in &blocks {
            starts.push(start);
            start += block.names().len();
        }
        check_categories(&blocks)?;
        let in_order = sorted_by_parents(&blocks, names, &starts)?;
        let mut parts: Vec<Option<Part>> = vec![None; blocks.len()];
        let mut support = vec![Support::Real; names.len()];
        for &index in &in_order {
            let (block, start) = (&blocks[index], starts[index]);
            let part = Part {
                start,
                len: block.names().len(),
                law: {
                    let bounds = |column: usize| support[column].bounds();
                    let above = |high: usize, low: usize| lies_above(&parts, high, low);
                    let resolve = |law: &Conditional| {
                        let own = (block.names()[0].as_str(), block.names());
                        law.resolve(own, names, &bounds, &above)
                    };
                    match block {
                        Block::Each { law, .. } => PartLaw::Each(resolve(law)?),
                        Block::Ordered { law, .. } => PartLaw::Ordered(resolve(law)?),
                        Block::Normal { law, .. } => PartLaw::Normal(law.clone()),
                        Block::Shares { law, .. } => PartLaw::Shares(law.clone()),
                        Block::Category { law, .. } => PartLaw::Category(law.clone()),
                        Block::Own(law) => PartLaw::Own(Own(Arc::clone(law))),
                    }
                },
            };
            part.check(block)?;
            if let Block::Own(law) = block {
                own::remember(law);
            }
            let own: Vec<Support> = {
                let bounds = |column: usize| support[column].bounds();
                (0..part.len).map(|i| part.envelope(i, &bounds)).collect()
            };
            support[start..start + part.len].copy_from_slice(&own);
            parts[index] = Some(part);
        }
        let parts: Vec<Part> = parts.into_iter().flatten().collect();
        let columns = |index: &usize| {
            let part = &parts[*index];
            (part.start..part.start + part.len).map(|column| (column, *index)).collect::<Vec<_>>()
        };
        let order = in_order.iter().flat_map(columns).collect();
        let sorted = Arc::new(OnceLock::new());
        Ok((Self { blocks, parts, order, sorted }, support))
    }

    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    pub fn sample(&self, rng: &mut impl Rng, theta: &mut [f64]) {
        for &(column, index) in &self.order {
            let part = &self.parts[index];
            if column == part.start {
                part.sample(rng, theta);
                for i in 0..part.len {
                    // Where rounding would put a draw on a bound, the nearest number off it.
                    if let Some((support, _)) = part.support(i, theta) {
                        theta[column + i] = support.nearest_inside(theta[column + i]);
                    }
                }
            }
        }
    }

    /// Whether each parameter lies where the others let it; off bounds that depend on others.
    pub fn contains(&self, theta: &[f64]) -> bool {
        let possible = |part: &Part| match part.law {
            PartLaw::Own(_) => part.ln_pdf(theta) > f64::NEG_INFINITY,
            _ => true,
        };
        self.outside(theta).is_none() && self.parts.iter().all(possible)
    }

    /// The first parameter that does not, and where that is.
    pub fn outside(&self, theta: &[f64]) -> Option<(usize, Support)> {
        self.order.iter().find_map(|&(column, index)| {
            let part = &self.parts[index];
            let known = part.support(column - part.start, theta);
            let Some((support, moves)) = known else { return Some((column, Support::Real)) };
            let value = theta[column];
            let inside =
                if moves { support.contains_strictly(value) } else { support.contains(value) };
            (!inside).then_some((column, support))
        })
    }

    /// Whether there is no bound at all.
    pub fn is_everywhere(&self) -> bool {
        self.parts.iter().all(|part| match &part.law {
            PartLaw::Each(law) => {
                law.envelope(&|_| (f64::NEG_INFINITY, f64::INFINITY)) == Support::Real
            }
            PartLaw::Normal(_) => true,
            PartLaw::Ordered(_) | PartLaw::Shares(_) | PartLaw::Category(_) | PartLaw::Own(_) => {
                false
            }
        })
    }

    pub fn ln_pdf(&self, theta: &[f64]) -> f64 {
        self.parts.iter().map(|part| part.ln_pdf(theta)).sum()
    }

    /// Column by column, each in the interval that those before leave to it.
    pub fn unconstrain(&self, theta: &[f64], u: &mut [f64]) -> f64 {
        let mut log_det = 0.0;
        for &(column, index) in &self.order {
            let part = &self.parts[index];
            let support = part.support(column - part.start, theta);
            let support = support.map_or(Support::Real, |(support, _)| support);
            let (mapped, log_slope) = support.to_unconstrained(theta[column]);
            u[column] = mapped;
            log_det += log_slope;
        }
        log_det
    }

    pub fn constrain(&self, u: &[f64], theta: &mut [f64]) -> f64 {
        let mut log_det = 0.0;
        for &(column, index) in &self.order {
            let part = &self.parts[index];
            let support = part.support(column - part.start, theta);
            let support = support.map_or(Support::Real, |(support, _)| support);
            let (value, log_slope) = support.from_unconstrained(u[column]);
            theta[column] = value;
            log_det += log_slope;
        }
        log_det
    }

    pub fn marginal(&self, column: usize) -> Option<Marginal> {
        let part = self.part(column)?;
        part.marginal(column - part.start)
    }

    /// The law of a column that is a category.
    pub fn category(&self, column: usize) -> Option<&Category> {
        match &self.part(column)?.law {
            PartLaw::Category(law) => Some(law),
            _ => None,
        }
    }

    fn part(&self, column: usize) -> Option<&Part> {
        self.parts.iter().find(|part| (part.start..part.start + part.len).contains(&column))
    }
}

/// Whether what is in column `high` lies above column `low` by its part's law.
fn lies_above(parts: &[Option<Part>], high: usize, low: usize) -> bool {
    let part = |column: usize| {
        let holds = |part: &&Part| (part.start..part.start + part.len).contains(&column);
        parts.iter().flatten().find(holds)
    };
    let bounded = |column: usize, test: &dyn Fn(&resolved::Resolved) -> bool| {
        part(column).is_some_and(|part| match &part.law {
            PartLaw::Each(law) | PartLaw::Ordered(law) => test(law),
            _ => false,
        })
    };
    let same = part(high).is_some_and(|part| {
        let ordered = matches!(part.law, PartLaw::Ordered(_));
        ordered && (part.start..high).contains(&low)
    });
    same || bounded(high, &|law| law.lies_above(low)) || bounded(low, &|law| law.lies_below(high))
}

/// Indices of the blocks, each after those that its law is given by.
fn sorted_by_parents(
    blocks: &[Block],
    names: &[String],
    starts: &[usize],
) -> Result<Vec<usize>, PriorError> {
    let owner = |column: usize| starts.iter().rposition(|start| *start <= column).unwrap_or(0);
    let parents = |index: usize| -> Vec<usize> {
        let terms = blocks[index].conditional().map_or(&[][..], Conditional::terms);
        let column = |term: &Term| match term {
            Term::Number(_) => None,
            Term::Parameter(name) => names.iter().position(|known| known == name),
        };
        terms.iter().filter_map(|(_, term)| column(term)).map(owner).collect()
    };
    let mut order = Vec::with_capacity(blocks.len());
    while order.len() < blocks.len() {
        let ready = |index: &usize| {
            !order.contains(index) && parents(*index).iter().all(|p| order.contains(p))
        };
        if let Some(next) = (0..blocks.len()).find(ready) {
            order.push(next);
            continue;
        }
        // Whoever is left has a parent that is left: going up comes back somewhere.
        let mut chain: Vec<usize> =
            (0..blocks.len()).filter(|i| !order.contains(i)).take(1).collect();
        loop {
            let last = chain[chain.len() - 1];
            let up = parents(last).into_iter().find(|p| !order.contains(p)).unwrap_or(last);
            if let Some(at) = chain.iter().position(|known| *known == up) {
                let name = |index: &usize| blocks[*index].names()[0].clone();
                let mut circle: Vec<String> = chain[at..].iter().map(name).collect();
                circle.push(name(&up));
                return Err(PriorError::Circular(circle.join(" → ")));
            }
            chain.push(up);
        }
    }
    Ok(order)
}
