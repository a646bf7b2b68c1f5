//! pingora's hooks, each handed on to the step that it stands for. No logic here: when pingora's
//! signatures change, only this file does.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use pingora::cache::key::HashBinary;
use pingora::cache::{CacheKey, CacheMeta, ForcedFreshness, HitHandler, RespCacheable};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::modules::http::HttpModules;
use pingora::protocols::Digest;
use pingora::proxy::{FailToProxy, ProxyHttp, ProxyWarnLogContext, RangeType, Session};
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, Result};

use super::ctx::{Course, RequestCtx, Stage};
use super::invalidator::Invalidator;
use super::recv::Received;
use super::{
    WarpProxy, abandon, ahead, backend_connection, beresp, choose, coalesce, deadline, deliver, failure, fetch,
    framing, head_update, interim, invalidate, log, lookup, part, pipe, post, range, recv, revalidate, slice, sliced,
    stale, storing, synth,
};

#[async_trait]
impl ProxyHttp for WarpProxy {
    type CTX = Box<RequestCtx>;

    fn new_ctx(&self) -> Box<RequestCtx> {
        let mut ctx = Box::new(RequestCtx::new(self.policy.current(), self.limits));
        ctx.exchange.invalidator = Some(Invalidator::new(self.storage, self.bans));
        ctx
    }

    fn init_downstream_modules(&self, _modules: &mut HttpModules) {}

    fn allow_spawning_subrequest(&self, session: &Session, _ctx: &Self::CTX) -> bool {
        session.subrequest_ctx.is_none()
    }

    async fn request_filter(&self, session: &mut Session, ctx: &mut Self::CTX) -> Result<bool> {
        if slice::begin(session, ctx) {
            return Ok(false);
        }
        // What few requests come to has memory of its own, which else each would take, and copy.
        match recv::receive(self, session, ctx).await {
            Received::GoOn if !sliced::is_wanted(self, session, ctx) => Ok(false),
            Received::GoOn => Box::pin(sliced::answer(self, session, ctx)).await,
            Received::Pipe => Box::pin(pipe::run(session, ctx)).await.map(|()| true),
            Received::Answer(synthetic) => Box::pin(synth::answer(session, ctx, &synthetic)).await.map(|()| true),
        }
    }

    fn request_cache_filter(&self, session: &mut Session, ctx: &mut Self::CTX) -> Result<()> {
        lookup::enable(self, session, ctx);
        Ok(())
    }

    fn cache_key_callback(&self, session: &Session, ctx: &mut Self::CTX) -> Result<CacheKey> {
        let mut key = lookup::cache_key(&ctx.exchange);
        self.bans.note_request(&mut key, ctx.policy.site.as_deref(), session.req_header());
        coalesce::join(&mut key, session, ctx);
        Ok(key)
    }

    fn cache_vary_filter(&self, meta: &CacheMeta, ctx: &mut Self::CTX, req: &RequestHeader) -> Option<HashBinary> {
        lookup::variance(self.storage, meta, req, ctx)
    }

    async fn cache_hit_filter(
        &self,
        session: &mut Session,
        meta: &CacheMeta,
        handler: &mut HitHandler,
        is_fresh: bool,
        ctx: &mut Self::CTX,
    ) -> Result<Option<ForcedFreshness>> {
        Ok(lookup::on_hit(self, session, meta, handler, is_fresh, ctx))
    }

    fn cache_not_modified_filter(
        &self,
        session: &Session,
        response: &ResponseHeader,
        _ctx: &mut Self::CTX,
    ) -> Result<bool> {
        Ok(deliver::is_not_modified(session.req_header(), response))
    }

    fn range_header_filter(
        &self,
        session: &mut Session,
        response: &mut ResponseHeader,
        ctx: &mut Self::CTX,
    ) -> RangeType {
        range::narrow(session, response, ctx)
    }

    fn cache_miss(&self, session: &mut Session, ctx: &mut Self::CTX) {
        lookup::on_miss(session, ctx);
    }

    fn should_serve_stale(&self, session: &mut Session, ctx: &mut Self::CTX, error: Option<&Error>) -> bool {
        stale::may_serve(self.failed, session, ctx, error)
    }

    async fn proxy_upstream_filter(&self, session: &mut Session, ctx: &mut Self::CTX) -> Result<bool> {
        if ctx.is_elsewhere() {
            return Ok(false);
        }
        coalesce::check(session, ctx)?;
        match fetch::before(self.storage, session, ctx) {
            None if ctx.is_elsewhere() => Ok(false),
            None => coalesce::queue(self, session, ctx).await.map(|()| true),
            Some(synthetic) => synth::answer(session, ctx, &synthetic).await.map(|()| false),
        }
    }

    async fn upstream_peer(&self, session: &mut Session, ctx: &mut Self::CTX) -> Result<Box<HttpPeer>> {
        revalidate::start_over(self, session, ctx);
        match fetch::peer(session, ctx).await {
            Ok(peer) => Ok(peer),
            Err(error) => Err(failure::conclude(self, session, error, ctx)),
        }
    }

