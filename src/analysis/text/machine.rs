//! A kind of texts, seen through views, as something that is fed byte by byte.

use std::sync::Arc;

use super::automaton::{At, Automata, Automaton};
use super::{Atom, View};
use crate::lang::hir::Texts;

/// Accepts the texts of which what is seen through the views is of a kind.
pub(super) struct Machine<'a> {
    views: &'a [View],
    kind: Kind<'a>,
}

enum Kind<'a> {
    Exact(&'a [u8]),
    Prefix(&'a [u8]),
    Automaton(Arc<Automaton>),
}

/// Where a machine is. Two that are equal go on alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct State {
    inner: Inner,
    /// Of each view that remembers something.
    views: Vec<Memory>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Inner {
    /// So many bytes are as they should be.
    Matched(usize),
    Failed,
    At(At),
}

/// What a view remembers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "four things to remember, in any combination")]
struct Memory {
    /// What follows is not seen.
    is_over: bool,
    /// Something was seen.
    has_begun: bool,
    /// The host stands in brackets.
    in_brackets: bool,
    /// A dot was held back, since it does not count at the end.
    holds_dot: bool,
}

impl<'a> Machine<'a> {
    /// `None` if it would be too big.
    pub(super) fn new(atom: &'a Atom, automata: &mut Automata) -> Option<Self> {
        let kind = match &atom.texts {
            Texts::Exact(text) => Kind::Exact(text),
            Texts::Prefix(start) => Kind::Prefix(start),
            other => Kind::Automaton(automata.of(other)?),
        };
        Some(Self { views: &atom.views, kind })
    }

    pub(super) fn start(&self) -> State {
        let inner = match &self.kind {
            Kind::Exact(_) | Kind::Prefix(_) => Inner::Matched(0),
            Kind::Automaton(automaton) => Inner::At(automaton.start()),
        };
        let mut state = State { inner, views: vec![Memory::default(); self.views.len()] };
        for (level, view) in self.views.iter().enumerate().rev() {
            if let View::Around(before, _) = view {
                before.iter().for_each(|byte| self.feed(&mut state, level + 1, *byte));
            }
        }
        state
    }

    pub(super) fn step(&self, state: &State, byte: u8) -> State {
        let mut next = state.clone();
        self.feed(&mut next, 0, byte);
        next
    }

    pub(super) fn accepts(&self, state: &State) -> bool {
        let mut state = state.clone();
        for (level, view) in self.views.iter().enumerate() {
            let memory = state.views.get(level).copied().unwrap_or_default();
            match view {
                View::Around(_, behind) => behind.iter().for_each(|byte| self.feed(&mut state, level + 1, *byte)),
                // The dot of a host that is nothing else.
                View::Host if memory.holds_dot && !memory.has_begun => self.feed(&mut state, level + 1, b'.'),
                _ => {}
            }
        }
        match (&self.kind, state.inner) {
            (Kind::Exact(text) | Kind::Prefix(text), Inner::Matched(count)) => count == text.len(),
            (Kind::Automaton(automaton), Inner::At(at)) => automaton.accepts(at),
            _ => false,
        }
    }

    /// Bytes of one number are alike to the machine.
    pub(super) fn class(&self, byte: u8) -> (u16, u8) {
        let marks = self.views.iter().any(|view| matches!(view, View::Path | View::Host));
        let mark = if marks { b"?:[].".iter().position(|mark| *mark == byte).map_or(0, |at| at + 1) } else { 0 };
        (self.inner_class(self.views, byte), u8::try_from(mark).unwrap_or_default())
    }

    fn inner_class(&self, views: &[View], byte: u8) -> u16 {
        let byte = views.iter().fold(byte, |byte, view| match view {
            View::Lower | View::Host => byte.to_ascii_lowercase(),
            View::Upper => byte.to_ascii_uppercase(),
            View::Path | View::Around(..) => byte,
        });
        match &self.kind {
            Kind::Exact(text) | Kind::Prefix(text) => {
                if text.contains(&byte) {
                    1 + u16::from(byte)
                } else {
                    0
                }
            }
            Kind::Automaton(automaton) => automaton.class(byte).into(),
        }
    }

    /// Gives a byte to the view at that level, or to the kind behind them all.
    fn feed(&self, state: &mut State, level: usize, byte: u8) {
        let Some(view) = self.views.get(level) else { return self.feed_inner(state, byte) };
        match view {
            View::Lower => self.feed(state, level + 1, byte.to_ascii_lowercase()),
            View::Upper => self.feed(state, level + 1, byte.to_ascii_uppercase()),
            View::Around(..) => self.feed(state, level + 1, byte),
            View::Path => {
                let Some(memory) = state.views.get_mut(level) else { return };
                memory.is_over |= byte == b'?';
                if !memory.is_over {
                    self.feed(state, level + 1, byte);
                }
            }
            View::Host => self.feed_host(state, level, byte.to_ascii_lowercase()),
        }
    }

    fn feed_host(&self, state: &mut State, level: usize, byte: u8) {
        let Some(memory) = state.views.get_mut(level) else { return };
        let is_first = !memory.has_begun && !memory.holds_dot;
        memory.in_brackets |= is_first && byte == b'[';
        memory.is_over |= byte == b':' && !memory.in_brackets;
        if memory.is_over {
            return;
        }
        let dot = std::mem::replace(&mut memory.holds_dot, byte == b'.');
        let holds = memory.holds_dot;
        memory.has_begun |= dot || !holds;
        memory.is_over = memory.in_brackets && byte == b']';
        if dot {
            self.feed(state, level + 1, b'.');
        }
        if !holds {
            self.feed(state, level + 1, byte);
        }
    }

    fn feed_inner(&self, state: &mut State, byte: u8) {
        state.inner = match (&self.kind, state.inner) {
            (Kind::Prefix(text), Inner::Matched(count)) if count == text.len() => return,
            (Kind::Exact(text) | Kind::Prefix(text), Inner::Matched(count)) if text.get(count) == Some(&byte) => {
                Inner::Matched(count + 1)
            }
            (Kind::Automaton(automaton), Inner::At(at)) => Inner::At(automaton.step(at, byte)),
            _ => Inner::Failed,
        };
    }
}
