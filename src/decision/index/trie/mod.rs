//! A radix tree of texts that values start with.

mod plant;

use super::goal::Goal;
use super::packed::number;
use super::places::Places;
use super::reading::{AT_ONCE, Reading, packed};

/// Where no key ends.
const NONE: u32 = u32::MAX;

/// How long a row may be that stands within a leaf, in bytes.
const ROOM: usize = 40;

/// Maps prefixes to targets. A walk takes time in the length of the value, however many there are. Its nodes lie side by
/// side, the children of one next to each other; long labels are parts of the keys.
#[derive(Debug)]
pub(super) struct Trie {
    /// The root first: one that no value passes as long as there is no key.
    nodes: Box<[Node]>,
    /// Children of nodes that have no others, and have none themselves: most of a large tree.
    leaves: Box<[Leaf]>,
    /// The keys, one after the other.
    texts: Box<[u8]>,
}

/// Half of what a processor fetches at once, and never a part of two: one look at memory far away tells whether a value
/// goes on as its label says, and where its children are.
#[derive(Clone, Debug)]
#[repr(align(32))]
struct Node {
    label: Label,
    children: Children,
    ends: Ends,
}

const _: () = assert!(size_of::<Node>() == 32, "one in each half of what is fetched");

/// All that a processor fetches at once: the look that tells whether a value goes on as the label says finds what is asked
/// of the row, too.
#[derive(Clone, Debug)]
#[repr(align(64))]
struct Leaf {
    label: Label,
    ends: Ends,
    row: [u8; ROOM],
}

const _: () = assert!(size_of::<Leaf>() == 64, "one in what is fetched");

/// The targets of keys that end at a node.
#[derive(Clone, Copy, Debug)]
struct Ends {
    /// For values that go on in any way.
    any: u32,
    /// For values that end here or go on with `/`.
    segment: u32,
}

impl Ends {
    const NONE: Self = Self { any: NONE, segment: NONE };

    /// Those of keys, of equal ones the last.
    fn of(keys: &[Prefix<'_>]) -> Self {
        let target = |segment| keys.iter().rfind(|key| key.segment == segment).map_or(NONE, |key| key.goal.code());
        Self { any: target(false), segment: target(true) }
    }

    /// Visits those of values that go on with the byte.
    fn visit(self, next: Option<u8>, mut visit: impl FnMut(u32)) {
        if self.any != NONE {
            visit(self.any);
        }
        if self.segment != NONE && next.is_none_or(|next| next == b'/') {
            visit(self.segment);
        }
    }

    fn len(self) -> usize {
        usize::from(self.any != NONE) + usize::from(self.segment != NONE)
    }
}

impl Node {
    const NOTHING: Self = Self { label: Label::Nothing, children: Children::NONE, ends: Ends::NONE };
}

impl Leaf {
    const NOTHING: Self = Self { label: Label::Nothing, ends: Ends::NONE, row: [0; ROOM] };

    /// One of keys that are the same text.
    fn of(keys: &[Prefix<'_>], label: Label) -> Self {
        let mut leaf = Self { label, ends: Ends::of(keys), row: [0; ROOM] };
        if let [Prefix { segment, goal, .. }] = keys {
            let goal = goal.within(ROOM);
            let end = if *segment { &mut leaf.ends.segment } else { &mut leaf.ends.any };
            *end = goal.code();
            leaf.row.iter_mut().zip(goal.row).for_each(|(place, byte)| *place = *byte);
        }
        leaf
    }
}

/// What stands between the parent and a node.
#[derive(Clone, Copy, Debug)]
enum Label {
    /// A single byte, as most are where many keys part: a processor foretells how far that reads before it has the node.
    One(u8),
    /// A short one stands where the node stands.
    Near { len: u8, bytes: [u8; AT_ONCE] },
    /// Where it is in the text of all keys.
    Far { start: u32, len: u32 },
    /// None: no key has a byte of that place.
    Nothing,
}

impl Label {
    fn of(text: &[u8], start: usize) -> Self {
        if let [only] = text {
            return Self::One(*only);
        }
        let mut bytes = [0; AT_ONCE];
        match (u8::try_from(text.len()), bytes.get_mut(..text.len())) {
            (Ok(len), Some(near)) => {
                near.copy_from_slice(text);
                Self::Near { len, bytes }
            }
            _ => Self::Far { start: number(start), len: number(text.len()) },
        }
    }

