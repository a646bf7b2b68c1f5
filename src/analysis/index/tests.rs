use std::sync::Arc;

use http::HeaderName;
use http::header::{COOKIE, HOST};
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::analysis::formula::Test;
use crate::analysis::term::{Op, Place};
use crate::lang::hir::{Pattern, Texts};
use crate::lang::schema::{Message, Variable};

const URLS: &[&str] = &["/", "/a", "/a/b.html", "/a/b.html?x=1&y", "/B/c.GZ?y=2", "/x7/index.html?%78=3"];
const FIELDS: &[&str] = &["a", "ab", "A", "www.h1.example", "a=1; b=2", "b", ""];
const PATTERNS: &[&str] =
    &["^/a", "/x[0-9]+/.*\\.html$", "\\.(gz|html)$", "(?i)b", "a*", "^/.*c", "h1.*example$", "^a$"];

fn url() -> Term {
    Term::Input(Place::Variable(Variable::ReqUrl))
}

fn field(name: &'static str) -> Term {
    Term::field(Message::Req, &HeaderName::from_static(name))
}

fn cookie(name: &str) -> Term {
    Term::made(Op::Cookie, vec![Term::field(Message::Req, &COOKIE), Term::text(name)])
}

fn parameter(name: &str) -> Term {
    Term::made(Op::Query, vec![url(), Term::text(name)])
}

fn lower(term: Term) -> Term {
    Term::made(Op::Lower, vec![term])
}

fn terms() -> Vec<Term> {
    let path = Term::made(Op::Path, vec![url()]);
    let host = Term::made(Op::Host, vec![Term::field(Message::Req, &HOST)]);
    let views = [lower(field("x-a")), lower(cookie("b")), Term::made(Op::Upper, vec![parameter("y")])];
    let plain =
        [url(), path, host, field("x-a"), field("x-b"), cookie("a"), cookie("b"), parameter("x"), parameter("y")];
    plain.into_iter().chain(views).collect()
}

fn a_test() -> impl Strategy<Value = Test> {
    let exact = select([URLS, FIELDS].concat()).prop_map(|text| Texts::Exact(text.as_bytes().into()));
    let prefix = select([URLS, FIELDS].concat()).prop_map(|text| Texts::Prefix(text.as_bytes().into()));
    let suffix = select(vec!["html", "b", "", "example"]).prop_map(|text| Texts::Suffix(text.as_bytes().into()));
    let extension = select(vec!["gz", "html"]).prop_map(|text| Texts::Extension(text.as_bytes().into()));
    let pattern = select(PATTERNS).prop_map(|text| Texts::matching(&Pattern::new(text)));
    let texts = prop_oneof![exact, prefix, suffix, extension, pattern];
    prop_oneof![Just(Test::Set), proptest::collection::vec(texts, 1..3).prop_map(|texts| Test::In(texts.into())),]
}

fn a_condition() -> impl Strategy<Value = Formula> {
    let literal = (select(terms()), a_test(), proptest::bool::weighted(0.8))
        .prop_map(|(term, test, holds)| if holds { Formula::of(term, test) } else { Formula::of(term, test).not() });
    literal.prop_recursive(2, 8, 3, |inner| {
        let parts = proptest::collection::vec(inner, 1..4);
        prop_oneof![parts.clone().prop_map(Formula::all), parts.prop_map(Formula::any)]
    })
}

fn a_model() -> impl Strategy<Value = Model<'static>> {
    let text = |texts: &'static [&'static str]| proptest::option::of(select(texts));
    (text(URLS), text(FIELDS), text(FIELDS), text(FIELDS), text(FIELDS)).prop_map(
        |(target, host, cookies, one, other)| {
            let mut model = Model::new(&[], &[]);
            let fields =
                [Term::field(Message::Req, &HOST), Term::field(Message::Req, &COOKIE), field("x-a"), field("x-b")];
            let values = [host, cookies, one, other];
            for (term, text) in fields.into_iter().zip(values).chain([(url(), target)]) {
                if let Some(text) = text {
                    model.set(term, Scalar::Text(Some(Arc::from(text.as_bytes()))));
                }
            }
            model
        },
    )
}

fn candidates(conditions: &[Formula], model: &Model<'_>) -> Vec<usize> {
    let mut found = Vec::new();
    Index::new(conditions, &[]).candidates(model, &mut |at| found.push(at));
    found
}

proptest! {
    #[test]
    fn every_condition_that_holds_is_a_candidate(
        conditions in proptest::collection::vec(a_condition(), 1..12),
        model in a_model(),
    ) {
        let found = candidates(&conditions, &model);
        for (at, condition) in conditions.iter().enumerate() {
            prop_assert!(!model.satisfies(condition) || found.contains(&at), "{condition:?}");
        }
    }
}

/// How many of many conditions are candidates for a request that one of them is about.
fn count(condition: impl Fn(usize) -> Formula, term: Term, text: &str) -> usize {
    let conditions: Vec<Formula> = (0..1_000).map(condition).collect();
    let mut model = Model::new(&[], &[]);
    model.set(term, Scalar::Text(Some(text.as_bytes().into())));
    candidates(&conditions, &model).len()
}

fn matching(pattern: String) -> Test {
    Test::In([Texts::matching(&Pattern::new(pattern))].to_vec().into())
}

#[test]
fn few_of_many_conditions_are_candidates() {
    let of_cookie = |at| Formula::of(cookie(&format!("a{at}")), Test::Set);
    assert_eq!(count(of_cookie, Term::field(Message::Req, &COOKIE), "a7=1"), 1);
    let of_parameter = |at| Formula::of(parameter(&format!("a{at}")), matching("^[0-9]".to_owned()));
    assert_eq!(count(of_parameter, url(), "/?a7=1"), 1);
    let names: Vec<HeaderName> = (0..1_000).map(|at| HeaderName::try_from(format!("x-a{at}")).unwrap()).collect();
    let of_field = |at: usize| Formula::of(Term::field(Message::Req, &names[at]), Test::Set);
    assert_eq!(count(of_field, Term::field(Message::Req, &names[7]), "1"), 1);
    let anywhere = |at| Formula::of(url(), matching(format!("/x{at}/.*\\.html$")));
    assert_eq!(count(anywhere, url(), "/x7/a.html"), 1);
    let at_the_end = |at| Formula::of(field("x-a"), matching(format!("^/.*-{at}\\.html$")));
    assert_eq!(count(at_the_end, field("x-a"), "/a-7.html"), 1);
    let either = |at| Formula::any([of_cookie(at), anywhere(at)]);
    assert_eq!(count(either, url(), "/x7/a.html"), 1);
}
