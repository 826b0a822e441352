//! Values that several verbs take: lists of observations, lists of tasks.

use super::Failure;
use freeform_simulators::{Task, tasks};

/// Largest observation number that makes sense.
const MOST: usize = 100_000;

/// Numbers of observations, ascending.
#[derive(Clone, Debug)]
pub(super) struct Observations(pub(super) Vec<usize>);

/// Numbers and ranges, e.g. `1-3,7`.
pub(super) fn parse_observations(text: &str) -> Result<Observations, String> {
    let number = |part: &str| match part.trim().parse() {
        Ok(n @ 1..=MOST) => Ok(n),
        _ => Err(format!("`{part}` is not an observation number from 1 to {MOST}")),
    };
    let mut numbers = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        numbers.extend(number(first)?..=number(last)?);
    }
    numbers.sort_unstable();
    numbers.dedup();
    if numbers.is_empty() { Err("is empty".to_owned()) } else { Ok(Observations(numbers)) }
}

/// The tasks of these names; all ten where none is named.
pub(super) fn tasks_named(names: &[String]) -> Result<Vec<Task>, Failure> {
    match names {
        [] => Ok(tasks().iter().map(|info| Task::by_name(info.name)).collect::<Result<_, _>>()?),
        names => Ok(names.iter().map(|name| Task::by_name(name)).collect::<Result<_, _>>()?),
    }
}
