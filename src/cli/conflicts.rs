//! Why options exclude each other, in words beneath clap's.

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Of two options that exclude each other, the beginnings of what clap shows, and the reason.
const REASONS: [(&str, &str, &str); 6] = [
    ("--simulations", "--budget", EVERY_ROW),
    ("--simulations", "--count", EVERY_ROW),
    (
        "--simulations",
        "--task",
        "--simulations are looked at as they are, --task is simulated: leave one out",
    ),
    ("--prior", "--task", "the prior of --task is the one that counts: leave one out"),
    (
        "--resume",
        "--overwrite",
        "--resume goes on with what is in the folder, --overwrite begins anew: leave one out",
    ),
    ("--all", "", "--all scores a run's own draws, by the run's settings: leave the other out"),
];
const EVERY_ROW: &str = "--simulations takes every row of its file, -n says how many to simulate where \
                         there is no file: leave one out";

/// The reason of such an error.
pub(super) fn reason(error: &clap::Error) -> Option<&'static str> {
    if error.kind() != ErrorKind::ArgumentConflict {
        return None;
    }
    let named = |kind| match error.get(kind) {
        Some(ContextValue::String(one)) => vec![one.clone()],
        Some(ContextValue::Strings(several)) => several.clone(),
        _ => Vec::new(),
    };
    let options = [named(ContextKind::InvalidArg), named(ContextKind::PriorArg)].concat();
    let has = |start: &str| options.iter().any(|option| option.starts_with(start));
    REASONS.iter().find(|(a, b, _)| has(a) && has(b)).map(|(_, _, why)| *why)
}
