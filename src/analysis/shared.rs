//! Maps of which many are kept that differ in little: what they have in common is kept once.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// A map of which a copy costs next to nothing, and shares with it all that neither changes.
#[derive(Debug)]
pub(super) struct Shared<K, V> {
    root: Arc<Node<K, V>>,
}

/// So many entries are kept side by side.
const MOST_SIDE_BY_SIDE: usize = 8;

/// How many bits of its hash a key is found by at each level.
const BITS: u32 = 4;

#[derive(Clone, Debug)]
enum Node<K, V> {
    Few(Vec<(K, V)>),
    /// By some bits of the hash.
    Many([Arc<Node<K, V>>; 1 << BITS]),
}

impl<K, V> Clone for Shared<K, V> {
    fn clone(&self) -> Self {
        Self { root: Arc::clone(&self.root) }
    }
}

impl<K, V> Default for Shared<K, V> {
    fn default() -> Self {
        Self { root: Arc::default() }
    }
}

impl<K, V> Default for Node<K, V> {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

fn hash_of<K: Hash>(key: &K) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// Which branch a key is in.
fn branch(hash: u64, level: u32) -> usize {
    usize::try_from(hash >> (level * BITS) & ((1 << BITS) - 1)).unwrap_or_default()
}

impl<K: Clone + Eq + Hash, V: Clone> Shared<K, V> {
    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.root.find(key, 0)
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        let hash = hash_of(&key);
        Arc::make_mut(&mut self.root).insert(key, value, hash, 0);
    }

    pub(super) fn remove(&mut self, key: &K) {
        if self.get(key).is_some() {
            Arc::make_mut(&mut self.root).remove(key, hash_of(key), 0);
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        let mut all = Vec::new();
        self.root.each(&mut |key, value| all.push((key, value)));
        all.into_iter()
    }

    /// Keeps the entries of such keys alone.
    pub(super) fn retain(&mut self, keeps: impl Fn(&K) -> bool) {
        let gone: Vec<K> = self.iter().map(|(key, _)| key).filter(|key| !keeps(key)).cloned().collect();
        for key in &gone {
            self.remove(key);
        }
    }

    /// Calls `visit` with the keys whose values differ, or that only one of both has. What both share is passed over.
    pub(super) fn differences<'s>(&'s self, other: &'s Self, visit: &mut impl FnMut(&'s K))
    where
        V: PartialEq,
    {
        Node::differences(&self.root, &other.root, 0, visit);
    }
}

