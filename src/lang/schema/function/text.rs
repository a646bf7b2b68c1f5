//! Text: parts of it, its case, what it holds.

use super::row::functions;

functions! {
    /// Text: parts of it, its case, what it holds. All of them work on bytes.
    Text:

    ToLower "std.tolower" (text: String) -> String or Unset, Pure in ANYWHERE,
        "The text in lower case (ASCII)."
        examples [r#"std.tolower("Example.COM")"# => r#""example.com""#]
        mistakes ["std.tolower()" => "E0305"];

    ToUpper "std.toupper" (text: String) -> String or Unset, Pure in ANYWHERE,
        "The text in upper case (ASCII)."
        examples [r#"std.toupper("get")"# => r#""GET""#]
        mistakes ["std.toupper()" => "E0305"];

    Strlen "std.strlen" (text: String) -> Int, Pure in ANYWHERE,
        "How many bytes the text has; 0 if unset."
        examples [r#"std.strlen("abc")"# => "3"]
        mistakes ["std.strlen()" => "E0305"];

    Strstr "std.strstr" (text: String, part: String) -> String or Unset, Pure in ANYWHERE,
        "The text from the first occurrence of the part on; unset if it does not occur."
        examples [r#"std.strstr("abcbd", "b")"# => r#""bcbd""#, r#"std.strstr("abc", "x")"# => "unset"]
        mistakes [r#"std.strstr("abc")"# => "E0305"];

    Contains "str.contains" (text: String, part: String) -> Bool, Pure in ANYWHERE,
        "Whether the part occurs in the text. Unset text holds nothing."
        examples [r#"str.contains("abc", "bc")"# => "true", r#"str.contains("abc", "cb")"# => "false"]
        mistakes [r#"str.contains("abc")"# => "E0305"];

    Prefixof "std.prefixof" (text: String, prefix: String) -> Bool, Pure in ANYWHERE,
        "Whether the text starts with the prefix."
        examples [r#"std.prefixof("/api/v1", "/api/")"# => "true"]
        mistakes [r#"std.prefixof("/api/v1")"# => "E0305"];

    Suffixof "std.suffixof" (text: String, suffix: String) -> Bool, Pure in ANYWHERE,
        "Whether the text ends with the suffix."
        examples [r#"std.suffixof("/a.css", ".css")"# => "true"]
        mistakes [r#"std.suffixof("/a.css")"# => "E0305"];

    StartsWith "str.startswith" (text: String, prefix: String) -> Bool, Pure in ANYWHERE,
        "Whether the text starts with the prefix: another name of `std.prefixof`."
        examples [r#"str.startswith("/api/v1", "/api/")"# => "true"]
        mistakes [r#"str.startswith("/api/v1", start: "/")"# => "E0240"];

    EndsWith "str.endswith" (text: String, suffix: String) -> Bool, Pure in ANYWHERE,
        "Whether the text ends with the suffix: another name of `std.suffixof`."
        examples [r#"str.endswith("/a.css", ".css")"# => "true"]
        mistakes [r#"str.endswith("/a.css", end: ".css")"# => "E0240"];

    Fnmatch "std.fnmatch" (pattern: String, text: String, pathname: Bool = Bool(true), noescape: Bool = Bool(false), period: Bool = Bool(false)) -> Bool, Pure in ANYWHERE,
        "Whether the text matches the shell pattern (`*`, `?`, `[...]`, and `\\` before what stands for itself). With `pathname` nothing but a `/` matches a `/`, with `noescape` a `\\` is like any other byte, and with `period` nothing but a `.` matches a `.` that begins the text or, with `pathname`, a segment."
        examples [
            r#"std.fnmatch("/a/*.css", "/a/b.css")"# => "true",
            r#"std.fnmatch("/a/*.css", "/a/b/c.css")"# => "false",
            r#"std.fnmatch("/a/*.css", "/a/b/c.css", pathname: false)"# => "true",
            r#"std.fnmatch("/*", "/.git", period: true)"# => "false"
        ]
        mistakes [r#"std.fnmatch("/a/*.css")"# => "E0305", r#"std.fnmatch("*", "a", "PATHNAME")"# => "E0301"];

    Replace "std.replace" (text: String, from: String, to: String) -> String or Unset, Pure in ANYWHERE,
        "The text with every occurrence of `from` replaced; no pattern, just text."
        examples [r#"std.replace("a.b.c", ".", "-")"# => r#""a-b-c""#]
        mistakes [r#"std.replace("a.b.c", ".")"# => "E0305"];

    ReplacePrefix "std.replace_prefix" (text: String, prefix: String, to: String = Text("")) -> String or Unset, Pure in ANYWHERE,
        "The text with the prefix replaced, if it starts with it."
        examples [
            r#"std.replace_prefix("/api/v1", "/api", "/internal")"# => r#""/internal/v1""#,
            r#"std.replace_prefix("www.example.com", "www.")"# => r#""example.com""#
        ]
        mistakes [r#"std.replace_prefix("/api/v1")"# => "E0305"];

    ReplaceSuffix "std.replace_suffix" (text: String, suffix: String, to: String = Text("")) -> String or Unset, Pure in ANYWHERE,
        "The text with the suffix replaced, if it ends with it."
        examples [r#"std.replace_suffix("/a.jpeg", ".jpeg", to: ".jpg")"# => r#""/a.jpg""#]
        mistakes [r#"std.replace_suffix("/a.jpeg")"# => "E0305"];

    Substr "substr" (text: String, offset: Int, length: Int = Int(i64::MAX)) -> String or Unset, Pure in ANYWHERE,
        "The part of the text that begins behind `offset` bytes. A negative offset counts from the end; a negative length says how many bytes are left out at the end. Unset if the text is shorter than the offset."
        examples [
            r#"substr("abcdefg", 1, 3)"# => r#""bcd""#,
            r#"substr("abcdefg", -3)"# => r#""efg""#,
            r#"substr("abcdefg", 1, length: -2)"# => r#""bcde""#,
            r#"substr("abc", 4)"# => "unset"
        ]
        mistakes [r#"substr("abcdefg", "1")"# => "E0301", r#"substr("abcdefg", 1, lenght: 2)"# => "E0240"];

    Take "str.take" (text: String, count: Int, offset: Int = Int(0)) -> String or Unset, Pure in ANYWHERE,
        "The first `count` bytes of the text, counted from `offset`. A negative offset counts from the end; a negative count takes the bytes on the left of the offset."
        examples [
            r#"str.take("0123456789abcdef", 2)"# => r#""01""#,
            r#"str.take("0123456789abcdef", 2, 5)"# => r#""56""#,
            r#"str.take("0123456789abcdef", 2, offset: -5)"# => r#""bc""#,
            r#"str.take("0123456789abcdef", -2, 5)"# => r#""34""#
        ]
        mistakes [r#"str.take("abc")"# => "E0305"];

    Split "str.split" (text: String, index: Int, separators: String = Text(" \t")) -> String or Unset, Pure in ANYWHERE,
        "The part of that number, from 1, of the text cut at each run of separators; each byte of `separators` is one. A negative number counts from the end. Unset if there are not so many parts."
        examples [
            r#"str.split("/a/b/c", 2, "/")"# => r#""b""#,
            r#"str.split("one two  three", -1)"# => r#""three""#,
            r#"str.split("a,b", 3, separators: ",")"# => "unset"
        ]
        mistakes [r#"str.split("a,b", ",")"# => "E0301"];

    Count "str.count" (text: String, part: String) -> Int, Pure in ANYWHERE,
        "How often the part occurs in the text, without overlaps; 0 if either is unset or the part is empty."
        examples [r#"str.count("/a/b/c", "/")"# => "3"]
        mistakes [r#"str.count("/a/b/c")"# => "E0305"];

    Basename "std.basename" (path: String) -> String or Unset, Pure in ANYWHERE,
        "The last segment of a path. Slashes at the end do not count."
        examples [
            r#"std.basename("/a/b.css")"# => r#""b.css""#,
            r#"std.basename("/a/b/")"# => r#""b""#,
            r#"std.basename("/")"# => r#""/""#
        ]
        mistakes ["std.basename()" => "E0305"];

    Dirname "std.dirname" (path: String) -> String or Unset, Pure in ANYWHERE,
        "A path without its last segment; `.` if there is no slash. Slashes at the end do not count."
        examples [
            r#"std.dirname("/a/b.css")"# => r#""/a""#,
            r#"std.dirname("/a")"# => r#""/""#,
            r#"std.dirname("a")"# => r#"".""#
        ]
        mistakes ["std.dirname()" => "E0305"];

    Pad "std.strpad" (text: String, width: Int, pad: String = Text(" ")) -> String or Unset, Pure in ANYWHERE,
        "The text filled up with `pad`, again and again, to so many bytes: in front, or behind if the width is negative. A text that is as long already stays as it is."
        examples [
            r#"std.strpad("7", 3, "0")"# => r#""007""#,
            r#"std.strpad("ab", -5, pad: ".-")"# => r#""ab.-.""#,
            r#"std.strpad("abc", 2)"# => r#""abc""#
        ]
        mistakes [r#"std.strpad("7")"# => "E0305"];

    Reverse "std.strrev" (text: String) -> String or Unset, Pure in ANYWHERE,
        "The text from its last byte to its first."
        examples [r#"std.strrev("abc")"# => r#""cba""#]
        mistakes ["std.strrev()" => "E0305"];

    StrReverse "str.reverse" (text: String) -> String or Unset, Pure in ANYWHERE,
        "The text from its last byte to its first: another name of `std.strrev`."
        examples [r#"str.reverse("abc")"# => r#""cba""#]
        mistakes ["str.reverse()" => "E0305"];

    Repeat "std.strrep" (text: String, count: Int) -> String or Unset, Pure in ANYWHERE,
        "The text so many times, one behind the other; empty if that is none."
        examples [r#"std.strrep("ab", 3)"# => r#""ababab""#, r#"std.strrep("ab", 0)"# => r#""""#]
        mistakes [r#"std.strrep("ab")"# => "E0305"];

    Trim "str.trim" (text: String, bytes: String = Text(" \t\r\n"), side: Words("both", "left", "right") = Text("both")) -> String or Unset, Pure in ANYWHERE,
        "The text without these bytes at its ends, or at one of them."
        examples [
            r#"str.trim("  a b ")"# => r#""a b""#,
            r#"str.trim("/a/", "/", side: right)"# => r#""/a""#
        ]
        mistakes [r#"str.trim(" a", side: start)"# => "E0341"];

    ContainsAny "str.contains_any" (text: String, parts: List) -> Bool, Pure in ANYWHERE,
        "Whether one of the parts occurs in the text."
        examples [r#"str.contains_any("Googlebot/2.1", ["bot", "crawler"])"# => "true"]
        mistakes [r#"str.contains_any("Googlebot/2.1", 1)"# => "E0301"];

    Querysort "std.querysort" (url: String) -> String or Unset, Pure in ANYWHERE,
        "The URL with its query parameters sorted."
        examples [r#"std.querysort("/a?b=2&a=1")"# => r#""/a?a=1&b=2""#]
        mistakes ["std.querysort()" => "E0305"];
}
