//! A prior as a table.

use toml::{Table, Value};

use super::entry::{LAW, OWN};
use crate::prior::joint::{Conditional, Term};
use crate::prior::{Block, Law, Prior};

impl From<Prior> for Table {
    fn from(prior: Prior) -> Self {
        let mut root = Self::new();
        match &prior.law {
            Law::Independent(marginals) => {
                let entries = prior.names.iter().zip(marginals).map(|(name, (marginal, _))| {
                    let mut entry = Self::new();
                    entry.insert("name".into(), name.clone().into());
                    entry.insert("distribution".into(), marginal.distribution().into());
                    for (field, value) in marginal.fields() {
                        entry.insert(field.into(), value.into());
                    }
                    Value::Table(entry)
                });
                root.insert("parameter".into(), Value::Array(entries.collect()));
            }
            Law::MultivariateNormal(law) => {
                let mut entry = Self::new();
                entry.insert("names".into(), prior.names.clone().into());
                entry.insert("mean".into(), law.mean().to_vec().into());
                entry.insert("covariance".into(), law.covariance().to_vec().into());
                root.insert("multivariate_normal".into(), Value::Table(entry));
            }
            Law::Joint(joint) => {
                let entries = joint.blocks().iter().map(|block| Value::Table(entry(block)));
                root.insert("parameter".into(), Value::Array(entries.collect()));
            }
        }
        root
    }
}

/// One `[[parameter]]`.
fn entry(block: &Block) -> Table {
    let mut entry = Table::new();
    match block.names() {
        [name] if matches!(block, Block::Each { .. }) => {
            entry.insert("name".into(), name.clone().into());
        }
        names => {
            entry.insert("names".into(), names.to_vec().into());
        }
    }
    let mut distribution = |name: &str| entry.insert("distribution".into(), name.into());
    match block {
        Block::Each { law, .. } => {
            distribution(law.distribution());
            terms(law, &mut entry);
        }
        Block::Ordered { law, .. } => {
            distribution(law.distribution());
            terms(law, &mut entry);
            entry.insert("ordered".into(), true.into());
        }
        Block::Normal { law, .. } => {
            distribution("multivariate_normal");
            entry.insert("mean".into(), law.mean().to_vec().into());
            entry.insert("covariance".into(), law.covariance().to_vec().into());
        }
        Block::Shares { law, .. } => {
            distribution("dirichlet");
            entry.insert("concentration".into(), law.concentration().to_vec().into());
        }
        Block::Category { law, .. } => {
            distribution("category");
            entry.insert("probabilities".into(), law.probabilities().to_vec().into());
            if let Some(labels) = law.labels() {
                entry.insert("labels".into(), labels.to_vec().into());
            }
        }
        Block::Own(law) => match law.toml() {
            Some(table) => entry.extend(table),
            None => {
                distribution(OWN);
                entry.insert(LAW.into(), law.name().into());
            }
        },
    }
    entry
}

fn terms(law: &Conditional, entry: &mut Table) {
    for (key, term) in law.terms() {
        let value = match term {
            Term::Number(number) => (*number).into(),
            Term::Parameter(name) => name.clone().into(),
        };
        entry.insert((*key).to_owned(), value);
    }
}
