//! The built-in policy: a readable `.warp` file that is compiled behind every policy.

/// The text of the built-in policy.
pub const TEXT: &str = include_str!("builtin.warp");

/// The name under which its places are shown.
pub const NAME: &str = "<builtin>";

/// What people call the place at that byte of a file of that name: the piece of the built-in policy that it lies in,
/// `builtin.cookie`, or the step, `builtin recv`. `None` if the file is not the built-in policy's.
#[must_use]
pub fn piece(file_name: &str, text: &str, byte: usize) -> Option<String> {
    let sub = sub_before(text, byte).filter(|_| file_name == NAME)?;
    Some(if sub.starts_with("builtin.") { sub.to_owned() } else { format!("builtin {sub}") })
}

/// The name of the sub that a byte of a text lies in.
fn sub_before(text: &str, byte: usize) -> Option<&str> {
    const SUB: &str = "\nsub ";
    let before = text.get(..byte)?;
    let name = before.get(before.rfind(SUB)? + SUB.len()..)?;
    name.split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_policy_is_named_by_its_pieces() {
        let at = |text: &str| piece(NAME, TEXT, TEXT.find(text).unwrap());
        assert_eq!(at("req.http.Cookie").as_deref(), Some("builtin.cookie"));
        assert_eq!(at("call builtin.cookie").as_deref(), Some("builtin recv"));
        assert_eq!((piece(NAME, TEXT, 3), piece("policy.warp", TEXT, 900)), (None, None));
    }
}
