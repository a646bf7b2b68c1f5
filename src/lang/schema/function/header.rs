//! Header fields with all of their lines.

use super::row::functions;

functions! {
    /// Header fields with all of their lines, named as in vmods std and header.
    Header:

    Collect "std.collect" (field: Header, separator: String = Text(", ")) -> Void, Effect in ANYWHERE,
        "Joins the lines of a header field into one. Nothing happens to a field that is not there. `Cookie` is joined by itself, and `Set-Cookie` cannot be (RFC 9110 section 5.3)."
        examples ["std.collect(req.http.Accept)", r#"std.collect(req.http.X-Forwarded-For, separator: ",")"#]
        mistakes ["std.collect(req.url)" => "E0385", "std.collect(req.http.Content-Length)" => "E0403"];

    Count "std.count" (field: Header) -> Int, Pure in ANYWHERE,
        "How many lines the header field has."
        examples ["std.count(req.http.Host)" => "1", "std.count(req.http.X-Nobody)" => "0"]
        mistakes [r#"std.count("Host")"# => "E0385"];

    Append "header.append" (field: Header, line: String) -> Void, Effect in ANYWHERE,
        "Adds a line to a header field, behind those that are there: a second `Set-Cookie`, for one."
        examples [r#"header.append(req.http.X-Seen-By, "warp")"#]
        mistakes ["header.append(req.http.X-Seen-By)" => "E0305"];

    Get "header.get" (field: Header, regex: Regex) -> String or Unset, Pure in ANYWHERE,
        "The first line of the header field that matches; unset if none does."
        examples [r#"header.get(req.http.Host, "^example")"# => r#""example.com""#, r#"header.get(req.http.Host, "^www")"# => "unset"]
        mistakes [r#"header.get(req.http.Host, "(")"# => "E0308"];

    Remove "header.remove" (field: Header, regex: Regex) -> Void, Effect in ANYWHERE,
        "Removes the lines of the header field that match."
        examples [r#"header.remove(req.http.Accept, "^text/")"#]
        mistakes ["header.remove(req.http.Accept, 1)" => "E0301"];
}