    /// What is left to read behind it; `None` if something else comes. A short one takes the same few instructions
    /// however long it is, as it is never known which label is next.
    fn behind<'r, R: Reading>(&self, texts: &[u8], rest: &'r [u8]) -> Option<&'r [u8]> {
        if let Self::One(byte) = self {
            return if R::next(rest) == Some(*byte) { R::behind(rest, 1) } else { None };
        }
        match (self, R::at_once(rest)) {
            (Self::Near { len, bytes }, Some(read)) => {
                let same = (read ^ packed(bytes)).trailing_zeros() >= 8 * u32::from(*len);
                if same { R::behind(rest, usize::from(*len)) } else { None }
            }
            (Self::Near { len, bytes }, None) => behind::<R>(bytes.get(..usize::from(*len))?, rest),
            (Self::Far { start, len }, _) => behind::<R>(texts.get(*start as usize..(start + len) as usize)?, rest),
            (Self::One(_) | Self::Nothing, _) => None,
        }
    }
}

/// What is left to read behind a label, byte by byte.
fn behind<'r, R: Reading>(label: &[u8], rest: &'r [u8]) -> Option<&'r [u8]> {
    label.iter().try_fold(rest, |rest, byte| R::behind(rest, 1).filter(|_| R::next(rest) == Some(*byte)))
}

/// The children of a node, by the byte that comes next.
#[derive(Clone, Copy, Debug)]
struct Children {
    /// Where they begin, among the leaves or among the nodes.
    first: u32,
    places: Places,
}

/// Where a child is.
enum Child {
    Node(usize),
    Leaf(usize),
}

impl Children {
    const LEAVES: u32 = 1 << 31;

    /// There is no leaf so far behind.
    const NONE: Self = Self { first: u32::MAX, places: Places::ONE };

    /// Where the only one is that may begin with the byte.
    fn child(self, byte: u8) -> Option<Child> {
        let place = usize::from(self.places.place(byte)?);
        Some(match self.first & Self::LEAVES {
            0 => Child::Node(self.first as usize + place),
            _ => Child::Leaf((self.first & !Self::LEAVES) as usize + place),
        })
    }
}

/// A key of a tree.
#[derive(Debug)]
pub(super) struct Prefix<'t> {
    pub text: &'t [u8],
    /// Whether it is there for values that end with it or go on with a `/`, and not for all that start with it.
    pub segment: bool,
    pub goal: Goal<'t>,
}

impl Trie {
    /// A tree of keys. Of equal ones the last counts.
    pub fn new(mut keys: Vec<Prefix<'_>>) -> Self {
        keys.sort_by_key(|key| key.text);
        let texts: Vec<u8> = keys.iter().flat_map(|key| key.text).copied().collect();
        let (nodes, leaves) = plant::grown(&keys);
        Self { nodes: nodes.into(), leaves: leaves.into(), texts: texts.into() }
    }

    /// How many keys are in it.
    pub fn len(&self) -> usize {
        let ends = self.nodes.iter().map(|node| node.ends).chain(self.leaves.iter().map(|leaf| leaf.ends));
        ends.map(Ends::len).sum()
    }

    /// Visits the targets of all keys that `text` begins with as it is read, the shortest key first, each with what stands
    /// behind it.
    pub fn walk<R: Reading>(&self, text: &[u8], mut visit: impl FnMut(u32, &[u8])) {
        let (mut rest, mut node) = (text, self.nodes.first());
        while let Some(here) = node {
            let Some(behind) = here.label.behind::<R>(&self.texts, rest) else { return };
            let next = R::next(behind);
            here.ends.visit(next, |code| visit(code, &[]));
            match next.and_then(|byte| here.children.child(byte)) {
                Some(Child::Node(at)) => node = self.nodes.get(at),
                Some(Child::Leaf(at)) => return self.visit_leaf::<R>(at, behind, visit),
                None => return,
            }
            rest = behind;
        }
    }

