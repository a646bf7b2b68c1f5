//! Stored bodies on their way: read by pingora for clients, and written by it for the store.

use std::any::Any;
use std::future::poll_fn;
use std::ops::Range;
use std::sync::Arc;
use std::task::Poll;

use async_trait::async_trait;
use bytes::Bytes;
use pingora::cache::storage::{HandleHit, HandleMiss, MissFinishType, Storage};
use pingora::cache::trace::SpanHandle;
use pingora::cache::{CacheKey, CacheMeta};
use pingora::{Error, ErrorType, Result};
use tokio::time::{Instant, timeout};

use super::pace::Pace;
use super::storage::{FillIntent, Found, key_of};
use super::stored::StoredResponse;
use super::unkept::Unkept;
use crate::cache::content_length;
use crate::store::{Aborted, BodyReader, Fill, Object, Room};

/// The bytes of a stored part that stand around those of a response that is about to be stored.
pub struct Surround {
    object: Arc<Object<StoredResponse>>,
    before: Range<u64>,
    behind: Range<u64>,
}

impl Surround {
    /// Copies some of its bytes; the object is complete, so this waits for nobody.
    async fn copy(&self, range: &Range<u64>, fill: &mut Fill<StoredResponse>) -> Result<()> {
        let mut reader = self.object.reader(Some(range.clone()));
        while let Some(bytes) = read(&mut reader, u64::MAX).await? {
            fill.write(&bytes);
            // Others wait for this thread, and a part may be large.
            tokio::task::yield_now().await;
        }
        Ok(())
    }
}

/// A fill that broke off must reach the reader as an error, never as a clean end.
async fn read(reader: &mut BodyReader<StoredResponse>, most: u64) -> Result<Option<Bytes>> {
    reader.next_up_to(most).await.map_err(broken_off)
}

fn broken_off(_: Aborted) -> Box<Error> {
    Error::explain(ErrorType::ReadError, "the fill broke off")
}

/// Tells of a response being stored whether that is for somebody.
pub struct Wanted(Arc<Object<StoredResponse>>);

impl Wanted {
    /// Whether anybody reads it, or it will be kept.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        self.0.is_wanted()
    }

    /// Whether anybody reads it but the request that fetches it.
    #[must_use]
    pub fn is_read_by_others(&self) -> bool {
        self.0.is_read_by_others()
    }
}

/// A stored response being read.
pub struct StoredHit {
    object: Arc<Object<StoredResponse>>,
    /// How it was found, if it was.
    found: Option<Found>,
    /// `None` once it has come to its end or been given up: then nothing is kept for it any more.
    reader: Option<BodyReader<StoredResponse>>,
    /// Whether it was given up, and is not to be opened again.
    is_given_up: bool,
    /// Whether the request that reads it here fetches it, too.
    is_of_fetch: bool,
    /// That of the client whose request fetches it, if this is its reader.
    pace: Option<Arc<Pace>>,
}

impl StoredHit {
    /// A reader of it from its start; `None` where that is gone, as after a purge that came since it was found.
    #[must_use]
    pub fn open(object: Arc<Object<StoredResponse>>) -> Option<Self> {
        let reader = object.open(None)?;
        Some(Self::with(object, reader))
    }

    fn with(object: Arc<Object<StoredResponse>>, reader: BodyReader<StoredResponse>) -> Self {
        Self { object, found: None, reader: Some(reader), is_given_up: false, is_of_fetch: false, pace: None }
    }

    pub(super) fn object(&self) -> &Arc<Object<StoredResponse>> {
        &self.object
    }

    pub(super) fn note_found(&mut self, found: Found) {
        self.found = Some(found);
    }

    /// What is known of the head that it was found with; `None` of one that was not found by a lookup.
    #[must_use]
    pub fn found(&self) -> Option<&Found> {
        self.found.as_ref()
    }

