//! `--masks-from`: numbers hidden from simulations as they are missing in observations.

use super::Failure;
use crate::run::{Reporter, TrainingInput};
use freeform_inference::{Masks, Overrides};
use freeform_simulators::{DataLayout, Expected, Layout, TableOptions, read_table};
use std::path::Path;

/// Hides what the observations in a file lack, where a user names one; else what `observed` lack, where
/// numbers may be missing and no simulation lacks any by itself.
pub(super) fn mask(
    input: &mut TrainingInput,
    overrides: &Overrides,
    (from, observed): (Option<&Path>, &[Vec<f64>]),
    seed: u64,
    reporter: Reporter,
) -> Result<(), Failure> {
    let layout = layout(input, overrides);
    let numbers = input.simulations.data_dim();
    let masks = match from {
        Some(path) => {
            if !overrides.missing().unwrap_or(input.missing).is_allowed() {
                return Err(Failure::usage(
                    &"--masks-from hides numbers of the simulations, which NaN in x then stands for: \
                      add --missing allowed, or missing = \"allowed\" in simulator.toml",
                ));
            }
            let is_set = layout.layout == Layout::Set;
            let expected =
                Expected { data_dim: numbers, layout: layout.clone(), any_number: is_set };
            let observed = observations(path, expected)?;
            let Some(masks) = Masks::of(&observed, numbers, &layout) else {
                return Err(Failure::usage(&format!(
                    "--masks-from {}: none of its {} of {numbers} numbers has some that are NaN beside \
                     some that are not",
                    path.display(),
                    freeform_simulators::counted(observed.len(), "observation"),
                )));
            };
            masks
        }
        None => {
            let own = input.simulations.rows_with_gaps() > 0;
            let found = match input.missing.is_allowed() && !own {
                true => Masks::of(observed, numbers, &layout),
                false => None,
            };
            let Some(masks) = found else { return Ok(()) };
            masks
        }
    };
    reporter.say(&format!(
        "numbers are hidden from the simulations as they are missing in the observations: half of the \
         simulations lack the very same, the others as many at random ({:.0}%)",
        100.0 * masks.share()
    ));
    input.mask(masks, seed);
    Ok(())
}

/// What the numbers of x are said to be to each other, as far as gaps go.
fn layout(input: &TrainingInput, overrides: &Overrides) -> DataLayout {
    if let Some(parts) = overrides.parts() {
        return DataLayout::of_parts(parts);
    }
    let stated = input.layout.clone().unwrap_or_default();
    let (layout, channels) = overrides.layout();
    DataLayout {
        layout: layout.unwrap_or(stated.layout),
        channels: channels.unwrap_or(stated.channels),
        ..stated
    }
}

/// All observations in a file.
fn observations(path: &Path, expected: Expected) -> Result<Vec<Vec<f64>>, Failure> {
    let table = read_table(path, &TableOptions::observations())?;
    if table.values.ncols() == expected.data_dim {
        return Ok(table.values.rows().into_iter().map(|row| row.to_vec()).collect());
    }
    let one = table.observation(None, expected.clone())?;
    match expected.admits(one.len()) {
        true => Ok(vec![one]),
        false => Err(Failure::usage(&format!(
            "--masks-from {}: {} numbers, where simulations have {}",
            path.display(),
            one.len(),
            expected.data_dim
        ))),
    }
}
