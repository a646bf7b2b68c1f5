//! What belongs to the steps themselves.

use super::row::functions;

functions! {
    /// What belongs to the steps themselves: the key, made-up bodies, the log, patterns.
    Core:

    Regsub "regsub" (text: String, regex: Regex, replacement: String) -> String or Unset, Pure in ANYWHERE,
        "The text with the first match replaced; `\\1` to `\\9` stand for the groups, `\\0` for the match. Unset text stays unset."
        examples [
            r#"regsub("/old/a", "^/old/", "/new/")"# => r#""/new/a""#,
            r#"regsub("/de/news", "^/([a-z]+)/(.*)$", "/\2?lang=\1")"# => r#""/news?lang=de""#
        ]
        mistakes [
            r#"regsub("/a", "(", "b")"# => "E0308",
            r#"regsub("/a", "b")"# => "E0305"
        ];

    Regsuball "regsuball" (text: String, regex: Regex, replacement: String) -> String or Unset, Pure in ANYWHERE,
        "The text with every match replaced; behind the first one those that are empty are left out. Unset text stays unset."
        examples [
            r#"regsuball("a//b///c", "/+", "/")"# => r#""a/b/c""#,
            r#"regsuball("a<script>", "\<", "")"# => r#""ascript>""#,
            r#"regsuball("a&b&&c-d", "[a-c&&b-d]", "@")"# => r#""@@@@@@-@""#
        ]
        mistakes [r#"regsuball("/a", "a(?=b)", "")"# => "E0309"];

    HashData "hash_data" (text: String) -> Void, Effect in HASH,
        "Adds a part to the cache key."
        examples ["hash_data(req.url)"]
        mistakes ["hash_data()" => "E0305"];

    Synthetic "synthetic" (body: String) -> Void, Effect in MADE_UP,
        "Sets the body of a response that is made up."
        examples [r#"synthetic("not today")"#]
        mistakes ["synthetic()" => "E0305"];

    CacheReqBody "std.cache_req_body" (most: Bytes) -> Void, Effect in RECV,
        "Keeps the content of the request, up to that size and 64 KB at most, so that it can be sent again by `retry` and `restart`. Larger content is sent on as it comes and not kept; if its size is not known beforehand, the request is refused with 413."
        examples ["std.cache_req_body(16KB)"]
        mistakes [
            "std.cache_req_body()" => "E0305",
            "std.cache_req_body(16)" => "E0302"
        ];

    Timestamp "std.timestamp" (label: String) -> Void, Effect in ANYWHERE,
        "Writes a line to the log of this request: the label, the moment in seconds after 1970, and the seconds since the request came."
        examples [r#"std.timestamp("checked")"#]
        mistakes ["std.timestamp()" => "E0305"];

    Syslog "std.syslog" (priority: Int, text: String) -> Void, Effect in ANYWHERE,
        "Writes a line to the log of warp itself. The priority is that of syslog: 3 and less for errors, 4 for warnings, 5 and 6 for what is worth knowing, 7 for the rest."
        examples [r#"std.syslog(4, "odd")"#]
        mistakes [r#"std.syslog("odd")"# => "E0305"];
    PurgeTags "std.purge_tags" (tags: String, how: Words("hard", "soft") = Text("hard")) -> Void, Effect in ACTING,
        "Removes all that is stored with one of these tags, which stand between white space or commas; `soft` lets it be stale. Takes the same time for one response and for a million."
        examples [
            r#"std.purge_tags("post-12 author-7")"#,
            "std.purge_tags(req.http.X-Tags, soft)"
        ]
        mistakes [
            "std.purge_tags()" => "E0305",
            r#"std.purge_tags("post-12", softly)"# => "E0341"
        ];

    Ban "std.ban" (condition: String) -> Void, Effect in ACTING,
        "Bans all that is stored of which the text holds, in the words of Varnish: tests with `&&` between them, each a field (`obj.http.X`, `obj.url`, `obj.host`, `obj.status`, `obj.age`, `obj.ttl`, `obj.grace`, `obj.keep`, and `req.url` and `req.http.X` of whoever asks next), an operator (`==`, `!=`, `~`, `!~`; `<`, `<=`, `>`, `>=` for durations) and a value. Where the text is known beforehand, `ban where` is checked with the policy."
        examples [r#"std.ban("obj.http.X-Kind == " + req.http.X-Kind)"#]
        mistakes ["std.ban()" => "E0305"];

    BanError "std.ban_error" () -> String or Unset, Reads in ACTING,
        "What was wrong with the text that `std.ban` was given last in this request; unset if nothing was."
        examples ["std.ban_error()" => "unset"]
        mistakes ["std.ban_error(1)" => "E0305"];

    Log "std.log" (text: String) -> Void, Effect in ANYWHERE,
        "Writes a line to the log of this request."
        examples [r#"std.log("seen")"#]
        mistakes [r#"std.log("a", "b")"# => "E0305"];
}
