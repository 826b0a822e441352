//! Laws beyond a box: each against its law's distribution function, its density's integral, and the
//! errors that mistakes give.

mod agreement;
mod bijections;
mod densities;
mod draws;
mod kinds;
mod mistakes;
mod own;
mod program;
