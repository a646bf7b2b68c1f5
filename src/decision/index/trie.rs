//! A radix tree of texts that values start with.

use std::ops::Range;

use super::packed::number;

/// How much room for children is made for each that there is, so that they are found by their byte at once.
const MOST_PLACES_EACH: usize = 2;
/// Where no key ends.
const NONE: u32 = u32::MAX;

/// Maps prefixes to targets. A walk takes time in the length of the value, however many there are. Its nodes lie side by
/// side, the children of one next to each other; long labels are parts of the keys.
#[derive(Debug, Default)]
pub(super) struct Trie {
    /// The root first; none as long as there is no key.
    nodes: Box<[Node]>,
    /// The byte by which each is told apart from the other children of its parent: side by side, so that a few
    /// looks at memory far away are enough. Some bytes follow, so that there are always eight to look at.
    firsts: Box<[u8]>,
    /// The keys, one after the other.
    texts: Box<[u8]>,
}

/// Half of what a processor fetches at once, and never a part of two.
#[derive(Clone, Debug)]
#[repr(align(32))]
struct Node {
    label: Label,
    children: Children,
    /// For values that go on in any way.
    any: u32,
    /// For values that end here or go on with `/`.
    segment: u32,
}

/// What stands between the parent and a node, without the byte that tells it apart from its siblings.
#[derive(Clone, Copy, Debug)]
enum Label {
    /// A short one stands where the node stands.
    Near { len: u8, bytes: [u8; 14] },
    /// Where it is in the text of all keys.
    Far { start: u32, len: u32 },
}

impl Label {
    const EMPTY: Self = Self::Near { len: 0, bytes: [0; 14] };

    fn of(text: &[u8], start: usize) -> Self {
        let mut bytes = [0; 14];
        match (u8::try_from(text.len()), bytes.get_mut(..text.len())) {
            (Ok(len), Some(near)) => {
                near.copy_from_slice(text);
                Self::Near { len, bytes }
            }
            _ => Self::Far { start: number(start), len: number(text.len()) },
        }
    }

    fn bytes<'t>(&'t self, texts: &'t [u8]) -> &'t [u8] {
        match self {
            Self::Near { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Self::Far { start, len } => texts.get(*start as usize..(start + len) as usize).unwrap_or_default(),
        }
    }
}

/// The children of a node, by the byte that comes next.
#[derive(Clone, Copy, Debug, Default)]
struct Children {
    first: u32,
    count: u16,
    /// The smallest byte, if there is a child for each of the `count` bytes from it on; those that no key has are empty
    /// nodes.
    from: Option<u8>,
}

/// A key of a tree.
#[derive(Debug)]
pub(super) struct Prefix<'t> {
    pub text: &'t [u8],
    /// Whether it is there for values that end with it or go on with a `/`, and not for all that start with it.
    pub segment: bool,
    pub target: u32,
}

impl Trie {
    /// A tree of keys. Of equal ones the last counts.
    pub fn new(mut keys: Vec<Prefix<'_>>) -> Self {
        keys.sort_by_key(|key| key.text);
        let texts: Vec<u8> = keys.iter().flat_map(|key| key.text).copied().collect();
        let starts = keys.iter().scan(0, |at, key| Some(std::mem::replace(at, *at + key.text.len()))).collect();
        let (nodes, firsts, work) = (Vec::new(), Vec::new(), Vec::new());
        let mut planting = Planting { keys: &keys, starts, nodes, firsts, work };
        if !keys.is_empty() {
            planting.node(0..keys.len(), 0, 0);
        }
        let mut next = 0;
        while let Some((keys, depth)) = planting.work.get(next).cloned() {
            planting.children(next, keys, depth);
            next += 1;
        }
        planting.firsts.extend([0; 7]);
        Self { nodes: planting.nodes.into(), firsts: planting.firsts.into(), texts: texts.into() }
    }

    /// How many keys are in it.
    pub fn len(&self) -> usize {
        let keys = |node: &Node| usize::from(node.any != NONE) + usize::from(node.segment != NONE);
        self.nodes.iter().map(keys).sum()
    }

    /// Visits the targets of all keys that `text` starts with, the shortest key first.
    pub fn walk(&self, text: impl Iterator<Item = u8>, mut visit: impl FnMut(u32)) {
        let mut text = text.peekable();
        let mut node = self.nodes.first();
        while let Some(here) = node {
            if !here.label.bytes(&self.texts).iter().all(|byte| text.next() == Some(*byte)) {
                return;
            }
            let next = text.peek().copied();
            if here.any != NONE {
                visit(here.any);
            }
            if here.segment != NONE && next.is_none_or(|next| next == b'/') {
                visit(here.segment);
            }
            node = next.and_then(|byte| self.child(here, byte));
            text.next();
        }
    }

    fn child(&self, node: &Node, byte: u8) -> Option<&Node> {
        let Children { first, count, from } = node.children;
        let place = match from {
            Some(from) => u32::from(byte.wrapping_sub(from)),
            None => self.place_among(first, count, byte)?,
        };
        // What is found behind the last child belongs to others.
        if place < u32::from(count) { self.nodes.get((first + place) as usize) } else { None }
    }

