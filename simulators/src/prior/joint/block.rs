//! Parts of a prior.

use std::sync::Arc;

use super::category::Category;
use super::conditional::Conditional;
use super::dirichlet::Dirichlet;
use super::own::{Own, OwnLaw};
use super::resolved::Resolved;
use crate::prior::{Marginal, MultivariateNormal, PriorError, Support};
use crate::simulation::SimulationRng;
use rand::Rng;

/// A part of a prior: parameters side by side and their law. Parts are independent of each other, but
/// for numbers of one that are parameters of another.
#[derive(Clone)]
pub enum Block {
    /// Parameters of one law each: independent given the parameters that it is given by, if any.
    Each {
        /// Their names.
        names: Vec<String>,
        /// The law of every one.
        law: Conditional,
    },
    /// As many draws of one law, in ascending order.
    Ordered {
        /// Their names, that of the smallest first.
        names: Vec<String>,
        /// The law of a draw.
        law: Conditional,
    },
    /// Correlated normal parameters.
    Normal {
        /// Their names.
        names: Vec<String>,
        /// Their law.
        law: MultivariateNormal,
    },
    /// Shares of a whole: the first K − 1 of K that add up to 1.
    Shares {
        /// The names of these, K − 1.
        names: Vec<String>,
        /// The law of all K.
        law: Dirichlet,
    },
    /// Parameters that are one of several categories each.
    Category {
        /// Their names.
        names: Vec<String>,
        /// The law of every one.
        law: Category,
    },
    /// A law of one's own.
    Own(Arc<dyn OwnLaw>),
}

impl Block {
    /// One parameter with a law of its own.
    pub fn one(name: impl Into<String>, law: Conditional) -> Self {
        Self::Each { names: vec![name.into()], law }
    }

    /// The names of its parameters.
    #[must_use]
    pub fn names(&self) -> &[String] {
        match self {
            Self::Each { names, .. }
            | Self::Ordered { names, .. }
            | Self::Normal { names, .. }
            | Self::Shares { names, .. }
            | Self::Category { names, .. } => names,
            Self::Own(law) => law.names(),
        }
    }

    /// Its law, as far as it may be given by parameters.
    pub(in crate::prior) fn conditional(&self) -> Option<&Conditional> {
        match self {
            Self::Each { law, .. } | Self::Ordered { law, .. } => Some(law),
            _ => None,
        }
    }
}

/// A part of a prior over known columns.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub start: usize,
    pub len: usize,
    pub law: PartLaw,
}

#[derive(Clone, Debug)]
pub(super) enum PartLaw {
    Each(Resolved),
    Ordered(Resolved),
    Normal(MultivariateNormal),
    Shares(Dirichlet),
    Category(Category),
    Own(Own),
}

impl Part {
    /// Where its `i`-th parameter lies, whatever all others are.
    pub fn envelope(&self, i: usize, bounds: &dyn Fn(usize) -> (f64, f64)) -> Support {
        match &self.law {
            PartLaw::Each(law) | PartLaw::Ordered(law) => law.envelope(bounds),
            PartLaw::Normal(_) => Support::Real,
            PartLaw::Shares(_) => Support::Interval { lower: 0.0, upper: 1.0 },
            PartLaw::Category(law) => of(law),
            PartLaw::Own(own) => own.0.support()[i],
        }
    }

    /// Where its `i`-th parameter lies given those that its law is given by and the part's earlier ones,
    /// and whether that depends on them; `None` where their values make no law.
    pub fn support(&self, i: usize, theta: &[f64]) -> Option<(Support, bool)> {
        match &self.law {
            PartLaw::Each(law) => Some((law.support(theta)?, law.fixed().is_none())),
            PartLaw::Ordered(law) => {
                let support = law.support(theta)?;
                if i == 0 {
                    return Some((support, law.fixed().is_none()));
                }
                let (before, upper) = (theta[self.start + i - 1], support.bounds().1);
                Some((
                    match support {
                        Support::LogInterval { .. } => {
                            Support::LogInterval { lower: before, upper }
                        }
                        _ => Support::between(before, upper),
                    },
                    true,
                ))
            }
            PartLaw::Normal(_) => Some((Support::Real, false)),
            PartLaw::Shares(_) => {
                let taken: f64 = theta[self.start..self.start + i].iter().sum();
                Some((Support::Interval { lower: 0.0, upper: 1.0 - taken }, true))
            }
            PartLaw::Category(law) => Some((of(law), false)),
            PartLaw::Own(own) => Some((own.0.support()[i], false)),
        }
    }

