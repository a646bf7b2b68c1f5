//! `test "…" { request …; origin …; expect …; }`: what is tried when a policy is checked.

use http::header::HOST;
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use super::context::Context;
use super::field::is_framing;
use super::scope::{Home, Scope};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{self, Origin};
use crate::lang::schema::{self, Step, is_host, is_target};
use crate::lang::source::Span;
use crate::lang::syntax::ast::{FieldLine, Name, Sent, Test, TestPart, TestPartKind};

/// So many fields a message of a test has at most: more no server takes.
const MOST_FIELDS: usize = 1_000;

/// The typed tests; those with a finding are left out.
pub(super) fn tests(cx: &Context) -> Vec<hir::Test> {
    cx.names.tests.iter().filter_map(|entry| Trial { cx, written: entry.item }.test()).collect()
}

/// A test that is being checked.
struct Trial<'c, 'a> {
    cx: &'c Context<'a>,
    written: &'a Test,
}

impl<'a> Trial<'_, 'a> {
    fn test(&self) -> Option<hir::Test> {
        let before = self.of(|kind| if let TestPartKind::Before(sent) = kind { Some(sent) } else { None });
        let before: Vec<_> = before.into_iter().map(|(sent, span)| self.sent(sent, span)).collect();
        let requests = self.of(|kind| if let TestPartKind::Request(sent) = kind { Some(sent) } else { None });
        self.report_second(
            &requests,
            "a test has one request",
            "write a test of its own for this one, or `before` for what came earlier",
        );
        let request = requests.first().map(|(sent, span)| self.sent(sent, *span));
        let origins = self.origins();
        let expected = self.of(|kind| if let TestPartKind::Expect(claim) = kind { Some(claim) } else { None });
        if requests.is_empty() {
            self.report_missing(
                "this test has no request",
                "say what the client sends: `request GET \"https://www.example.com/\";`",
            );
        } else if expected.is_empty() {
            self.report_missing(
                "this test expects nothing",
                "say what is to come of the request: `expect not stored;`",
            );
        }
        let expectations = expected.into_iter().map(|(claim, _)| self.scope().expectation(claim)).collect::<Vec<_>>();
        let expectations = expectations.into_iter().collect::<Option<Vec<_>>>().filter(|all| !all.is_empty());
        let (name, name_span, span) = (self.written.name.text.to_string(), self.written.name.span, self.written.span);
        let before = before.into_iter().collect::<Option<_>>()?;
        Some(hir::Test {
            name,
            name_span,
            before,
            request: request??,
            origins: origins?,
            expectations: expectations?,
            span,
        })
    }

    /// The parts of one kind, with their places.
    fn of<T>(&self, kind: impl Fn(&'a TestPartKind) -> Option<T>) -> Vec<(T, Span)> {
        let of_kind = |part: &'a TestPart| Some((kind(&part.kind)?, part.span));
        self.written.parts.iter().filter_map(of_kind).collect()
    }

    fn scope(&self) -> Scope<'_, 'a> {
        Scope::new(self.cx, Home::Step(Step::Recv))
    }

    fn report(&self, finding: Diagnostic) {
        self.cx.findings.report(finding);
    }

    /// Says that a part is missing, unless it may be one of those that were not understood.
    fn report_missing(&self, message: &str, help: &str) {
        if !self.cx.findings.any_within(self.written.span) {
            self.report(Diagnostic::new(Code::E0781, self.written.name.span, message).help(help));
        }
    }

    fn report_second<T>(&self, parts: &[(T, Span)], message: &str, help: &str) {
        if let [(_, first), (_, second), ..] = parts {
            let finding = Diagnostic::new(Code::E0781, *second, message).context(*first, "given here first");
            self.report(finding.label("given again").help(help));
        }
    }

    fn origins(&self) -> Option<Vec<Origin>> {
        let said = self.of(|kind| match kind {
            TestPartKind::Origin(status, fields) => Some(Some((status, fields))),
            TestPartKind::Unreachable => Some(None),
            _ => None,
        });
        let origins: Vec<_> = said.into_iter().map(|(said, _)| self.origin(said)).collect();
        origins.into_iter().collect()
    }

    fn origin(&self, said: Option<(&'a Name, &'a Vec<FieldLine>)>) -> Option<Origin> {
        let Some((status, fields)) = said else { return Some(Origin::Unreachable) };
        let (status, fields) = (self.status(status), self.fields(fields, false));
        Some(Origin::Answers(status?, fields?))
    }

    fn status(&self, written: &Name) -> Option<StatusCode> {
        let number = written.text.parse().ok().and_then(schema::status);
        let status = number.and_then(|number| StatusCode::from_u16(number).ok());
        if status.is_none() {
            let message = format!("`{}` is not a status that a backend answers with", written.text);
            self.report(Diagnostic::new(Code::E0313, written.span, message).help("write a number from 200 to 999"));
        }
        status
    }

    fn sent(&self, written: &Sent, span: Span) -> Option<hir::Sent> {
        let (method, url) = (self.method(written), self.url(written));
        let (headers, client) = (self.fields(&written.fields, true), self.client(written.client.as_ref()));
        let (host, target) = url?;
        Some(hir::Sent { method: method?, host, target, headers: headers?, client: client?, span })
    }

    fn method(&self, written: &Sent) -> Option<Method> {
        let name = &written.method;
        if written.url.is_none() {
            let finding = Diagnostic::new(Code::E0782, name.span, "a request is a method and a URL");
            let shown = if name.text.contains('/') { &name.text } else { "https://www.example.com/" };
            let method = if name.text.contains('/') { "GET" } else { &name.text };
            self.report(finding.help(format!("write `{method} \"{shown}\"`")));
            return None;
        }
        let method = Method::from_bytes(name.text.as_bytes()).ok().filter(|method| *method != Method::CONNECT);
        if method.is_none() {
            let message = format!("no policy is asked for the method `{}`", name.text);
            let help = "write the method as it is sent, such as `GET`, and the URL behind it";
            self.report(Diagnostic::new(Code::E0782, name.span, message).help(help));
        }
        method
    }

    /// Host and target.
    fn url(&self, written: &Sent) -> Option<(String, String)> {
        let url = written.url.as_ref()?;
        read_url(&url.text)
            .map_err(|(message, help)| {
                self.report(Diagnostic::new(Code::E0782, url.span, message).help(help));
            })
            .ok()
    }

    /// The address, if one is written; `None` if it is none.
    #[expect(clippy::option_option, reason = "none is written, or one that is wrong")]
    fn client(&self, written: Option<&Name>) -> Option<Option<std::net::IpAddr>> {
        let Some(name) = written else { return Some(None) };
        let Ok(address) = name.text.parse::<std::net::IpAddr>() else {
            let message = format!("`{}` is not an IP address", name.text);
            let help = "write an address such as `10.0.0.1` or `2001:db8::1`";
            self.report(Diagnostic::new(Code::E0606, name.span, message).help(help));
            return None;
        };
        Some(Some(address.to_canonical()))
    }

    fn fields(&self, written: &[FieldLine], is_request: bool) -> Option<HeaderMap> {
        if let Some(line) = written.get(MOST_FIELDS) {
            let message = format!("a message of a test has at most {MOST_FIELDS} fields");
            self.report(
                Diagnostic::new(Code::E0782, line.name.span, message)
                    .help("leave out what the policy does not ask for"),
            );
            return None;
        }
        let lines: Vec<_> = written.iter().map(|line| self.field(line, is_request)).collect();
        let mut headers = HeaderMap::new();
        for line in lines {
            let (name, value) = line?;
            headers.append(name, value);
        }
        Some(headers)
    }

    fn field(&self, line: &FieldLine, is_request: bool) -> Option<(http::HeaderName, HeaderValue)> {
        let (name, value) = (self.scope().field_name(&line.name.text, line.name.span), self.value(&line.value));
        let name = name?;
        let wrong = |message: &str, help: &str| Diagnostic::new(Code::E0782, line.name.span, message).help(help);
        if is_request && name == HOST {
            self.report(wrong("the host of a request stands in its URL", "write it there, and leave the field out"));
            return None;
        }
        if is_request && is_framing(&name) {
            self.report(wrong("a request of a test has no content", "leave the field out"));
            return None;
        }
        Some((name, value?))
    }

    /// The value of a field; white space around it is no part of it (RFC 9110 section 5.5).
    fn value(&self, written: &Name) -> Option<HeaderValue> {
        let value = HeaderValue::from_bytes(written.text.trim_matches([' ', '\t']).as_bytes()).ok();
        if value.is_none() {
            let message = "a line break or a control character cannot stand in a line of a message";
            self.report(Diagnostic::new(Code::E0312, written.span, message).help("write the text in one line"));
        }
        value
    }
}

