//! Variables of nginx, Apache, shells and templates in a text, where they are no more than text:
//! `"https://example.org$request_uri"`, `"/new{req.url}"`.

/// What is named, and what to write for it.
pub(super) struct Foreign {
    pub name: String,
    pub help: String,
}

/// Those that have one name here, without the sign that they begin with.
const NAMES: [(&str, &str); 15] = [
    ("request_uri", "req.url"),
    ("document_uri", "req.path"),
    ("uri", "req.path"),
    ("url", "req.url"),
    ("path", "req.path"),
    ("host", "req.host"),
    ("http_host", "req.http.Host"),
    ("server_name", "req.host"),
    ("remote_addr", "client.ip"),
    ("remote_host", "client.ip"),
    ("request_method", "req.method"),
    ("upstream_cache_status", "obj.hits"),
    ("hostname", "server.hostname"),
    ("request_id", "req.xid"),
    ("status", "resp.status"),
];

/// The first in a text.
pub(super) fn find(text: &str) -> Option<Foreign> {
    let found = text.match_indices('$').find_map(|(at, _)| of_shell(text, at)).or_else(|| {
        let (at, _) = text.match_indices("%{").next()?;
        let inner = text.get(at + 2..)?.split_once('}')?.0;
        let own = named(&inner.to_ascii_lowercase().replace(':', "_"))?;
        Some(joined(text, format!("%{{{inner}}}"), &own))
    });
    found.or_else(|| text.match_indices('{').find_map(|(at, _)| in_braces(text, at)))
}

/// `#{req.path}`, `%{req.path}`, `{{req.path}}` and `{req.path}` at the place of the brace.
fn in_braces(text: &str, at: usize) -> Option<Foreign> {
    let (inner, _) = text.get(at + 1..)?.split_once('}')?;
    let name = inner.trim();
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if !is_path(name) || !name.bytes().all(is_part) {
        return None;
    }
    let before = text.get(..at)?.char_indices().next_back().filter(|(_, sign)| "#%{".contains(*sign));
    let start = before.map_or(at, |(before, _)| before);
    let end = at + inner.len() + 2;
    let end =
        if before.is_some_and(|(_, sign)| sign == '{') && text.get(end..)?.starts_with('}') { end + 1 } else { end };
    Some(joined(text, text.get(start..end)?.to_owned(), name))
}

/// Whether it begins as names of variables do.
fn is_path(name: &str) -> bool {
    const MESSAGES: [&str; 7] = ["req.", "bereq.", "resp.", "beresp.", "obj.", "client.", "server."];
    MESSAGES.iter().any(|message| name.strip_prefix(message).is_some_and(|rest| !rest.is_empty()))
}

/// `$name`, `${name}` or `$1` at a place.
fn of_shell(text: &str, at: usize) -> Option<Foreign> {
    let behind = text.get(at + 1..)?;
    let (inner, end) = match behind.strip_prefix('{') {
        Some(rest) => (rest.split_once('}')?.0, 2),
        None => (behind.split(|it: char| !it.is_ascii_alphanumeric() && it != '_').next()?, 0),
    };
    let name = text.get(at..at + 1 + inner.len() + end)?.to_owned();
    if let (true, [b'1'..=b'9']) = (text.starts_with(['/', 'h']), inner.as_bytes()) {
        let help = "a test keeps no groups: write `regsub(req.url, \"^/old/(.*)$\", \"/new/\\1\")`".to_owned();
        return Some(Foreign { name, help });
    }
    let own = if is_path(inner) { Some(inner.to_owned()) } else { named(inner) }?;
    Some(joined(text, name, &own))
}

/// What is written here for a name.
fn named(name: &str) -> Option<String> {
    let one = NAMES.iter().find(|(known, _)| *known == name).map(|(_, own)| (*own).to_owned());
    let field = || Some(format!("req.http.{}", name.strip_prefix("http_")?.replace('_', "-")));
    let cookie = || Some(format!("req.cookies[\"{}\"]", name.strip_prefix("cookie_")?));
    let parameter = || Some(format!("req.query[\"{}\"]", name.strip_prefix("arg_")?));
    one.or_else(field).or_else(cookie).or_else(parameter)
}

fn joined(text: &str, name: String, own: &str) -> Foreign {
    let help = if text == name { format!("write `{own}`") } else { format!("join it with `+`: `\"…\" + {own}`") };
    Foreign { name, help }
}
