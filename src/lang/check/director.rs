//! Directors: their kind, their attributes, their members.

use std::collections::HashMap;

use super::attribute::Attributes;
use super::context::Context;
use super::findings::Findings;
use super::unknown;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{BackendId, Choice, Director, Key, Member, Shard, ShardHealth};
use crate::lang::schema::{self, DirectorKind, MEMBER_ATTRIBUTES};
use crate::lang::source::Span;
use crate::lang::syntax::ast::{self, AttributeBlock};

/// How many directors may be in each other.
const NESTING_LIMIT: usize = 16;

/// What a member's weight may be.
const WEIGHTS: std::ops::RangeInclusive<f64> = 0.0..=100.0;

/// All directors in order of declaration.
pub(super) fn directors(cx: &Context) -> Vec<Director> {
    let directors: Vec<Director> = cx.names.directors.iter().map(|entry| director(cx, entry.item)).collect();
    Nesting { cx, directors: &directors, states: vec![State::Unknown; directors.len()] }.check();
    directors
}

fn director(cx: &Context, written: &ast::Director) -> Director {
    let (name, span) = (written.name.text.to_string(), written.name.span);
    let Some(kind) = DirectorKind::find(&written.kind.text) else {
        cx.findings.report(unknown_kind(cx.findings, &written.kind));
        // What it is made of is of use all the same.
        let members = members(cx, written, MEMBER_ATTRIBUTES, "member of a director");
        return Director { name, choice: Choice::Random, members, span };
    };
    let owner = format!("{} director", kind.name());
    let attributes = Attributes::new(cx, &written.attributes, kind.attributes(), &owner);
    let choice = choice(kind, &attributes);
    let members = members(cx, written, kind.member_attributes(), &format!("member of a {owner}"));
    Director { name, choice, members, span }
}

fn unknown_kind(findings: &Findings, kind: &ast::Name) -> Diagnostic {
    let finding = Diagnostic::new(Code::E0660, kind.span, format!("there is no director of the kind `{}`", kind.text));
    if matches!(kind.text.as_str(), "weighted" | "weight" | "wrr") {
        return finding.help("write `random`, with a weight for each: `random { web { .weight = 2; } }`");
    }
    let underscored = kind.text.replace('-', "_");
    unknown::suggest(findings, finding, &underscored, "the kinds", DirectorKind::ALL.iter().map(|kind| kind.name()))
}

fn choice(kind: DirectorKind, attributes: &Attributes) -> Choice {
    match kind {
        DirectorKind::RoundRobin => Choice::RoundRobin,
        DirectorKind::Fallback => Choice::Fallback { sticky: attributes.truth("sticky") },
        DirectorKind::Random => Choice::Random,
        DirectorKind::Hash => Choice::Hash(key(attributes)),
        DirectorKind::Shard => Choice::Shard(shard(attributes)),
        DirectorKind::LeastConn => Choice::LeastConn,
        DirectorKind::P2c => Choice::P2c,
    }
}

fn shard(attributes: &Attributes) -> Shard {
    Shard {
        key: key(attributes),
        replicas: u16::try_from(attributes.number("replicas", 1..=1_000)).unwrap_or_default(),
        warmup: u16::try_from(attributes.thousandths("warmup", 0.0..=1.0)).unwrap_or_default(),
        rampup: attributes.duration_or_none("rampup"),
        alternative: attributes.of_request("alt"),
        health: match attributes.word("healthy") {
            "IGNORE" => ShardHealth::Ignore,
            "ALL" => ShardHealth::All,
            _ => ShardHealth::Chosen,
        },
    }
}

/// What a director goes by; a `.key` alone says that it is gone by.
fn key(attributes: &Attributes) -> Key {
    let by = attributes.given("by").map(|given| (attributes.word("by"), given.span));
    let value = attributes.of_request("key");
    match (by, attributes.given("key")) {
        (None | Some(("KEY", _)), Some(_)) => value.map_or(Key::Hash, Key::Value),
        (Some((word, _)), Some(key)) => {
            let message = format!("with `.by = {word}` the `.key` is not looked at");
            attributes.refuse(key.span, message, "remove one of the two");
            Key::Hash
        }
        (Some(("KEY", span)), None) => {
            attributes.refuse(span, "`.by = KEY` goes by a `.key`", "add one: `.key = client.ip;`");
            Key::Hash
        }
        (Some(("URL", _)), None) => Key::Url,
        _ => Key::Hash,
    }
}

