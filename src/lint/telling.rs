//! Values that tell one request from another for what a policy makes of them: a language that is offered, a browser of each
//! class, an address of each access list, a path that is rewritten.

use crate::analysis::{Op, Term, sample};
use crate::lang::hir::{Expression, ExpressionKind, Hir};
use crate::lang::schema::Function;
use crate::lang::schema::function::{Access, Core, Text};

/// Browsers and programs of each class that `device.class` knows.
const AGENTS: [&str; 4] =
    ["Googlebot/2.1", "Mozilla/5.0 (iPhone) Mobile Safari", "Mozilla/5.0 (iPad) Safari", "Mozilla/5.0 (X11) Firefox"];
/// So many access lists are looked into.
const MOST_LISTS: usize = 8;
/// So many paths are tried.
const MOST_TARGETS: usize = 4;

/// Adds what the functions tell apart that make a value.
pub(super) fn in_term(term: &Term, texts: &mut Vec<Vec<u8>>) {
    let Term::Made(made) = term else { return };
    match (&made.op, made.of.as_slice()) {
        (Op::Call(Function::Accept(_)), [_, Term::Text(offered)]) => {
            texts.extend(offered.split(|byte| *byte == b'\n').map(<[u8]>::to_vec));
        }
        (Op::Call(Function::Access(Access::DeviceClass)), _) => {
            texts.extend(AGENTS.iter().map(|agent| agent.as_bytes().to_vec()));
        }
        _ => {}
    }
    made.of.iter().for_each(|part| in_term(part, texts));
}

/// An address of each access list.
pub(super) fn addresses(hir: &Hir) -> impl Iterator<Item = Vec<u8>> {
    let first = |acl: &crate::lang::hir::Acl| {
        let network = acl.entries.iter().find(|(_, is_negated)| !is_negated);
        network.map(|(network, _)| network.addr().to_string().into_bytes())
    };
    hir.acls.iter().filter_map(first).take(MOST_LISTS)
}

/// Paths that something else is made of: `/t/`, of `regsub(bereq.url, "^/t/", …)`.
pub(super) fn targets(values: &[&Expression]) -> Vec<String> {
    let mut found = Vec::new();
    for value in values {
        add_targets(value, &mut found);
    }
    found.truncate(MOST_TARGETS);
    found
}

fn add_targets(value: &Expression, found: &mut Vec<String>) {
    if let ExpressionKind::Call(
        Function::Core(Core::Regsub | Core::Regsuball) | Function::Text(Text::ReplacePrefix),
        given,
    ) = &value.kind
    {
        let text = given.get(1).and_then(|second| match &second.kind {
            ExpressionKind::Regex(pattern) => sample(pattern),
            ExpressionKind::Text(text) => Some(text.to_vec()),
            _ => None,
        });
        let target = text.and_then(|text| String::from_utf8(text).ok()).filter(|text| text.starts_with('/'));
        found.extend(target);
    }
    value.parts().for_each(|part| add_targets(part, found));
}
