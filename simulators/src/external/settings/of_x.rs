//! What `simulator.toml` says of the numbers that a simulation gives.

use super::{ExternalError, Reader};
use crate::layout::{DataLayout, DataPart, Layout, LayoutMisfit};
use crate::missing::Missing;
use toml::Value;

impl Reader<'_> {
    pub(super) fn layout(&self, numbers: usize) -> Result<Option<DataLayout>, ExternalError> {
        if let Some(parts) = self.parts()? {
            return self.of_parts(parts, numbers).map(Some);
        }
        let channels = self.count("channels")?;
        let known = "write \"series\", \"set\", \"image\", \"vector\" or \"auto\"";
        let shape = self.shape()?;
        let layout = match self.text("layout")? {
            Some(name) if name == Layout::Parts.name() => {
                return Err(
                    self.missing("parts", "say which: parts = [\"series:40x2\", \"vector:3\"]")
                );
            }
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
        let stated = DataLayout { shape, ..DataLayout::new(layout, channels.unwrap_or(1)) };
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

    /// The parts that x consists of, where it has several.
    fn parts(&self) -> Result<Option<Vec<DataPart>>, ExternalError> {
        let need = "write each part as \"vector:3\", \"series:40x2\", \"set:20\" or \"image:32x32\" (points, \
                    trials or pixels × channels), with 3 points, trials, rows and columns at least";
        let part = |text: String| text.parse().map_err(|_| self.bad("parts", need));
        let parts = self.texts("parts")?.filter(|parts| !parts.is_empty());
        parts.map(|parts| parts.into_iter().map(part).collect()).transpose()
    }

    fn of_parts(&self, parts: Vec<DataPart>, numbers: usize) -> Result<DataLayout, ExternalError> {
        let named = self.text("layout")?.is_some_and(|name| name != Layout::Parts.name());
        let other = |key: &&'static str| match *key {
            "layout" => named,
            key => self.table.contains_key(key),
        };
        if let Some(key) = ["layout", "channels", "shape"].into_iter().find(other) {
            return Err(self.bad(key, "leave it out beside parts, which say it of each part"));
        }
        let layout = DataLayout::of_parts(parts);
        match layout.misfit(numbers) {
            None => Ok(layout),
            Some(_) => Err(self.bad("parts", "its numbers, all parts together, must be data_dim")),
        }
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
