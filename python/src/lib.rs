//! The compiled half of the Python package `freeform_sbi`: what Python sees is in `freeform_sbi/`,
//! which wraps these functions and classes.
//!
//! Every heavy call runs on a thread of its own ([`work`]) while the interpreter is free; all numbers
//! cross in [`arrays`]; all errors become Python's in [`errors`].

mod arrays;
mod errors;
mod fit;
mod metrics;
mod own;
mod plots;
mod posterior;
mod prior;
mod rounds;
mod simulate;
mod tasks;
mod threads;
mod work;

use pyo3::prelude::*;

#[pymodule(name = "_native")]
mod native {
    #[pymodule_export]
    use super::fit::fit;
    #[pymodule_export]
    use super::metrics::{c2st, coverage_band, least_ranks, rank, uniformity};
    #[pymodule_export]
    use super::own::register_law;
    #[pymodule_export]
    use super::plots::{calibration_plot, pair_plot};
    #[pymodule_export]
    use super::posterior::Posterior;
    #[pymodule_export]
    use super::prior::Prior;
    #[pymodule_export]
    use super::rounds::infer;
    #[pymodule_export]
    use super::simulate::{
        failure_details, read_simulations, simulate, simulate_at, write_simulations,
    };
    #[pymodule_export]
    use super::tasks::{observation, reference, task_missing, task_prior, tasks};
    #[pymodule_export]
    use super::threads::set_threads;
}
