//! How much of what a policy names is read.
//!
//! Whoever names a file need not know what is in it, and reading, checking and keeping it takes memory and time beside the
//! traffic. So there is a limit for each kind of file, asked for before it is read, and one for all files of a policy.

use std::cell::Cell;

use super::Unread;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::source::Span;

/// The most bytes that one file of a policy's text may have.
pub const FILE_LIMIT_BYTES: usize = 16 << 20;

/// The most bytes that the text of a policy may have, with all that it includes.
const POLICY_LIMIT_BYTES: usize = 32 << 20;

/// The most files that the text of a policy may stand in.
pub const FILES_LIMIT: usize = 4_096;

/// The most bytes that the files of data of one policy may have in all.
const DATA_LIMIT_BYTES: usize = 1 << 30;

/// What a file is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text of the policy.
    Policy,
    /// A table.
    Table,
    /// A text, keys, certificates, users.
    Text,
    /// A database of networks.
    Database,
}

impl Kind {
    fn most_bytes(self) -> usize {
        match self {
            Self::Policy => FILE_LIMIT_BYTES,
            Self::Table => 64 << 20,
            Self::Text => 4 << 20,
            Self::Database => 512 << 20,
        }
    }

    fn help(self) -> &'static str {
        match self {
            Self::Policy => "ten thousand rules have less than a megabyte: name files that are the policy's",
            Self::Table => "a million rows have some 30 megabytes: name a file that is the table's",
            Self::Text => "a text, keys, certificates and users are kept in memory: name a smaller file",
            Self::Database => "name a smaller file",
        }
    }
}

/// What the files that were read for one policy have in all.
#[derive(Debug, Default)]
pub(super) struct Amount {
    policy_bytes: Cell<usize>,
    data_bytes: Cell<usize>,
    files: Cell<usize>,
}

impl Amount {
    fn of(&self, kind: Kind) -> (&Cell<usize>, usize) {
        match kind {
            Kind::Policy => (&self.policy_bytes, POLICY_LIMIT_BYTES),
            _ => (&self.data_bytes, DATA_LIMIT_BYTES),
        }
    }

    fn left(&self, kind: Kind) -> usize {
        let (bytes, most) = self.of(kind);
        most.saturating_sub(bytes.get())
    }

    /// Reads a file of that kind with `read`, which is given how many bytes it may have.
    pub(super) fn read(
        &self,
        kind: Kind,
        read: impl FnOnce(usize) -> Result<Vec<u8>, Unread>,
    ) -> Result<Vec<u8>, Unread> {
        let bytes = read(kind.most_bytes().min(self.left(kind)))?;
        let (read, _) = self.of(kind);
        read.set(read.get() + bytes.len());
        Ok(bytes)
    }

    /// What to say at `span` of a file that is too large.
    pub(super) fn too_large(&self, kind: Kind, name: &str, span: Span) -> Diagnostic {
        let (_, most) = self.of(kind);
        let message = if self.left(kind) >= kind.most_bytes() {
            format!("`{name}` is larger than {} MiB", kind.most_bytes() >> 20)
        } else {
            let what = if kind == Kind::Policy { "what the policy includes" } else { "all that the policy reads" };
            format!("with `{name}`, {what} is larger than {} MiB", most >> 20)
        };
        Diagnostic::new(Code::E0120, span, message).help(kind.help())
    }

    /// Counts one more file of the policy's text.
    ///
    /// # Errors
    /// What to say at `span` of one too many.
    pub(super) fn count_file(&self, span: Span) -> Result<(), Box<Diagnostic>> {
        self.files.set(self.files.get() + 1);
        if self.files.get() <= FILES_LIMIT {
            return Ok(());
        }
        let message = format!("a policy has {FILES_LIMIT} files at most, and this is one more");
        Err(Box::new(Diagnostic::new(Code::E0120, span, message).help("name files that are the policy's")))
    }
}
