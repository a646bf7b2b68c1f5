//! What a test can be looked up by.

use super::test::{Check, Test};
use super::text_list::TextList;
use crate::lang::hir::AclId;

/// A key of a test: the value passes the test if, and only if, it passes one of its keys, but for
/// [`Check::Guarded`] and [`Check::GuardedEnd`], where a key is only the first half.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Key<'t> {
    Equal(&'t [u8]),
    StartsWith(&'t [u8]),
    /// The text itself, or what goes on with a `/`.
    Segment(&'t [u8]),
    EndsWith(&'t [u8]),
    Extension(&'t [u8]),
    Pattern {
        automaton: u32,
        pattern: u32,
    },
    Within(i64, i64),
    InAcl(AclId),
    IsTrue,
}

/// Hands the keys of a test to `add`; whether it can be looked up. No keys: it never passes.
pub(super) fn keys<'t>(test: &'t Test<'_>, mut add: impl FnMut(Key<'t>)) -> bool {
    let Test::Value { check, negated: false, .. } = test else { return false };
    let mut each = |texts: &'t TextList<'_>, key: fn(&'t [u8]) -> Key<'t>| texts.iter().for_each(|text| add(key(text)));
    match check {
        Check::OneOf(texts) => each(texts, Key::Equal),
        Check::StartsWith(texts) | Check::Guarded(texts, _) => each(texts, Key::StartsWith),
        Check::Under(texts) => each(texts, Key::Segment),
        Check::EndsWith(texts) | Check::GuardedEnd(texts, _) => each(texts, Key::EndsWith),
        Check::Extension(texts) => {
            texts.iter().filter(|one| !one.contains(&b'/')).for_each(|one| add(Key::Extension(one)));
        }
        Check::Shared { automaton, pattern } => add(Key::Pattern { automaton: *automaton, pattern: *pattern }),
        Check::Within(ranges) => ranges.iter().for_each(|range| add(Key::Within(*range.start(), *range.end()))),
        Check::InAcl(acl) => add(Key::InAcl(*acl)),
        Check::IsTrue => add(Key::IsTrue),
        Check::Matches(_) | Check::Confirmed(_) => return false,
    }
    true
}

/// Kinds of keys, the ones that tell more apart first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Equal,
    Start,
    End,
    Number,
    Pattern,
    Address,
    Truth,
}

impl Key<'_> {
    /// The kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Equal(_) => Kind::Equal,
            Self::StartsWith(_) | Self::Segment(_) => Kind::Start,
            Self::EndsWith(_) | Self::Extension(_) => Kind::End,
            Self::Within(..) => Kind::Number,
            Self::Pattern { .. } => Kind::Pattern,
            Self::InAcl(_) => Kind::Address,
            Self::IsTrue => Kind::Truth,
        }
    }
}

/// How many kinds there are.
pub(super) const KINDS: usize = 7;

impl Kind {
    /// All of them in order.
    pub const ALL: [Self; KINDS] =
        [Self::Equal, Self::Start, Self::End, Self::Number, Self::Pattern, Self::Address, Self::Truth];

    /// How many of `rows` rows under `keys` different keys a look-up is expected to leave, in
    /// hundredths. Texts exclude each other; prefixes lie within each other; of patterns, networks
    /// and flags several hold at once, so that each leaves a share of its rows.
    pub fn expected_rows(self, rows: usize, keys: usize) -> usize {
        let each = 100 * rows / keys.max(1);
        match self {
            Self::Equal => each,
            Self::Start => 2 * each,
            Self::End => 3 * each,
            Self::Number | Self::Pattern => 2 * each + 10 * rows,
            Self::Address => each + 30 * rows,
            Self::Truth => 50 * rows,
        }
    }
}
