//! The options of verbs that compare with reference draws.

use clap::ValueEnum;
use freeform_benchmark::{ReferenceSource, ReferenceStore};

/// Whose reference draws, and whether to keep them.
#[derive(clap::Args)]
pub(super) struct ReferenceArgs {
    /// Reference draws: made here from the exact posterior, or the benchmark's released files.
    #[arg(long = "reference", value_enum, default_value = "native")]
    source: SourceArg,
    /// Neither read nor write the cache of reference draws.
    #[arg(long)]
    no_cache: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SourceArg {
    Native,
    Released,
}

impl ReferenceArgs {
    pub(super) fn source(&self) -> ReferenceSource {
        match self.source {
            SourceArg::Native => ReferenceSource::Native,
            SourceArg::Released => ReferenceSource::Released,
        }
    }

    /// The user's store; none with --no-cache, unless imported draws are asked for.
    pub(super) fn store(&self) -> ReferenceStore {
        if self.no_cache && self.source == SourceArg::Native {
            ReferenceStore::none()
        } else {
            ReferenceStore::of_user()
        }
    }
}
