//! One axis of a grid: a setting and the values it takes.

use freeform_inference::Preset;
use freeform_inference::Problem;
use freeform_simulators::Missing;
use toml::{Table, Value};

/// Settings that belong to one point of an axis: dotted keys and their values.
pub(super) type Assignment = Vec<(String, Value)>;

/// The points of the axis `key`:
/// - `section.key` with a list, or a range `{ from, to, steps, scale = "linear" | "log" }`;
/// - several keys joined by commas, which take the same values together;
/// - any other name, with a list of tables of settings that change together.
pub(super) fn points(key: &str, given: &Value) -> Result<Vec<Assignment>, String> {
    let named = |reason: String| format!("`grid.axes.{key}` {reason}");
    let values = match given {
        Value::Array(list) => list.clone(),
        Value::Table(range) => values_of_range(key, range).map_err(&named)?,
        other => {
            let kind = other.type_str();
            return Err(named(format!("is a {kind}; give a list of values, or a range")));
        }
    };
    if values.is_empty() {
        return Err(named("is empty; give at least one value".to_owned()));
    }
    if key.contains('.') {
        let keys: Vec<&str> = key.split(',').map(str::trim).collect();
        let point = |value: &Value| keys.iter().map(|k| ((*k).to_owned(), value.clone())).collect();
        return Ok(values.iter().map(point).collect());
    }
    let point = |value: &Value| match value {
        Value::Table(settings) => Ok(flatten(settings)),
        other => Err(named(format!(
            "is not a setting (SECTION.KEY), so each of its values must be a table of settings, \
             not {other}"
        ))),
    };
    values.iter().map(point).collect()
}

/// A table of settings as dotted keys, whichever way it was written.
pub(super) fn flatten(settings: &Table) -> Assignment {
    let mut flat = Vec::new();
    for (section, value) in settings {
        match value {
            // What is no value of a setting, a table for instance, is refused by its name later.
            Value::Table(inner) => flat.extend(inner.iter().flat_map(|(key, value)| {
                let dotted = format!("{section}.{key}");
                match value {
                    Value::Table(deeper) if !deeper.is_empty() => flatten(deeper)
                        .into_iter()
                        .map(|(key, value)| (format!("{dotted}.{key}"), value))
                        .collect(),
                    other => vec![(dotted, other.clone())],
                }
            })),
            other => flat.push((section.clone(), other.clone())),
        }
    }
    flat
}

const MOST_STEPS: i64 = 10_000;

fn values_of_range(key: &str, range: &Table) -> Result<Vec<Value>, String> {
    const KEYS: [&str; 4] = ["from", "to", "steps", "scale"];
    if let Some(unknown) = range.keys().find(|k| !KEYS.contains(&k.as_str())) {
        return Err(format!("has the unknown key `{unknown}`; a range has {}", KEYS.join(", ")));
    }
    let number = |name: &str| match range.get(name) {
        Some(Value::Integer(n)) => Ok(*n as f64),
        Some(Value::Float(x)) if x.is_finite() => Ok(*x),
        Some(other) => Err(format!("has {name} = {other}, which is not a number")),
        None => Err(format!("has no `{name}`")),
    };
    let (from, to) = (number("from")?, number("to")?);
    let steps = match range.get("steps") {
        Some(Value::Integer(n @ 1..=MOST_STEPS)) => *n as usize,
        Some(other) => {
            return Err(format!("has steps = {other}; it must be a number from 1 to {MOST_STEPS}"));
        }
        None => return Err("has no `steps`".to_owned()),
    };
    if steps > 1 && from >= to {
        return Err(format!("runs from {from} to {to}; `from` must be below `to`"));
    }
    let log = match range.get("scale").map(Value::as_str) {
        None | Some(Some("linear")) => false,
        Some(Some("log")) if from > 0.0 => true,
        Some(Some("log")) => return Err(format!("runs from {from}; a log scale begins above 0")),
        Some(_) => return Err("has a scale other than \"linear\" and \"log\"".to_owned()),
    };
    let at = |i: usize| {
        let share = if steps == 1 { 0.0 } else { i as f64 / (steps - 1) as f64 };
        match log {
            // The ends exactly; between them no more digits than anyone would type.
            _ if i == 0 => from,
            _ if i == steps - 1 => to,
            true => short(from * (to / from).powf(share)),
            false => short(from + (to - from) * share),
        }
    };
    let mut values: Vec<Value> = (0..steps)
        .map(|i| match is_whole(key) {
            true => Value::Integer(at(i).round() as i64),
            false => Value::Float(at(i)),
        })
        .collect();
    values.dedup();
    Ok(values)
}

