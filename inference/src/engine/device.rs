//! Devices that fail.

/// A GPU that is not there, or that gave up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// No adapter at all.
    #[error(
        "{device}: no adapter found; install the card's driver (on Linux a Vulkan driver; Debian's \
         mesa-vulkan-drivers has one in software), or use --device cpu"
    )]
    NoAdapter {
        /// What was asked for.
        device: String,
    },
    /// Not that many adapters.
    #[error("{device}: adapters found: {found}, numbered from 0; `freeform devices` lists them")]
    NoSuchAdapter {
        /// What was asked for.
        device: String,
        /// Adapters found.
        found: usize,
    },
    /// Lost, out of memory, or refused by its driver.
    #[error(
        "the device {device} failed: {reason}; what was saved is intact: the same command with \
         --device cpu (and --resume, for a training in a folder) goes on from there"
    )]
    Failed {
        /// The device.
        device: String,
        /// What it said.
        reason: String,
    },
}

impl DeviceError {
    /// Ends the work on the device; [`guarded`] takes it up.
    #[cfg(feature = "burn")]
    pub(crate) fn unwind(self) -> ! {
        std::panic::resume_unwind(Box::new(self))
    }
}