    /// Draws its parameters into their columns; those that its law is given by are there.
    pub fn sample(&self, rng: &mut impl Rng, theta: &mut [f64]) {
        let columns = self.start..self.start + self.len;
        match &self.law {
            PartLaw::Each(law) | PartLaw::Ordered(law) => {
                for column in columns.clone() {
                    let drawn = law.given(theta, |law, _| law.sample(rng));
                    theta[column] = drawn.unwrap_or(f64::NAN);
                }
                if matches!(self.law, PartLaw::Ordered(_)) {
                    theta[columns].sort_by(f64::total_cmp);
                }
            }
            PartLaw::Normal(law) => law.sample(rng, &mut theta[columns]),
            PartLaw::Shares(law) => law.sample(rng, &mut theta[columns]),
            PartLaw::Category(law) => {
                theta[columns].iter_mut().for_each(|value| *value = law.sample(rng));
            }
            PartLaw::Own(own) => {
                let mut rng = SimulationRng::new(rng.next_u64(), 0);
                own.0.sample(&mut rng, &mut theta[columns]);
            }
        }
    }

    /// Its log-density inside the support, given those that its law is given by.
    pub fn ln_pdf(&self, theta: &[f64]) -> f64 {
        let own = &theta[self.start..self.start + self.len];
        match &self.law {
            PartLaw::Each(law) | PartLaw::Ordered(law) => {
                let sum =
                    law.given(theta, |law, _| own.iter().map(|v| law.ln_pdf(*v)).sum::<f64>());
                let sum = sum.unwrap_or(f64::NEG_INFINITY);
                match self.law {
                    // Of all n! orders one is kept.
                    PartLaw::Ordered(_) => {
                        sum + (2..=self.len).map(|k| (k as f64).ln()).sum::<f64>()
                    }
                    _ => sum,
                }
            }
            PartLaw::Normal(law) => law.ln_pdf(own),
            PartLaw::Shares(law) => law.ln_pdf(own),
            PartLaw::Category(law) => own.iter().map(|v| law.ln_pdf(*v)).sum(),
            PartLaw::Own(law) => law.0.log_prob(own),
        }
    }

    /// The law of its `i`-th parameter whatever the others are, where there is a closed form.
    pub fn marginal(&self, i: usize) -> Option<Marginal> {
        match &self.law {
            PartLaw::Each(law) => law.fixed().copied(),
            PartLaw::Normal(law) => Some(law.marginal(i)),
            PartLaw::Shares(law) => Some(law.marginal(i)),
            PartLaw::Ordered(_) | PartLaw::Category(_) | PartLaw::Own(_) => None,
        }
    }

    pub fn check(&self, block: &Block) -> Result<(), PriorError> {
        let wrong = |field: &str, found, expected| {
            let parameter = block.names().first().cloned().unwrap_or_default();
            Err(PriorError::BadValue {
                parameter,
                field: field.to_owned(),
                value: format!("{found} entries"),
                requirement: format!("it must have {expected}"),
            })
        };
        match &self.law {
            PartLaw::Normal(law) if law.mean().len() != self.len => {
                wrong("names", self.len, format!("as many as mean, {}", law.mean().len()))
            }
            PartLaw::Shares(law) if law.concentration().len() != self.len + 1 => {
                let shares = law.concentration().len();
                let expected = format!(
                    "{}: of {shares} shares that add up to 1 the last one is what the others leave, and \
                     no parameter",
                    shares - 1
                );
                wrong("names", self.len, expected)
            }
            PartLaw::Ordered(_) if self.len < 2 => {
                wrong("names", self.len, "at least 2, to be in order".to_owned())
            }
            PartLaw::Ordered(law) if law.fixed().is_some_and(Marginal::is_angle) => {
                Err(PriorError::BadValue {
                    parameter: block.names()[0].clone(),
                    field: "ordered".to_owned(),
                    value: "true".to_owned(),
                    requirement: "angles have no order; give them bounds or another law".to_owned(),
                })
            }
            PartLaw::Own(own) => {
                let supports = own.0.support().len();
                if supports != self.len {
                    return wrong(
                        "support",
                        supports,
                        format!("one for each of {} names", self.len),
                    );
                }
                if own.0.is_known() {
                    return Ok(());
                }
                super::agreement::contradiction(&*own.0).map_err(|reason| PriorError::Own {
                    law: own.0.name().to_owned(),
                    parameters: own.0.names().join(", "),
                    reason,
                })
            }
            _ => Ok(()),
        }
    }
}

fn of(law: &Category) -> Support {
    Support::Category { count: law.probabilities().len() }
}
