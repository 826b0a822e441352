//! One `[[parameter]]` entry.

use std::path::PathBuf;
use std::sync::Arc;

use toml::{Table, Value};

use super::fields::{known_keys, missing, number, numbers, text, texts};
use super::normal;
use crate::nearest::suggest;
use crate::prior::joint::{Conditional, MOST, Term, recall};
use crate::prior::marginal::DISTRIBUTIONS;
use crate::prior::program::{ProgramLaw, ProgramSettings};
use crate::prior::{Block, Category, Dirichlet, PriorError, Support};

/// Distributions of several parameters, with their keys beside `names`. README.md and docs/priors.md
/// have the same in words.
pub(super) const JOINT: [(&str, &[&str]); 4] = [
    ("multivariate_normal", &["mean", "covariance"]),
    ("dirichlet", &["concentration"]),
    ("category", &["probabilities", "labels"]),
    (PROGRAM, &["command", "low", "high"]),
];
/// A law that a program knows, and the key for the folder that it is run in.
pub(in crate::prior) const PROGRAM: &str = "program";
pub(in crate::prior) const FOLDER: &str = "folder";
/// A law that is code of the program that wrote the file, and the key for its name.
pub(super) const OWN: &str = "own";
pub(super) const LAW: &str = "law";
/// What a program's files were when it was written.
pub(super) const CONTENT: &str = "content";

/// The part of a prior that the entry of this number, from 0, describes.
pub(super) fn block(index: usize, entry: &Table) -> Result<Block, PriorError> {
    let place = format!("parameter {}", index + 1);
    let names = names(&place, entry)?;
    let place = match entry.contains_key("names") {
        false => format!("parameter \"{}\"", names[0]),
        true => format!("parameters \"{}\"", names.join("\", \"")),
    };
    let scalars = DISTRIBUTIONS.iter().map(|(name, _)| *name);
    let all: Vec<&str> = scalars.chain(JOINT.iter().map(|(name, _)| *name)).collect();
    let fix = format!("one of {}", all.join(", "));
    let distribution = text(&place, entry, "distribution", &fix)?;
    let always: &[&str] = match entry.contains_key("names") {
        false => &["name", "distribution"],
        true => &["names", "distribution"],
    };
    let check_keys = |keys: &[&str]| known_keys(&place, entry, &[always, keys].concat());
    match distribution.as_str() {
        "multivariate_normal" => {
            check_keys(&["mean", "covariance"])?;
            Ok(Block::Normal { names, law: normal(&place, entry)? })
        }
        "dirichlet" => {
            check_keys(&["concentration"])?;
            let concentration = entry.get("concentration").and_then(numbers).ok_or_else(|| {
                let fix = "write a list of numbers, one a share, e.g. [1.0, 1.0, 1.0]";
                missing(&place, "concentration", fix)
            })?;
            Ok(Block::Shares { names, law: Dirichlet::new(concentration)? })
        }
        "category" => {
            check_keys(&["probabilities", "labels"])?;
            Ok(Block::Category { law: category(&place, &names, entry)?, names })
        }
        PROGRAM => {
            check_keys(&["command", "low", "high", FOLDER, CONTENT])?;
            program(&place, names, entry)
        }
        OWN => {
            check_keys(&[LAW])?;
            let law = text(&place, entry, LAW, "name the law that a program has built")?;
            Ok(Block::Own(recall(&law, &names)?))
        }
        _ => scalar(&place, names, &distribution, (entry, always), &all),
    }
}

fn category(place: &str, names: &[String], entry: &Table) -> Result<Category, PriorError> {
    let wrong = |field: &str, value: &Value, fix: &str| PriorError::BadValue {
        parameter: names.join(", "),
        field: field.to_owned(),
        value: value.to_string(),
        requirement: fix.to_owned(),
    };
    let labels = entry.get("labels").map(|labels| {
        let fix =
            "write a list of texts, two to 64, one a category, e.g. [\"rising\", \"falling\"]";
        texts(labels)
            .filter(|l| (2..=MOST).contains(&l.len()))
            .ok_or_else(|| wrong("labels", labels, fix))
    });
    let labels = labels.transpose()?;
    let fix = "write a list of numbers that add up to 1, one a category, e.g. [0.5, 0.5]";
    let probabilities = match (entry.get("probabilities"), &labels) {
        // Of names alone, each is as likely as any other.
        (None, Some(labels)) => vec![1.0 / labels.len() as f64; labels.len()],
        (None, None) => return Err(missing(place, "probabilities", fix)),
        (Some(given), _) => numbers(given).ok_or_else(|| wrong("probabilities", given, fix))?,
    };
    Category::new(probabilities, labels).map_err(|error| match error {
        PriorError::BadValue { field, value, requirement, .. } => {
            let parameter = names.join(", ");
            PriorError::BadValue { parameter, field, value, requirement }
        }
        error => error,
    })
}

