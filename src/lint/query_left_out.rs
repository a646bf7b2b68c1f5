//! A key with the path and nothing of the query, which the backend is asked for all the same.
//!
//! Two requests are shown that differ in the query alone: the backend is asked for other things, and the second is answered
//! with what was stored for the first. Whose key has some of the query has picked what counts, and whose backend is sent none
//! of it needs none in the key: of these nothing is said.

use std::collections::BTreeSet;

use super::survey::Survey;
use super::unfinished::Budget;
use super::walk;
use crate::analysis::{Answer, Formula, Model, Op, Place, Reached, Term, Witness};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Expression, ExpressionKind, Glob, Hir, Normalization, StatementKind};
use crate::lang::schema::function::Core;
use crate::lang::schema::{Action, Function, Step, Variable};
use crate::lang::source::Span;

/// So many ways to be stored are looked at.
const MOST_WAYS: usize = 16;
/// So many parameters are tried.
const MOST_NAMES: usize = 32;
/// Parameters that many sites have.
const LIKELY: [&str; 3] = ["q", "page", "id"];
/// The piece of the built-in policy that `key` stands for.
const PIECE: &str = "builtin.key";

pub(super) fn find(survey: &mut Survey<'_>) -> Vec<Diagnostic> {
    if !has_own_key(survey) {
        return Vec::new();
    }
    let reached = survey.journeys.at(Step::BackendResponse);
    let ways: Vec<Formula> = reached.filter_map(|reached| without_query(survey, reached)).collect();
    if ways.len() > MOST_WAYS {
        survey.leave(None, Budget::Places(MOST_WAYS), ways.len() - MOST_WAYS);
    }
    let names = if ways.is_empty() { Vec::new() } else { names(survey.hir) };
    let mut findings: Vec<Diagnostic> = Vec::new();
    for stored in ways.iter().take(MOST_WAYS) {
        let found = look(survey, stored, &names);
        findings.extend(found.filter(|one| findings.iter().all(|other| other.primary.span != one.primary.span)));
    }
    findings
}

/// Whether the author says anything of keys. The built-in policy makes them of whole URLs.
fn has_own_key(survey: &Survey<'_>) -> bool {
    let hash = survey.hir.step(Step::Hash).map(|step| &step.body.statements).into_iter().flatten();
    let is_own = |span: Span| !survey.is_builtin(span);
    hash.map(|statement| statement.span).any(is_own)
        || survey.hir.subs.iter().any(|sub| sub.name == PIECE && is_own(sub.span))
}

/// When what is reached is stored by the path and without a query.
fn without_query(survey: &Survey<'_>, reached: &Reached) -> Option<Formula> {
    let state = &reached.class.state;
    let told = Formula::any(state.key.iter().map(|part| part.holds(tells_queries)));
    let is_keyed = survey.analysis.is_keyed(state, &Place::Variable(Variable::ReqUrl));
    (is_keyed && !matches!(told, Formula::Const(true)))
        .then(|| Formula::all([survey.analysis.stored(reached), told.not()]))
}

/// Whether it is another one for some other query. What `regsub` leaves of a URL is found out by trying.
fn tells_queries(term: &Term) -> bool {
    match term {
        Term::Input(place) => *place == Place::Variable(Variable::ReqUrl),
        Term::Made(made) => match made.op {
            Op::Path | Op::Call(Function::Core(Core::Regsub | Core::Regsuball)) => false,
            _ => made.of.iter().any(tells_queries),
        },
        Term::Chosen(_) => term.holds(&Place::Variable(Variable::ReqUrl)),
        Term::Free(_) => true,
        _ => false,
    }
}

