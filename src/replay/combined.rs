//! Lines of the common and the combined log format, and warp's own text.

use std::sync::LazyLock;

use http::header::{REFERER, USER_AGENT};
use regex::bytes::{Captures, Regex};

use super::line::{Said, add};
use super::text::unescaped;
use super::when;

/// Apache's `%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"`, which is nginx's `combined`, with or without the two
/// fields at its end, with or without the host before it (`vhost_combined`), whatever follows.
static COMBINED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r#"^(?:(?P<host>\S+) )?(?P<client>\S+) \S+ \S+ \[(?P<time>[^\]]+)\] "(?P<request>(?:[^"\\]|\\.)*)" "#,
        r#"(?P<status>\d{3}) (?P<bytes>\d+|-)"#,
        r#"(?: "(?P<referer>(?:[^"\\]|\\.)*)" "(?P<agent>(?:[^"\\]|\\.)*)")?(?:\s|$)"#,
    ))
    .ok()
});

/// warp's own: `2024-02-29T12:34:56.007Z 192.0.2.7 "GET shop.test/a HTTP/1.1" 200 1234 1520us …`.
static OWN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r#"^(?P<time>\d{4}-\S+Z) (?P<client>\S+) "(?P<method>\S+) (?P<host>[^/ ]*)(?P<target>/\S*) HTTP/[^"]*" "#,
        r#"(?P<status>\d{3}) (?P<bytes>\d+) (?:.* user_agent="(?P<agent>(?:[^"\\]|\\.)*)")?"#,
    ))
    .ok()
});

/// What a line says; `None` if it is none of these.
pub(super) fn said(line: &[u8]) -> Option<Said> {
    if let Some(found) = OWN.as_ref().and_then(|own| own.captures(line)) {
        let mut said = common(&found);
        said.method = text(&found, "method");
        said.target = text(&found, "target");
        return Some(said);
    }
    let found = COMBINED.as_ref().and_then(|combined| combined.captures(line))?;
    let mut said = common(&found);
    let request = text(&found, "request").unwrap_or_default();
    if let Some((method, target)) = request_line(&request) {
        (said.method, said.target) = (Some(method.to_owned()), Some(target.to_owned()));
    }
    Some(said)
}

fn common(found: &Captures<'_>) -> Said {
    let mut said = Said {
        at: text(found, "time").and_then(|time| when::from_text(&time)),
        client: text(found, "client").and_then(|client| client.parse().ok()),
        host: text(found, "host").filter(|host| !host.is_empty() && host != "-"),
        status: text(found, "status").and_then(|status| status.parse().ok()),
        bytes: text(found, "bytes").and_then(|bytes| bytes.parse().ok()).unwrap_or(0),
        ..Said::default()
    };
    for (group, name) in [("referer", REFERER), ("agent", USER_AGENT)] {
        let value = found.name(group).map(|value| unescaped(value.as_bytes())).filter(|value| value != b"-");
        if let Some(value) = value {
            add(&mut said.request, name.as_str(), &value);
        }
    }
    said
}

fn text(found: &Captures<'_>, group: &str) -> Option<String> {
    let value = found.name(group)?;
    Some(String::from_utf8_lossy(&unescaped(value.as_bytes())).into_owned())
}

/// Method and target of `GET /a HTTP/1.1`; HTTP/0.9 has no version.
pub(super) fn request_line(line: &str) -> Option<(&str, &str)> {
    let (method, rest) = line.split_once(' ')?;
    let target = rest.rsplit_once(' ').filter(|(_, version)| version.starts_with("HTTP/")).map_or(rest, |(it, _)| it);
    (!target.is_empty() && !target.contains(' ')).then_some((method, target))
}
