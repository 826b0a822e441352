//! Files and folders that several processes may want: written whole, owned by one, tidied up.

mod abandoned;
mod atomic;
mod holder;
mod owned_file;
mod owner;
mod space;

pub use atomic::{write_atomically, write_bytes_atomically};
pub use holder::{Holder, STALE, holder_of};
pub use owned_file::FileOwnership;
pub use owner::{Ownership, OwnershipError};
pub use space::{free_space, human_bytes, memory, memory_limit};

pub(crate) use abandoned::{clear_temporary_folders, folder_prefix};
