//! The built-in policy: a readable `.warp` file that is compiled behind every policy.

/// The text of the built-in policy.
pub const TEXT: &str = include_str!("builtin.warp");

/// The name under which its places are shown.
pub const NAME: &str = "<builtin>";
