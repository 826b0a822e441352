//! Tables on disk: what is read, what is refused, and that nothing else happens.

mod archives;
mod files;
mod headers;
mod mutations;
mod numpy;
mod observations;
mod simulations;
mod support;
mod text;