fn short(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}

/// Whether the setting takes whole numbers.
fn is_whole(key: &str) -> bool {
    let first = key.split(',').next().unwrap_or(key).trim();
    let problem = Problem {
        simulations: 1000,
        theta_dim: 2,
        context_dim: 2,
        layout: None,
        missing: Missing::Failed,
    };
    let known = Table::try_from(Preset::default().config(&problem)).unwrap_or_default();
    first
        .split_once('.')
        .and_then(|(section, name)| known.get(section)?.get(name))
        .is_some_and(Value::is_integer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(text: &str) -> Result<Vec<Assignment>, String> {
        let table: Table = text.parse().unwrap();
        let (key, value) = table.iter().next().unwrap();
        points(key, value)
    }

    fn floats(text: &str) -> Vec<f64> {
        axis(text).unwrap().iter().map(|point| point[0].1.as_float().unwrap()).collect()
    }

    #[test]
    fn ranges_are_evenly_spaced_on_their_scale() {
        let linear = r#""optimizer.weight_decay" = { from = 0.0, to = 0.3, steps = 4 }"#;
        assert_eq!(floats(linear), [0.0, 0.1, 0.2, 0.3]);
        let log =
            r#""optimizer.learning_rate" = { from = 1e-4, to = 1e-2, steps = 3, scale = "log" }"#;
        assert_eq!(floats(log), [1e-4, 1e-3, 1e-2]);
    }

    #[test]
    fn whole_settings_take_whole_numbers() {
        let points = axis(r#""network.width" = { from = 16, to = 64, steps = 3, scale = "log" }"#);
        let widths: Vec<_> = points.unwrap().iter().map(|p| p[0].1.as_integer()).collect();
        assert_eq!(widths, [Some(16), Some(32), Some(64)]);
    }

    #[test]
    fn keys_can_change_together() {
        let points = axis(r#""loss.beta_start, loss.beta_end" = [10, 25]"#).unwrap();
        assert_eq!(points.len(), 2);
        assert_eq!(points[1][0], ("loss.beta_start".to_owned(), Value::Integer(25)));
        assert_eq!(points[1][1], ("loss.beta_end".to_owned(), Value::Integer(25)));
        let named = "size = [{ network.width = 50 }, { network.width = 256, network.glu = false }]";
        let points = axis(named).unwrap();
        assert_eq!((points[0].len(), points[1].len()), (1, 2));
    }

    #[test]
    fn wrong_axes_are_explained() {
        let message = |text| axis(text).unwrap_err();
        assert!(message(r#""network.width" = []"#).contains("is empty"));
        let empty = r#""network.width" = { from = 9, to = 3, steps = 4 }"#;
        assert!(message(empty).contains("`from` must be below `to`"));
        let zero = r#""network.width" = { from = 3, to = 9, steps = 0 }"#;
        assert!(message(zero).contains("steps = 0"));
        assert!(message(r#""network.width" = { form = 3 }"#).contains("unknown key `form`"));
        let log = r#""loss.beta_end" = { from = 0, to = 9, steps = 2, scale = "log" }"#;
        assert!(message(log).contains("above 0"));
        assert!(message("width = [3]").contains("is not a setting"));
    }
}
