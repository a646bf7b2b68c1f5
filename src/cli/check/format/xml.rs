//! Text within XML.

use std::fmt::Write as _;

/// The text as it stands between tags or within quotes. What XML 1.0 cannot hold at all is written as its number.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // A parser makes a space of it within quotes, unless it is written like this.
            '\n' | '\t' | '\r' => {
                let _ = write!(escaped, "&#{};", u32::from(character));
            }
            character if is_a_character(character) => escaped.push(character),
            character => escaped.extend(character.escape_unicode()),
        }
    }
    escaped
}

/// `Char` of XML 1.0, section 2.2, without the white space above.
fn is_a_character(character: char) -> bool {
    matches!(character, '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_what_xml_does_not_know_are_escaped() {
        assert_eq!(escape("a < \"b\" && c\n"), "a &lt; &quot;b&quot; &amp;&amp; c&#10;");
        assert_eq!(escape("\u{1b}[2J\u{ffff}é\u{1F980}"), "\\u{1b}[2J\\u{ffff}é\u{1F980}");
        assert_eq!(escape("]]>"), "]]&gt;");
    }
}
