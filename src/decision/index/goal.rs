//! Where a key leads.

use super::lookup::Target;

/// Where a key leads, with what is asked of the row if there is only one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Goal<'r> {
    pub target: Target,
    /// See [`Rows`](super::kept::Rows); empty if there is no row or more than one.
    pub row: &'r [u8],
}

impl Goal<'_> {
    /// To what is left of many rows, or of none.
    #[cfg(test)]
    pub fn plain(target: Target) -> Self {
        Self { target, row: &[] }
    }

    /// The same where there is room for so many bytes of a row: a row that fits stands there, so that one look at memory
    /// finds both.
    pub fn within(self, room: usize) -> Self {
        match self.row.len() {
            1.. if self.row.len() <= room => Self { target: Target::HERE, ..self },
            _ => Self { row: &[], ..self },
        }
    }

    /// The target as a number that tables of texts can hold.
    pub fn code(self) -> u32 {
        self.target.code()
    }
}
