//! The program as a user runs it.

mod bad_input;
mod benchmark;
mod calibrate;
mod determinism;
mod external;
mod grid;
mod grid_bad_input;
mod grid_files;
mod main_job;
mod newcomer;
mod precision;
mod races;
mod reference;
mod resume;
mod support;
mod tables;
mod tune;
