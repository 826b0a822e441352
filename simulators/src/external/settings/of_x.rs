//! What `simulator.toml` says of the numbers that a simulation gives.

use super::{ExternalError, Reader};
use crate::layout::{DataLayout, Layout, LayoutMisfit};
use crate::missing::Missing;
use toml::Value;

impl Reader<'_> {
    pub(super) fn layout(&self, numbers: usize) -> Result<Option<DataLayout>, ExternalError> {
        let channels = self.count("channels")?;
        let known = "write \"series\", \"set\", \"image\", \"vector\" or \"auto\"";
        let shape = self.shape()?;
        let layout = match self.text("layout")? {
            Some(name) => Layout::by_name(&name).ok_or_else(|| self.bad("layout", known))?,
            // Nothing else has one.
            None if shape.is_some() => Layout::Image,
            None if channels.is_none() => return Ok(None),
            None => Layout::Auto,
        };
        if layout == Layout::Vector && channels.is_some_and(|channels| channels > 1) {
            return Err(
                self.bad("channels", "a vector has none; write layout = \"series\" or \"set\"")
            );
        }
        if shape.is_some() && !matches!(layout, Layout::Image | Layout::Auto) {
            return Err(self.bad("shape", "it is an image's; write layout = \"image\""));
        }
        let stated = DataLayout { layout, channels: channels.unwrap_or(1), shape };
        let (key, need) = match stated.misfit(numbers) {
            None => return Ok(Some(stated)),
            Some(LayoutMisfit::NoShape) => {
                ("layout", "say how many rows and columns of pixels there are: shape = [32, 32]")
            }
            Some(LayoutMisfit::Shape(_)) => (
                "shape",
                "rows × columns × channels must be data_dim, with 3 rows and 3 columns at least",
            ),
            Some(_) => (
                if channels.is_some() { "channels" } else { "layout" },
                "channels must divide data_dim into 3 points of a series, or trials, at least",
            ),
        };
        Err(self.bad(key, need))
    }

    /// Rows and columns of pixels.
    fn shape(&self) -> Result<Option<[usize; 2]>, ExternalError> {
        let need = "write the rows and columns of pixels, as [32, 32]";
        let Some(value) = self.table.get("shape") else { return Ok(None) };
        let side = |value: &Value| usize::try_from(value.as_integer()?).ok().filter(|n| *n > 0);
        let sides: Option<Vec<usize>> =
            value.as_array().and_then(|sides| sides.iter().map(side).collect());
        match sides.as_deref() {
            Some(&[rows, columns]) => Ok(Some([rows, columns])),
            _ => Err(self.bad("shape", need)),
        }
    }

    pub(super) fn missing_numbers(&self) -> Result<Missing, ExternalError> {
        let known = "write \"allowed\" where NaN is a number that was not measured, or \"failed\"";
        match self.text("missing")? {
            Some(name) => Missing::by_name(&name).ok_or_else(|| self.bad("missing", known)),
            None => Ok(Missing::Failed),
        }
    }
}
