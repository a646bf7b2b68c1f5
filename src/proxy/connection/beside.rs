//! What pingora still does for requests that have begun again, beside what their connection does next.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use pingora::apps::ReusedHttpStream;

/// pingora's way through one request.
pub type Pass<'f> = Pin<Box<dyn Future<Output = Option<ReusedHttpStream>> + Send + 'f>>;

/// Those whose connection was taken out of their hands and who are not at their end.
#[derive(Default)]
pub struct Beside<'f>(Vec<Pass<'f>>);

impl<'f> Beside<'f> {
    /// One more.
    pub fn push(&mut self, pass: Pass<'f>) {
        self.0.push(pass);
    }

    /// Goes on with them while it waits for this.
    pub async fn wait_for<T>(&mut self, awaited: impl Future<Output = T>) -> T {
        let mut awaited = pin!(awaited);
        poll_fn(|cx| {
            self.poll(cx);
            awaited.as_mut().poll(cx)
        })
        .await
    }

    /// Waits for the end of them all.
    pub async fn end(&mut self) {
        poll_fn(|cx| {
            self.poll(cx);
            if self.0.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    fn poll(&mut self, cx: &mut Context<'_>) {
        self.0.retain_mut(|pass| pass.as_mut().poll(cx).is_pending());
    }
}
