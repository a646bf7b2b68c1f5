//! stdout and stderr, whoever listens there.
//!
//! A reader that has seen enough (`warp rule | head`) closes the pipe: what is left is dropped and
//! the command ends as it would have ended.

use std::io::{self, IsTerminal, Write};

use super::Failure;
use crate::lang::schema::BYTE_UNITS;

/// Where results go.
pub(super) struct Output {
    stream: Box<dyn Write + Send>,
    colour: bool,
    closed: bool,
}

impl Output {
    pub(super) fn stdout() -> Self {
        let stdout = io::stdout();
        Self { colour: stdout.is_terminal() && colours_welcome(), stream: Box::new(stdout), closed: false }
    }

    /// Takes the place of stdout where that is taken by something else.
    pub(super) fn stderr() -> Self {
        let stderr = io::stderr();
        Self { colour: stderr.is_terminal() && colours_welcome(), stream: Box::new(stderr), closed: false }
    }

    /// Whether the reader is a terminal that shows colours, and nobody asked for none.
    pub(super) fn colour(&self) -> bool {
        self.colour
    }

    pub(super) fn write(&mut self, text: &str) -> Result<(), Failure> {
        if self.closed {
            return Ok(());
        }
        match self.stream.write_all(text.as_bytes()).and_then(|()| self.stream.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.closed = true,
            Err(error) => return Err(Failure::Stream { what: "write the output", error }),
            Ok(()) => {}
        }
        Ok(())
    }
}

/// Says something beside the result; nobody has to listen.
pub(super) fn remark(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// `NO_COLOR` counts when it is set and not empty (no-color.org).
fn colours_welcome() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Bytes in the largest unit that they fill, as the language counts them.
pub(super) fn size(bytes: u64) -> String {
    let unit = BYTE_UNITS.iter().rev().find(|unit| bytes >= unit.factor);
    let Some(unit) = unit.filter(|unit| unit.factor > 1) else { return format!("{bytes} B") };
    let tenths = bytes.saturating_mul(10) / unit.factor;
    format!("{}.{} {}", tenths / 10, tenths % 10, unit.name)
}

/// `1 error`, `2 errors`.
pub(super) fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
