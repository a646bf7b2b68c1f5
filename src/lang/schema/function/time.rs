//! Moments.

use super::row::functions;

functions! {
    /// Moments: from text, to text, and reckoned with.
    Time:

    Parse "std.time" (text: String = Unset, fallback: Time = Unset, duration: Duration = Unset, real: Real = Unset, integer: Int = Unset) -> Time, Pure in ANYWHERE,
        "The moment that an HTTP date (RFC 9110 section 5.6.7), `1994-11-06T08:49:37` in UTC or a number of seconds after 1970 names, or the fallback; or so many seconds after 1970 by the name of their type, as in `std.integer`."
        examples [
            "std.time(integer: 784111777)" => r#""Sun, 06 Nov 1994 08:49:37 GMT""#,
            r#"std.time("Sunday, 06-Nov-94 08:49:37 GMT", now)"# => r#""Sun, 06 Nov 1994 08:49:37 GMT""#,
            r#"std.time("1994-11-06T08:49:37", now)"# => r#""Sun, 06 Nov 1994 08:49:37 GMT""#,
            r#"std.time("784111777", now)"# => r#""Sun, 06 Nov 1994 08:49:37 GMT""#
        ]
        mistakes [r#"std.time("784111777", 0)"# => "E0301", r#"std.time("784111777")"# => "E0305"];

    Strftime "std.strftime" (time: Time, format: String) -> String or Unset, Pure in ANYWHERE,
        "The moment in UTC as `strftime(3)` writes it in the locale C. What is no conversion stands as it is; unset beyond 64 KiB."
        examples [
            r#"std.strftime(std.time("784111777", now), "%Y-%m-%d %H:%M:%S, a %A")"# => r#""1994-11-06 08:49:37, a Sunday""#,
            r#"std.strftime(std.time("784111777", now), "%a %T %Z, %!")"# => r#""Sun 08:49:37 GMT, %!""#
        ]
        mistakes [r#"std.strftime("%Y", now)"# => "E0301"];

    Seconds "std.time2integer" (time: Time, fallback: Int = Int(0)) -> Int, Pure in ANYWHERE,
        "How many seconds after 1970 the moment is, rounded, or the fallback if it is before."
        examples [
            r#"std.time2integer(std.time("784111777", now))"# => "784111777",
            r#"std.time2integer(std.time("784111777.5", now))"# => "784111778"
        ]
        mistakes ["std.time2integer(10)" => "E0301"];

    Add "time.add" (time: Time, length: Duration) -> Time, Pure in ANYWHERE,
        "The moment that is so much later: the same as `time + length`."
        examples [r#"time.add(std.time("784111777", now), 23s)"# => r#""Sun, 06 Nov 1994 08:50:00 GMT""#]
        mistakes ["time.add(now, 10)" => "E0302"];

    Sub "time.sub" (time: Time, length: Duration) -> Time, Pure in ANYWHERE,
        "The moment that is so much earlier: the same as `time - length`."
        examples [r#"time.sub(std.time("784111777", now), 37s)"# => r#""Sun, 06 Nov 1994 08:49:00 GMT""#]
        mistakes ["time.sub(now, 10)" => "E0302"];

    IsAfter "time.is_after" (first: Time, second: Time) -> Bool, Pure in ANYWHERE,
        "Whether the first moment is later than the second."
        examples [r#"time.is_after(std.time("1", now), std.time("0", now))"# => "true"]
        mistakes ["time.is_after(now)" => "E0305"];
}
