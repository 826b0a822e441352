//! What a user is told of simulations: what failed, what a simulator printed, what x is.

use freeform_simulators::{
    DataLayout, FailureReport, Missing, Noise, SetReport, Simulations, counted,
};
use std::path::Path;

/// What a user should know of failed simulations.
#[must_use]
pub fn failure_warning(report: &FailureReport) -> Option<String> {
    let (lost, asked) = (report.total(), report.requested);
    (lost > 0).then(|| {
        format!("{lost} of {asked} simulations failed and are left out:\n{}", report.details())
    })
}

/// What failures do to a prior, and what is done about it.
pub const FAILING: &str = "where the probability to fail depends on theta, the simulations that are left follow \
                       the prior times the probability to succeed, not the prior: training learns that \
                       probability from the theta of those that failed, and counts it to the prior";

/// What a user should know of lines that a simulator printed beside its answers.
#[must_use]
pub fn noise_warning(noise: &Noise) -> Option<String> {
    let first = noise.first.as_ref()?;
    let lines = noise.lines;
    Some(format!(
        "the simulator printed {} beside its answers, passed over; the first was \"{first}\" (messages \
         belong on standard error)",
        counted(lines as usize, "line")
    ))
}

/// All that a user should know of a set.
#[must_use]
pub fn set_warnings(report: &SetReport) -> Vec<String> {
    let failures = failure_warning(&report.failures);
    let known = [failures.as_ref().map(|_| FAILING.to_owned()), noise_warning(&report.noise)];
    let known = std::iter::once(failures).chain(known);
    known.flatten().chain(report.remarks.iter().cloned()).collect()
}

/// What a user should know of `lost` rows of a table that are left out.
pub(super) fn left_out_of(
    path: &Path,
    simulations: &Simulations,
    lost: usize,
    missing: Missing,
) -> String {
    let text = format!(
        "{}: {lost} of {} simulations are not finite and are left out; {FAILING}",
        path.display(),
        simulations.len()
    );
    match simulations.rows_with_gaps() {
        gaps if gaps > 0 && !missing.is_allowed() => format!(
            "{text}. {gaps} of them have numbers beside NaN: if NaN means \"not measured\", --missing \
             allowed"
        ),
        _ => text,
    }
}

/// What is to be said of an array of more numbers a point than points.
pub(super) fn transposed(path: &Path, numbers: usize, layout: &DataLayout) -> Option<String> {
    /// As many may be meant.
    const MOST: usize = 8;
    let channels = layout.channels;
    let points = numbers / channels.max(1);
    let series = !layout.may_be_image();
    (series && channels > points && channels > MOST).then(|| {
        format!(
            "{}: x is [n, {points}, {channels}], and so has {points} points of {channels} numbers each; a \
             series is [n, T, channels]. If it is the other way round, transpose it (in numpy \
             `np.swapaxes(x, 1, 2)`)",
            path.display()
        )
    })
}

/// Names, the middle ones left out where they are many.
pub(super) fn shortened(names: &[String]) -> String {
    const SHOWN: usize = 12;
    match names {
        [first @ .., last] if first.len() >= SHOWN => {
            format!("{}, …, {last}", first[..SHOWN - 1].join(", "))
        }
        _ => names.join(", "),
    }
}