    fn visit_leaf<R: Reading>(&self, at: usize, rest: &[u8], mut visit: impl FnMut(u32, &[u8])) {
        let Some(leaf) = self.leaves.get(at) else { return };
        let Some(behind) = leaf.label.behind::<R>(&self.texts, rest) else { return };
        leaf.ends.visit(R::next(behind), |code| visit(code, &leaf.row));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::lookup::Target;
    use super::super::reading::{Backward, BackwardInLowerCase, Forward};
    use super::*;
    use crate::decision::eval::is_under;

    fn trie(keys: &[(&str, bool)]) -> Trie {
        let prefixes = (0..).zip(keys).map(|(target, (text, segment))| Prefix {
            text: text.as_bytes(),
            segment: *segment,
            goal: Goal::plain(Target::matcher(target)),
        });
        Trie::new(prefixes.collect())
    }

    fn walked(trie: &Trie, text: &str) -> Vec<u32> {
        let mut found = Vec::new();
        trie.walk::<Forward>(text.as_bytes(), |target, _| found.push(target));
        found
    }

    #[test]
    fn all_prefixes_are_found_shortest_first() {
        let trie = trie(&["/api/", "/", "", "/api/v1", "/apple", "/api/v1x"].map(|key| (key, false)));
        assert_eq!(walked(&trie, "/api/v1/x"), [2, 1, 0, 3]);
        assert_eq!(walked(&trie, "/app"), [2, 1]);
        assert_eq!(walked(&trie, ""), [2]);
        assert_eq!(trie.len(), 6);
    }

    #[test]
    fn segments_end_at_a_slash() {
        let trie = trie(&[("/a", false), ("/a", true)]);
        assert_eq!(walked(&trie, "/a/b"), [0, 1]);
        assert_eq!(walked(&trie, "/a"), [0, 1]);
        assert_eq!(walked(&trie, "/ab"), [0]);
    }

    #[test]
    fn a_row_stands_with_its_key_if_it_fits_and_is_the_only_one() {
        let long = [b'x'; ROOM + 1];
        let key = |text: &'static str, segment, row| Prefix {
            text: text.as_bytes(),
            segment,
            goal: Goal { target: Target::row(5), row },
        };
        let keys = [
            key("/1/", true, &b"row"[..]),
            key("/2/", false, &long),
            key("/3/", false, b"one"),
            key("/3/", true, b"other"),
        ];
        let trie = Trie::new(keys.into());
        let walked = |text: &[u8]| {
            let mut found = Vec::new();
            trie.walk::<Forward>(text, |code, here| found.push((code, here.starts_with(b"row"))));
            found
        };
        let far = (Target::row(5).code(), false);
        assert_eq!(walked(b"/1/"), [(Target::HERE.code(), true)]);
        assert_eq!(walked(b"/2/"), [far]);
        assert_eq!(walked(b"/3/"), [far, far]);
    }

    proptest! {
        #[test]
        fn a_walk_finds_what_a_scan_finds(
            keys in prop::collection::btree_set("([ab/]|aaaaaaa|bbbbbbbbbbbbbbbb){0,5}", 0..30),
            text in "([ab/]|aaaaaaa|bbbbbbbbbbbbbbbb){0,8}",
        ) {
            let keys: Vec<String> = keys.into_iter().collect();
            let both = |key| [(key, false), (key, true)];
            let trie = trie(&keys.iter().map(String::as_str).flat_map(both).collect::<Vec<_>>());
            let mut expected = Vec::new();
            for (at, key) in (0..).zip(&keys) {
                expected.extend(text.starts_with(key.as_str()).then_some(at * 2));
                let below = text.strip_prefix(key.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
                expected.extend(below.then_some(at * 2 + 1));
                prop_assert_eq!(below, is_under(text.as_bytes(), key.as_bytes()));
            }
            let mut found = walked(&trie, &text);
            found.sort_unstable();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn it_is_read_from_the_end_as_from_the_start(
            keys in prop::collection::btree_set("([ab.]|aaaaaaa|bbbbbbbbbbbbbbbb){0,5}", 0..30),
            text in "([abAB.]|aaaaaaa|bbbbbbbBBbbbbbbb){0,8}",
        ) {
            let reversed = |text: &str| text.chars().rev().collect::<String>();
            let keys: Vec<String> = keys.into_iter().collect();
            let trie = trie(&keys.iter().map(|key| (key.as_str(), false)).collect::<Vec<_>>());
            let (mut ends, mut folded) = (Vec::new(), Vec::new());
            trie.walk::<Backward>(reversed(&text).as_bytes(), |target, _| ends.push(target));
            trie.walk::<BackwardInLowerCase>(reversed(&text).as_bytes(), |target, _| folded.push(target));
            prop_assert_eq!(ends, walked(&trie, &text));
            prop_assert_eq!(folded, walked(&trie, &text.to_ascii_lowercase()));
        }
    }
}
