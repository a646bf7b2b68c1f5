//! What is not in the request: chance, the health of backends, files, the environment, the clock.

use super::row::functions;

functions! {
    /// What is not in the request. Files are read when the policy is loaded, and it is loaded anew when one changes.
    World:

    Random "std.random" (low: Real, high: Real) -> Real, Reads in ANYWHERE,
        "A random number from `low` up to `high`, which is not reached."
        examples ["std.random(1.0, 1.0)" => "1.0"]
        mistakes [r#"std.random("1", 2)"# => "E0301"];

    RandomInt "randomint" (from: Int, to: Int) -> Int, Reads in ANYWHERE,
        "A random whole number from `from` to `to`, both of them included."
        examples ["randomint(7, 7)" => "7"]
        mistakes ["randomint(1)" => "E0305"];

    RandomBool "randombool" (numerator: Int, denominator: Int) -> Bool, Reads in ANYWHERE,
        "True by chance, `numerator` times out of `denominator`."
        examples ["randombool(1, 1)" => "true", "randombool(0, 10)" => "false"]
        mistakes ["randombool(0.5)" => "E0305"];

    UuidV4 "uuid.v4" () -> String, Reads in ANYWHERE,
        "A new UUID that is all chance (RFC 9562 section 5.4): nobody can guess it."
        examples ["std.strlen(uuid.v4())" => "36", r#"uuid.v4() ~ "^[0-9a-f-]{14}4[0-9a-f-]{4}[89ab]""# => "true"]
        mistakes ["uuid.v4(1)" => "E0305"];

    UuidV7 "uuid.v7" () -> String, Reads in ANYWHERE,
        "A new UUID that begins with the moment, in milliseconds, so that later ones sort behind earlier ones (RFC 9562 section 5.7)."
        examples ["std.strlen(uuid.v7())" => "36", r#"uuid.v7() ~ "^[0-9a-f-]{14}7""# => "true"]
        mistakes ["uuid.v7(now)" => "E0305"];

    Healthy "std.healthy" (backend: Backend) -> Bool, Reads in ANYWHERE,
        "Whether the backend is healthy; of a director, whether one of its members is."
        examples ["std.healthy(default)" => "true", "std.healthy(none)" => "false"]
        mistakes ["std.healthy(defautl)" => "E0202", r#"std.healthy("default")"# => "E0301"];

    Clock "std.now" () -> Time, Reads in ANYWHERE,
        "The moment of the call. `now` is that at which the step began."
        examples ["std.now() - now < 1h" => "true"]
        mistakes ["std.now(1)" => "E0305"];

    Getenv "std.getenv" (name: String) -> String or Unset, Reads in ANYWHERE,
        "The environment variable of that name as it was when warp started; unset if there is none."
        examples [r#"std.getenv("NOBODY_HAS_SET_THIS")"# => "unset"]
        mistakes ["std.getenv()" => "E0305"];

    FileRead "std.fileread" (path: File) -> String, Pure in ANYWHERE,
        "What the file holds. The path counts from the folder of the policy's file, and the file is watched like the policy. What it holds is shown nowhere, so that it may be a secret."
        examples [r#"std.fileread("notice.txt")"# => r#""Back soon.""#]
        mistakes [r#"std.fileread("notise.txt")"# => "E0222", "std.fileread(req.url)" => "E0316"];

    FileExists "std.file_exists" (path: Presence) -> Bool, Pure in ANYWHERE,
        "Whether the file is there. The folder is watched, so that the answer changes when the file comes or goes."
        examples [r#"std.file_exists("notice.txt")"# => "true", r#"std.file_exists("maintenance")"# => "false"]
        mistakes ["std.file_exists(req.url)" => "E0316"];
}
