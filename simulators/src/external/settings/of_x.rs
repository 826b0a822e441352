//! What `simulator.toml` says of the numbers that a simulation gives.

use super::{ExternalError, Reader};
use crate::layout::{DataLayout, Layout};
use crate::missing::Missing;

impl Reader<'_> {
    pub(super) fn layout(&self, numbers: usize) -> Result<Option<DataLayout>, ExternalError> {
        let channels = self.count("channels")?;
        let known = "write \"series\", \"set\", \"vector\" or \"auto\"";
        let layout = match self.text("layout")? {
            Some(name) => Layout::by_name(&name).ok_or_else(|| self.bad("layout", known))?,
            None if channels.is_none() => return Ok(None),
            None => Layout::Auto,
        };
        if layout == Layout::Vector && channels.is_some_and(|channels| channels > 1) {
            return Err(
                self.bad("channels", "a vector has none; write layout = \"series\" or \"set\"")
            );
        }
        let stated = DataLayout { layout, channels: channels.unwrap_or(1) };
        if stated.misfit(numbers).is_some() {
            let key = if channels.is_some() { "channels" } else { "layout" };
            let need =
                "channels must divide data_dim into 3 points of a series, or trials, at least";
            return Err(self.bad(key, need));
        }
        Ok(Some(stated))
    }

    pub(super) fn missing_numbers(&self) -> Result<Missing, ExternalError> {
        let known = "write \"allowed\" where NaN is a number that was not measured, or \"failed\"";
        match self.text("missing")? {
            Some(name) => Missing::by_name(&name).ok_or_else(|| self.bad("missing", known)),
            None => Ok(Missing::Failed),
        }
    }
}