    /// The number of the object.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.object.id()
    }

    /// Counts this use of it; how often it was used, this time included.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.object.count_hit()
    }

    /// How often it was used.
    #[must_use]
    pub fn hits(&self) -> u64 {
        self.object.hits()
    }

    /// The length of its body, if that is known.
    #[must_use]
    pub fn whole_len(&self) -> Option<u64> {
        self.object.whole_len()
    }

    /// Whether all of it is there.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.object.len().is_some()
    }

    /// What tells whether anybody reads or keeps it, also when this reader is gone.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        Wanted(Arc::clone(&self.object))
    }

    /// Says that the request that reads it here fetches it, too. To be called before the first byte of it is
    /// stored, where a [`Pace`] comes with what is stored.
    pub fn belong_to_fetch(&mut self) {
        self.is_of_fetch = true;
        if let Some(reader) = &self.reader {
            reader.belong_to_writer(true);
        }
    }

    /// Reads at this pace.
    pub fn keep_pace(&mut self, pace: Arc<Pace>) {
        self.pace = Some(pace);
        self.tell_pace();
    }

    /// Has the client's connection end when the reader is cut off: it may be waiting for that.
    fn tell_pace(&self) {
        if let (Some(pace), Some(reader)) = (&self.pace, &self.reader) {
            reader.tell_when_cut_off(Arc::clone(pace).into());
        }
    }

    /// Whether it reads no further, be it that it has come to the end of what was asked for.
    #[must_use]
    pub fn has_left(&self) -> bool {
        self.reader.is_none()
    }

    /// Reads no further; whether anybody else does or will.
    pub fn leave(&mut self) -> bool {
        self.reader = None;
        self.is_given_up = true;
        self.object.is_wanted()
    }

    /// Reads no further, and lets another request read from here on.
    pub fn hand_over(&mut self) -> Option<Self> {
        let reader = self.reader.take()?;
        self.is_given_up = true;
        reader.belong_to_writer(false);
        Some(Self::with(Arc::clone(&self.object), reader))
    }

    /// The same response, to be read from its start.
    #[must_use]
    pub fn reopen(&self) -> Self {
        Self::with(Arc::clone(&self.object), self.object.reader(None))
    }

    /// Bytes of its body that stand before and behind others.
    #[must_use]
    pub fn surround(&self, before: Range<u64>, behind: Range<u64>) -> Surround {
        Surround { object: Arc::clone(&self.object), before, behind }
    }
}

#[async_trait]
impl HandleHit for StoredHit {
    async fn read_body(&mut self) -> Result<Option<Bytes>> {
        let Some(reader) = &mut self.reader else { return Ok(None) };
        let most = match &self.pace {
            // It is so far behind the others, or has stalled so long, that what it would read is gone. They go on.
            Some(pace) if reader.is_cut_off() => {
                pace.end().await;
                0
            }
            Some(pace) => pace.ready().await,
            None => u64::MAX,
        };
        let bytes = match reader.next_of_whole(most) {
            Some(bytes) => bytes.map_err(broken_off),
            None => read(reader, most).await,
        };
        if matches!(bytes, Ok(None)) || reader.is_at_end() {
            self.reader = None;
        }
        bytes
    }

    async fn finish(
        self: Box<Self>,
        _storage: &'static (dyn Storage + Sync),
        _key: &CacheKey,
        _trace: &SpanHandle,
    ) -> Result<()> {
        Ok(())
    }

    /// Also while it is filled: a reader waits until its start is there.
    fn can_seek(&self) -> bool {
        self.object.whole_len().is_some()
    }

    fn seek(&mut self, start: usize, end: Option<usize>) -> Result<()> {
        let Some(length) = self.object.whole_len() else {
            return Error::e_explain(ErrorType::InternalError, "the end of the body is not known yet");
        };
        if self.is_given_up {
            return Ok(());
        }
        let end = end.map_or(length, |end| end as u64);
        let reader = self.object.reader(Some(start as u64..end));
        reader.belong_to_writer(self.is_of_fetch);
        self.reader = Some(reader);
        self.tell_pace();
        Ok(())
    }

