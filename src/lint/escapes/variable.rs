//! Variables of nginx, Apache and shells in a text, where they are no more than text: `"https://example.org$request_uri"`.

/// What is named, and what to write for it.
pub(super) struct Foreign {
    pub name: String,
    pub help: String,
}

/// Those that have one name here, without the sign that they begin with.
const NAMES: [(&str, &str); 13] = [
    ("request_uri", "req.url"),
    ("document_uri", "req.path"),
    ("uri", "req.path"),
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
    text.match_indices('$').find_map(|(at, _)| of_shell(text, at)).or_else(|| {
        let (at, _) = text.match_indices("%{").next()?;
        let inner = text.get(at + 2..)?.split_once('}')?.0;
        let own = named(&inner.to_ascii_lowercase().replace(':', "_"))?;
        Some(joined(text, format!("%{{{inner}}}"), &own))
    })
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
    let is_path = ["req.", "bereq.", "resp.", "client."].iter().any(|message| inner.starts_with(message));
    let own = if is_path { Some(inner.to_owned()) } else { named(inner) }?;
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
