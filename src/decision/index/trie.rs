//! A radix tree of texts that values start with.

/// Maps prefixes to matchers. A walk takes time in the length of the value, however many there are.
#[derive(Debug, Default)]
pub(super) struct Trie {
    /// The root first; none as long as there is no key.
    nodes: Vec<Node>,
}

#[derive(Debug, Default)]
struct Node {
    /// What stands between the parent and here; the root has none.
    label: Box<[u8]>,
    /// By the first byte of their label, sorted.
    children: Vec<(u8, u32)>,
    /// For values that go on in any way.
    any: Option<u32>,
    /// For values that end here or go on with `/`.
    segment: Option<u32>,
}

impl Node {
    fn child(&self, byte: u8) -> Option<usize> {
        let at = self.children.binary_search_by_key(&byte, |(first, _)| *first).ok()?;
        self.children.get(at).map(|(_, id)| *id as usize)
    }
}

impl Trie {
    /// How many keys are in it.
    pub fn len(&self) -> usize {
        let keys = |node: &Node| usize::from(node.any.is_some()) + usize::from(node.segment.is_some());
        self.nodes.iter().map(keys).sum()
    }

    /// Maps values that start with `key` to `matcher`.
    pub fn insert(&mut self, key: &[u8], matcher: u32) {
        if let Some(node) = self.place(key) {
            node.any = Some(matcher);
        }
    }

    /// Maps `key` itself and what starts with it and a `/` to `matcher`.
    pub fn insert_segment(&mut self, key: &[u8], matcher: u32) {
        if let Some(node) = self.place(key) {
            node.segment = Some(matcher);
        }
    }

    /// Visits the matchers of all keys that `text` starts with, the shortest key first.
    pub fn walk(&self, text: impl Iterator<Item = u8>, mut visit: impl FnMut(u32)) {
        let mut text = text.peekable();
        let mut node = self.nodes.first();
        while let Some(here) = node {
            if !here.label.iter().all(|byte| text.next() == Some(*byte)) {
                return;
            }
            here.any.into_iter().for_each(&mut visit);
            let next = text.peek().copied();
            if next.is_none_or(|next| next == b'/') {
                here.segment.into_iter().for_each(&mut visit);
            }
            node = next.and_then(|byte| here.child(byte)).and_then(|id| self.nodes.get(id));
        }
    }

    /// The node of `key`, made if need be. Never `None`: ids are made here only.
    fn place(&mut self, key: &[u8]) -> Option<&mut Node> {
        if self.nodes.is_empty() {
            self.nodes.push(Node::default());
        }
        let (mut at, mut rest) = (0, key);
        while let Some(byte) = rest.first() {
            let Some(child) = self.nodes.get(at)?.child(*byte) else {
                at = self.grow(at, *byte, rest)?;
                break;
            };
            let shared = common(&self.nodes.get(child)?.label, rest);
            self.cut(child, shared)?;
            rest = rest.get(shared..)?;
            at = child;
        }
        self.nodes.get_mut(at)
    }

    /// Adds a child of that label, which starts with `byte`.
    fn grow(&mut self, parent: usize, byte: u8, label: &[u8]) -> Option<usize> {
        let id = self.nodes.len();
        let children = &mut self.nodes.get_mut(parent)?.children;
        let at = children.partition_point(|(first, _)| *first < byte);
        children.insert(at, (byte, u32::try_from(id).ok()?));
        self.nodes.push(Node { label: label.into(), ..Node::default() });
        Some(id)
    }

    /// Cuts a node so that its label ends behind `length` bytes; the rest becomes its only child.
    fn cut(&mut self, id: usize, length: usize) -> Option<()> {
        let lower = u32::try_from(self.nodes.len()).ok()?;
        let node = self.nodes.get_mut(id)?;
        let (upper, rest) = node.label.split_at_checked(length)?;
        let (Some(byte), rest) = (rest.first().copied(), rest.into()) else { return Some(()) };
        let upper = Node { label: upper.into(), children: vec![(byte, lower)], ..Node::default() };
        let below = Node { label: rest, ..std::mem::replace(node, upper) };
        self.nodes.push(below);
        Some(())
    }
}

fn common(left: &[u8], right: &[u8]) -> usize {
    left.iter().zip(right).take_while(|(left, right)| left == right).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::decision::eval::is_under;

    fn walked(trie: &Trie, text: &str) -> Vec<u32> {
        let mut found = Vec::new();
        trie.walk(text.bytes(), |matcher| found.push(matcher));
        found
    }

    #[test]
    fn all_prefixes_are_found_shortest_first() {
        let mut trie = Trie::default();
        for (matcher, key) in (0..).zip(["/api/", "/", "", "/api/v1", "/apple", "/api/v1x"]) {
            trie.insert(key.as_bytes(), matcher);
        }
        assert_eq!(walked(&trie, "/api/v1/x"), [2, 1, 0, 3]);
        assert_eq!(walked(&trie, "/app"), [2, 1]);
        assert_eq!(walked(&trie, ""), [2]);
    }

    #[test]
    fn segments_end_at_a_slash() {
        let mut trie = Trie::default();
        trie.insert_segment(b"/a", 1);
        trie.insert(b"/a", 2);
        assert_eq!(walked(&trie, "/a/b"), [2, 1]);
        assert_eq!(walked(&trie, "/a"), [2, 1]);
        assert_eq!(walked(&trie, "/ab"), [2]);
    }

    proptest! {
        #[test]
        fn a_walk_finds_what_a_scan_finds(
            keys in prop::collection::btree_set("[ab/]{0,5}", 0..30),
            text in "[ab/]{0,8}",
        ) {
            let mut trie = Trie::default();
            let keys: Vec<String> = keys.into_iter().collect();
            for (at, key) in (0..).zip(&keys) {
                trie.insert(key.as_bytes(), at * 2);
                trie.insert_segment(key.as_bytes(), at * 2 + 1);
            }
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
