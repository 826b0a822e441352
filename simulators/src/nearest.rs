//! Suggestions for a name that was probably mistyped.

/// The known name nearest to `found`, if any is near.
pub(crate) fn nearest<'a>(found: &str, known: &[&'a str]) -> Option<&'a str> {
    let found = found.to_lowercase();
    let distance = |name: &str| strsim::damerau_levenshtein(&found, name);
    let best = known.iter().copied().min_by_key(|name| distance(name))?;
    (distance(best) <= 1 + best.len() / 3).then_some(best)
}

/// "did you mean … ? known: …", for the end of an error message.
pub(crate) fn suggest(found: &str, known: &[&str]) -> String {
    let all = known.join(", ");
    match nearest(found, known) {
        Some(name) => format!("did you mean \"{name}\"? (known: {all})"),
        None => format!("known: {all}"),
    }
}
