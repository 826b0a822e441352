//! The program as a user runs it.

mod bad_input;
mod benchmark;
mod calibrate;
mod check;
mod determinism;
mod external;
mod folders;
mod grid;
mod grid_bad_input;
mod grid_files;
mod honest;
mod kills;
mod main_job;
mod newcomer;
mod origin;
mod output;
mod precision;
mod races;
mod reference;
mod resume;
mod support;
mod tables;
mod tune;
