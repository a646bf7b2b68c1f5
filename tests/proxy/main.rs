//! The proxy as its users meet it: the real binary, real origins, real sockets.

// Helpers of tests may fail as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../support/mod.rs"]
mod support;

mod abandon;
mod acl;
mod apart;
mod backend;
mod ban;
mod bodiless;
mod cache_status;
mod churn;
mod coalesce;
mod content_length;
mod cookbook;
mod date;
mod director;
mod failed_fill;
mod failure;
mod flood;
mod forward;
mod freshness;
mod gate;
mod grace;
mod head_update;
mod herd;
mod hit_for_pass;
mod hit_miss;
mod hostile;
mod interim;
mod invalidation;
mod key;
mod life;
mod marked;
mod method;
mod nginx;
mod part;
mod pass;
mod pipe;
mod policy_failure;
mod post;
mod purge;
mod query;
mod range;
mod refresh;
mod reload;
mod reload_under_load;
mod restart;
mod retry;
mod rules_counted;
mod simulated;
mod sites;
mod slice;
mod slow_reader;
mod soft_purge;
mod stale;
mod stalled;
mod storable;
mod support_works;
mod synth;
mod tags;
mod targeted;
mod unkept;
mod update304;
mod validate;
mod variables;
mod vary;
mod world;
