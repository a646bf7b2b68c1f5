//! Lines that are objects of JSON: warp's own, and those that nginx, Caddy and Traefik are made to write.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use serde_json::{Map, Value};

use super::combined::request_line;
use super::line::{Said, add};
use super::when;

/// Names of a member, whatever their case; the first that is there counts.
type Names = &'static [&'static str];

const TIME: Names =
    &["time", "timestamp", "@timestamp", "ts", "time_iso8601", "time_local", "msec", "startutc", "date"];
const CLIENT: Names = &["client", "client_ip", "remote_addr", "remote_ip", "clientip", "clienthost", "ip"];
const METHOD: Names = &["method", "request_method", "requestmethod", "verb"];
const HOST: Names = &["host", "http_host", "requesthost", "vhost", "server_name"];
const URL: Names = &["url", "uri", "request_uri", "requestpath", "path", "target", "request"];
const QUERY: Names = &["query_string", "query", "args"];
const STATUS: Names = &["status", "status_code", "response_status", "downstreamstatus"];
const BYTES: Names = &["bytes", "bytes_sent", "body_bytes_sent", "size", "response_size", "downstreamcontentsize"];
const REQUEST_FIELDS: Names = &["request_headers", "req_headers", "headers"];
const ANSWER_FIELDS: Names = &["response_headers", "resp_headers"];

/// Members that are fields; others are by a name that begins as nginx's variables do.
const REQUEST_FIELD: Names =
    &["user_agent", "referer", "cookie", "accept", "accept_encoding", "accept_language", "authorization"];
const ANSWER_FIELD: Names =
    &["cache_control", "content_type", "set_cookie", "vary", "expires", "last_modified", "etag"];

/// What a line says; `None` if it is no object.
pub(super) fn said(line: &[u8]) -> Option<Said> {
    let record: Map<String, Value> = serde_json::from_slice(line).ok()?;
    // Caddy has an object of the request in it.
    let request = member(&record, &["request"]).and_then(Value::as_object);
    let either = |names| request.and_then(|request| member(request, names)).or_else(|| member(&record, names));
    let mut said = Said {
        at: member(&record, TIME).and_then(|time| match time {
            Value::Number(number) => number.as_f64().and_then(when::from_number),
            other => text(other).and_then(|time| when::from_text(&time)),
        }),
        client: either(CLIENT).and_then(text).and_then(|client| address(&client)),
        method: either(METHOD).and_then(text),
        host: either(HOST).and_then(text).filter(|host| !host.is_empty() && host != "-"),
        target: either(URL).and_then(text),
        status: member(&record, STATUS).and_then(number).and_then(|status| status.try_into().ok()),
        bytes: member(&record, BYTES).and_then(number).unwrap_or(0),
        ..Said::default()
    };
    take_apart(&mut said);
    if let (Some(target), Some(query)) = (&mut said.target, either(QUERY).and_then(text)) {
        add_query(target, &query);
    }
    for fields in [Some(&record), request].into_iter().flatten() {
        if let Some(fields) = member(fields, REQUEST_FIELDS) {
            add_fields(&mut said.request, fields);
        }
    }
    if let Some(fields) = member(&record, ANSWER_FIELDS) {
        add_fields(&mut said.answer, fields);
    }
    add_named(&mut said, &record);
    Some(said)
}

/// A URL may be written as a whole request line.
fn take_apart(said: &mut Said) {
    let Some((method, target)) = said.target.as_deref().and_then(request_line) else { return };
    let (method, target) = (method.to_owned(), target.to_owned());
    said.method.get_or_insert(method);
    said.target = Some(target);
}

fn add_query(target: &mut String, query: &str) {
    let query = query.trim_start_matches('?');
    if !query.is_empty() && query != "-" && !target.contains('?') {
        target.push('?');
        target.push_str(query);
    }
}

/// Adds members whose names are those of fields. What a backend said goes before what was sent on.
fn add_named(said: &mut Said, record: &Map<String, Value>) {
    add_all(&mut said.answer, record, |name| name.strip_prefix("upstream_http_"));
    add_all(&mut said.answer, record, |name| name.strip_prefix("sent_http_"));
    add_all(&mut said.answer, record, |name| ANSWER_FIELD.contains(&name).then_some(name));
    add_all(&mut said.request, record, |name| name.strip_prefix("http_"));
    add_all(&mut said.request, record, |name| REQUEST_FIELD.contains(&name).then_some(name));
}

/// Adds the members whose name, in lower case, is that of a field.
fn add_all(headers: &mut HeaderMap, record: &Map<String, Value>, field: impl Fn(&str) -> Option<&str>) {
    for (name, value) in record {
        if let Some(name) = field(&name.to_ascii_lowercase()) {
            add_field(headers, name, value);
        }
    }
}

/// Adds the members of an object, of which each may have several values.
fn add_fields(headers: &mut HeaderMap, fields: &Value) {
    for (name, value) in fields.as_object().into_iter().flatten() {
        add_field(headers, name, value);
    }
}

/// Adds a field that is not there yet; `-` and the empty text say that there is none.
fn add_field(headers: &mut HeaderMap, name: &str, value: &Value) {
    let name = name.replace('_', "-");
    if headers.contains_key(&name) {
        return;
    }
    let values = match value {
        Value::Array(values) => values.iter().filter_map(text).collect(),
        other => text(other).into_iter().collect::<Vec<String>>(),
    };
    for value in values.iter().filter(|value| !value.is_empty() && *value != "-") {
        add(headers, &name, value.as_bytes());
    }
}

fn member<'r>(record: &'r Map<String, Value>, names: &[&str]) -> Option<&'r Value> {
    let in_any_case =
        |name: &str| record.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    names.iter().find_map(|name| record.get(*name).or_else(|| in_any_case(name)))
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// An address, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}
