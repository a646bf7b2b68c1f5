//! Policies as trees of their own, over so few names and texts that they meet.

use proptest::prelude::*;
use proptest::sample::select;
use warp_edge::lang::schema::Message;

use super::super::facts::Request;

pub const FIELDS: &[&str] = &["A", "B", "C"];
const TEXTS: &[&str] = &["", "a", "b", "/a"];
const URLS: &[&str] = &["/", "/a", "/a/b", "/b"];

/// How many functions and subs there are: a function calls those before it, a sub those behind it.
const FUNCTIONS: usize = 3;
const SUBS: usize = 3;

#[derive(Clone, Debug)]
pub struct Policy {
    /// Of one parameter.
    pub functions: Vec<Vec<Statement>>,
    pub subs: Vec<Vec<Statement>>,
    /// `sub recv`, as often as there is one.
    pub recv: Vec<Vec<Statement>>,
}

/// A STRING.
#[derive(Clone, Debug)]
pub enum Value {
    Text(&'static str),
    Field(&'static str),
    Url,
    /// One of those in sight.
    Local(usize),
    Joined(Box<Value>, Box<Value>),
    /// `first ?? second`
    Or(Box<Value>, Box<Value>),
    Match(Box<Value>, Vec<(Vec<&'static str>, Value)>, Box<Value>),
    /// A call of one of the functions in sight.
    Own(usize, Box<Value>),
}

#[derive(Clone, Debug)]
pub enum Condition {
    Is(Value, &'static str),
    IsNot(Value, &'static str),
    In(Value, Vec<&'static str>),
    Under(&'static str),
    Set(&'static str),
    /// One of the BOOLs in sight.
    Flag(usize),
    Not(Box<Condition>),
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
}

#[derive(Clone, Debug)]
pub enum Statement {
    Let(Value),
    LetFlag(Condition),
    Set(&'static str, Value),
    SetUrl(&'static str),
    Unset(&'static str),
    If(Vec<(Condition, Vec<Statement>)>, Option<Vec<Statement>>),
    Match(Value, Vec<(Vec<&'static str>, Vec<Statement>)>, Option<Vec<Statement>>),
    /// One of the subs in sight.
    Call(usize),
    Pass,
    Hash,
    Synth(u16, Value),
    /// `return;`, and in `recv` itself, which has none, `return (hash);`.
    Leave,
    /// Of a function.
    Yield(Value),
}

fn texts() -> BoxedStrategy<Vec<&'static str>> {
    prop::collection::vec(select(TEXTS), 1..3).boxed()
}

fn value() -> BoxedStrategy<Value> {
    let place = || prop_oneof![2 => select(FIELDS).prop_map(Value::Field), 2 => (0_usize..4).prop_map(Value::Local)];
    let leaf = prop_oneof![1 => select(TEXTS).prop_map(Value::Text), 4 => place(), 1 => Just(Value::Url)];
    leaf.prop_recursive(2, 6, 3, move |inner| {
        let boxed = || inner.clone().prop_map(Box::new);
        let arms = prop::collection::vec((texts(), inner.clone()), 1..3);
        prop_oneof![
            1 => (boxed(), boxed()).prop_map(|(first, second)| Value::Joined(first, second)),
            2 => (place().prop_map(Box::new), boxed()).prop_map(|(first, second)| Value::Or(first, second)),
            2 => (boxed(), arms, boxed()).prop_map(|(of, arms, otherwise)| Value::Match(of, arms, otherwise)),
            2 => (0_usize..4, boxed()).prop_map(|(function, given)| Value::Own(function, given)),
        ]
    })
    .boxed()
}

fn condition() -> BoxedStrategy<Condition> {
    let leaf = prop_oneof![
        4 => (value(), select(TEXTS)).prop_map(|(value, text)| Condition::Is(value, text)),
        1 => (value(), select(TEXTS)).prop_map(|(value, text)| Condition::IsNot(value, text)),
        2 => (value(), texts()).prop_map(|(value, texts)| Condition::In(value, texts)),
        2 => select(&["/a", "/a/", "/", "/b"][..]).prop_map(Condition::Under),
        1 => select(FIELDS).prop_map(Condition::Set),
        2 => (0_usize..3).prop_map(Condition::Flag),
    ];
    leaf.prop_recursive(2, 4, 2, |inner| {
        let boxed = || inner.clone().prop_map(Box::new);
        prop_oneof![
            boxed().prop_map(Condition::Not),
            (boxed(), boxed()).prop_map(|(left, right)| Condition::And(left, right)),
            (boxed(), boxed()).prop_map(|(left, right)| Condition::Or(left, right)),
        ]
    })
    .boxed()
}

/// Blocks of `leaf`s and ladders of such blocks, many of which end as `end` does.
fn block(leaf: &BoxedStrategy<Statement>, end: &BoxedStrategy<Statement>) -> BoxedStrategy<Vec<Statement>> {
    let end = end.clone();
    let statement = leaf.clone().prop_recursive(3, 24, 4, move |inner| {
        let ended = (prop::collection::vec(inner.clone(), 0..3), prop::option::of(end.clone()));
        let block = prop_oneof![
            2 => end.clone().prop_map(|end| vec![end]),
            3 => ended.prop_map(|(statements, end)| statements.into_iter().chain(end).collect()),
        ];
        let arms = prop::collection::vec((condition(), block.clone()), 1..4);
        let matches = prop::collection::vec((texts(), block.clone()), 1..4);
        let otherwise = || prop::option::weighted(0.3, block.clone());
        prop_oneof![
            4 => (arms, otherwise()).prop_map(|(arms, otherwise)| Statement::If(arms, otherwise)),
            1 => (value(), matches, otherwise()).prop_map(|(of, arms, otherwise)| Statement::Match(of, arms, otherwise)),
        ]
    });
    let statements = prop_oneof![2 => leaf.clone(), 3 => statement];
    prop::collection::vec(statements, 1..7).boxed()
}

fn lets() -> BoxedStrategy<Statement> {
    prop_oneof![3 => value().prop_map(Statement::Let), 1 => condition().prop_map(Statement::LetFlag)].boxed()
}

fn function() -> BoxedStrategy<Vec<Statement>> {
    let last = || value().prop_map(Statement::Yield);
    (block(&lets(), &last().boxed()), last())
        .prop_map(|(statements, last)| statements.into_iter().chain([last]).collect())
        .boxed()
}

fn body() -> BoxedStrategy<Vec<Statement>> {
    let act = prop_oneof![
        3 => lets(),
        3 => (select(FIELDS), value()).prop_map(|(field, value)| Statement::Set(field, value)),
        1 => select(URLS).prop_map(Statement::SetUrl),
        1 => select(FIELDS).prop_map(Statement::Unset),
        1 => (0_usize..SUBS).prop_map(Statement::Call),
    ];
    let end = prop_oneof![
        1 => Just(Statement::Pass),
        1 => Just(Statement::Hash),
        2 => Just(Statement::Leave),
        2 => (400_u16..420, value()).prop_map(|(status, reason)| Statement::Synth(status, reason)),
    ];
    block(&act.boxed(), &end.boxed())
}

pub fn policies() -> impl Strategy<Value = Policy> {
    let functions = prop::collection::vec(function(), 0..=FUNCTIONS);
    let subs = prop::collection::vec(body(), 0..=SUBS);
    (functions, subs, prop::collection::vec(body(), 1..3)).prop_map(|(functions, subs, mut recv)| {
        recv.push(vec![Statement::Hash]);
        Policy { functions, subs, recv }
    })
}

pub fn requests() -> impl Strategy<Value = Request> {
    let fields = prop::collection::vec((select(FIELDS), select(TEXTS)), 0..4);
    (select(URLS), fields).prop_map(|(url, fields)| {
        let mut request = Request::get("example.com", url);
        for (name, value) in fields {
            request.headers.insert((Message::Req, name.to_ascii_lowercase()), value.into());
        }
        request
    })
}