fn names(place: &str, entry: &Table) -> Result<Vec<String>, PriorError> {
    let fix = "give the parameter a name, e.g. name = \"rate\"";
    match (entry.get("name"), entry.get("names")) {
        (Some(_), Some(_)) => Err(PriorError::BadValue {
            parameter: place.to_owned(),
            field: "names".to_owned(),
            value: "given beside name".to_owned(),
            requirement: "write one or the other".to_owned(),
        }),
        (_, None) => Ok(vec![text(place, entry, "name", fix)?]),
        (None, Some(names)) => texts(names).filter(|names| !names.is_empty()).ok_or_else(|| {
            missing(place, "names", "write a list of texts, e.g. names = [\"a\", \"b\"]")
        }),
    }
}

fn scalar(
    place: &str,
    names: Vec<String>,
    distribution: &str,
    (entry, always): (&Table, &[&str]),
    all: &[&str],
) -> Result<Block, PriorError> {
    let Some((_, keys)) = DISTRIBUTIONS.iter().find(|(known, _)| *known == distribution) else {
        return Err(PriorError::Unknown {
            place: place.to_owned(),
            kind: "distribution",
            found: distribution.to_owned(),
            suggestion: suggest(distribution, all),
        });
    };
    let several: &[&str] = if entry.contains_key("names") { &["ordered"] } else { &[] };
    known_keys(place, entry, &[always, *keys, several].concat())?;
    let bad = |field: &str, value: &Value, requirement: &str| PriorError::BadValue {
        parameter: names.join(", "),
        field: field.to_owned(),
        value: value.to_string(),
        requirement: requirement.to_owned(),
    };
    let mut terms = Vec::new();
    for key in *keys {
        let Some(value) = entry.get(*key) else { continue };
        let name = || value.as_str().map(Term::from);
        let term = number(value).map(Term::from).or_else(name);
        let requirement = "it must be a number, or the name of another parameter";
        terms.push((*key, term.ok_or_else(|| bad(key, value, requirement))?));
    }
    let law = Conditional::at(place, distribution, terms)?;
    let ordered = entry
        .get("ordered")
        .map(|value| value.as_bool().ok_or_else(|| bad("ordered", value, "write true or false")));
    Ok(match ordered.transpose()? {
        Some(true) => Block::Ordered { names, law },
        Some(false) | None => Block::Each { names, law },
    })
}

fn program(place: &str, names: Vec<String>, entry: &Table) -> Result<Block, PriorError> {
    let command = entry.get("command").and_then(texts).filter(|command| !command.is_empty());
    let command = command.ok_or_else(|| {
        missing(place, "command", "write e.g. command = [\"python3\", \"prior.py\"]")
    })?;
    let bounds = |key: &str, none: f64| match entry.get(key) {
        None => Ok(vec![none; names.len()]),
        Some(value) => numbers(value).filter(|b| b.len() == names.len()).ok_or_else(|| {
            let fix = "write a list of numbers, one a name; inf and -inf for no bound";
            missing(place, key, fix)
        }),
    };
    let (low, high) = (bounds("low", f64::NEG_INFINITY)?, bounds("high", f64::INFINITY)?);
    for (name, (low, high)) in names.iter().zip(low.iter().zip(&high)) {
        // NaN is not below anything either.
        if !matches!(low.partial_cmp(high), Some(std::cmp::Ordering::Less)) {
            return Err(PriorError::BadValue {
                parameter: name.clone(),
                field: "high".to_owned(),
                value: high.to_string(),
                requirement: format!("it must be above low = {low}"),
            });
        }
    }
    let optional = |key: &str| entry.get(key).and_then(Value::as_str).map(str::to_owned);
    let settings = ProgramSettings {
        command,
        folder: optional(FOLDER).map_or_else(|| PathBuf::from("."), PathBuf::from),
        names,
        support: low.into_iter().zip(high).map(|(low, high)| Support::between(low, high)).collect(),
    };
    Ok(Block::Own(Arc::new(ProgramLaw::start(settings, optional(CONTENT))?)))
}
