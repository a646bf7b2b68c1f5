//! Locks and counters: the standard library's or, for the tests that try out every order of events
//! (feature `model`), those of a library that decides about the order.

#[cfg(not(feature = "model"))]
pub(super) use std::sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard, atomic::AtomicU64};

#[cfg(feature = "model")]
pub(super) use shuttle::sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard, atomic::AtomicU64};

pub(super) use std::sync::{PoisonError, atomic::Ordering};
