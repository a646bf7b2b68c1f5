//! The backend's side: from `backend_fetch` to `backend_response` and `backend_error`.

use http::uri::Scheme;
use http::{HeaderValue, Method, StatusCode, Uri, header};

use super::client::Synthetic;
use super::journey::{Asked, Mark, Response};
use super::message::Answer;
use super::run::{Next, Way};
use super::state::{Fetch, Head};
use crate::cache::lifetimes::{Lifetimes, NotStored, TtlSource, Uncacheable, timing};
use crate::cache::validation::CONDITIONS;
use crate::cache::{Unstorable, asked, hop_by_hop, invalidation, one_content_length, stale, transfer_coding};
use crate::decision::{Facts, Verdict};
use crate::lang::hir::BackendId;
use crate::lang::schema::{Action, Step, split_status};

/// How long a key stays marked where nothing says so.
const MARK_TIME_MS: i64 = 120_000;

/// What comes of asking a backend.
enum Fetched {
    /// A response that the policy lets through.
    Response(Box<Response>),
    /// None, with this status for `backend_error`.
    Failed(u16),
    /// None, and no `backend_error` either.
    GivenUp,
    /// The backend is asked again.
    Retry,
}

/// What comes of a `retry`.
enum Retry {
    Due,
    TooOften,
    Impossible,
}

