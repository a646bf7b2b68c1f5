//! Words that mean something in VCL, nginx or JavaScript, and what is written in their place.

use crate::lang::diagnostic::suggest::closest;
use crate::lang::schema::{CONTEXTUAL_STATEMENTS, STATEMENTS};

/// The word of a statement that a word is nearly, if it is none and is not known from elsewhere.
pub(in crate::lang) fn misspelt_statement(word: &str) -> Option<&'static str> {
    let starts = STATEMENTS.iter().chain(CONTEXTUAL_STATEMENTS).copied().filter(|known| *known != "when");
    closest(word, starts).filter(|known| *known != word && statement(word).is_none())
}

/// What to write in the place of a declaration of another language.
pub(super) fn declaration(word: &str) -> Option<&'static str> {
    Some(match word {
        "import" => "remove it: functions such as `std.tolower` and `cookie.get` are always there",
        "C" => "a policy holds no C; what a function has to compute stands in a `fn`",
        "unused" => "leave it out: what is unused is a warning only",
        "upstream" => "servers are each a `backend`, and together a `director NAME = round_robin { A; B; }`",
        "server" | "http" => {
            "a row of `rules request first { … }` looks at `host`; a policy of its own for a host is declared with `site`"
        }
        "location" => "write a row of `rules request first { … }`: `when path under \"/static/\" -> …;`",
        "map" | "dict" => "write `table NAME { \"KEY\": VALUE }`, and look up with `NAME[KEY] ?? VALUE`",
        "function" | "def" | "func" => "write `fn NAME(PARAMETER: TYPE) -> TYPE { … }`",
        "var" => "write `const NAME = VALUE;`, or `let` in a sub",
        "new" => "directors are declared: `director NAME = round_robin { A; B; }`",
        "ratecounter" | "penaltybox" => "`ratelimit(…)` has its own counters: leave the declaration out",
        "proxy_pass" => "write `backend default { .host = \"127.0.0.1\"; .port = \"8000\"; }`",
        "proxy_cache_valid" | "expires" => {
            "write a row of `rules response first { … }`: `when status == 200 -> ttl 10m;`"
        }
        "for" | "while" | "do" | "switch" | "try" => return statement(word),
        _ => return None,
    })
}

/// What to write in the place of a test of another language, of a value and what it is tested against.
pub(super) fn test(word: &str, value: &str, against: &str) -> Option<String> {
    let word = word.to_ascii_lowercase();
    if matches!(against, "null" | "nil" | "none" | "empty" | "not") {
        return (word == "is").then(|| if against == "not" { value.to_owned() } else { format!("!{value}") });
    }
    if value.ends_with("cookies") || value.ends_with("query") {
        return matches!(word.as_str(), "contains" | "includes" | "include").then(|| format!("{value} has {against}"));
    }
    let text = if against.starts_with('"') { against } else { "\"…\"" };
    let sign = match word.as_str() {
        "like" | "glob" if text.contains(['*', '%']) => {
            return Some(format!("std.fnmatch({}, {value})", text.replace('%', "*")));
        }
        "contains" | "includes" | "include" => return Some(format!("str.contains({value}, {text})")),
        "starts_with" | "startswith" | "begins_with" | "beginswith" | "starts" | "begins" => {
            return Some(format!("std.prefixof({value}, {text})"));
        }
        "ends_with" | "endswith" | "ends" => return Some(format!("std.suffixof({value}, {text})")),
        "exists" | "present" | "isset" => return Some(value.to_owned()),
        "matches" | "match" | "like" | "regex" | "regexp" | "rlike" => return Some(format!("{value} ~ {text}")),
        "eq" | "is" | "equals" => "==",
        "ne" | "neq" | "isnt" => "!=",
        "lt" => "<",
        "gt" => ">",
        "le" | "lte" => "<=",
        "ge" | "gte" => ">=",
        _ => return None,
    };
    Some(format!("{value} {sign} {against}"))
}

/// What to write in the place of a statement of another language.
pub(super) fn statement(word: &str) -> Option<&'static str> {
    Some(match word {
        "remove" | "delete" => "write `unset NAME;`",
        "redirect" => "a redirect is a row: `rules request first { when path == \"/old\" -> redirect 301 \"/new\"; }`",
        "error" | "deny" => "write `return (synth(403, \"Why\"));`",
        "const" | "var" | "declare" | "local" => "write `let NAME = VALUE;`",
        "log" => "write `std.log(\"…\");`",
        "add" | "add_header" => "write `set resp.http.NAME = \"…\";`, or `header.append(…)` for a second line",
        "rewrite" => "write `set req.url = regsub(req.url, \"REGEX\", \"TEXT\");`",
        "proxy_pass" => "write `set req.backend_hint = NAME;`",
        "expires" => "write `set beresp.ttl = 10m;` in backend_response",
        "new" => "directors are declared outside of subs: `director NAME = round_robin { A; B; }`",
        "esi" => "this version does not have edge side includes",
        "goto" | "break" | "continue" => "leave it out: put what is to be done into a sub, and `call` it",
        "for" | "while" | "do" => "there are no loops: look up many values in a `table`, or with `in […]`",
        "switch" | "case" => "write `match VALUE { \"a\" or \"b\" -> { … } else -> { … } }`",
        "try" | "catch" | "throw" => "nothing is thrown: when the backend fails, `sub backend_error` runs",
        "default" => "write `else -> { … }` in a `match`",
        "pass" | "lookup" | "fetch" | "deliver" | "restart" | "retry" | "hash" | "pipe" | "purge" | "synth"
        | "abandon" => "write `return (ACTION);`",
        _ => return None,
    })
}
