//! Reference posteriors, C2ST and reports.