    fn as_any(&self) -> &(dyn Any + Send + Sync) {
        self
    }

    fn as_any_mut(&mut self) -> &mut (dyn Any + Send + Sync) {
        self
    }
}

/// A response being stored.
pub struct StoredFill {
    fill: Fill<StoredResponse>,
    tag: [u8; 8],
    surround: Option<Arc<Surround>>,
    /// Holds what stands before until the client's reader is there: a fill that is not kept forgets
    /// what nobody is to read.
    anchor: Option<BodyReader<StoredResponse>>,
    running: Option<Running>,
    /// Where it is found until it is over, if it is not kept.
    unkept: Option<Unkept>,
}

/// The fetch is over when this goes: the client's connection need not run after it any more.
struct Running(Arc<Pace>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.end_of_fetch();
    }
}

impl StoredFill {
    fn new(fill: Fill<StoredResponse>) -> Self {
        let tag = fill.object().id().to_le_bytes();
        Self { fill, tag, surround: None, anchor: None, running: None, unkept: None }
    }

    /// A fill that has begun, with what stands around it, and the pace of the client that it is for.
    pub async fn begin(
        fill: Fill<StoredResponse>,
        surround: Option<Arc<Surround>>,
        pace: Option<Arc<Pace>>,
    ) -> Result<Self> {
        let mut begun = Self::new(fill);
        if let Some(pace) = pace {
            pace.follow(begun.fill.others());
            begun.running = Some(Running(pace));
        }
        if let Some(surround) = &surround {
            begun.anchor = Some(begun.fill.object().reader(None));
            surround.copy(&surround.before, &mut begun.fill).await?;
        }
        begun.surround = surround;
        Ok(begun)
    }

    /// The fill, to be found there until it is over.
    pub(super) fn until_over(mut self, unkept: Option<Unkept>) -> Self {
        self.unkept = unkept;
        self
    }

    /// A fill of the place of a key, and of the variant that it names.
    #[must_use]
    pub fn of(key: &CacheKey, intent: &FillIntent, meta: &CacheMeta) -> Self {
        let place = key_of(key);
        Self::new(intent.begin_fill(place, StoredResponse::new(meta), content_length(meta.headers())))
    }

    /// Stores a part of the body.
    pub fn write(&mut self, data: &[u8]) {
        self.fill.write(data);
    }

    /// Waits until there is room for more of what is not kept.
    async fn wait_for_room(&self) {
        loop {
            let began = Instant::now();
            let room = poll_fn(|context| Poll::Ready(self.fill.room(context.waker()))).await;
            let is_as_before = |now: Room| std::mem::discriminant(&now) == std::mem::discriminant(&room);
            let changed = poll_fn(|context| match self.fill.room(context.waker()) {
                now if is_as_before(now) => Poll::Pending,
                _ => Poll::Ready(()),
            });
            match room {
                Room::Open => return,
                Room::Far => changed.await,
                Room::Slow(left) => {
                    let _ = timeout(left, changed).await;
                    self.fill.have_waited(began.elapsed());
                }
            }
        }
    }

    /// Ends the body; how many bytes of it are stored.
    #[expect(clippy::must_use_candidate, reason = "called for what it does")]
    pub fn complete(self) -> u64 {
        self.fill.complete()
    }
}

#[async_trait]
impl HandleMiss for StoredFill {
    async fn write_body(&mut self, data: Bytes, _eof: bool) -> Result<()> {
        self.anchor = None;
        if self.running.is_some() {
            self.wait_for_room().await;
        }
        StoredFill::write(self, &data);
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<MissFinishType> {
        if let Some(surround) = self.surround.take() {
            surround.copy(&surround.behind, &mut self.fill).await?;
        }
        let stored = self.complete();
        Ok(MissFinishType::Created(usize::try_from(stored).unwrap_or(usize::MAX)))
    }

    fn streaming_write_tag(&self) -> Option<&[u8]> {
        Some(&self.tag)
    }
}
