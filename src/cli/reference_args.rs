//! The options of verbs that compare with reference draws.

use super::Failure;
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

    /// The options given, other than the default, as a user writes them.
    pub(super) fn given(&self) -> Vec<&'static str> {
        let released = self.source == SourceArg::Released;
        let all = [(released, "--reference released"), (self.no_cache, "--no-cache")];
        all.into_iter().filter(|(given, _)| *given).map(|(_, name)| name).collect()
    }

    /// The user's store; none with --no-cache, without which imported draws cannot be had.
    pub(super) fn store(&self) -> Result<ReferenceStore, Failure> {
        match (self.no_cache, self.source) {
            (false, _) => Ok(ReferenceStore::of_user()),
            (true, SourceArg::Native) => Ok(ReferenceStore::none()),
            (true, SourceArg::Released) => Err(Failure::usage(
                &"--no-cache and --reference released exclude each other: the released draws are \
                  kept in the cache",
            )),
        }
    }
}
