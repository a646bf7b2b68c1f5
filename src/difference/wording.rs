//! Changes in words.

use std::fmt;

use super::change::{Aspect, Change, Treated, Way};
use crate::lang::schema::written_duration as duration;
use crate::simulate::Mark;

/// `pass → stored 60s`, or `ttl 60s → 1h, backend a → b`.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, aspect) in self.aspects().iter().enumerate() {
            write!(f, "{}{aspect}", if at == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

/// `ttl 60s → 1h`
impl fmt::Display for Aspect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name();
        match (self, self.values()) {
            (Self::Treatment(..), Some((old, new))) => write!(f, "{old} → {new}"),
            (_, Some((old, new))) => write!(f, "{name} {old} → {new}"),
            (Self::Field(.., way), None) => write!(f, "{name} {}", way.name()),
            (_, None) => write!(f, "{name} changed"),
        }
    }
}

impl Aspect {
    /// What changes, in the words of the language where it has some: `ttl`, `bereq.http.x-a`.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Treatment(..) => "treatment",
            Self::Site(..) => "site",
            Self::Ttl(..) => "ttl",
            Self::Grace(..) => "grace",
            Self::Keep(..) => "keep",
            Self::StaleIfError(..) => "stale_if_error",
            Self::Mark(..) => "mark",
            Self::Key(..) => "key",
            Self::Tags => "tags",
            Self::Backend(..) => "backend",
            Self::Status(..) => "status",
            Self::Field(message, name, _) => return format!("{}.http.{}", message.name(), name.as_str()),
            Self::Target => "request to the backend",
            Self::Reason(..) => "reason",
            Self::Timeouts => "timeouts of the request to the backend",
            Self::Kept(..) => "kept content of the request",
            Self::Asked(..) => "requests to backends",
            Self::Restarts(..) => "restarts",
            Self::Content => "content",
        }
        .to_owned()
    }

    /// From what to what; `None` where that differs from request to request.
    #[must_use]
    pub fn values(&self) -> Option<(String, String)> {
        let named = |name: &Option<String>, none: &str| name.clone().unwrap_or_else(|| none.to_owned());
        let time = |ms: &Option<i64>| ms.map_or("unset".to_owned(), duration);
        Some(match self {
            Self::Treatment(old, new) => (old.to_string(), new.to_string()),
            Self::Site(old, new) => (named(old, "the root"), named(new, "the root")),
            Self::Ttl(old, new) | Self::Grace(old, new) | Self::Keep(old, new) => (duration(*old), duration(*new)),
            Self::StaleIfError(old, new) => (time(old), time(new)),
            Self::Backend(old, new) => (named(old, "none"), named(new, "none")),
            Self::Status(old, new) => (old.to_string(), new.to_string()),
            Self::Key(old, new) if old != new => (parts(*old), parts(*new)),
            Self::Asked(old, new) | Self::Restarts(old, new) => (old.to_string(), new.to_string()),
            Self::Kept(old, new) => (bytes(*old), bytes(*new)),
            Self::Reason(old, new) => (format!("{old:?}"), format!("{new:?}")),
            Self::Mark(old, new) => (marked(*old), marked(*new)),
            Self::Key(..) | Self::Timeouts | Self::Tags | Self::Field(..) | Self::Target | Self::Content => {
                return None;
            }
        })
    }
}

fn marked(mark: Option<Mark>) -> String {
    match mark {
        None => "none".to_owned(),
        Some(Mark::HitForMiss(ms)) => format!("hit-for-miss {}", duration(ms)),
        Some(Mark::HitForPass(ms)) => format!("hit-for-pass {}", duration(ms)),
    }
}

/// How much is kept at most, as a policy says it.
fn bytes(kept: Option<u64>) -> String {
    match kept {
        None => "none".to_owned(),
        Some(bytes) if bytes > 0 && bytes % 1_024 == 0 => format!("{}KB", bytes / 1_024),
        Some(bytes) => format!("{bytes}B"),
    }
}

fn parts(number: usize) -> String {
    format!("{number} part{}", if number == 1 { "" } else { "s" })
}

impl Way {
    /// `added`, `removed` or `changed`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }
}

/// `stored 60s`
impl fmt::Display for Treated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stored(ttl_ms) => write!(f, "stored {}", duration(*ttl_ms)),
            Self::Hit => f.write_str("hit"),
            Self::NotStored => f.write_str("not stored"),
            Self::Pass => f.write_str("pass"),
            Self::Pipe => f.write_str("pipe"),
            Self::Purge => f.write_str("purge"),
            Self::SoftPurge => f.write_str("soft purge"),
            Self::Synth(status) => write!(f, "synth {status}"),
            Self::Error(status) => write!(f, "error {status}"),
        }
    }
}
