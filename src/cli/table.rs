//! How verbs read and write tables of numbers.

use super::Failure;
use clap::ValueEnum;
use freeform_benchmark::{Outside, outside};
use freeform_inference::Model;
use freeform_simulators::{
    ArrayError, FileOwnership, FirstLine, Number, Prior, Simulations, Table, TableOptions,
    check_set, counted, data_order, prepare_output, read_table, write_draws, write_table, written,
};
use ndarray::{Array2, ArrayView2, Axis};
use std::path::{Path, PathBuf};

/// The option of every verb that reads a table.
#[derive(clap::Args)]
pub(super) struct TableArgs {
    /// Whether the first line of a text file names the columns. `auto`: it does if all of its fields
    /// are names, does not if all are numbers, and is refused where it may be either (names and
    /// numbers, or 0,1,2,… above other rows).
    #[arg(long, value_enum, default_value_t)]
    header: HeaderArg,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum HeaderArg {
    /// Tell by what the line has.
    #[default]
    Auto,
    /// The first line names the columns.
    Yes,
    /// The first line is numbers.
    No,
}

impl TableArgs {
    /// What the first line is.
    pub(super) fn first_line(&self) -> FirstLine {
        match self.header {
            HeaderArg::Auto => FirstLine::Auto,
            HeaderArg::Yes => FirstLine::Names,
            HeaderArg::No => FirstLine::Numbers,
        }
    }

    /// Parameters, one set a row.
    pub(super) fn parameters(&self, path: &Path) -> Result<Table, Failure> {
        let options = TableOptions::parameters().with_first_line(self.first_line());
        Ok(read_table(path, &options)?)
    }

    /// Parameters of these names, `[n, D]`: where the first line names the columns, in the order of
    /// `names` whatever theirs.
    pub(super) fn parameters_named(
        &self,
        path: &Path,
        names: &[String],
    ) -> Result<Array2<f64>, Failure> {
        in_order(self.parameters(path)?, names)
    }

    /// Observations, one a row.
    pub(super) fn observations(&self, path: &Path) -> Result<Table, ArrayError> {
        read_table(path, &TableOptions::observations().with_first_line(self.first_line()))
    }

    /// Simulations of the parameters and the data that a model was trained on, their columns in its order.
    pub(super) fn simulations(&self, path: &Path, model: &Model) -> Result<Simulations, Failure> {
        let parameters = model.prior.names();
        let (mut found, _, names) = Simulations::read_named(path, parameters, self.first_line())?;
        let known = model.training.data_names.as_deref();
        if let (Some(known), Some(names)) = (known, names) {
            let order = data_order(&names, known).ok_or_else(|| ArrayError::OtherNames {
                path: path.to_owned(),
                found: names.join(", "),
                known: known.join(", "),
            })?;
            found.x = found.x.select(Axis(1), &order);
        }
        Ok(found)
    }
}

/// The table's columns in the order of `names`, where it names them; numbers are no names.
pub(super) fn in_order(table: Table, names: &[String]) -> Result<Array2<f64>, Failure> {
    let Some(found) = table.names_among(names) else { return Ok(table.values) };
    let places: Option<Vec<usize>> =
        names.iter().map(|name| found.iter().position(|other| other == name)).collect();
    match places {
        Some(places) if found.len() == names.len() => Ok(table.values.select(Axis(1), &places)),
        _ => Err(Failure::usage(&format!(
            "{}: its first line names the columns {}, but the parameters are {}; name them so, in any \
             order, or leave the names out",
            table.path.display(),
            found.join(", "),
            names.join(", "),
        ))),
    }
}

/// So many draws of so many parameters, in words.
pub(super) fn draws_of(draws: usize, parameters: usize) -> String {
    format!("{} of {}", counted(draws, "draw"), counted(parameters, "parameter"))
}

/// The option of every verb that writes a table.
#[derive(clap::Args)]
pub(super) struct TableOut {
    /// Output file: .npy, .npz, or text as .csv (commas), .tsv (tabs), .txt or .dat (spaces).
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl TableOut {
    /// Sees to it that the file can be written, and owns it for as long as the answer lives: to be called
    /// before anything is computed.
    pub(super) fn prepare(&self) -> Result<FileOwnership, Failure> {
        prepare_output(&self.out).map_err(output_failure)?;
        if check_set(&self.out).is_ok_and(|is_set| is_set) {
            return Err(Failure::usage(&format!(
                "--out {} holds a set of simulations; choose another name, or remove it first",
                self.shown()
            )));
        }
        Ok(FileOwnership::of(&self.out)?)
    }

    /// Refuses to replace a file that the same command reads.
    pub(super) fn spare(&self, input: &Path) -> Result<(), Failure> {
        let place = |path: &Path| std::fs::canonicalize(path).ok();
        match (place(&self.out), place(input)) {
            (Some(out), Some(input)) if out == input => Err(Failure::usage(&format!(
                "--out {} is what the command reads; choose another name",
                self.shown()
            ))),
            _ => Ok(()),
        }
    }

    /// Writes the table, which an archive holds as `name`.
    pub(super) fn write<N: Number>(
        &self,
        name: &str,
        table: ArrayView2<'_, N>,
    ) -> Result<(), Failure> {
        Ok(write_table(&self.out, name, table)?)
    }

    /// Writes draws from under `prior`, which an archive holds as `theta`.
    pub(super) fn write_draws(
        &self,
        prior: &Prior,
        theta: ArrayView2<'_, f64>,
    ) -> Result<(), Failure> {
        Ok(write_draws(&self.out, prior, theta)?)
    }

    /// The file's name, for messages.
    pub(super) fn shown(&self) -> String {
        self.out.display().to_string()
    }
}

/// A name that no table can have is bad usage; a folder that cannot be written to is not.
pub(super) fn output_failure(error: ArrayError) -> Failure {
    match error {
        ArrayError::UnknownExtension { .. } => Failure::usage(&format!("--out {error}")),
        error => error.into(),
    }
}

/// How many rows of `theta` `[n, D]`, called `what`, lie outside a prior, and where the first is; `None`
/// where none does.
pub(super) fn outside_prior(prior: &Prior, theta: ArrayView2<f64>, what: &str) -> Option<String> {
    let Outside { rows, first, name, value } = outside(prior, theta)?;
    let (all, row, value) = (theta.nrows(), first + 1, written(value));
    Some(format!("{rows} of {all} {what} lie outside the prior (row {row}: {name} = {value})"))
}
