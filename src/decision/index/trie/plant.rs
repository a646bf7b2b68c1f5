//! How a radix tree grows: level by level, the children of a node side by side.

use std::ops::Range;

use super::super::packed::number;
use super::super::places::Places;
use super::{Children, Ends, Label, Leaf, Node, Prefix};
use crate::pace;

/// The nodes and leaves of a tree of these keys, which are sorted; the root first.
pub(super) fn grown(keys: &[Prefix<'_>]) -> (Vec<Node>, Vec<Leaf>) {
    let mut planting = Planting::root(keys);
    let mut next = 0;
    while let Some((keys, depth)) = planting.work.get(next).cloned() {
        pace::pause();
        planting.grow(next, keys, depth);
        next += 1;
    }
    (planting.nodes, planting.leaves)
}

/// A tree that grows, level by level.
struct Planting<'k> {
    /// Sorted.
    keys: &'k [Prefix<'k>],
    /// Where each key begins in the text of all.
    starts: Vec<usize>,
    nodes: Vec<Node>,
    leaves: Vec<Leaf>,
    /// For each node the keys that go through it, and how long they are there.
    work: Vec<(Range<usize>, usize)>,
}

impl<'k> Planting<'k> {
    /// A tree of one node that all keys go through.
    fn root(keys: &'k [Prefix<'k>]) -> Self {
        let starts = keys.iter().scan(0, |at, key| Some(std::mem::replace(at, *at + key.text.len()))).collect();
        let mut planting = Self { keys, starts, nodes: Vec::new(), leaves: Vec::new(), work: Vec::new() };
        planting.make_room(1, false);
        planting.node(0, 0..keys.len(), 0);
        planting
    }

    /// The keys of a range.
    fn texts(&self, keys: Range<usize>) -> &'k [Prefix<'k>] {
        self.keys.get(keys).unwrap_or_default()
    }

    /// Adds nodes or leaves that no key goes through: where they begin.
    fn make_room(&mut self, count: usize, are_leaves: bool) -> usize {
        if are_leaves {
            let first = self.leaves.len();
            self.leaves.resize(first + count, Leaf::NOTHING);
            return first;
        }
        let first = self.nodes.len();
        self.nodes.resize(first + count, Node::NOTHING);
        self.work.resize(first + count, (0..0, 0));
        first
    }

    /// What these keys agree on from `depth` on, and where that ends.
    fn label(&self, keys: Range<usize>, depth: usize) -> Option<(Label, usize)> {
        let texts = self.texts(keys.clone());
        let (first, last) = (texts.first()?, texts.last()?);
        let end = depth + common(first.text.get(depth..), last.text.get(depth..));
        let start = self.starts.get(keys.start).copied().unwrap_or(0) + depth;
        Some((Label::of(first.text.get(depth..end).unwrap_or_default(), start), end))
    }

    /// Makes a node one that these keys go through; its label begins at `depth`.
    fn node(&mut self, node: usize, keys: Range<usize>, depth: usize) {
        let Some((label, end)) = self.label(keys.clone(), depth) else { return };
        if let (Some(node), Some(work)) = (self.nodes.get_mut(node), self.work.get_mut(node)) {
            (node.label, *work) = (label, (keys, end));
        }
    }

    /// The same for a leaf, which these keys end at.
    fn leaf(&mut self, leaf: usize, keys: Range<usize>, depth: usize) {
        let Some((label, _)) = self.label(keys.clone(), depth) else { return };
        let texts = self.texts(keys);
        if let Some(leaf) = self.leaves.get_mut(leaf) {
            *leaf = Leaf::of(texts, label);
        }
    }

    /// Ends the keys that are `depth` bytes long at the node, and adds its children for the others.
    fn grow(&mut self, node: usize, keys: Range<usize>, depth: usize) {
        let texts = self.texts(keys.clone());
        let longer = texts.partition_point(|key| key.text.len() == depth);
        let ends = Ends::of(texts.get(..longer).unwrap_or_default());
        let children = self.children(keys.start + longer..keys.end, depth);
        if let Some(node) = self.nodes.get_mut(node) {
            *node = Node { children, ends, ..node.clone() };
        }
    }

    /// Adds nodes or leaves for keys that are longer than `depth`, by what comes there.
    fn children(&mut self, keys: Range<usize>, depth: usize) -> Children {
        let byte = |key: &Prefix<'_>| key.text.get(depth).copied();
        let groups = self.texts(keys.clone()).chunk_by(|one, other| byte(one) == byte(other));
        let bytes: Vec<u8> = groups.clone().filter_map(|group| byte(group.first()?)).collect();
        if bytes.is_empty() {
            return Children::NONE;
        }
        let same = |group: &[Prefix<'_>]| group.first().map(|key| key.text) == group.last().map(|key| key.text);
        let are_leaves = groups.clone().all(same);
        let places = Places::of(&bytes);
        let first = self.make_room(places.count(), are_leaves);
        let mut start = keys.start;
        for (byte, group) in bytes.iter().zip(groups) {
            let place = first + places.place(*byte).map_or(0, usize::from);
            let keys = start..start + group.len();
            start = keys.end;
            if are_leaves { self.leaf(place, keys, depth) } else { self.node(place, keys, depth) }
        }
        Children { first: number(first) | if are_leaves { Children::LEAVES } else { 0 }, places }
    }
}

fn common(left: Option<&[u8]>, right: Option<&[u8]>) -> usize {
    let (left, right) = (left.unwrap_or_default(), right.unwrap_or_default());
    left.iter().zip(right).take_while(|(left, right)| left == right).count()
}
