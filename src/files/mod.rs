//! Policy files: reading them, and finding what an `include` stands for.
//!
//! [`DiskFiles`] is the disk, [`MemoryFiles`] a map: text from elsewhere, tests. What a policy
//! means is none of the business of this module; it only answers [`Files`](crate::lang::check::Files).

mod disk;
mod memory;

pub use disk::DiskFiles;
pub(crate) use disk::tidy;
pub use memory::MemoryFiles;
