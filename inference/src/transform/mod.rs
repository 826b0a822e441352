//! From the user's numbers to the flow's and back: the prior's bijection or the data's shape
//! (where asked for), then z-scores learnt on the training part.

mod cells;
mod column;
mod data;
mod parameters;
mod scaler;
mod screening;
mod span;

pub(crate) use cells::{Cells, categories};
pub use column::ColumnMap;
pub use data::DataTransform;
pub use parameters::ParameterTransform;
pub(crate) use parameters::circles;
pub use scaler::Scaler;
pub use screening::informative_columns;
pub(crate) use screening::{
    dependent_columns, normal_scores, rank_shares, standardized, surely_informative,
};
pub use span::{Beyond, DataSpan, Distance};