fn look(survey: &mut Survey<'_>, stored: &Formula, names: &[String]) -> Option<Diagnostic> {
    let Answer::Possible(model) = survey.solver.solve(stored) else { return None };
    let (span, is_key) = place(survey, &model)?;
    let known = model.witness()?;
    let mut mixed = None;
    for name in names {
        let pair = ["1", "2"].map(|value| asking(&known, name, value));
        let [one, other] = pair.each_ref().map(|witness| survey.replay(witness));
        let (Some(first), Some(second)) = (one.stored.last(), other.stored.last()) else { continue };
        if !first.replaces(second) {
            return None;
        }
        let differs = one.asked.last().map(|asked| &asked.target) != other.asked.last().map(|asked| &asked.target);
        mixed = mixed.or_else(|| differs.then_some(pair));
    }
    let [first, second] = mixed?;
    survey.is_hit(&first, &second).then(|| say(survey.first_line(span), is_key, &first, &second))
}

/// Where the author makes the key, and whether that is a `key`.
pub(super) fn place(survey: &Survey<'_>, model: &Model<'_>) -> Option<(Span, bool)> {
    let span = survey.decided(Step::Hash, Action::Lookup, model)?.span;
    if !survey.is_builtin(span) {
        return Some((span, false));
    }
    let own = survey.hir.subs.iter().find(|sub| sub.name == PIECE && !survey.is_builtin(sub.span))?;
    let is_key = own.body.statements.iter().any(|statement| matches!(statement.kind, StatementKind::Key(_)));
    Some((own.span, is_key))
}

/// The same request with that query alone.
fn asking(known: &Witness, name: &str, value: &str) -> Witness {
    let mut witness = known.clone();
    let target = &known.request.target;
    let path = target.split_once('?').map_or(target.as_str(), |(path, _)| path);
    witness.request.target = format!("{path}?{name}={value}");
    witness
}

fn say(place: Span, is_key: bool, first: &Witness, second: &Witness) -> Diagnostic {
    let message = "the key has nothing of the query: what is stored for one query answers for all";
    let add = if is_key { "req.query sorted;" } else { "hash_data(req.url);" };
    let help = format!(
        "add it, `{add}`, or the parameters that count; or send the backend none, `normalize req {{ query drop [\"*\"]; }}`. \
         `{}` is answered with what was stored for `{}`",
        second.request, first.request
    );
    Diagnostic::new(Code::W0741, place, message).label("nothing of the query is added to it here").help(help)
}

/// Parameters that the policy names, and some that many sites have.
fn names(hir: &Hir) -> Vec<String> {
    let mut names = BTreeSet::new();
    for expression in walk::expressions(hir) {
        match &expression.kind {
            ExpressionKind::Query(_, name) => {
                if let ExpressionKind::Text(name) = &name.kind {
                    names.extend(String::from_utf8(name.to_vec()));
                }
            }
            ExpressionKind::HasQuery(_, all) => names.extend(all.iter().flat_map(|it| String::from_utf8(it.to_vec()))),
            ExpressionKind::AnyQuery(_, globs) => names.extend(globs.iter().map(sample)),
            _ => names.extend(before_equals(expression)),
        }
    }
    for statement in walk::statements(hir) {
        if let StatementKind::Normalize(Normalization::QueryKeep(globs) | Normalization::QueryDrop(globs)) =
            &statement.kind
        {
            names.extend(globs.iter().map(sample));
        }
    }
    names.retain(|name| !name.is_empty() && name.bytes().all(is_of_a_name));
    LIKELY.into_iter().map(str::to_owned).chain(names).take(MOST_NAMES).collect()
}

fn sample(glob: &Glob) -> String {
    glob.text().replace('*', "x")
}

fn is_of_a_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// Words before a `=` in a pattern: `[?&]page=[0-9]+`
fn before_equals(expression: &Expression) -> Vec<String> {
    let (ExpressionKind::Matches(_, pattern) | ExpressionKind::Regex(pattern)) = &expression.kind else {
        return Vec::new();
    };
    let pieces = pattern.text().split('=').rev().skip(1);
    pieces
        .map(|piece| {
            piece
                .rsplit(|letter: char| !u8::try_from(letter).is_ok_and(is_of_a_name))
                .next()
                .unwrap_or_default()
                .to_owned()
        })
        .collect()
}
