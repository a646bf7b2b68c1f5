//! A model as a request that can be sent, and an answer to it.

use http::header::{AGE, CACHE_CONTROL, CONTENT_LENGTH, ETAG, HOST, TRANSFER_ENCODING};
use http::{HeaderName, HeaderValue, Method, StatusCode};

use super::model::{Model, Scalar};
use super::term::{Op, Place, Term};
use crate::cache::TargetList;
use crate::cache::asked::FORWARDED_FOR;
use crate::lang::schema::{Directive, Message, Variable, is_host, is_target};
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

impl Witness {
    /// The same with `é` in the place of bytes that are no text, which no test can say; `None` if all of it is text.
    #[must_use]
    pub fn in_text(&self) -> Option<Self> {
        let mut told = self.clone();
        let values = told.request.headers.values_mut().chain(told.answer.headers.values_mut());
        let mut is_text = true;
        for value in values.filter(|value| std::str::from_utf8(value.as_bytes()).is_err()) {
            is_text = false;
            *value = HeaderValue::from_str(&String::from_utf8_lossy(value.as_bytes()).replace('\u{fffd}', "é")).ok()?;
        }
        (!is_text).then_some(told)
    }
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
            let behind = self.line_behind(&Term::field(Message::Req, &name)).filter(|line| !line.is_empty());
            let is_added = name == FORWARDED_FOR && value.as_bytes() == request.client.to_string().as_bytes();
            if name != HOST && !is_added {
                request = request.with(name.clone(), value);
            }
            if let Some(line) = behind {
                request = request.with(name, HeaderValue::from_bytes(line).ok()?);
            }
        }
        Some(request)
    }

    fn answer(&self) -> Option<Answer> {
        let status = match self.value(&Term::Input(Place::Variable(Variable::BerespStatus))) {
            Some(Scalar::Number(Some(status))) => u16::try_from(status).ok()?,
            _ => 200,
        };
        let mut answer = Answer::new(StatusCode::from_u16(status).ok()?);
        for (name, value) in self.fields(Message::Beresp)? {
            answer = answer.with(name, value);
        }
        let ttl = self.asked_ttl();
        self.be_fresh(&mut answer, ttl)?;
        be_old(&mut answer, ttl);
        self.be_validated(&mut answer);
        be_obeyed(&mut answer, ttl);
        Some(answer)
    }

    /// How long the answer is to stay fresh, in milliseconds, if that is asked for.
    fn asked_ttl(&self) -> Option<i64> {
        let ttl = Term::Input(Place::Variable(Variable::BerespTtl));
        let asked = self.chosen().find_map(|(term, value)| (*term == ttl).then_some(value));
        if let Some(Scalar::Number(number)) = asked { *number } else { None }
    }

    /// What has to be validated each time is stored if it can be.
    fn be_validated(&self, answer: &mut Answer) {
        let is_free = !self.chosen().any(|(term, _)| *term == Term::field(Message::Beresp, &ETAG));
        let mut said = answer.headers.get_all(CACHE_CONTROL).iter().filter_map(|said| said.to_str().ok());
        if is_free && said.any(|said| said.contains("no-cache")) {
            answer.headers.insert(ETAG, HeaderValue::from_static("\"1\""));
        }
    }

    /// Says how long an answer stays fresh, beside what it says: so long as is asked for, else a while. Where the first line is
    /// given, a second one says it.
    fn be_fresh(&self, answer: &mut Answer, ttl_ms: Option<i64>) -> Option<()> {
        let field = Term::field(Message::Beresp, &CACHE_CONTROL);
        let line = self.line_behind(&field);
        let first = answer.headers.get(CACHE_CONTROL).and_then(|said| said.to_str().ok()).unwrap_or_default();
        let said = line.map_or(Some(first), |line| std::str::from_utf8(line).ok())?;
        let says = |name: &str| first.contains(name) || said.contains(name);
        let seconds = ttl_ms.map(seconds);
        let more = match seconds {
            _ if says("s-maxage") => None,
            Some(seconds) if !says("max-age") && !self.asks(Directive::MaxAge) => Some(format!("max-age={seconds}")),
            Some(seconds) if !self.asks(Directive::SMaxage) => Some(format!("s-maxage={seconds}")),
            _ if says("max-age") || self.asks(Directive::MaxAge) => None,
            _ => Some(FRESH.to_owned()),
        };
        let whole: Vec<&str> = [said].into_iter().chain(more.as_deref()).filter(|part| !part.is_empty()).collect();
        let whole = HeaderValue::from_str(&whole.join(", ")).ok().filter(|whole| !whole.is_empty());
        match (line, whole) {
            (Some(_), Some(whole)) => drop(answer.headers.append(CACHE_CONTROL, whole)),
            (None, Some(whole)) => drop(answer.headers.insert(CACHE_CONTROL, whole)),
            (_, None) => {}
        }
        Some(())
    }

    /// Whether something is asked of a directive, which the text of the field says then.
    fn asks(&self, directive: Directive) -> bool {
        self.chosen()
            .any(|(term, _)| matches!(term.as_made(), Some((Op::Directive(Message::Beresp, asked), _)) if *asked == directive))
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

/// What is stale when it comes is older than it stays fresh.
fn be_old(answer: &mut Answer, ttl_ms: Option<i64>) {
    let seconds = ttl_ms.filter(|millis| *millis < 0).map(|millis| millis.unsigned_abs().div_ceil(1_000));
    if let Some(seconds) = seconds {
        answer.headers.entry(AGE).or_insert_with(|| HeaderValue::from(seconds));
        answer.headers.entry(ETAG).or_insert(HeaderValue::from_static("\"1\""));
    }
}

/// What stands in for `Cache-Control` says how long an answer stays fresh, so long as is asked for, else a while: of nothing
/// else is it known what it does.
fn be_obeyed(answer: &mut Answer, ttl_ms: Option<i64>) {
    let asked = ttl_ms.and_then(|millis| HeaderValue::from_str(&format!("max-age={}", seconds(millis))).ok());
    let fresh = asked.unwrap_or(HeaderValue::from_static(FRESH));
    for name in <&TargetList>::default().names() {
        if answer.headers.get(name).is_some_and(|said| !said.as_bytes().starts_with(b"max-age=")) {
            answer.headers.insert(name, fresh.clone());
        }
    }
}

/// Whole seconds, as fields count them: no less than so many milliseconds.
fn seconds(millis: i64) -> i64 {
    millis.max(0).saturating_add(999) / 1_000
}
