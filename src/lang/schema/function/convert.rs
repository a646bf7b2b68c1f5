//! From one type to another.

use super::row::functions;

functions! {
    /// From text to values of other types.
    Convert:

    Integer "std.integer" (text: String, fallback: Int) -> Int, Pure in ANYWHERE,
        "The text as a number, or the fallback."
        examples [r#"std.integer("12", 0)"# => "12", r#"std.integer("a dozen", fallback: 3)"# => "3"]
        mistakes [r#"std.integer("12", "0")"# => "E0301"];

    Duration "std.duration" (text: String, fallback: Duration) -> Duration, Pure in ANYWHERE,
        "The text as a duration, or the fallback."
        examples [r#"std.duration("1.5m", 0s)"# => "90s", r#"std.duration("soon", 1h)"# => "1h"]
        mistakes [r#"std.duration("10s", 10)"# => "E0302"];

    Ip "std.ip" (text: String, fallback: Ip) -> Ip, Pure in ANYWHERE,
        "The text as an address, or the fallback. Names are not resolved."
        examples [
            r#"std.ip("192.0.2.1", "0.0.0.0")"# => r#"std.ip("192.0.2.1", "::")"#,
            r#"std.ip("example.com", "::1")"# => r#"std.ip("", "::1")"#
        ]
        mistakes [r#"std.ip("192.0.2.1", "example.com")"# => "E0606"];
}
