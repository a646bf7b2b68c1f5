//! Fields that many responses have alike, name and value: each is kept once for the whole process and stands in
//! records as a number.
//!
//! What is learned stays, as records name it, so there are bounds on how much that is: in all, and for each name, so
//! that no origin fills it with one field. When they are reached, fields stand in records as text.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{LazyLock, OnceLock, PoisonError, RwLock};

use bytes::Bytes;
use http::HeaderValue;

use super::sightings::Sightings;

/// How many fields are learned in all.
const MAX_FIELDS: usize = 2048;
/// How many of one name.
const MAX_OF_A_NAME: u16 = 128;
/// How much memory they take in all, in bytes.
const MAX_BYTES: usize = 512 * 1024;
/// The longest field, name and value; what is longer is seldom alike, and would soon fill the space.
const MAX_LEN: usize = 1024;
/// What a field takes beside its text: its place here, in both tables of the index, and their slack.
const FIELD_BYTES: usize = 256;
/// A field is learned when it has been met that often.
const LEARNED_AFTER: u32 = 6;

/// Fields that belong to one user or one response; that they return, when it is validated, says nothing.
const NEVER_LEARNED: &[&str] =
    &["set-cookie", "etag", "location", "content-location", "last-modified", "date", "expires", "content-range"];

/// A field that was learned.
pub struct Known {
    /// In its spelling.
    pub name: Bytes,
    /// Its value.
    pub value: HeaderValue,
}

/// The learned fields.
pub struct Dictionary {
    /// By code.
    known: Box<[OnceLock<Known>]>,
    index: RwLock<Index>,
    sightings: Sightings,
    hashing: RandomState,
}

#[derive(Default)]
struct Index {
    /// By hash. Of two with the same hash the second is not learned.
    codes: HashMap<u64, u16>,
    of_a_name: HashMap<Bytes, u16>,
    bytes: usize,
}

static SHARED: LazyLock<Dictionary> = LazyLock::new(Dictionary::new);

/// The one of this process.
pub fn shared() -> &'static Dictionary {
    &SHARED
}

impl Dictionary {
    fn new() -> Self {
        Self {
            known: std::iter::repeat_with(OnceLock::new).take(MAX_FIELDS).collect(),
            index: RwLock::default(),
            sightings: Sightings::new(),
            hashing: RandomState::new(),
        }
    }

    /// The field that a code stands for.
    #[inline]
    pub fn known(&self, code: u16) -> Option<&Known> {
        self.known.get(usize::from(code))?.get()
    }

    /// The code of a field, if it is known; one that returns often enough is from now on.
    pub fn code(&self, name: &[u8], value: &[u8]) -> Option<u16> {
        let hash = self.hashing.hash_one((name, value));
        let found = self.index.read().unwrap_or_else(PoisonError::into_inner).codes.get(&hash).copied();
        match found {
            Some(code) => self.known(code).filter(|known| known.name == name && known.value == value).map(|_| code),
            None if may_be_learned(name, value) && self.sightings.note(hash) >= LEARNED_AFTER => {
                self.learn(hash, name, value)
            }
            None => None,
        }
    }

    fn learn(&self, hash: u64, name: &[u8], value: &[u8]) -> Option<u16> {
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        let bytes = index.bytes + name.len() + value.len() + FIELD_BYTES;
        let of_name = index.of_a_name.get(name).copied().unwrap_or_default();
        if index.codes.contains_key(&hash) || of_name >= MAX_OF_A_NAME || bytes > MAX_BYTES {
            return None;
        }
        let code = u16::try_from(index.codes.len()).ok()?;
        let place = self.known.get(usize::from(code))?;
        index.codes.insert(hash, code);
        index.of_a_name.insert(Bytes::copy_from_slice(name), of_name + 1);
        index.bytes = bytes;
        // A value that is none leaves its place empty, and is found unknown from now on.
        place.set(Known { name: kept(name), value: HeaderValue::from_maybe_shared(kept(value)).ok()? }).ok()?;
        Some(code)
    }

