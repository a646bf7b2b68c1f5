//! Policy text: files, byte spans and the line index.
//!
//! The first room of the house: everything later points back here through [`Span`]. Reading
//! files from disk is not done here (see `crate::files`), text comes in as an argument.

mod file;
mod line_index;
mod map;
mod span;

pub use file::SourceFile;
pub use line_index::{LineColumn, LineIndex};
pub use map::{FileId, SourceMap};
pub use span::Span;