    /// Which child begins with the byte, or one behind the last.
    fn place_among(&self, first: u32, count: u16, byte: u8) -> Option<u32> {
        let firsts = self.firsts.get(first as usize..)?;
        (0..u32::from(count))
            .step_by(8)
            .find_map(|at| Some(at + place_of(byte, *firsts.get(at as usize..)?.first_chunk()?)?))
    }
}

/// Where the first of eight bytes is that is the same. Takes the same few instructions wherever it is: which child is
/// next cannot be foretold, and a wrong guess of the processor takes longer than the whole comparison.
fn place_of(byte: u8, eight: [u8; 8]) -> Option<u32> {
    const LOW: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let differences = u64::from_le_bytes(eight) ^ (LOW * u64::from(byte));
    // The lowest byte that is zero is the lowest whose highest bit is set here.
    let zeros = differences.wrapping_sub(LOW) & !differences & HIGH;
    (zeros != 0).then(|| zeros.trailing_zeros() / 8)
}

/// A tree that grows, level by level.
struct Planting<'k> {
    /// Sorted.
    keys: &'k [Prefix<'k>],
    /// Where each key begins in the text of all.
    starts: Vec<usize>,
    nodes: Vec<Node>,
    firsts: Vec<u8>,
    /// For each node the keys that go through it, and how long they are there.
    work: Vec<(Range<usize>, usize)>,
}

impl Planting<'_> {
    /// Adds a node that these keys go through, which `told` bytes behind `depth` tell apart from its siblings; its label
    /// follows and is as long as they agree.
    fn node(&mut self, keys: Range<usize>, depth: usize, told: usize) {
        let texts = self.keys.get(keys.clone()).unwrap_or_default();
        let (Some(first), Some(last)) = (texts.first(), texts.last()) else { return };
        let end = depth + common(first.text.get(depth..), last.text.get(depth..));
        let start = self.starts.get(keys.start).copied().unwrap_or(0) + depth + told;
        let label = Label::of(first.text.get(depth + told..end).unwrap_or_default(), start);
        self.push(label, first.text.get(depth).copied(), (keys, end));
    }

    fn push(&mut self, label: Label, first: Option<u8>, work: (Range<usize>, usize)) {
        self.nodes.push(Node { label, children: Children::default(), any: NONE, segment: NONE });
        self.firsts.push(first.unwrap_or_default());
        self.work.push(work);
    }

    /// Ends the keys that are `depth` bytes long at the node, and adds its children for the others.
    fn children(&mut self, node: usize, keys: Range<usize>, depth: usize) {
        let texts = self.keys.get(keys.clone()).unwrap_or_default();
        let ended = texts.iter().take_while(|key| key.text.len() == depth);
        let ending = ended.clone().count();
        let target = |segment| ended.clone().filter(|key| key.segment == segment).last().map_or(NONE, |key| key.target);
        let (any, segment) = (target(false), target(true));
        let mut children = Children { first: number(self.nodes.len()), count: 0, from: None };
        let mut start = keys.start + ending;
        let groups = texts.get(ending..).unwrap_or_default();
        let byte = |key: Option<&Prefix<'_>>| key.and_then(|key| key.text.get(depth)).copied();
        let groups = groups.chunk_by(|one, other| one.text.get(depth) == other.text.get(depth));
        if let (Some(from), Some(to)) = (byte(texts.get(ending)), byte(texts.last()))
            && usize::from(to - from) < MOST_PLACES_EACH * groups.clone().count()
        {
            children.from = Some(from);
        }
        for group in groups {
            let gap = children
                .from
                .zip(byte(group.first()))
                .map_or(0, |(from, byte)| u16::from(byte - from) - children.count);
            (0..gap).for_each(|_| self.push(Label::EMPTY, None, (0..0, 0)));
            self.node(start..start + group.len(), depth, 1);
            start += group.len();
            children.count += 1 + gap;
        }
        if let Some(node) = self.nodes.get_mut(node) {
            *node = Node { children, any, segment, ..node.clone() };
        }
    }
}

fn common(left: Option<&[u8]>, right: Option<&[u8]>) -> usize {
    let (left, right) = (left.unwrap_or_default(), right.unwrap_or_default());
    left.iter().zip(right).take_while(|(left, right)| left == right).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::decision::eval::is_under;

    fn trie(keys: &[(&str, bool)]) -> Trie {
        let prefixes = (0..).zip(keys).map(|(target, (text, segment))| Prefix {
            text: text.as_bytes(),
            segment: *segment,
            target,
        });
        Trie::new(prefixes.collect())
    }

    fn walked(trie: &Trie, text: &str) -> Vec<u32> {
        let mut found = Vec::new();
        trie.walk(text.bytes(), |target| found.push(target));
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

    proptest! {
        #[test]
        fn a_walk_finds_what_a_scan_finds(
            keys in prop::collection::btree_set("[ab/]{0,5}", 0..30),
            text in "[ab/]{0,8}",
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
    }
}
