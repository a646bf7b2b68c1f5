//! The client's side: from `recv` to `deliver` and `synth`.

use http::header::{self, AGE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use super::journey::{Response, Treatment};
use super::run::{Next, Way};
use super::state::Fetch;
use crate::cache::range::{Parts, parts};
use crate::cache::targeted::SURROGATE_CONTROL;
use crate::cache::validation::{self, Stored};
use crate::cache::{Precondition, asked, content_length, hop_by_hop};
use crate::decision::Verdict;
use crate::lang::schema::{Action, Step, split_status};

/// A response that warp makes itself.
pub(super) struct Synthetic {
    pub status: u16,
    pub reason: Option<Vec<u8>>,
    pub location: Option<Vec<u8>>,
}

impl Synthetic {
    pub fn new(status: u16) -> Self {
        Self { status, reason: None, location: None }
    }

    /// The response that a verdict asks for: `synth(...)`, or 503 for `fail`.
    fn of(verdict: &Verdict) -> Self {
        if verdict.action != Action::Synth {
            return Self { reason: Some(b"Service Unavailable".to_vec()), ..Self::new(503) };
        }
        let (reason, location) = (verdict.reason.clone(), verdict.location.clone());
        Self { status: verdict.status.unwrap_or(503), reason, location }
    }

    /// Its head, with the date of now.
    pub fn head(&self, date: HeaderValue) -> Response {
        let mut response = Response::new(status_of(self.status));
        let reason = self.reason.as_deref().and_then(|reason| std::str::from_utf8(reason).ok());
        response.reason = reason.filter(|reason| !reason.chars().any(char::is_control)).map(str::to_owned);
        let location = self.location.as_deref().and_then(|location| HeaderValue::from_bytes(location).ok());
        if let Some(location) = location.or_else(|| self.url_for_reason()) {
            response.headers.insert(header::LOCATION, location);
        }
        response.headers.insert(header::DATE, date);
        response
    }

    /// Where a `synth` of VCL leads that redirects: its reason, if that is a URL.
    fn url_for_reason(&self) -> Option<HeaderValue> {
        let reason = self.reason.as_deref()?;
        let is_url = reason.starts_with(b"/") || memchr::memmem::find(reason, b"://").is_some();
        let redirects = matches!(split_status(self.status).0, 301 | 302 | 303 | 307 | 308);
        HeaderValue::from_bytes(reason).ok().filter(|_| is_url && redirects)
    }
}

/// The status that is sent.
pub(super) fn status_of(status: u16) -> StatusCode {
    StatusCode::from_u16(split_status(status).0).unwrap_or(StatusCode::SERVICE_UNAVAILABLE)
}

/// Whether a response with this status has content.
fn has_content(status: StatusCode) -> bool {
    !matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED)
}

