//! A radix tree of texts that values start with.

use std::ops::Range;

/// Where no key ends.
const NONE: u32 = u32::MAX;

/// Maps prefixes to targets. A walk takes time in the length of the value, however many there are. Its nodes lie side by
/// side, the children of one next to each other, and their labels are parts of the keys.
#[derive(Debug, Default)]
pub(super) struct Trie {
    /// The root first; none as long as there is no key.
    nodes: Box<[Node]>,
    /// The first byte of the label of each, by which the children of a node are told apart: side by side, so that a few
    /// looks at memory far away are enough.
    firsts: Box<[u8]>,
    /// The keys, one after the other.
    texts: Box<[u8]>,
}

#[derive(Clone, Debug)]
struct Node {
    /// What stands between the parent and here; the root's may be empty, no other is.
    label: Range<u32>,
    /// Its children, by the first byte of their label, sorted.
    children: Range<u32>,
    /// For values that go on in any way.
    any: u32,
    /// For values that end here or go on with `/`.
    segment: u32,
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
            planting.node(0..keys.len(), 0);
        }
        let mut next = 0;
        while let Some((keys, depth)) = planting.work.get(next).cloned() {
            planting.children(next, keys, depth);
            next += 1;
        }
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
        // How much of the label is known to be there.
        let mut seen = 0;
        while let Some(here) = node {
            if !self.label(here, seen).iter().all(|byte| text.next() == Some(*byte)) {
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
            seen = 1;
        }
    }

    /// The label but for its first bytes.
    fn label(&self, node: &Node, without: usize) -> &[u8] {
        self.texts.get(node.label.start as usize + without..node.label.end as usize).unwrap_or_default()
    }

    fn child(&self, node: &Node, byte: u8) -> Option<&Node> {
        let firsts = self.firsts.get(node.children.start as usize..node.children.end as usize)?;
        self.nodes.get(node.children.start as usize + memchr::memchr(byte, firsts)?)
    }
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
    /// Adds a node that these keys go through; its label begins behind `depth` bytes and is as long as they agree.
    fn node(&mut self, keys: Range<usize>, depth: usize) {
        let texts = self.keys.get(keys.clone()).unwrap_or_default();
        let (Some(first), Some(last)) = (texts.first(), texts.last()) else { return };
        let end = depth + common(first.text.get(depth..), last.text.get(depth..));
        let start = self.starts.get(keys.start).copied().unwrap_or(0);
        let label = number(start + depth)..number(start + end);
        self.nodes.push(Node { label, children: 0..0, any: NONE, segment: NONE });
        self.firsts.push(first.text.get(depth).copied().unwrap_or_default());
        self.work.push((keys, end));
    }

    /// Ends the keys that are `depth` bytes long at the node, and adds its children for the others.
    fn children(&mut self, node: usize, keys: Range<usize>, depth: usize) {
        let texts = self.keys.get(keys.clone()).unwrap_or_default();
        let ended = texts.iter().take_while(|key| key.text.len() == depth);
        let ending = ended.clone().count();
        let target = |segment| ended.clone().filter(|key| key.segment == segment).last().map_or(NONE, |key| key.target);
        let (any, segment) = (target(false), target(true));
        let first_child = number(self.nodes.len());
        let mut start = keys.start + ending;
        let groups = texts.get(ending..).unwrap_or_default();
        for group in groups.chunk_by(|one, other| one.text.get(depth) == other.text.get(depth)) {
            self.node(start..start + group.len(), depth);
            start += group.len();
        }
        let children = first_child..number(self.nodes.len());
        if let Some(node) = self.nodes.get_mut(node) {
            *node = Node { children, any, segment, ..node.clone() };
        }
    }
}

fn common(left: Option<&[u8]>, right: Option<&[u8]>) -> usize {
    let (left, right) = (left.unwrap_or_default(), right.unwrap_or_default());
    left.iter().zip(right).take_while(|(left, right)| left == right).count()
}

fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
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
                prop_assert!(!below || key.ends_with('/') || is_under(text.as_bytes(), key.as_bytes()));
            }
            let mut found = walked(&trie, &text);
            found.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }
}
