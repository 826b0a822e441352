//! The program as a user runs it.

mod bad_input;
mod benchmark;
mod calibrate;
mod determinism;
mod external;
mod folders;
mod grid;
mod grid_bad_input;
mod kills;
mod main_job;
mod origin;
mod output;
mod races;
mod reference;
mod resume;
mod support;
mod tune;
