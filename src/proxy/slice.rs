//! A request for one slice, made by warp on behalf of a client's.
//!
//! It goes through lookup, fetch and store like any other, with the policy, the key and the choices of
//! the request that it is for. It has no `recv` and no `deliver`: those are the client's.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;
use http::{Method, header};
use pingora::cache::storage::HandleHit;
use pingora::http::{RequestHeader, ResponseHeader};

use pingora::protocols::http::HttpTask;
use pingora::protocols::http::subrequest::server::SubrequestHandle;
use pingora::proxy::{Session, subrequest};
use pingora::{Error, ErrorType, Result};

use super::ctx::{CacheVerdict, Exchange, RequestCtx};
use super::told::Told;
use super::wishes::Wish;
use crate::cache::slice::Slice;
use crate::cache::validation::CONDITIONS;
use crate::store::pingora::StoredHit;

/// What a request for a slice begins with.
struct Order {
    request: RequestHeader,
    ctx: RequestCtx,
}

/// A request for a slice under way.
pub struct Fetching {
    /// The slice.
    pub slice: Slice,
    handle: SubrequestHandle,
    told: Arc<OnceLock<Told>>,
    handed: Arc<Handed>,
    /// The head, once it was read.
    head: Option<ResponseHeader>,
    /// The body, once it was taken over.
    body: Option<StoredHit>,
}

/// The body of a slice that is being stored, left by the request that fetches it for the one that it is for. Each
/// reads and writes at its own pace then, as two clients do that share a response.
#[derive(Default)]
pub struct Handed(Mutex<Hand>);

#[derive(Default)]
enum Hand {
    #[default]
    Empty,
    Holds(Box<StoredHit>),
    /// The one that it is for is gone.
    Gone,
}

impl Handed {
    /// Leaves it; nobody reads it if the one that it is for is gone.
    pub fn give(&self, body: Option<StoredHit>) {
        let mut hand = self.lock();
        match (&*hand, body) {
            (Hand::Gone, _) | (_, None) => {}
            (_, Some(body)) => *hand = Hand::Holds(Box::new(body)),
        }
    }

    fn take(&self) -> Option<StoredHit> {
        match std::mem::take(&mut *self.lock()) {
            Hand::Holds(body) => Some(*body),
            Hand::Empty | Hand::Gone => None,
        }
    }

    /// Takes nothing any more: a fill waits for who has yet to read it.
    fn close(&self) {
        *self.lock() = Hand::Gone;
    }

    fn lock(&self) -> MutexGuard<'_, Hand> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Fetching {
    fn drop(&mut self) {
        self.handed.close();
    }
}

/// Takes up what was ordered; `false` for a request of a client.
pub fn begin(session: &mut Session, ctx: &mut RequestCtx) -> bool {
    let ordered = session.subrequest_ctx.as_mut().and_then(|sub| sub.user_ctx_mut());
    let order = ordered.and_then(|order| order.downcast_mut::<Option<Order>>()).and_then(Option::take);
    let Some(Order { request, ctx: own }) = order else { return false };
    *session.downstream_session.req_header_mut() = request;
    *ctx = own;
    true
}

/// Tells the request that a slice is for what came of it; `false` when it is not for a slice.
pub fn tell(session: &Session, ctx: &RequestCtx) -> bool {
    let Some(told) = &ctx.told else { return false };
    // A later word, like that of an error behind the head, comes too late to be of use.
    let _ = told.set(Told::of(session, ctx));
    true
}

fn order(session: &Session, ctx: &RequestCtx, slice: Slice) -> Result<Order> {
    let mut request = session.req_header().clone();
    // They are judged where the response is put together.
    for name in &CONDITIONS {
        request.remove_header(name);
    }
    request.set_method(Method::GET);
    request.insert_header(header::RANGE, slice.range())?;
    let mut own = RequestCtx::new(Arc::clone(&ctx.policy), ctx.limits);
    own.exchange = Exchange {
        backend_hint: ctx.exchange.backend_hint,
        wishes: ctx.exchange.wishes.with(Wish::SelectLanguage, false),
        max_age: ctx.exchange.max_age,
        slice_bytes: ctx.exchange.slice_bytes,
        restarts: ctx.exchange.restarts,
        slice: Some(slice),
        key: ctx.exchange.key.clone(),
        invalidator: ctx.exchange.invalidator,
        ..ctx.exchange.aside()
    };
    Ok(Order { request, ctx: own })
}

impl Fetching {
    /// Starts the request for a slice. It runs ahead of what is read of it as far as the store allows.
    pub fn start(session: &Session, ctx: &RequestCtx, slice: Slice) -> Result<Self> {
        let Some(spawner) = &session.subrequest_spawner else {
            return Error::e_explain(ErrorType::InternalError, "no request for a slice can be made here");
        };
        let mut order = order(session, ctx, slice)?;
        let told = Arc::new(OnceLock::new());
        order.ctx.told = Some(Arc::clone(&told));
        let handed = Arc::<Handed>::default();
        order.ctx.handed = Some(Arc::clone(&handed));
        let ordered = subrequest::Ctx::builder().user_ctx(Box::new(Some(order))).build();
        let (request, handle) = spawner.create_subrequest(session.as_ref(), ordered);
        tokio::spawn(request.run());
        Ok(Self { slice, handle, told, handed, head: None, body: None })
    }

    /// The head of the answer.
    pub async fn head(&mut self) -> Result<&ResponseHeader> {
        if self.head.is_none() {
            self.head = Some(self.read_head().await?);
        }
        self.head.as_ref().ok_or_else(broken_off)
    }

    async fn read_head(&mut self) -> Result<ResponseHeader> {
        while let Some(task) = self.handle.rx.recv().await {
            match task {
                HttpTask::Header(head, _) if head.status.is_informational() => {}
                HttpTask::Header(head, _) => return Ok(*head),
                _ => break,
            }
        }
        Err(broken_off())
    }

    /// What came of it, known with its head.
    pub fn told(&self) -> Told {
        self.told.get().cloned().unwrap_or_default()
    }

    /// In one word, known with its head.
    pub fn verdict(&self) -> CacheVerdict {
        self.told.get().map(|told| told.verdict).unwrap_or_default()
    }

    /// The next bytes of the body; `None` at its end.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        self.body = self.body.take().or_else(|| self.handed.take());
        if let Some(body) = &mut self.body {
            return body.read_body().await.map_err(|_| broken_off());
        }
        loop {
            match self.handle.rx.recv().await {
                Some(HttpTask::Body(Some(bytes), _)) if !bytes.is_empty() => return Ok(Some(bytes)),
                Some(HttpTask::Done | HttpTask::Body(_, true)) => return Ok(None),
                Some(HttpTask::Failed(error)) => return Err(error),
                Some(_) => {}
                None => return Err(broken_off()),
            }
        }
    }
}

/// Why that happened is logged by the request for the slice itself.
fn broken_off() -> Box<Error> {
    Error::explain(ErrorType::ReadError, "the request for a slice broke off").into_up()
}
