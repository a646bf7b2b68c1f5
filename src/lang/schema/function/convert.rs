//! From one type to another.

use super::row::functions;

functions! {
    /// From text to values of other types.
    Convert:

    Integer "std.integer" (text: String, fallback: Int) -> Int, Pure in ANYWHERE,
        "The text as a whole number, or the fallback."
        examples [
            r#"std.integer("12", 0)"# => "12",
            r#"std.integer("1.9", 7)"# => "7",
            r#"std.integer("a dozen", fallback: 3)"# => "3"
        ]
        mistakes [r#"std.integer("12", "0")"# => "E0301"];

    Real "std.real" (text: String, fallback: Real) -> Real, Pure in ANYWHERE,
        "The text as a number with a fraction, or the fallback."
        examples [r#"std.real("0.5", 1.0)"# => "0.5", r#"std.real("half", 1.0)"# => "1.0"]
        mistakes [r#"std.real("0.5")"# => "E0305"];

    Bytes "std.bytes" (text: String, fallback: Bytes) -> Bytes, Pure in ANYWHERE,
        "The text as a whole number of bytes (`64KB`, `1.5k`; without a unit they are bytes), or the fallback."
        examples [
            r#"std.bytes("64KB", 0B)"# => "64KB",
            r#"std.bytes("1.5K", 0B)"# => "1536B",
            r#"std.bytes("much", 1MB)"# => "1MB"
        ]
        mistakes [r#"std.bytes("64KB", 0)"# => "E0302"];

    Duration "std.duration" (text: String, fallback: Duration) -> Duration, Pure in ANYWHERE,
        "The text as a duration, or the fallback."
        examples [r#"std.duration("1.5m", 0s)"# => "90s", r#"std.duration("soon", 1h)"# => "1h"]
        mistakes [r#"std.duration("10s", 10)"# => "E0302"];

    Ip "std.ip" (text: String, fallback: Ip) -> Ip, Pure in ANYWHERE,
        "The text as an address, or the fallback; a port behind it is left out. Names are not resolved."
        examples [
            r#"std.ip("192.0.2.1", "0.0.0.0")"# => r#"std.ip("192.0.2.1", "::")"#,
            r#"std.ip("192.0.2.1:80", "0.0.0.0")"# => r#"std.ip("192.0.2.1", "::")"#,
            r#"std.ip("::ffff:192.0.2.1", "0.0.0.0")"# => r#"std.ip("192.0.2.1", "::")"#,
            r#"std.ip("example.com", "::1")"# => r#"std.ip("", "::1")"#
        ]
        mistakes [r#"std.ip("192.0.2.1", "example.com")"# => "E0606"];
}