impl Way<'_> {
    /// Asks the backend as often as the policy wants it; then the response goes to the client.
    pub fn fetch(&mut self) -> Next {
        loop {
            let fetched = self.ask();
            let fetched = match fetched {
                // What is stale is used as before.
                Fetched::Failed(_) | Fetched::GivenUp if self.state.is_behind => {
                    return Next::Answered(Response::default());
                }
                Fetched::Failed(status) => match self.error_page(status) {
                    Ok(next) => return next,
                    Err(fetched) => fetched,
                },
                other => other,
            };
            match fetched {
                Fetched::Response(response) => return self.conclude(*response),
                Fetched::Retry => self.state.fetch = self.state.fetch.again(),
                Fetched::GivenUp | Fetched::Failed(_) => return self.make_page(&Synthetic::new(503)),
            }
        }
    }

    /// Runs `backend_fetch`, asks, and runs `backend_response` on what comes.
    fn ask(&mut self) -> Fetched {
        if self.state.fetch.bereq.is_none() {
            self.state.fetch.bereq = Some(self.bereq());
            self.state.fetch.backend = self.state.exchange.backend_hint.or(self.state.default_backend);
        }
        let verdict = self.step(Step::BackendFetch);
        if verdict.action != Action::Fetch {
            return self.refused(&verdict);
        }
        self.journey.backend = self.state.fetch.backend;
        self.journey.backend_name = self.backend_name();
        let chosen = self.state.fetch.backend.and_then(|id| self.member(id));
        self.state.fetch.chosen = chosen;
        if chosen.is_none() || self.misses_content() {
            return Fetched::Failed(503);
        }
        match self.heard() {
            Some(answer) => {
                self.note_asked();
                self.respond(answer)
            }
            None => Fetched::Failed(503),
        }
    }

    /// What the backend says this time.
    fn heard(&mut self) -> Option<Answer> {
        let before = self.tries;
        self.tries += 1;
        let answer = self.case.answer_behind(before).cloned()?;
        self.answer = Some(before);
        if !self.journey.has_stored_answer {
            self.journey.answer = self.answer;
        }
        Some(answer)
    }

    /// The answer that came last is stored.
    fn note_stored_answer(&mut self) {
        (self.journey.answer, self.journey.has_stored_answer) = (self.answer, true);
    }

    /// Whether the backend would miss what the client sent.
    fn misses_content(&self) -> bool {
        let fetch = &self.state.fetch;
        let asks_for_what_is_there =
            fetch.bereq.as_ref().is_some_and(|bereq| matches!(bereq.method, Method::GET | Method::HEAD));
        self.state.is_content_gone && !fetch.leaves_content_out && !asks_for_what_is_there
    }

    /// The request to the backend, before the policy sees it.
    fn bereq(&self) -> Head {
        let (mut bereq, may_be_stored) = (self.state.req.clone(), !self.state.fetch.passes);
        for name in asked::not_sent_on(&bereq.method.clone(), may_be_stored) {
            bereq.headers.remove(name);
        }
        if may_be_stored && bereq.method == Method::HEAD {
            bereq.method = Method::GET;
        }
        bereq.headers.append(header::VIA, HeaderValue::from_static(asked::OWN_VIA));
        bereq
    }

    /// The backend that is asked, if it can be: of a director the first member.
    fn member(&self, id: BackendId) -> Option<BackendId> {
        match self.state.program.director(id) {
            Some(director) => director.members.iter().find_map(|member| self.member(member.backend)),
            None => Some(id).filter(|id| self.state.is_healthy(*id)),
        }
    }

    fn backend_name(&self) -> Option<String> {
        self.state.fetch.backend.and_then(|id| self.state.program.target_name(id)).map(str::to_owned)
    }

    fn note_asked(&mut self) {
        let Some(bereq) = &self.state.fetch.bereq else { return };
        let mut headers = bereq.headers.clone();
        if !self.state.fetch.passes && !headers.contains_key(header::RANGE) {
            headers.remove(header::IF_RANGE);
        }
        self.journey.asked.push(Asked {
            backend: self.state.fetch.backend,
            backend_name: self.backend_name(),
            method: bereq.method.clone(),
            target: String::from_utf8_lossy(&bereq.target).into_owned(),
            headers: headers.clone(),
            timeouts: self.state.fetch.timeouts,
            reconnects: !self.state.fetch.never_reconnects,
        });
        self.state.fetch.asked_with = Some(headers);
        self.state.fetch.was_sent = true;
    }

    /// Takes an answer through `backend_response`.
    fn respond(&mut self, answer: Answer) -> Fetched {
        let mut beresp = Response { status: answer.status, reason: None, headers: answer.headers, body: answer.body };
        if let Some(failed) = self.reject(&beresp) {
            return failed;
        }
        if self.is_worse_than_stale(&beresp) && !self.state.program.may_end(Step::BackendResponse, Action::Retry) {
            return Fetched::GivenUp;
        }
        if !beresp.headers.contains_key(header::DATE) {
            beresp.headers.insert(header::DATE, self.date());
        }
        if beresp.status == StatusCode::NO_CONTENT {
            beresp.headers.remove(header::CONTENT_LENGTH);
        }
        let is_unasked = beresp.status == StatusCode::PARTIAL_CONTENT && !self.asks_for_part();
        let passes = self.state.fetch.lifetimes.uncacheable;
        let cc = self.state.fetch.directives(&beresp.headers);
        let now = self.state.now();
        self.state.fetch.lifetimes = Lifetimes::of(beresp.status, &beresp.headers, &cc, timing(Some(now), now));
        self.state.fetch.lifetimes.uncacheable = passes;
        self.state.fetch.unsent_status = 0;
        self.state.fetch.beresp = Some(beresp);
        let verdict = self.step(Step::BackendResponse);
        if verdict.action == Action::Pass {
            self.state.fetch.lifetimes.uncacheable = Uncacheable::Refused;
            self.state.fetch.refused_at = verdict.span;
            self.state.fetch.hit_for_pass_ms = Some(verdict.time_ms.unwrap_or(MARK_TIME_MS));
        }
        let Some(beresp) = self.state.fetch.beresp.take() else { return Fetched::GivenUp };
        self.conclude_times(&beresp);
        if is_unasked {
            self.state.fetch.lifetimes.not_stored.get_or_insert(NotStored::Rule(Unstorable::Partial));
        }
        match verdict.action {
            Action::Deliver | Action::Pass if self.is_worse_than_stale(&beresp) => Fetched::GivenUp,
            Action::Deliver | Action::Pass => Fetched::Response(Box::new(beresp)),
            Action::Retry => match self.retry() {
                Retry::Due => Fetched::Retry,
                Retry::TooOften => Fetched::Failed(503),
                Retry::Impossible => Fetched::GivenUp,
            },
            _ => self.refused(&verdict),
        }
    }

    /// Whether what is stale goes before that answer.
    fn is_worse_than_stale(&self, beresp: &Response) -> bool {
        self.state.is_behind && stale::is_error(beresp.status.as_u16())
    }

    /// What is wrong with an answer whatever the policy says.
    fn reject(&mut self, beresp: &Response) -> Option<Fetched> {
        if beresp.status == StatusCode::SWITCHING_PROTOCOLS || !transfer_coding::is_understood(&beresp.headers) {
            return Some(Fetched::Failed(503));
        }
        if one_content_length(&beresp.headers).is_err() {
            self.state.fetch.error.get_or_insert((StatusCode::BAD_GATEWAY.as_u16(), None));
            return Some(Fetched::Failed(503));
        }
        let is_unasked = beresp.status == StatusCode::PARTIAL_CONTENT && !self.asks_for_part();
        let wants_part = self.state.req.method == Method::GET && self.state.req.headers.contains_key(header::RANGE);
        let is_unusable = is_unasked && !self.state.fetch.passes && !wants_part;
        let is_unconditional = beresp.status == StatusCode::NOT_MODIFIED && !self.asks_with_condition();
        (is_unusable || is_unconditional).then_some(Fetched::Failed(503))
    }

    fn asks_for_part(&self) -> bool {
        self.state.fetch.asked_with.as_ref().is_some_and(|asked| asked.contains_key(header::RANGE))
    }

    fn asks_with_condition(&self) -> bool {
        let bereq = self.state.fetch.bereq.as_ref();
        bereq.is_some_and(|bereq| CONDITIONS.iter().any(|name| bereq.headers.contains_key(name)))
    }

    fn conclude_times(&mut self, beresp: &Response) {
        let cc = self.state.fetch.directives(&beresp.headers);
        let asked = &self.state.req.headers;
        self.state.fetch.lifetimes.conclude(asked, beresp.status, &beresp.headers, &cc);
    }

    /// What stands for a verdict that lets no response through.
    fn refused(&mut self, verdict: &Verdict) -> Fetched {
        match verdict.action {
            Action::Error => self.state.fetch.error = Some((verdict.status.unwrap_or(503), verdict.reason.clone())),
            Action::Abandon | Action::Fail => return Fetched::GivenUp,
            _ => {}
        }
        Fetched::Failed(503)
    }

    /// The policy says `retry`.
    fn retry(&mut self) -> Retry {
        self.state.fetch.retries += 1;
        if self.state.fetch.retries > self.state.world.most_retries {
            return Retry::TooOften;
        }
        let method = &self.state.req.method;
        let is_harmless =
            method.is_idempotent() || method.as_str() == asked::QUERY || self.state.exchange.keeps_content;
        if is_harmless || !self.state.fetch.was_sent { Retry::Due } else { Retry::Impossible }
    }

    /// Runs `backend_error` and delivers the page that it makes.
    fn error_page(&mut self, status: u16) -> Result<Next, Fetched> {
        let (status, reason) = self.state.fetch.error.clone().unwrap_or((status, None));
        let reason = reason.or_else(|| (status == 503).then(|| b"Backend fetch failed".to_vec()));
        self.state.exchange.body = None;
        let fetch = &mut self.state.fetch;
        fetch.lifetimes = Lifetimes::unsaid(fetch.passes);
        fetch.unsent_status = split_status(status).1;
        fetch.has_failed = true;
        fetch.tags.clear();
        self.state.fetch.beresp = Some(Synthetic { reason, ..Synthetic::new(status) }.head(self.date()));
        let verdict = self.step(Step::BackendError);
        let Some(mut page) = self.state.fetch.beresp.take() else { return Err(Fetched::GivenUp) };
        match verdict.action {
            Action::Deliver => {
                self.conclude_times(&page);
                page.body = self.state.exchange.body.take().unwrap_or_default();
                self.store_page(&page);
                self.journey.mark = self.mark_of_page();
                Ok(self.deliver(page))
            }
            Action::Retry => Err(match self.retry() {
                Retry::Due => Fetched::Retry,
                Retry::TooOften | Retry::Impossible => Fetched::GivenUp,
            }),
            _ => Err(Fetched::GivenUp),
        }
    }

    fn store_page(&mut self, page: &Response) {
        let times = &self.state.fetch.lifetimes;
        (self.journey.not_stored, self.journey.lifetimes) = (times.not_stored, Some(times.clone()));
        if times.ttl_ms > 0 && times.not_stored.is_none() && !self.state.fetch.passes {
            self.keep(page);
        }
    }

    /// Stores a response, if it may be, and delivers it.
    fn conclude(&mut self, mut response: Response) -> Next {
        let times = self.state.fetch.lifetimes.clone();
        let why_not = self.why_not_kept(&times, &response);
        (self.journey.not_stored, self.journey.lifetimes) = (why_not, Some(times));
        if why_not.is_none() && !self.state.fetch.passes {
            self.note_stored_answer();
            self.keep(&response);
        } else if self.state.fetch.passes {
            self.store_for_get(&response);
        } else {
            self.journey.mark = self.mark(&response);
        }
        self.keep_what_was_for_us(&mut response);
        if !self.state.fetch.passes {
            self.narrow(&mut response);
        }
        self.deliver(response)
    }

    fn why_not_kept(&self, times: &Lifetimes, response: &Response) -> Option<NotStored> {
        times.why_not_kept(&response.headers).or_else(|| self.is_head_alone().then_some(NotStored::Policy))
    }

    /// Whether the policy asked for the head alone of what is looked up.
    fn is_head_alone(&self) -> bool {
        let bereq = self.state.fetch.bereq.as_ref();
        !self.state.fetch.passes && bereq.is_some_and(|bereq| bereq.method == Method::HEAD)
    }

    /// What the key of a response that is not stored is marked with.
    fn mark(&self, response: &Response) -> Option<Mark> {
        if self.is_head_alone() {
            return None;
        }
        let of_the_key = || self.lies_in_the_key(response).then(|| Mark::HitForMiss(self.mark_time_ms()));
        self.state.fetch.hit_for_pass_ms.map(Mark::HitForPass).or_else(of_the_key)
    }

    /// Whether it is not because of this request or this moment that the response is not stored.
    fn lies_in_the_key(&self, response: &Response) -> bool {
        let is_by_request = self.journey.not_stored == Some(NotStored::Rule(Unstorable::Authorization));
        let is_error = response.status.is_server_error();
        !self.store.holds(&self.state) && !is_by_request && (self.is_refused() || !is_error)
    }

    fn is_refused(&self) -> bool {
        self.state.fetch.lifetimes.uncacheable == Uncacheable::Refused
    }

    /// What the key of an error page is marked with: the policy wants none like it stored for some time.
    fn mark_of_page(&self) -> Option<Mark> {
        let times = &self.state.fetch.lifetimes;
        let is_meant =
            !self.state.fetch.passes && self.is_refused() && times.ttl_ms > 0 && !self.store.holds(&self.state);
        is_meant.then_some(Mark::HitForMiss(times.ttl_ms))
    }

    fn mark_time_ms(&self) -> i64 {
        let times = &self.state.fetch.lifetimes;
        if self.is_refused() && times.ttl_ms > 0 { times.ttl_ms } else { MARK_TIME_MS }
    }

    fn keep(&mut self, response: &Response) {
        let cc = self.state.fetch.directives(&response.headers);
        let stored = self.state.to_store(response, &cc);
        self.store.add(stored.clone());
        self.journey.stored.push(stored);
    }

    /// A POST that was answered with what a GET of the same URL would give: it is stored for that GET
    /// (RFC 9110 section 9.3.3).
    fn store_for_get(&mut self, response: &Response) {
        let came = &self.case.request;
        let times = &self.state.fetch.lifetimes;
        let states_it = times.source == TtlSource::Response && times.ttl_ms > 0;
        let is_fit = came.method == Method::POST && response.status == StatusCode::OK && states_it;
        if !is_fit || times.uncacheable == Uncacheable::Refused || !is_of_its_own_target(came, response) {
            return;
        }
        let times = Lifetimes { uncacheable: Uncacheable::No, ..times.clone() };
        let cc = self.state.fetch.directives(&response.headers);
        if times.why_not_stored(&self.state.req.headers, response.status, &response.headers, &cc).is_some() {
            return;
        }
        let Some(key) = self.key_of_get() else { return };
        let mut stored = self.state.to_store(response, &cc);
        stored.place = (self.state.site.map(str::to_owned), key);
        stored.lifetimes = times;
        self.note_stored_answer();
        self.store.add(stored.clone());
        self.journey.stored.push(stored);
    }

    /// The key under which this client's GET of the same URL would be looked up; `None` if it would not be.
    fn key_of_get(&self) -> Option<Vec<super::KeyPart>> {
        let mut state = self.state.clone();
        (state.req, state.exchange, state.fetch) =
            (Head::of(&self.case.request), super::state::Exchange::default(), Fetch::default());
        state.exchange.identity.clone_from(&self.state.exchange.identity);
        state.restarts = 0;
        state.req.method = Method::GET;
        for name in &invalidation::NOT_OF_A_GET {
            state.req.headers.remove(name);
        }
        state.step = Step::Recv;
        let received = state.program.run(Step::Recv, &mut state);
        state.step = Step::Hash;
        state.exchange.key.clear();
        let hashed = state.program.run(Step::Hash, &mut state);
        (received.action == Action::Hash && hashed.action == Action::Lookup).then_some(state.exchange.key)
    }

    /// Runs `pipe`; then the answer goes through as it is.
    pub fn pipe_through(&mut self) -> Next {
        self.state.fetch = Fetch::begun(true);
        let mut bereq = self.state.req.clone();
        for name in hop_by_hop::HOP_BY_HOP.iter().filter(|name| **name != header::TRANSFER_ENCODING) {
            bereq.headers.remove(name);
        }
        bereq.headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        bereq.headers.append(header::VIA, HeaderValue::from_static(asked::OWN_VIA));
        self.state.fetch.bereq = Some(bereq);
        self.state.fetch.backend = self.state.exchange.backend_hint.or(self.state.default_backend);
        let verdict = self.step(Step::Pipe);
        if verdict.action != Action::Pipe {
            return self.end(&verdict);
        }
        let chosen = self.state.fetch.backend.and_then(|id| self.member(id));
        let answer = if chosen.is_some() { self.heard() } else { None };
        match answer {
            Some(answer) => {
                self.note_asked();
                let Answer { status, headers, body } = answer;
                Next::Answered(Response { status, reason: None, headers, body })
            }
            _ => self.make_page(&Synthetic::new(503)),
        }
    }
}

/// Whether `Content-Location` is the URL that was asked.
fn is_of_its_own_target(request: &super::Request, response: &Response) -> bool {
    let url = |scheme| {
        Uri::builder().scheme(scheme).authority(request.host.as_str()).path_and_query(request.target.as_str()).build()
    };
    let mut urls = [Scheme::HTTP, Scheme::HTTPS].into_iter().filter_map(|scheme| url(scheme).ok());
    urls.any(|url| invalidation::is_location_of(&url, &response.headers))
}