    /// How much memory was given to what is learned, in bytes.
    pub fn bytes(&self) -> usize {
        self.index.read().unwrap_or_else(PoisonError::into_inner).bytes
    }
}

/// Bytes that stay for good, so that those who share them count no uses.
fn kept(bytes: &[u8]) -> Bytes {
    Bytes::from_static(Box::leak(Box::from(bytes)))
}

fn may_be_learned(name: &[u8], value: &[u8]) -> bool {
    let is_own = NEVER_LEARNED.iter().any(|own| own.as_bytes().eq_ignore_ascii_case(name));
    !is_own && name.len() + value.len() <= MAX_LEN
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(dictionary: &Dictionary, name: &str, value: &str, times: u32) -> Option<u16> {
        (0..times).map(|_| dictionary.code(name.as_bytes(), value.as_bytes())).last().flatten()
    }

    #[test]
    fn what_returns_is_learned_in_its_spelling() {
        let dictionary = Dictionary::new();
        assert_eq!(met(&dictionary, "Server", "nginx", LEARNED_AFTER - 1), None);
        let code = met(&dictionary, "Server", "nginx", 1).unwrap();
        let known = dictionary.known(code).unwrap();
        assert_eq!((known.name.as_ref(), known.value.as_bytes()), (&b"Server"[..], &b"nginx"[..]));
        assert_eq!(met(&dictionary, "Server", "nginx", 1), Some(code));
        assert_eq!((met(&dictionary, "server", "nginx", 1), met(&dictionary, "Server", "Nginx", 1)), (None, None));
    }

    #[test]
    fn what_belongs_to_one_response_or_user_is_never_learned() {
        let dictionary = Dictionary::new();
        assert_eq!(met(&dictionary, "Set-Cookie", "a=b", 100), None);
        assert_eq!(met(&dictionary, "etag", "\"page\"", 100), None);
        assert_eq!(met(&dictionary, "X-Long", &"a".repeat(MAX_LEN), 100), None);
        assert_eq!(dictionary.bytes(), 0);
    }

    #[test]
    fn one_name_does_not_fill_it() {
        let dictionary = Dictionary::new();
        let learned = (0..1000).filter(|value| met(&dictionary, "X-A", &value.to_string(), 20).is_some());
        assert_eq!(learned.count(), usize::from(MAX_OF_A_NAME));
        assert!(met(&dictionary, "X-B", "1", 20).is_some());
    }

    #[test]
    fn it_holds_no_more_than_it_may() {
        let dictionary = Dictionary::new();
        let names = || (0..1000).map(|name| format!("X-{name}"));
        let values = ["a".repeat(500), "b".repeat(500), "c".to_owned()];
        let learned = names().flat_map(|name| values.iter().map(move |value| (name.clone(), value)));
        let learned: Vec<_> = learned.filter_map(|(name, value)| met(&dictionary, &name, value, 20)).collect();
        assert!(learned.len() <= MAX_FIELDS && learned.len() > 500, "{}", learned.len());
        assert!(dictionary.bytes() <= MAX_BYTES && dictionary.bytes() > MAX_BYTES * 9 / 10);
        // What was learned is still known.
        assert!(learned.iter().all(|code| dictionary.known(*code).is_some()));
    }

    #[test]
    fn threads_learn_a_field_once() {
        let dictionary = Dictionary::new();
        let learn = || (0..200).map(|value| met(&dictionary, &format!("X-{}", value % 50), &value.to_string(), 50));
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| learn().count())).collect();
            let learned: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
            assert_eq!(learned, [200; 4]);
        });
        let codes: Vec<_> = learn().map(Option::unwrap).collect();
        let distinct: std::collections::HashSet<_> = codes.iter().collect();
        assert_eq!(distinct.len(), codes.len());
    }
}
