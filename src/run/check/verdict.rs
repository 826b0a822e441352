//! All findings in one sentence.

use super::Finding;
use crate::run::Calibration;

/// Whether all checks with a verdict passed, and what that means.
pub(super) fn of(findings: &[Finding], calibration: &Calibration) -> (Option<bool>, String) {
    if calibration.p_value.is_none() {
        let reason = calibration.reason.clone().unwrap_or_default();
        return (None, format!("no verdict: {reason}"));
    }
    let judged = findings.iter().filter(|finding| finding.passed.is_some()).count();
    let failed: Vec<String> = findings
        .iter()
        .filter(|finding| finding.passed == Some(false))
        .map(|finding| match &finding.observation {
            Some(observation) => format!("{} at {observation}", finding.check),
            None => finding.check.clone(),
        })
        .collect();
    match failed.len() {
        0 => (
            Some(true),
            format!(
                "nothing found wrong by {judged} checks on {} fresh simulations, each at the 1% level",
                calibration.simulations
            ),
        ),
        n => {
            (Some(false), format!("{n} of {judged} checks found something: {}", failed.join(", ")))
        }
    }
}
