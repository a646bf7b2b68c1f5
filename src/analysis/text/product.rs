//! Several machines side by side.

use std::collections::{HashMap, HashSet, VecDeque};

use super::automaton::Automata;
use super::machine::{Machine, State};
use super::{Atom, Domain, Found};

/// So many texts are gone through at most.
const MOST_NODES: usize = 20_000;

/// So many states of all machines together are kept for them.
pub(in crate::analysis) const MOST_STATES: usize = 200_000;

/// The shortest text of `domain` that is of all kinds in `wanted` and of none in `refused`.
pub(super) fn shortest(domain: Domain, wanted: &[Atom], refused: &[Atom], automata: &mut Automata) -> Found {
    // To make the machines of many patterns ready is work, too.
    if !automata.spend(wanted.len() + refused.len()) {
        return Found::GaveUp;
    }
    let Some(machines) = machines(wanted, refused, automata) else { return Found::GaveUp };
    let bytes = representatives(&machines, domain);
    let mut walk = Walk::new(&machines);
    let most = MOST_NODES.min(MOST_STATES / machines.len().max(1));
    while let Some(at) = walk.queue.pop_front() {
        if walk.accepts(at, domain) {
            return Found::Value(Some(walk.text(at)));
        }
        if walk.nodes.len() > most || !automata.spend(bytes.len() * machines.len()) {
            return Found::GaveUp;
        }
        for byte in &bytes {
            walk.step(at, *byte, domain);
        }
    }
    Found::Nothing
}

/// The machines, and whether each is to accept.
fn machines<'a>(wanted: &'a [Atom], refused: &'a [Atom], automata: &mut Automata) -> Option<Vec<(Machine<'a>, bool)>> {
    let wanted = wanted.iter().map(|atom| (atom, true));
    let all = wanted.chain(refused.iter().map(|atom| (atom, false)));
    all.map(|(atom, accepts)| Some((Machine::new(atom, automata)?, accepts))).collect()
}

/// One byte for all that are alike to the machines, the plainest.
fn representatives(machines: &[(Machine<'_>, bool)], domain: Domain) -> Vec<u8> {
    let mut seen = HashSet::new();
    let mut is_new = |byte: &u8| {
        let classes: Vec<(u16, u8)> = machines.iter().map(|(machine, _)| machine.class(*byte)).collect();
        let allowed = (domain.allows(*byte, true), domain.allows(*byte, false), domain.may_end(Some(*byte), 2));
        seen.insert((classes, allowed))
    };
    plainest_first().filter(|byte| is_new(byte)).collect()
}

/// All bytes, those first that stand out least in a text.
pub(super) fn plainest_first() -> impl Iterator<Item = u8> {
    let letters = (b'a'..=b'z').chain(b'0'..=b'9').chain(b"/-_.".iter().copied()).chain(b'A'..=b'Z');
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"/-_.".contains(byte);
    let others = (b'!'..=b'~').chain([b' ', b'\t']).chain(0x80..=0xff).chain(0..b'\t').chain(b'\n'..b' ').chain([0x7f]);
    letters.chain(others.filter(move |byte| !is_letter(byte)))
}

struct Node {
    states: Vec<State>,
    /// The state before and the byte behind it.
    from: Option<(usize, u8)>,
    length: usize,
}

struct Walk<'m> {
    machines: &'m [(Machine<'m>, bool)],
    nodes: Vec<Node>,
    known: HashMap<(Vec<State>, Option<u8>), usize>,
    queue: VecDeque<usize>,
}

impl<'m> Walk<'m> {
    fn new(machines: &'m [(Machine<'m>, bool)]) -> Self {
        let states = machines.iter().map(|(machine, _)| machine.start()).collect();
        let first = Node { states, from: None, length: 0 };
        Self { machines, nodes: vec![first], known: HashMap::new(), queue: VecDeque::from([0]) }
    }

    fn step(&mut self, at: usize, byte: u8, domain: Domain) {
        let Some(node) = self.nodes.get(at) else { return };
        let is_star = domain == Domain::Url && node.length == 1 && self.last(at) == Some(b'*');
        if is_star || !domain.allows(byte, node.length == 0) {
            return;
        }
        let pairs = self.machines.iter().zip(&node.states);
        let states: Vec<State> = pairs.map(|((machine, _), state)| machine.step(state, byte)).collect();
        // What a text may end with depends on its last byte, and of a target on the first.
        let matters = !domain.may_end(Some(byte), 2) || domain == Domain::Url && byte == b'*' && node.length == 0;
        let key = (states, (matters || node.length == 0).then_some(byte));
        if self.known.contains_key(&key) {
            return;
        }
        let length = node.length + 1;
        let number = self.nodes.len();
        self.nodes.push(Node { states: key.0.clone(), from: Some((at, byte)), length });
        self.known.insert(key, number);
        self.queue.push_back(number);
    }

    fn last(&self, at: usize) -> Option<u8> {
        self.nodes.get(at).and_then(|node| node.from).map(|(_, byte)| byte)
    }

    fn accepts(&self, at: usize, domain: Domain) -> bool {
        let Some(node) = self.nodes.get(at) else { return false };
        domain.may_end(self.last(at), node.length)
            && self
                .machines
                .iter()
                .zip(&node.states)
                .all(|((machine, wanted), state)| machine.accepts(state) == *wanted)
    }

    fn text(&self, mut at: usize) -> Vec<u8> {
        let mut text = Vec::new();
        while let Some((before, byte)) = self.nodes.get(at).and_then(|node| node.from) {
            text.push(byte);
            at = before;
        }
        text.reverse();
        text
    }
}
