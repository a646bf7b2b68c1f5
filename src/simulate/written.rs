//! Requests and answers as text that can be pasted: into a test of a policy, or into a shell.

use std::borrow::Cow;
use std::fmt;

use http::{HeaderMap, Method};

use super::message::{Answer, Request, SOMEWHERE};
use crate::cache::spelling;
use crate::decision::{Program, Value};
use crate::lang::schema::written_duration;

/// `GET "https://blog.example/?a=1" { Cookie: "_ga=1" }`, and `from 10.0.0.1` behind it for a client that does not come
/// from just anywhere.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", word(self.method.as_str()), quoted(&format!("https://{}{}", self.host, self.target)))?;
        if !self.headers.is_empty() {
            write!(f, " {}", Fields(&self.headers))?;
        }
        if self.client != SOMEWHERE {
            write!(f, " from {}", self.client)?;
        }
        Ok(())
    }
}

/// `origin 200 { Cache-Control: "max-age=60" }`
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "origin {} {}", self.status.as_u16(), Fields(&self.headers))
    }
}

/// A value as the language writes it.
pub(super) fn value(value: &Value<'_>, program: &Program) -> String {
    match value {
        Value::Text(None) => "unset".to_owned(),
        Value::Text(Some(text)) => quoted(&String::from_utf8_lossy(text)),
        Value::Int(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::Duration(millis) => written_duration(*millis),
        Value::Bytes(bytes) => format!("{bytes}B"),
        Value::Ip(address) => address.to_string(),
        Value::Time(time) => httpdate::fmt_http_date(*time),
        Value::Backend(backend) => backend.and_then(|id| program.target_name(id)).unwrap_or("none").to_owned(),
    }
}

struct Fields<'a>(&'a HeaderMap);

impl fmt::Display for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = self.0.iter().map(|(name, value)| {
            let name = spelling(name);
            format!("{}: {}", word(&name), quoted(&String::from_utf8_lossy(value.as_bytes())))
        });
        match fields.collect::<Vec<_>>().join("; ") {
            none if none.is_empty() => f.write_str("{ }"),
            fields => write!(f, "{{ {fields} }}"),
        }
    }
}

/// A name as the language takes it for one; else in quotes.
fn word(name: &str) -> Cow<'_, str> {
    let is_part = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let is_word = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && !name.ends_with('-')
        && name.split('-').all(is_part);
    if is_word { Cow::Borrowed(name) } else { Cow::Owned(quoted(name)) }
}

/// A literal of the language: it knows no escapes, but long strings, which may hold quotes.
fn quoted(text: &str) -> String {
    if text.contains(['"', '\n']) { format!("\"\"\"{text}\"\"\"") } else { format!("\"{text}\"") }
}

impl Request {
    /// The request as a command for a shell, sent to a proxy at that address, `127.0.0.1:8080`.
    ///
    /// Where the client's address matters it has to be given from there: nothing in the command can say it.
    #[must_use]
    pub fn curl(&self, proxy: &str) -> String {
        let mut words = vec!["curl -i --path-as-is -g".to_owned()];
        match self.method {
            Method::GET => {}
            Method::HEAD => words.push("--head".to_owned()),
            _ => words.push(format!("-X {}", for_shell(self.method.as_str()))),
        }
        for (name, value) in &self.headers {
            let (name, value) = (spelling(name), String::from_utf8_lossy(value.as_bytes()));
            let line = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
            words.push(format!("-H {}", for_shell(&line)));
        }
        if !self.body.is_empty() {
            words.push(format!("--data-binary {}", for_shell(&String::from_utf8_lossy(&self.body))));
        }
        words.push(format!("--connect-to {}", for_shell(&format!("::{proxy}"))));
        words.push(for_shell(&format!("http://{}{}", self.host, self.target)));
        words.join(" ")
    }
}

/// A word as a POSIX shell takes it for itself.
fn for_shell(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use http::header::{CACHE_CONTROL, COOKIE, ETAG};
    use http::{HeaderName, HeaderValue, StatusCode};

    use super::*;

    #[test]
    fn a_request_is_written_as_a_test_says_it() {
        let request = Request::get("blog.example", "/?a=1");
        assert_eq!(request.to_string(), r#"GET "https://blog.example/?a=1""#);
        let request = request
            .with(COOKIE, HeaderValue::from_static("_ga=1"))
            .with(HeaderName::from_static("x-a"), HeaderValue::from_static(r#"say "a""#));
        let fields = r#"{ Cookie: "_ga=1"; X-A: """say "a"""" }"#;
        assert_eq!(request.to_string(), format!(r#"GET "https://blog.example/?a=1" {fields}"#));
        let near = Request { client: [10, 0, 0, 1].into(), ..Request::get("a", "/") };
        assert_eq!(near.to_string(), r#"GET "https://a/" from 10.0.0.1"#);
    }

    #[test]
    fn an_answer_is_written_as_a_test_says_it() {
        let answer = Answer::new(StatusCode::OK);
        assert_eq!(answer.to_string(), "origin 200 { }");
        let answer = answer
            .with(CACHE_CONTROL, HeaderValue::from_static("max-age=60"))
            .with(ETAG, HeaderValue::from_static("\"1\""));
        let expected = r#"origin 200 { Cache-Control: "max-age=60"; Etag: """"1"""" }"#;
        assert_eq!(answer.to_string(), expected);
    }

    #[test]
    fn a_command_is_one_line_for_a_shell() {
        let request = Request::get("a.test", "/it's?b=1").with(COOKIE, HeaderValue::from_static("a=1; b"));
        let expected = "curl -i --path-as-is -g -H 'Cookie: a=1; b' --connect-to ::127.0.0.1:8080 \
                        'http://a.test/it'\\''s?b=1'";
        assert_eq!(request.curl("127.0.0.1:8080"), expected);
        let post = Request { method: Method::POST, body: b"x y".to_vec(), ..Request::get("a", "/") };
        assert!(post.curl("p:1").contains("-X POST --data-binary 'x y' "), "{}", post.curl("p:1"));
    }
}