impl<K: Clone + Eq + Hash, V: Clone + PartialEq> PartialEq for Shared<K, V> {
    fn eq(&self, other: &Self) -> bool {
        Node::is_alike(&self.root, &other.root, 0)
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Node<K, V> {
    /// What stands below a node of that level.
    fn find(&self, key: &K, level: u32) -> Option<&V> {
        let (mut node, mut level) = (self, level);
        let hash = if let Self::Many(_) = node { hash_of(key) } else { 0 };
        while let Self::Many(branches) = node {
            node = branches.get(branch(hash, level))?;
            level += 1;
        }
        let Self::Few(few) = node else { return None };
        few.iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    fn each<'n>(&'n self, visit: &mut impl FnMut(&'n K, &'n V)) {
        match self {
            Self::Few(few) => few.iter().for_each(|(key, value)| visit(key, value)),
            Self::Many(branches) => branches.iter().for_each(|branch| branch.each(visit)),
        }
    }

    fn insert(&mut self, key: K, value: V, hash: u64, level: u32) {
        match self {
            Self::Many(branches) => {
                if let Some(node) = branches.get_mut(branch(hash, level)) {
                    Arc::make_mut(node).insert(key, value, hash, level + 1);
                }
            }
            Self::Few(few) => {
                if let Some((_, known)) = few.iter_mut().find(|(known, _)| *known == key) {
                    *known = value;
                    return;
                }
                few.push((key, value));
                if few.len() > MOST_SIDE_BY_SIDE && (level + 1) * BITS < u64::BITS {
                    let entries = std::mem::take(few);
                    *self = Self::Many(std::array::from_fn(|_| Arc::default()));
                    for (key, value) in entries {
                        let hash = hash_of(&key);
                        self.insert(key, value, hash, level);
                    }
                }
            }
        }
    }

    fn remove(&mut self, key: &K, hash: u64, level: u32) {
        match self {
            Self::Few(few) => few.retain(|(known, _)| known != key),
            Self::Many(branches) => {
                if let Some(node) = branches.get_mut(branch(hash, level)) {
                    Arc::make_mut(node).remove(key, hash, level + 1);
                }
            }
        }
    }

    fn count(&self) -> usize {
        match self {
            Self::Few(few) => few.len(),
            Self::Many(branches) => branches.iter().map(|branch| branch.count()).sum(),
        }
    }
}

impl<K: Clone + Eq + Hash, V: Clone + PartialEq> Node<K, V> {
    fn is_alike(one: &Arc<Self>, other: &Arc<Self>, level: u32) -> bool {
        Arc::ptr_eq(one, other)
            || match (&**one, &**other) {
                (Self::Many(ones), Self::Many(others)) => {
                    ones.iter().zip(others).all(|(one, other)| Self::is_alike(one, other, level + 1))
                }
                (one, other) => one.count() == other.count() && one.is_within(other, level),
            }
    }

    fn is_within(&self, other: &Self, level: u32) -> bool {
        let mut is_within = true;
        self.each(&mut |key, value| is_within = is_within && other.find(key, level) == Some(value));
        is_within
    }

    fn differences<'n>(one: &'n Arc<Self>, other: &'n Arc<Self>, level: u32, visit: &mut impl FnMut(&'n K)) {
        if Arc::ptr_eq(one, other) {
            return;
        }
        if let (Self::Many(ones), Self::Many(others)) = (&**one, &**other) {
            let pairs = ones.iter().zip(others);
            return pairs.for_each(|(one, other)| Self::differences(one, other, level + 1, visit));
        }
        one.each(&mut |key, value| {
            if other.find(key, level) != Some(value) {
                visit(key);
            }
        });
        other.each(&mut |key, _| {
            if one.find(key, level).is_none() {
                visit(key);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashMap};

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Change {
        Put(u16, u8),
        Remove(u16),
        Retain(u16),
    }

    fn a_change() -> impl Strategy<Value = Change> {
        prop_oneof![
            8 => (0..300_u16, 0..4_u8).prop_map(|(key, value)| Change::Put(key, value)),
            3 => (0..300_u16).prop_map(Change::Remove),
            1 => (2..9_u16).prop_map(Change::Retain),
        ]
    }

    fn change(change: &Change, shared: &mut Shared<u16, u8>, plain: &mut HashMap<u16, u8>) {
        match *change {
            Change::Put(key, value) => {
                shared.insert(key, value);
                plain.insert(key, value);
            }
            Change::Remove(key) => {
                shared.remove(&key);
                plain.remove(&key);
            }
            Change::Retain(part) => {
                shared.retain(|key| key % part > 0);
                plain.retain(|key, _| key % part > 0);
            }
        }
    }

    fn change_all(changes: &[Change], shared: &mut Shared<u16, u8>, plain: &mut HashMap<u16, u8>) {
        for one in changes {
            change(one, shared, plain);
        }
    }

    /// Which nodes there are.
    fn nodes(node: &Arc<Node<u32, ()>>, seen: &mut BTreeSet<*const ()>) {
        seen.insert(Arc::as_ptr(node).cast());
        if let Node::Many(branches) = &**node {
            for branch in branches {
                nodes(branch, seen);
            }
        }
    }

    proptest! {
        #[test]
        fn it_is_a_map(
            before in proptest::collection::vec(a_change(), 0..200),
            ours in proptest::collection::vec(a_change(), 0..30),
            theirs in proptest::collection::vec(a_change(), 0..30),
        ) {
            let (mut shared, mut plain) = (Shared::default(), HashMap::new());
            change_all(&before, &mut shared, &mut plain);
            let (mut other, mut other_plain) = (shared.clone(), plain.clone());
            change_all(&ours, &mut shared, &mut plain);
            change_all(&theirs, &mut other, &mut other_plain);
            for (shared, plain) in [(&shared, &plain), (&other, &other_plain)] {
                let all: HashMap<u16, u8> = shared.iter().map(|(key, value)| (*key, *value)).collect();
                prop_assert_eq!(&all, plain);
                prop_assert!((0..300).all(|key| shared.get(&key) == plain.get(&key)));
            }
            prop_assert_eq!(shared == other, plain == other_plain);
            let mut found = BTreeSet::new();
            shared.differences(&other, &mut |key| assert!(found.insert(*key)));
            let keys = plain.keys().chain(other_plain.keys());
            let expected: BTreeSet<u16> = keys.filter(|key| plain.get(key) != other_plain.get(key)).copied().collect();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn what_is_in_common_is_kept_once() {
        let mut one = Shared::default();
        (0..10_000_u32).for_each(|key| one.insert(key, ()));
        let mut other = one.clone();
        other.insert(10_000, ());
        let mut seen = BTreeSet::new();
        nodes(&one.root, &mut seen);
        let before = seen.len();
        nodes(&other.root, &mut seen);
        assert!(seen.len() - before < 30, "{} of {before} nodes were copied", seen.len() - before);
    }
}
