//! Damaged descriptions of models: every kind of view of x, a law of θ, a summary's likelihood. Thousands
//! of them: an error or a model that answers, at once.

use crate::odd_numbers::{each_of, limited, odd_text};
use crate::support::{Scratch, TINY};
use freeform_inference::{Model, Posterior};
use freeform_simulators::Simulations;
use ndarray::Array2;
use proptest::prelude::*;
use proptest::sample::Index;
use rand::RngExt;
use std::path::Path;
use std::time::{Duration, Instant};

const COLUMNS: usize = 40;
const PRIOR: &str = "[[parameter]]\nname = \"a\"\ndistribution = \"uniform\"\nlow = -1.0\nhigh = 1.0\n\
                     [[parameter]]\nname = \"b\"\ndistribution = \"uniform\"\nlow = -1.0\nhigh = 1.0\n";