impl Way<'_> {
    pub fn date(&self) -> HeaderValue {
        let date = httpdate::fmt_http_date(self.state.now());
        HeaderValue::from_str(&date).unwrap_or(HeaderValue::from_static(""))
    }

    /// The way from `recv` on, until the client has an answer or the request begins again.
    pub fn receive(&mut self) -> Next {
        let verdict = self.step(Step::Recv);
        self.keep_content();
        match verdict.action {
            Action::Restart => self.restart(),
            Action::Hash => self.look_up(),
            Action::Pass => self.pass(),
            Action::Pipe => self.pipe(),
            Action::Purge => self.purge(&verdict),
            _ => self.answer(&Synthetic::of(&verdict)),
        }
    }

    /// Keeps the content of the request, if the policy wants it kept and it is no longer than that.
    fn keep_content(&mut self) {
        let Some(most_bytes) = self.state.exchange.wanted_bytes.take() else { return };
        self.journey.kept_bytes = self.journey.kept_bytes.max(Some(most_bytes));
        self.state.exchange.keeps_content |= self.case.request.body.len() as u64 <= most_bytes;
    }

    /// The request begins again, if it has not done so too often.
    fn restart(&mut self) -> Next {
        self.state.restarts += 1;
        if self.state.restarts <= self.state.world.most_restarts {
            Next::Again
        } else {
            self.answer(&Synthetic::new(503))
        }
    }

    /// What a verdict comes to that ends the request's way.
    pub fn end(&mut self, verdict: &Verdict) -> Next {
        match verdict.action {
            Action::Restart => self.restart(),
            _ => self.answer(&Synthetic::of(verdict)),
        }
    }

    fn make_key(&mut self) -> Result<(), Verdict> {
        self.state.exchange.key.clear();
        let verdict = self.step(Step::Hash);
        self.journey.key = Some(self.state.exchange.key.clone());
        if verdict.action == Action::Lookup { Ok(()) } else { Err(verdict) }
    }

    fn look_up(&mut self) -> Next {
        if asked::why_not_looked_up(&self.state.req.method, &self.state.req.headers).is_some() {
            return self.pass();
        }
        if let Err(verdict) = self.make_key() {
            return self.answer(&Synthetic::of(&verdict));
        }
        if self.state.is_behind {
            // The request before it has had its `hit`.
            return self.fetch_anew();
        }
        let found = self.store.find(&self.state).filter(|_| !self.state.exchange.always_miss);
        let Some(found) = found else { return self.miss() };
        let is_stale = found.lifetimes.ttl_ms <= 0;
        self.state.exchange.hits = found.hits;
        self.state.obj = Some(found);
        let verdict = self.step(Step::Hit);
        match verdict.action {
            Action::Deliver => {
                self.behind = is_stale.then(|| self.state.req.clone());
                self.deliver_stored()
            }
            action => {
                (self.state.obj, self.state.exchange.hits) = (None, 0);
                if action == Action::Pass { self.pass() } else { self.end(&verdict) }
            }
        }
    }

    fn deliver_stored(&mut self) -> Next {
        self.journey.treatment = Treatment::Hit;
        let Some(obj) = &self.state.obj else { return self.answer(&Synthetic::new(503)) };
        let mut response =
            Response { status: obj.status, reason: None, headers: obj.headers.clone(), body: obj.body.clone() };
        if obj.lifetimes.age > std::time::Duration::ZERO {
            response.headers.insert(AGE, obj.lifetimes.age.as_secs().into());
        }
        if obj.keeps_surrogate_control {
            response.headers.remove(&SURROGATE_CONTROL);
        }
        self.narrow(&mut response);
        self.deliver(response)
    }

    fn miss(&mut self) -> Next {
        self.journey.treatment = Treatment::Miss;
        let verdict = self.step(Step::Miss);
        match verdict.action {
            Action::Fetch => self.fetch_anew(),
            Action::Pass => self.pass(),
            _ => self.end(&verdict),
        }
    }

    fn fetch_anew(&mut self) -> Next {
        self.journey.treatment = Treatment::Miss;
        self.state.fetch = Fetch::begun(false);
        self.fetch()
    }

    fn pass(&mut self) -> Next {
        (self.journey.treatment, self.journey.passed) = (Treatment::Pass, true);
        self.state.fetch = Fetch::begun(true);
        let verdict = self.step(Step::Pass);
        if verdict.action == Action::Fetch { self.fetch() } else { self.end(&verdict) }
    }

    fn pipe(&mut self) -> Next {
        if let Err(verdict) = self.make_key() {
            return self.answer(&Synthetic::of(&verdict));
        }
        (self.journey.treatment, self.journey.passed) = (Treatment::Pipe, true);
        self.pipe_through()
    }

    fn purge(&mut self, received: &Verdict) -> Next {
        if let Err(verdict) = self.make_key() {
            return self.answer(&Synthetic::of(&verdict));
        }
        if received.soft {
            self.store.expire(&self.state);
        } else {
            self.store.purge(&self.state);
        }
        self.journey.treatment = Treatment::Purge { softly: received.soft };
        let verdict = self.step(Step::Purge);
        self.end(&verdict)
    }

    /// Makes of a response what the client asks for of it: nothing if it has that already, or a part.
    pub fn narrow(&mut self, response: &mut Response) {
        let req = &self.state.req;
        let stored = Stored { status: response.status, headers: &response.headers, response_time: self.state.now() };
        let condition = validation::evaluate(&req.method, &req.headers, &stored, self.state.now());
        if condition == Precondition::NotModified {
            (response.status, response.reason) = (StatusCode::NOT_MODIFIED, None);
            response.body.clear();
            return;
        }
        let length = content_length(&response.headers).filter(|_| response.status == StatusCode::OK);
        let Some(length) = length else { return };
        let first = match parts(&req.method, &req.headers, &response.headers, length) {
            Parts::Whole => return,
            Parts::Unsatisfiable => {
                response.status = StatusCode::RANGE_NOT_SATISFIABLE;
                response.body.clear();
                return;
            }
            Parts::Some(parts) => parts.first().copied(),
        };
        response.status = StatusCode::PARTIAL_CONTENT;
        if let Some((first, last)) = first {
            let (first, last) = (usize::try_from(first).unwrap_or(0), usize::try_from(last).unwrap_or(0));
            response.body = response.body.get(first..=last).unwrap_or_default().to_vec();
        }
    }

    /// Runs `deliver` on a response, if a client gets it.
    pub fn deliver(&mut self, mut response: Response) -> Next {
        if self.state.is_behind {
            return Next::Answered(response);
        }
        self.state.exchange.unsent_status = 0;
        if !response.headers.contains_key(header::DATE) {
            response.headers.insert(header::DATE, self.date());
        }
        let before = response.status;
        self.state.resp = Some(response);
        let verdict = self.step(Step::Deliver);
        let response = self.state.resp.take();
        match (verdict.action, response) {
            (Action::Deliver, Some(mut response)) => {
                strip_hop_by_hop(&mut response.headers);
                if before == StatusCode::NOT_MODIFIED && response.status.is_success() {
                    response.status = before;
                }
                if !has_content(before) || !has_content(response.status) || self.is_head() {
                    response.body.clear();
                }
                Next::Answered(response)
            }
            _ => self.end(&verdict),
        }
    }

    fn is_head(&self) -> bool {
        self.state.req.method == Method::HEAD
    }

    /// Runs `synth`.
    pub fn answer(&mut self, synthetic: &Synthetic) -> Next {
        if !matches!(self.journey.treatment, Treatment::Purge { .. }) {
            self.journey.treatment = Treatment::Answered;
        }
        self.make_page(synthetic)
    }

    /// The same for a request that the backend was asked for.
    pub fn make_page(&mut self, synthetic: &Synthetic) -> Next {
        self.state.exchange.body = None;
        self.state.exchange.unsent_status = split_status(synthetic.status).1;
        self.state.resp = Some(synthetic.head(self.date()));
        let verdict = self.step(Step::Synth);
        let made = self.state.resp.take();
        if verdict.action == Action::Restart {
            self.state.restarts += 1;
            if self.state.restarts <= self.state.world.most_restarts {
                return Next::Again;
            }
        }
        // As in Varnish: where it has begun too often, the page is delivered.
        let is_delivered = matches!(verdict.action, Action::Deliver | Action::Restart);
        let made = made.filter(|_| is_delivered);
        if made.is_none() {
            self.state.exchange.body = None;
        }
        let mut response = made.unwrap_or_else(|| Synthetic::new(503).head(self.date()));
        if has_content(response.status) && !self.is_head() {
            response.body = self.state.exchange.body.take().unwrap_or_default();
        }
        Next::Answered(response)
    }

    /// What `Surrogate-Control` said was for us alone, if we followed it.
    pub fn keep_what_was_for_us(&self, response: &mut Response) {
        let cc = self.state.fetch.directives(&response.headers);
        if cc.targeted == Some(SURROGATE_CONTROL) {
            response.headers.remove(&SURROGATE_CONTROL);
        }
    }
}

fn strip_hop_by_hop(headers: &mut HeaderMap) {
    for name in hop_by_hop::found_in(headers) {
        headers.remove(name);
    }
}