fn members(cx: &Context, written: &ast::Director, table: &'static [schema::Attribute], owner: &str) -> Vec<Member> {
    if written.members.is_empty() && !cx.findings.any_within(written.span) {
        let message = format!("the director `{}` has no members", written.name.text);
        let help = "write the name of a backend between the braces: `NAME;`";
        cx.findings.report(Diagnostic::new(Code::E0661, written.name.span, message).help(help));
    }
    let mut seen: HashMap<&str, Span> = HashMap::new();
    let mut members = Vec::with_capacity(written.members.len());
    for block in &written.members {
        let member = member(cx, block, table, owner);
        if let Some(first) = seen.insert(&block.name.text, block.name.span) {
            cx.findings.report(repeated(&block.name, first));
            continue;
        }
        members.extend(member);
    }
    if !members.is_empty() && members.iter().all(|member| member.weight == 0) {
        let message = format!("all members of the director `{}` have the weight 0", written.name.text);
        let help = "a request that is sent to it could only fail: leave one of them a weight above 0";
        cx.findings.report(Diagnostic::new(Code::E0661, written.name.span, message).help(help));
    }
    members
}

fn member(cx: &Context, block: &AttributeBlock, table: &'static [schema::Attribute], owner: &str) -> Option<Member> {
    let attributes = Attributes::new(cx, block.attributes.as_deref().unwrap_or_default(), table, owner);
    let weight = if table.is_empty() { 1_000 } else { attributes.thousandths("weight", WEIGHTS) };
    let name = &block.name;
    let Some(backend) = cx.names.refer_backend(&name.text) else {
        let finding = Diagnostic::new(Code::E0202, name.span, format!("there is no backend `{}`", name.text));
        cx.findings.report(unknown::suggest(
            cx.findings,
            finding,
            &name.text,
            "the backends",
            cx.names.backend_names(),
        ));
        return None;
    };
    Some(Member { backend, weight })
}

fn repeated(name: &ast::Name, first: Span) -> Diagnostic {
    Diagnostic::new(Code::E0662, name.span, format!("`{}` is a member already", name.text))
        .context(first, "here")
        .help("remove one of them; to have it asked more often, give it a `.weight`")
}

/// How far a director has been looked into.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Unknown,
    UnderWay,
    /// So many directors are in each other below it.
    Known(usize),
}

/// Finds directors that are in themselves, and those that nest too deep.
struct Nesting<'c, 'a> {
    cx: &'c Context<'a>,
    directors: &'c [Director],
    states: Vec<State>,
}

impl Nesting<'_, '_> {
    fn check(&mut self) {
        for at in 0..self.directors.len() {
            self.depth(at, 0);
        }
    }

    /// How many directors are in each other below that one, itself included; `level` are above it.
    fn depth(&mut self, at: usize, level: usize) -> usize {
        match self.states.get(at) {
            Some(State::Known(depth)) => return *depth,
            Some(State::UnderWay) => {
                self.report(at, "is a member of itself");
                return 0;
            }
            _ if level >= NESTING_LIMIT => {
                self.report(at, "is in too many others");
                return 0;
            }
            _ => self.note(at, State::UnderWay),
        }
        let Some(director) = self.directors.get(at) else { return 0 };
        let inner = director.members.iter().filter_map(|member| self.number(member.backend));
        let inner: Vec<usize> = inner.collect();
        let depth = 1 + inner.into_iter().map(|at| self.depth(at, level + 1)).max().unwrap_or_default();
        self.note(at, State::Known(depth));
        depth
    }

    fn note(&mut self, at: usize, state: State) {
        if let Some(known) = self.states.get_mut(at) {
            *known = state;
        }
    }

    /// The number of a member among the directors; `None` if it is a backend.
    fn number(&self, id: BackendId) -> Option<usize> {
        (id.0 as usize).checked_sub(self.cx.names.backends.len())
    }

    fn report(&self, at: usize, what: &str) {
        let Some(director) = self.directors.get(at) else { return };
        let message = format!("the director `{}` {what}", director.name);
        let help = "a director's members are backends, and directors that do not lead back to it";
        self.cx.findings.report(Diagnostic::new(Code::E0663, director.span, message).help(help));
    }
}
