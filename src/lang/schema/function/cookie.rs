//! The cookies of the request.

use super::row::functions;

functions! {
    /// The cookies of the request at hand: of `req` on the client's side, of `bereq` on the backend's side. They are
    /// those of vmod cookie, but change the `Cookie` field itself, so that nothing is parsed before or written back.
    Cookie:

    Get "cookie.get" (name: String) -> String or Unset, Reads in ANYWHERE,
        "The value of the last cookie of that name, as in Varnish; `req.cookies[name]` is that of the first."
        examples [r#"cookie.get("session")"# => "unset"]
        mistakes ["cookie.get()" => "E0305"];

    GetRe "cookie.get_re" (regex: Regex) -> String or Unset, Reads in ANYWHERE,
        "The value of the first cookie whose name matches; of more of that name the last one's."
        examples [r#"cookie.get_re("^wordpress_logged_in_")"# => "unset"]
        mistakes [r#"cookie.get_re("(")"# => "E0308"];

    IsSet "cookie.isset" (name: String) -> Bool, Reads in ANYWHERE,
        "Whether there is a cookie of that name; the same as `req.cookies has name`."
        examples [r#"cookie.isset("session")"# => "false"]
        mistakes ["cookie.isset()" => "E0305"];

    Set "cookie.set" (name: String, value: String) -> Void, Effect in ANYWHERE,
        "Gives a cookie that value: the first one of that name, of which there is one then, or a new one behind the others."
        examples [r#"cookie.set("group", "b")"#]
        mistakes [r#"cookie.set("group")"# => "E0305", r#"cookie.set("a b", "c")"# => "E0386"];

    Delete "cookie.delete" (name: String) -> Void, Effect in ANYWHERE,
        "Removes the cookies of that name."
        examples [r#"cookie.delete("_ga")"#]
        mistakes ["cookie.delete()" => "E0305"];

    Keep "cookie.keep" (names: List) -> Void, Effect in ANYWHERE,
        "Removes all cookies but those of these names. As in Varnish a text may hold several with commas between them."
        examples [r#"cookie.keep(["session", "lang"])"#, r#"cookie.keep("session,lang")"#]
        mistakes ["cookie.keep(req.url)" => "E0301"];

    KeepRe "cookie.keep_re" (regex: Regex) -> Void, Effect in ANYWHERE,
        "Removes all cookies but those whose names match."
        examples [r#"cookie.keep_re("^(session|lang)$")"#]
        mistakes [r#"cookie.keep_re("a(?=b)")"# => "E0309"];

    Filter "cookie.filter" (names: List) -> Void, Effect in ANYWHERE,
        "Removes the cookies of these names. As in Varnish a text may hold several with commas between them."
        examples [r#"cookie.filter(["_ga", "_gid"])"#]
        mistakes ["cookie.filter(req.url)" => "E0301"];

    FilterRe "cookie.filter_re" (regex: Regex) -> Void, Effect in ANYWHERE,
        "Removes the cookies whose names match."
        examples [r#"cookie.filter_re("^_ga")"#]
        mistakes [r#"cookie.filter_re("(")"# => "E0308"];

    Clean "cookie.clean" () -> Void, Effect in ANYWHERE,
        "Removes all cookies."
        examples ["cookie.clean()"]
        mistakes [r#"cookie.clean("_ga")"# => "E0305"];

    FormatDate "cookie.format_date" (from: Time, length: Duration) -> String, Pure in ANYWHERE,
        "The moment that is so much later, as `Expires` of `Set-Cookie` has it."
        examples [r#"cookie.format_date(std.time("784111777", now), 1h)"# => r#""Sun, 06 Nov 1994 09:49:37 GMT""#]
        mistakes ["cookie.format_date(now, 3600)" => "E0302"];
}
