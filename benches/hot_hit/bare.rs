//! The least that a storage can do: a map, the head copied, the body shared.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use pingora::Result;
use pingora::cache::key::CacheHashKey;
use pingora::cache::storage::{
    HandleHit, HandleMiss, HitHandler, MissFinishType, MissHandler, PurgeOutcome, PurgeTarget, PurgeType, Storage,
};
use pingora::cache::trace::SpanHandle;
use pingora::cache::{CacheKey, CacheMeta};
use pingora::http::ResponseHeader;
use std::time::SystemTime;

const SHARDS: usize = 64;

struct Page {
    fresh_until: SystemTime,
    created: SystemTime,
    header: ResponseHeader,
    body: Bytes,
}

type Shard = RwLock<HashMap<u128, Arc<Page>>>;

/// The map.
pub struct BareMap {
    shards: [Shard; SHARDS],
}

impl BareMap {
    pub fn new() -> Self {
        Self { shards: std::array::from_fn(|_| RwLock::default()) }
    }

    fn shard(&self, key: u128) -> &Shard {
        &self.shards[usize::try_from(key % SHARDS as u128).unwrap()]
    }
}

struct Hit(Option<Bytes>);

#[async_trait]
impl HandleHit for Hit {
    async fn read_body(&mut self) -> Result<Option<Bytes>> {
        Ok(self.0.take())
    }

    async fn finish(
        self: Box<Self>,
        _storage: &'static (dyn Storage + Sync),
        _key: &CacheKey,
        _trace: &SpanHandle,
    ) -> Result<()> {
        Ok(())
    }

    fn as_any(&self) -> &(dyn Any + Send + Sync) {
        self
    }

    fn as_any_mut(&mut self) -> &mut (dyn Any + Send + Sync) {
        self
    }
}

struct Miss {
    map: &'static BareMap,
    key: u128,
    meta: CacheMeta,
    body: BytesMut,
}

#[async_trait]
impl HandleMiss for Miss {
    async fn write_body(&mut self, data: Bytes, _eof: bool) -> Result<()> {
        self.body.extend_from_slice(&data);
        Ok(())
    }

    async fn finish(self: Box<Self>) -> Result<MissFinishType> {
        let page = Page {
            fresh_until: self.meta.fresh_until(),
            created: self.meta.created(),
            header: self.meta.response_header_copy(),
            body: self.body.freeze(),
        };
        let len = page.body.len();
        self.map.shard(self.key).write().unwrap().insert(self.key, Arc::new(page));
        Ok(MissFinishType::Created(len))
    }
}

fn number(key: &CacheKey) -> u128 {
    u128::from_le_bytes(key.primary_bin())
}

#[async_trait]
impl Storage for BareMap {
    async fn lookup(&'static self, key: &CacheKey, _trace: &SpanHandle) -> Result<Option<(CacheMeta, HitHandler)>> {
        let number = number(key);
        let found = self.shard(number).read().unwrap().get(&number).cloned();
        Ok(found.map(|page| {
            let meta = CacheMeta::new(page.fresh_until, page.created, 0, 0, page.header.clone());
            (meta, Box::new(Hit(Some(page.body.clone()))) as HitHandler)
        }))
    }

    async fn get_miss_handler(
        &'static self,
        key: &CacheKey,
        meta: &CacheMeta,
        _trace: &SpanHandle,
    ) -> Result<MissHandler> {
        let meta = CacheMeta::new(meta.fresh_until(), meta.created(), 0, 0, meta.response_header_copy());
        Ok(Box::new(Miss { map: self, key: number(key), meta, body: BytesMut::new() }))
    }

    async fn purge(
        &'static self,
        _target: PurgeTarget<'_>,
        _purge_type: PurgeType,
        _trace: &SpanHandle,
    ) -> Result<PurgeOutcome> {
        Ok(PurgeOutcome::NotFound)
    }

    async fn update_meta(&'static self, _key: &CacheKey, _meta: &CacheMeta, _trace: &SpanHandle) -> Result<bool> {
        Ok(false)
    }

    fn as_any(&self) -> &(dyn Any + Send + Sync + 'static) {
        self
    }
}
