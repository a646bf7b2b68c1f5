//! Errors as the log shows them.

use std::fmt::{self, Display, Write};

/// How many characters of an error are shown: pingora puts the whole head that it cannot read into its own, up to a
/// megabyte of it.
const MOST: usize = 500;

/// An error, cut to one line of bounded length: what a backend or a client sent may be in it.
pub struct Shown<T>(pub T);

impl<T: Display> Display for Shown<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = Line { out: f, left: MOST, cut_bytes: 0 };
        write!(line, "{}", self.0)?;
        let cut_bytes = line.cut_bytes;
        if cut_bytes > 0 { write!(f, " … ({cut_bytes} bytes more)") } else { Ok(()) }
    }
}

struct Line<'a, 'b> {
    out: &'a mut fmt::Formatter<'b>,
    left: usize,
    cut_bytes: usize,
}

impl Write for Line<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|letter| self.write_char(letter))
    }

    fn write_char(&mut self, letter: char) -> fmt::Result {
        if self.left == 0 {
            self.cut_bytes += letter.len_utf8();
            return Ok(());
        }
        self.left -= 1;
        if letter.is_control() { write!(self.out, "{}", letter.escape_default()) } else { self.out.write_char(letter) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_one_line_of_bounded_length() {
        assert_eq!(Shown("a ü\r\nb\u{1b}").to_string(), "a ü\\r\\nb\\u{1b}");
        assert_eq!(Shown("x".repeat(500)).to_string(), "x".repeat(500));
        assert_eq!(Shown("ü".repeat(1_000)).to_string(), format!("{} … (1000 bytes more)", "ü".repeat(500)));
    }
}
