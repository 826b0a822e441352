//! A program that fails from the first simulation on is found out at once.

use super::pool::Job;
use crate::simulation::SourceError;
use crate::{FailureKind, FailureReport, SimulatedBatch};

/// How improbable it must be that a run of failures is an accident: of simulations that fail
/// quickly, and of those that each cost a whole timeout.
const ACCIDENT: f64 = 1e-3;
const ACCIDENT_OF_TIMEOUTS: f64 = 0.05;

/// Holds the first simulations back until one of them has succeeded. If none has among as many as
/// tell, they are no result at all, and the run ends.
pub(super) struct Start {
    held: Vec<SimulatedBatch>,
    /// The account of those.
    report: FailureReport,
    share: f64,
    passed: bool,
}

impl Start {
    pub(super) fn new(job: &Job<'_>) -> Self {
        let share = job.settings.max_failure_share;
        Self { held: Vec::new(), report: FailureReport::default(), share, passed: share >= 1.0 }
    }

    /// Takes the next batch of the run, the last one or not, and returns what can be passed on.
    ///
    /// # Errors
    /// [`SourceError::NoneSucceeded`].
    pub(super) fn pass(
        &mut self,
        batch: SimulatedBatch,
        is_last: bool,
    ) -> Result<Vec<SimulatedBatch>, SourceError> {
        if self.passed {
            return Ok(vec![batch]);
        }
        self.report.merge(batch.failures.clone());
        // A NaN, or an error that the program reports, is an answer too.
        let broken = |kind| !matches!(kind, FailureKind::NonFinite | FailureKind::Reported);
        let broke: usize = self.count(broken);
        self.passed = broke < self.report.requested || is_last;
        self.held.push(batch);
        if self.passed {
            return Ok(std::mem::take(&mut self.held));
        }
        let timeouts = self.count(|kind| kind == FailureKind::Timeout);
        let accident = |count: usize| self.share.powi(i32::try_from(count).unwrap_or(i32::MAX));
        if accident(broke) < ACCIDENT || (accident(timeouts) < ACCIDENT_OF_TIMEOUTS && timeouts > 1)
        {
            let (report, share) = (Box::new(std::mem::take(&mut self.report)), self.share);
            return Err(SourceError::NoneSucceeded { report, share });
        }
        Ok(Vec::new())
    }

    fn count(&self, which: impl Fn(FailureKind) -> bool) -> usize {
        self.report.kinds.iter().filter(|known| which(known.kind)).map(|known| known.count).sum()
    }
}
