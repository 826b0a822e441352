//! The program as a user runs it.

mod bad_input;
mod determinism;
mod external;
mod main_job;
mod resume;
mod support;
