//! From one type to another. One of what may be converted is given: a text with a fallback, or something else by its name.

use super::row::functions;

functions! {
    /// From text, or from one type of number, to another.
    Convert:

    Integer "std.integer" (text: String = Unset, fallback: Int = Unset, bool: Bool = Unset, bytes: Bytes = Unset, duration: Duration = Unset, real: Real = Unset, time: Time = Unset) -> Int, Pure in ANYWHERE,
        "The text as a whole number, or the fallback. In place of a text there may be one value of another type by its name: seconds of a duration, seconds after 1970 of a moment, 1 of what is true. What is behind the point is cut off. The fallback may be left out then, and stands for what is too large."
        examples [
            r#"std.integer("12", 0)"# => "12",
            r#"std.integer("1.9", 7)"# => "7",
            r#"std.integer("a dozen", fallback: 3)"# => "3",
            "std.integer(real: 2.6)" => "2",
            "std.integer(duration = 90s)" => "90",
            r#"std.integer(time: std.time("784111777", now))"# => "784111777"
        ]
        mistakes [
            r#"std.integer("12", "0")"# => "E0301",
            r#"std.integer("12")"# => "E0305",
            "std.integer(fallback: 1)" => "E0305",
            "std.integer(real: 1.5, bool: true)" => "E0305"
        ];

    Real "std.real" (text: String = Unset, fallback: Real = Unset, integer: Int = Unset, bool: Bool = Unset, bytes: Bytes = Unset, duration: Duration = Unset, time: Time = Unset) -> Real, Pure in ANYWHERE,
        "The text as a number with a fraction, or the fallback; or, without a fallback, one value of another type by its name, as in `std.integer`."
        examples [
            r#"std.real("0.5", 1.0)"# => "0.5",
            r#"std.real("half", 1.0)"# => "1.0",
            "std.real(integer: 3) / 2.0" => "1.5",
            "std.real(duration: 1500ms)" => "1.5"
        ]
        mistakes [r#"std.real("0.5")"# => "E0305"];

    Bytes "std.bytes" (text: String = Unset, fallback: Bytes = Unset, real: Real = Unset, integer: Int = Unset) -> Bytes, Pure in ANYWHERE,
        "The text as a whole number of bytes (`64KB`, `1.5k`; without a unit they are bytes), or the fallback; or a number by its name, as in `std.integer`. What is below zero is none."
        examples [
            r#"std.bytes("64KB", 0B)"# => "64KB",
            r#"std.bytes("1.5K", 0B)"# => "1536B",
            r#"std.bytes("much", 1MB)"# => "1MB",
            "std.bytes(integer: 2048)" => "2KB",
            "std.bytes(integer: -1, fallback: 1KB)" => "1KB"
        ]
        mistakes [r#"std.bytes("64KB", 0)"# => "E0302"];

    Duration "std.duration" (text: String = Unset, fallback: Duration = Unset, real: Real = Unset, integer: Int = Unset) -> Duration, Pure in ANYWHERE,
        "The text as a duration, or the fallback; or a number of seconds by its name, as in `std.integer`."
        examples [
            r#"std.duration("1.5m", 0s)"# => "90s",
            r#"std.duration("soon", 1h)"# => "1h",
            "std.duration(real: 1.5)" => "1500ms"
        ]
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
