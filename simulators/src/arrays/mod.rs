//! Tables of numbers on disk, in the formats of the numpy world.

mod element;
mod error;
mod format;
mod header;
pub(crate) mod npy;
mod npz;
mod options;
mod rounding;
mod simulations;
mod table;
pub(crate) mod text;
mod write;

pub use error::ArrayError;
pub(crate) use format::Format;
pub use format::prepare_output;
pub use npy::Number;
pub use options::{FirstLine, Orientation, TableOptions};
pub use rounding::beyond_single_precision;
pub use simulations::{NamedSimulations, Simulations, prepare_simulations_output};
pub use table::{Expected, Table, data_order, read_table, single_precision};
pub use write::{write_arrays, write_csv, write_table};