/// Host and target of a URL; else what is wrong, and what to write.
fn read_url(url: &str) -> Result<(String, String), (String, String)> {
    let rest = ["https://", "http://"].iter().find_map(|scheme| {
        let (start, rest) = url.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(rest)
    });
    let Some(rest) = rest else {
        let help = "write it whole, with the host: `GET \"https://www.example.com/\"`";
        return Err(("this is no URL of a site".to_owned(), help.to_owned()));
    };
    let (host, target) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if host.is_empty() || !is_host(host) {
        let help = "write a name or an address, with a port or without: `https://www.example.com/`";
        let message = if host.is_empty() {
            "there is no host in it".to_owned()
        } else {
            format!("`{host}` is no host that a client asks for")
        };
        return Err((message, help.to_owned()));
    }
    let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
    if is_target(&target) {
        return Ok((host.to_owned(), target));
    }
    let wrong = target.chars().find(|c| !c.is_ascii_graphic() || *c == '#').unwrap_or('#');
    if wrong == '#' {
        return Err(("what stands behind `#` is not sent".to_owned(), "leave it out, or write `%23`".to_owned()));
    }
    let encoded = wrong.to_string().bytes().fold(String::new(), |text, byte| format!("{text}%{byte:02X}"));
    Err((format!("a URL cannot hold `{}`", wrong.escape_debug()), format!("write `{encoded}`, as clients send it")))
}
