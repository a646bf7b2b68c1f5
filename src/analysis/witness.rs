//! A model as a request that can be sent, and an answer to it.

use http::header::{CACHE_CONTROL, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderName, HeaderValue, Method, StatusCode};

use super::model::{Model, Scalar};
use super::term::{Place, Term};
use crate::lang::schema::{Message, Variable};
use crate::simulate::{Answer, Request};

/// The host of a request of which nothing is asked that a host could not be.
const SOME_HOST: &str = "www.example.com";

/// How long an answer is fresh of which nothing else is said.
const FRESH: &str = "max-age=60";

/// A request, and what the backend answers to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// What the client sends.
    pub request: Request,
    /// What the backend answers.
    pub answer: Answer,
}

impl Model<'_> {
    /// The request and the answer; `None` if no client could send the one, or no backend the other.
    #[must_use]
    pub fn witness(&self) -> Option<Witness> {
        Some(Witness { request: self.request()?, answer: self.answer()? })
    }

    fn request(&self) -> Option<Request> {
        let text = |variable| self.text(&Term::Input(Place::Variable(variable)));
        let target = String::from_utf8(text(Variable::ReqUrl)?).ok().filter(|target| is_target(target))?;
        let host = self.text(&Term::field(Message::Req, &HOST)).unwrap_or_default();
        let host = String::from_utf8(host).ok().filter(|host| is_host(host))?;
        // Nobody can be shown a request for no host; whether the host matters shows when the request is tried.
        let host = if host.is_empty() { SOME_HOST.to_owned() } else { host };
        let mut request = Request::get(host, target);
        request.method = Method::from_bytes(&text(Variable::ReqMethod)?).ok()?;
        if request.method == Method::CONNECT {
            return None;
        }
        if let Some(Scalar::Address(address)) = self.value(&Term::Input(Place::Variable(Variable::ClientIp))) {
            request.client = address;
        }
        for (name, value) in self.fields(Message::Req)? {
            // The request is made without content, and framed so.
            if [CONTENT_LENGTH, TRANSFER_ENCODING].contains(&name) {
                return None;
            }
            if name != HOST {
                request = request.with(name, value);
            }
        }
        Some(request)
    }

    fn answer(&self) -> Option<Answer> {
        let number = |variable| match self.value(&Term::Input(Place::Variable(variable))) {
            Some(Scalar::Number(number)) => number,
            _ => None,
        };
        let status = number(Variable::BerespStatus).and_then(|status| u16::try_from(status).ok()).unwrap_or(200);
        let mut answer = Answer::new(StatusCode::from_u16(status).ok()?);
        for (name, value) in self.fields(Message::Beresp)? {
            answer = answer.with(name, value);
        }
        let ttl_ms = number(Variable::BerespTtl);
        if !self.says_anything(&CACHE_CONTROL) {
            let said = ttl_ms
                .map_or(FRESH.to_owned(), |millis| format!("max-age={}", millis.max(0).saturating_add(999) / 1_000));
            answer = answer.with(CACHE_CONTROL, HeaderValue::from_str(&said).ok()?);
        } else if !answer.headers.get(CACHE_CONTROL).is_some_and(says_age) {
            let said = answer.headers.get(CACHE_CONTROL).and_then(|said| said.to_str().ok()).unwrap_or_default();
            let said = if said.is_empty() { FRESH.to_owned() } else { format!("{said}, {FRESH}") };
            answer.headers.insert(CACHE_CONTROL, HeaderValue::from_str(&said).ok()?);
        }
        Some(answer)
    }

    fn says_anything(&self, name: &HeaderName) -> bool {
        self.text(&Term::field(Message::Beresp, name)).is_some()
    }

    fn text(&self, term: &Term) -> Option<Vec<u8>> {
        self.value(term)?.as_text().map(<[u8]>::to_vec)
    }

    /// The fields of a message that were chosen to be there, by name.
    fn fields(&self, of: Message) -> Option<Vec<(HeaderName, HeaderValue)>> {
        let mut fields = Vec::new();
        for (term, value) in self.chosen() {
            if let (Term::Input(Place::Field(message, name)), Scalar::Text(Some(text))) = (term, value)
                && *message == of
            {
                fields.push((name.clone(), HeaderValue::from_bytes(text).ok()?));
            }
        }
        fields.sort_by(|(one, _), (other, _)| one.as_str().cmp(other.as_str()));
        Some(fields)
    }
}

fn says_age(said: &HeaderValue) -> bool {
    said.to_str().is_ok_and(|said| said.contains("max-age") || said.contains("s-maxage"))
}

/// Whether a target can be written as it is sent.
fn is_target(target: &str) -> bool {
    target.starts_with('/') && target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#')
}

/// Whether a host is one that a client can be asked for, or none: a name or an address, with a port or without
/// (RFC 9110 section 7.2).
fn is_host(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, port),
        _ => (host, "1"),
    };
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~[]:%!$&'()*+,;=".contains(&byte);
    let is_port = port.parse::<u16>().is_ok() && port.bytes().all(|byte| byte.is_ascii_digit());
    host.is_empty() || !name.is_empty() && name.bytes().all(is_name) && is_port
}