    async fn upstream_request_filter(
        &self,
        session: &mut Session,
        request: &mut RequestHeader,
        ctx: &mut Self::CTX,
    ) -> Result<()> {
        fetch::request(session, request, ctx)
    }

    async fn request_body_filter(
        &self,
        _session: &mut Session,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        ctx: &mut Self::CTX,
    ) -> Result<()> {
        deadline::on_request_body(ctx);
        fetch::content(body, end_of_stream, ctx);
        Ok(())
    }

    async fn upstream_response_filter(
        &self,
        session: &mut Session,
        response: &mut ResponseHeader,
        ctx: &mut Self::CTX,
    ) -> Result<()> {
        deadline::on_head(response, ctx);
        choose::leave_after(response, ctx);
        if interim::is_relayed(response) {
            return interim::relay(session, response, ctx).await;
        }
        backend_connection::note_framing(response, ctx);
        beresp::response(self.storage, session, response, ctx)?;
        if ctx.fetch.unusable.is_none() {
            ctx.fetch.stage = Stage::Answered;
        }
        invalidate::after(self, response, ctx);
        post::begin(session, response, self.storage.store().largest_object(), ctx);
        Ok(())
    }

    fn upstream_response_body_filter(
        &self,
        session: &mut Session,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        ctx: &mut Self::CTX,
    ) -> Result<Option<Duration>> {
        deadline::on_body(ctx);
        choose::leave(end_of_stream, ctx);
        abandon::check(session, ctx)?;
        backend_connection::check(end_of_stream, ctx)?;
        part::count(body.as_ref(), ctx)?;
        if ctx.fetch.body == framing::BodyUse::LeftOut {
            framing::leave_out(body);
        }
        post::write(body.as_ref(), end_of_stream, ctx);
        coalesce::leave(end_of_stream, ctx);
        Ok(None)
    }

    fn response_cache_filter(
        &self,
        session: &Session,
        response: &ResponseHeader,
        ctx: &mut Self::CTX,
    ) -> Result<RespCacheable> {
        let storable = storing::storable(session, response, self.storage.store().largest_object(), ctx);
        let is_head_only = head_update::was_asked(session, ctx);
        if matches!(storable, RespCacheable::Uncacheable(_)) && !is_head_only {
            revalidate::not_stored(self, session, ctx);
        }
        Ok(storable)
    }

    fn fail_to_connect(
        &self,
        session: &mut Session,
        peer: &HttpPeer,
        ctx: &mut Self::CTX,
        error: Box<Error>,
    ) -> Box<Error> {
        let error = failure::to_connect(peer, ctx, error);
        failure::conclude(self, session, error, ctx)
    }

    fn error_while_proxy(
        &self,
        peer: &HttpPeer,
        session: &mut Session,
        error: Box<Error>,
        ctx: &mut Self::CTX,
        is_reused: bool,
    ) -> Box<Error> {
        let error = failure::while_asking(session, peer, abandon::name(error, ctx), ctx, is_reused);
        failure::conclude(self, session, error, ctx)
    }

    async fn response_filter(
        &self,
        session: &mut Session,
        response: &mut ResponseHeader,
        ctx: &mut Self::CTX,
    ) -> Result<()> {
        revalidate::check(ctx)?;
        revalidate::complete(session, response, ctx);
        storing::look_again(self.storage, session, ctx);
        let is_read = ahead::is_read(session, response);
        deliver::respond(session, response, ctx).await?;
        ahead::begin(session, response, is_read, ctx);
        Ok(())
    }

    fn response_body_filter(
        &self,
        _session: &mut Session,
        body: &mut Option<Bytes>,
        _end_of_stream: bool,
        ctx: &mut Self::CTX,
    ) -> Result<Option<Duration>> {
        if ctx.course != Course::Usual {
            framing::leave_out(body);
        }
        Ok(None)
    }

    async fn fail_to_proxy(&self, session: &mut Session, error: &Error, ctx: &mut Self::CTX) -> FailToProxy {
        failure::answer(session, error, ctx).await
    }

    async fn logging(&self, session: &mut Session, error: Option<&Error>, ctx: &mut Self::CTX) {
        log::finish(self, session, error, ctx);
    }

    fn suppress_error_log(&self, _session: &Session, _ctx: &Self::CTX, _error: &Error) -> bool {
        // `failure` logs it, with the request's number and the reason that the metrics use.
        true
    }

    fn suppress_proxy_warn_log(
        &self,
        session: &Session,
        ctx: &Self::CTX,
        error: &Error,
        context: ProxyWarnLogContext,
    ) -> bool {
        if context == ProxyWarnLogContext::DownstreamCache {
            abandon::note(self.abandoned, ctx);
        }
        self.suppress_error_log(session, ctx, error)
    }

    async fn connected_to_upstream(
        &self,
        session: &mut Session,
        _reused: bool,
        _peer: &HttpPeer,
        _fd: std::os::unix::io::RawFd,
        digest: Option<&Digest>,
        ctx: &mut Self::CTX,
    ) -> Result<()> {
        abandon::check_limit(ctx)?;
        backend_connection::begin(session, digest, ctx);
        deadline::begin(ctx);
        ctx.fetch.sent = Some(std::time::SystemTime::now());
        Ok(())
    }
}
