//! A client goes away while its response is fetched and stored.
//!
//! The fetch goes on, for the store and for those who share it. But what the client would have read must
//! not wait for it: of a response too large to be stored that would be all that is still to come. And
//! what nobody reads and nobody stores is not fetched.

use std::sync::atomic::Ordering::Relaxed;

use pingora::proxy::Session;
use pingora::{Error, ErrorType, Result};

use super::ctx::RequestCtx;
use crate::store::pingora::StoredHit;

/// Notes that the client is gone.
pub fn note(ctx: &RequestCtx) {
    ctx.client_is_gone.store(true, Relaxed);
}

/// Gives up the place of a client that is gone among those who read, as the body goes on.
///
/// # Errors
/// When nobody else reads it and it is not stored.
pub fn check(session: &mut Session, ctx: &RequestCtx) -> Result<()> {
    if !ctx.client_is_gone.load(Relaxed) {
        return Ok(());
    }
    let reader = session.cache.miss_body_reader();
    let reader = reader.and_then(|reader| reader.as_any_mut().downcast_mut::<StoredHit>());
    let is_wanted = reader.is_none_or(StoredHit::leave);
    if is_wanted {
        Ok(())
    } else {
        Err(Error::explain(ErrorType::ConnectionClosed, "nobody reads it any more").into_down())
    }
}
