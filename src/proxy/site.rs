//! Whose policy serves a request, and what keeps that which is stored for one site apart from all others.
//!
//! A site is chosen once, by the host as it came, before anything is decided; in Varnish `return (vcl(label))` says so in
//! `recv`. From then on the request is the site's: whatever its policy makes of the host, when it begins again it begins
//! in the same policy (as in Varnish, where a restart stays with the label), and so do the requests for slices, which are
//! made on its behalf. A fetch in the background stores what its request would find, under the keys of its site; so it is
//! made by the site of its request, too.

use pingora::proxy::Session;

use super::ctx::RequestCtx;
use crate::cache::asked::bare_host;
use crate::store::pingora::group_of;

/// What stands before the name of the site in a key: a length that no part of a key has, nor what else stands for a
/// part.
pub const SITE_PART: [u8; 8] = (u64::MAX - 3).to_le_bytes();

/// Chooses the policy of a request that begins: its site's, if there is one for its host.
pub fn choose(session: &Session, ctx: &mut RequestCtx) {
    if ctx.policy.sites.is_empty() {
        return;
    }
    let chosen = bare_host(&session.req_header().headers).and_then(|host| ctx.policy.sites.find(host)).cloned();
    if let Some(policy) = chosen {
        ctx.policy = policy;
    }
}

/// Begins a key: those of a site begin with its name.
pub fn begin_key(site: Option<&str>, key: &mut Vec<u8>) {
    key.clear();
    if let Some(site) = site {
        key.extend_from_slice(&SITE_PART);
        key.extend_from_slice(&(site.len() as u64).to_le_bytes());
        key.extend_from_slice(site.as_bytes());
    }
}

/// The group of what a site, or the root, has tagged so.
pub fn group_of_tag(site: Option<&str>, tag: &[u8]) -> u64 {
    match site {
        None => group_of(tag),
        // No tag has a comma, and no name of a site.
        Some(site) => group_of(&[site.as_bytes(), b",", tag].concat()),
    }
}

/// What tells in the store whose a response is; `None` for the root's.
pub fn mark(site: Option<&str>) -> Option<u64> {
    site.map(|_| group_of_tag(site, b""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_have_nothing_in_common() {
        let sites = [None, Some("a.test"), Some("b.test"), Some("*.a.test")];
        let key = |site| {
            let mut key = b"of the last request".to_vec();
            begin_key(site, &mut key);
            key
        };
        for (at, one) in sites.iter().enumerate() {
            for other in sites.iter().skip(at + 1) {
                assert_ne!(group_of_tag(*one, b"t"), group_of_tag(*other, b"t"));
                assert_ne!(mark(*one), mark(*other));
                assert!(!key(*other).starts_with(&key(*one)) || one.is_none());
            }
        }
        assert!(key(None).is_empty());
    }
}
