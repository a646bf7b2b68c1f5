//! Random policies and requests over a small alphabet, so that they meet.

use proptest::prelude::*;
use proptest::sample::select;
use warp_edge::decision::Value;
use warp_edge::lang::hir::{
    Acl, Arithmetic, Arm, Comparison, Datum, Expression, ExpressionKind, Glob, Hir, KeyPart, LocalId, Normalization,
    Outcome, Statement, StatementKind, StepBody, Sub, SubId, Table, TableId, Tags, Target,
};
use warp_edge::lang::schema::function::{Accept, Core, Header, Text, World};
use warp_edge::lang::schema::{Action, Directive, Message, Step, Type, Variable};

use super::build::*;
use super::facts::Request;

/// How many subs a random policy has; each calls only later ones.
const SUBS: u32 = 3;
const TEXTS: &[&str] = &["", "a", "b", "ab", "/", "/a", "/a/", "/a/b", "/b", "/ab", "/a.css", "/a/b.CSS", ".css", "A"];
const PATTERNS: &[&str] = &[
    "^/a",
    "^/a$",
    "^/(a|b)/",
    r"\.(css|js)$",
    "^/a/[a-z]+",
    "^/a/[a-z]+$",
    "^/a/.*b",
    "^/a/[^/]+x?",
    "^/a/b*",
    "^/a/a|b",
    "^/a/ab+",
    "^/a/b+a",
    "^/a/x?b",
    "a+b",
    "b$",
    "^$",
    "",
    "(?i)css",
    "[ab]{2}",
    r"\bb",
    "^(?:/a|/b)",
    "a.*b",
    "^/b[a-z]*b",
    "[0-9]",
    "c.s$",
    "/[a-z]*/b$",
    "^/.*/a/b$",
    "[ab]+\\.css$",
    "^[ab]",
];
const NAMES: &[&str] = &["a", "b", "utm_a"];

fn texts() -> BoxedStrategy<&'static str> {
    select(TEXTS).boxed()
}

fn subject() -> BoxedStrategy<Expression> {
    let name = || select(NAMES).prop_map(|name| Box::new(text(name)));
    prop_oneof![
        4 => Just(path()),
        3 => Just(host()),
        1 => Just(variable(Variable::ReqUrl)),
        1 => Just(variable(Variable::ReqMethod)),
        2 => select(&["x-a", "x-b", "cookie"][..]).prop_map(header),
        1 => name().prop_map(|name| expression(ExpressionKind::Query(Message::Req, name), Type::String)),
        1 => name().prop_map(|name| expression(ExpressionKind::Cookie(Message::Req, name), Type::String)),
        1 => (0_u32..3).prop_map(|id| expression(ExpressionKind::Local(LocalId(id)), Type::String)),
        1 => Just(call(Text::ToLower, vec![path()])),
        1 => select(&["a", "b"][..]).prop_map(|last| accepted(&["a", last])),
        1 => (select(&["x-a", "x-b"][..]), texts())
            .prop_map(|(name, last)| fallback(vec![header(name), text(last)])),
        1 => texts().prop_map(|then| chosen(host(), then, "/a")),
        1 => select(&["x-a", "x-b"][..]).prop_map(|name| lookup(header(name))),
    ]
    .boxed()
}

fn value() -> BoxedStrategy<Expression> {
    let concat = |parts| expression(ExpressionKind::Concat(parts), Type::String);
    let substitute = |(subject, pattern, all): (Expression, &'static str, bool)| {
        call(if all { Core::Regsuball } else { Core::Regsub }, vec![subject, regex(pattern), text("\\0b")])
    };
    prop_oneof![
        4 => texts().prop_map(text),
        2 => subject(),
        1 => prop::collection::vec(subject(), 1..3).prop_map(concat),
        1 => (subject(), select(PATTERNS), any::<bool>()).prop_map(substitute),
        1 => Just(text("bad\nvalue")),
        1 => (-3_i64..3).prop_map(restarts_and),
        // Some of these, one in the other, are more work than a step may do.
        1 => (subject(), prop_oneof![9 => -1_i64..4, 1 => Just(40_000)]).prop_map(|(subject, times)| call(Text::Repeat, vec![subject, int(times)])),
        1 => (subject(), texts()).prop_map(|(first, last)| fallback(vec![first, text(last)])),
        1 => (subject(), texts(), texts()).prop_map(|(first, then, otherwise)| chosen(first, then, otherwise)),
    ]
    .boxed()
}

/// `req.restarts + number`, as a text.
fn restarts_and(number: i64) -> Expression {
    let (left, right) = (Box::new(variable(Variable::ReqRestarts)), Box::new(int(number)));
    let sum = expression(ExpressionKind::Arithmetic(Arithmetic::Add, left, right), Type::Int);
    expression(ExpressionKind::ToText(Box::new(sum)), Type::String)
}

/// A condition on what is stored, and perhaps on the request that bans it.
fn ban() -> BoxedStrategy<Expression> {
    let stored = || expression(ExpressionKind::Header(Message::Obj, field("x-a")), Type::String);
    let test = prop_oneof![
        value().prop_map(move |value| compare(Comparison::Equal, stored(), value)),
        select(PATTERNS).prop_map(move |pattern| matches(stored(), pattern)),
    ];
    (test, prop::option::of(atom()))
        .prop_map(|(test, atom)| match atom {
            Some(atom) => all(vec![test, atom]),
            None => test,
        })
        .boxed()
}

/// `req.accept.language([…])`
pub fn accepted(languages: &[&str]) -> Expression {
    call(Accept::Language, vec![expression(ExpressionKind::List(list(languages)), Type::String)])
}

/// The first of the texts that is set.
fn fallback(parts: Vec<Expression>) -> Expression {
    expression(ExpressionKind::Fallback(parts), Type::String)
}

/// `match subject { text -> subject; else -> otherwise; }` with the subject kept as a local.
fn chosen(subject: Expression, then: &str, otherwise: &str) -> Expression {
    let kept = || expression(ExpressionKind::Local(LocalId(9)), Type::String);
    let test = compare(Comparison::Equal, kept(), text(then));
    let choice = ExpressionKind::Choose(vec![test], vec![kept(), text(otherwise)]);
    let choice = Box::new(expression(choice, Type::String));
    expression(ExpressionKind::Bind(LocalId(9), Box::new(subject), choice), Type::String)
}

fn numbers() -> BoxedStrategy<Expression> {
    let comparison = select(
        &[
            Comparison::Equal,
            Comparison::NotEqual,
            Comparison::Less,
            Comparison::LessOrEqual,
            Comparison::Greater,
            Comparison::GreaterOrEqual,
        ][..],
    );
    let status = || variable(Variable::BerespStatus);
    let restarts = || variable(Variable::ReqRestarts);
    let ranges = prop::collection::vec((199_i64..206, 199_i64..206), 0..3)
        .prop_map(|ranges| ranges.into_iter().map(|(start, end)| start..=end).collect::<Vec<_>>());
    prop_oneof![
        (comparison, 199_i64..206, any::<bool>()).prop_map(move |(comparison, number, first)| {
            let (left, right) = if first { (int(number), status()) } else { (status(), int(number)) };
            compare(comparison, left, right)
        }),
        (0_i64..6).prop_map(move |number| compare(Comparison::Less, restarts(), int(number))),
        (0_i64..3).prop_map(|seconds| compare(Comparison::Less, max_age(1_000), seconds_of(seconds))),
        (0_i64..3).prop_map(|seconds| compare(Comparison::NotEqual, max_age(2_000), seconds_of(seconds))),
        ranges.prop_map(move |ranges| condition(ExpressionKind::InRanges(Box::new(status()), ranges))),
    ]
    .boxed()
}

fn seconds_of(seconds: i64) -> Expression {
    expression(ExpressionKind::Duration(seconds * 1_000), Type::Duration)
}

/// `req.cache_control.max_age ?? otherwise`
fn max_age(otherwise: i64) -> Expression {
    let said = expression(ExpressionKind::Directive(Message::Req, Directive::MaxAge), Type::Duration);
    let otherwise = expression(ExpressionKind::Duration(otherwise), Type::Duration);
    expression(ExpressionKind::Fallback(vec![said, otherwise]), Type::Duration)
}

fn names() -> BoxedStrategy<Vec<Box<[u8]>>> {
    prop::collection::vec(select(NAMES).prop_map(bytes), 1..3).boxed()
}

fn atom() -> BoxedStrategy<Expression> {
    let some = || prop::collection::vec(texts().prop_map(bytes), 0..4);
    let extensions = || prop::collection::vec(select(&["css", "js", "a"][..]).prop_map(bytes), 1..3);
    let equality = select(&[Comparison::Equal, Comparison::Equal, Comparison::NotEqual][..]);
    let affix = select(&[Text::Prefixof, Text::EndsWith, Text::Fnmatch, Text::Contains][..]);
    prop_oneof![
        4 => (equality, subject(), texts()).prop_map(|(how, subject, to)| compare(how, subject, text(to))),
        2 => (subject(), some()).prop_map(|(subject, texts)| condition(ExpressionKind::InTexts(Box::new(subject), texts))),
        3 => (subject(), some()).prop_map(|(subject, texts)| condition(ExpressionKind::Under(Box::new(subject), texts))),
        2 => (subject(), extensions())
            .prop_map(|(subject, texts)| condition(ExpressionKind::Extension(Box::new(subject), texts))),
        5 => (subject(), select(PATTERNS)).prop_map(|(subject, pattern)| matches(subject, pattern)),
        2 => (affix, subject(), texts()).prop_map(|(function, subject, affix)| call(function, vec![subject, text(affix)])),
        1 => subject().prop_map(truth),
        1 => subject().prop_map(|key| condition(ExpressionKind::InTable(TableId(0), Box::new(key)))),
        1 => (0_u32..3).prop_map(in_acl),
        2 => numbers(),
        1 => Just(variable(Variable::ReqHashAlwaysMiss)),
        1 => Just(condition(ExpressionKind::Directive(Message::Req, Directive::NoCache))),
        1 => names().prop_map(|names| condition(ExpressionKind::HasQuery(Message::Req, names))),
        1 => names().prop_map(|names| condition(ExpressionKind::HasCookie(Message::Req, names))),
        1 => Just(condition(ExpressionKind::AnyQuery(Message::Req, vec![Glob::new("utm_*")]))),
        1 => (subject(), subject()).prop_map(|(left, right)| compare(Comparison::Equal, left, right)),
        1 => any::<bool>().prop_map(|flag| condition(ExpressionKind::Bool(flag))),
        1 => (1_i64..4).prop_map(|share| call(World::RandomBool, vec![int(share), int(4)])),
    ]
    .boxed()
}

fn conditions() -> BoxedStrategy<Expression> {
    atom()
        .prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                3 => prop::collection::vec(inner.clone(), 1..4).prop_map(all),
                2 => prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| condition(ExpressionKind::Or(parts))),
                1 => inner.prop_map(|inner| condition(ExpressionKind::Not(Box::new(inner)))),
            ]
        })
        .boxed()
}

fn normalization() -> BoxedStrategy<Normalization> {
    let globs = || prop::collection::vec(select(&["a", "utm_*", "*"][..]).prop_map(Glob::new), 1..3);
    prop_oneof![
        globs().prop_map(Normalization::QueryDrop),
        globs().prop_map(Normalization::QueryKeep),
        Just(Normalization::QuerySort),
        Just(Normalization::PathDecode),
        Just(Normalization::PathResolve),
        Just(Normalization::PathMerge),
        globs().prop_map(Normalization::CookieDrop),
        globs().prop_map(Normalization::CookieKeep),
        Just(Normalization::HostLower),
    ]
    .boxed()
}

fn end() -> BoxedStrategy<Statement> {
    prop_oneof![
        4 => select(&[Action::Hash, Action::Pass, Action::Purge, Action::Restart][..]).prop_map(ends),
        1 => Just(statement(StatementKind::Return(Box::new(Outcome { soft: true, ..Outcome::of(Action::Purge) })))),
        2 => (prop_oneof![9 => 100_i64..600, 1 => Just(99_i64)], prop::option::of(value()))
            .prop_map(|(status, reason)| synth(status, reason)),
        1 => Just(statement(StatementKind::Leave)),
    ]
    .boxed()
}

fn act(calls: std::ops::Range<u32>) -> BoxedStrategy<Statement> {
    let target = || select(&["x-a", "x-b", "cookie", "host"][..]);
    let subs: Vec<u32> = calls.collect();
    let called = prop::sample::subsequence(subs.clone(), usize::from(!subs.is_empty()));
    prop_oneof![
        4 => (target(), value()).prop_map(|(name, value)| set_header(name, value)),
        1 => value().prop_map(|value| set(Variable::ReqUrl, value)),
        1 => target().prop_map(|name| statement(StatementKind::Unset(Target::Header(Message::Req, field(name))))),
        1 => ((0_u32..3), value()).prop_map(|(id, value)| statement(StatementKind::Let(LocalId(id), value))),
        1 => Just(effect(Core::CacheReqBody, expression(ExpressionKind::Bytes(1024), Type::Bytes))),
        1 => value().prop_map(|value| effect(Core::HashData, value)),
        1 => value().prop_map(|value| statement(StatementKind::Key(KeyPart::Value(value)))),
        1 => any::<bool>().prop_map(|sorted| statement(StatementKind::Key(KeyPart::Query { sorted }))),
        1 => value().prop_map(|value| statement(StatementKind::Tag(Tags::Text(value)))),
        1 => value().prop_map(|value| effect(Core::Log, value)),
        1 => ban().prop_map(|condition| statement(StatementKind::Ban(condition))),
        1 => Just(statement(StatementKind::Tag(Tags::Field(field("x-a"))))),
        1 => value().prop_map(|value| {
            let field = expression(ExpressionKind::Header(Message::Req, field("x-a")), Type::String);
            statement(StatementKind::Effect(Header::Append.into(), vec![field, value]))
        }),
        2 => normalization().prop_map(|clause| statement(StatementKind::Normalize(clause))),
        3 => called.prop_map(|called| match called.first() {
            Some(sub) => statement(StatementKind::Call(SubId(*sub))),
            None => statement(StatementKind::Leave),
        }),
    ]
    .boxed()
}

/// An arm that mostly ends the step.
fn flat_arm() -> BoxedStrategy<Arm> {
    let does = prop_oneof![
        6 => end().prop_map(|end| vec![end]),
        1 => (act(0..0), end()).prop_map(|(act, end)| vec![act, end]),
        1 => act(0..0).prop_map(|act| vec![act]),
    ];
    (conditions(), does).prop_map(|(condition, does)| arm(condition, does)).boxed()
}

/// A long ladder or rule table.
pub fn long_ladder() -> BoxedStrategy<Statement> {
    let otherwise = prop::option::of(end());
    (prop::collection::vec(flat_arm(), 0..40), otherwise)
        .prop_map(|(arms, otherwise)| ladder(arms, otherwise.into_iter().collect()))
        .boxed()
}

/// Many `if`s in a row, some of which go on and change what the others ask for.
pub fn ifs() -> BoxedStrategy<Vec<Statement>> {
    let does = || prop::collection::vec(prop_oneof![3 => act(0..0), 1 => end()], 0..3);
    let arms = prop::collection::vec((conditions(), does()), 1..3);
    let one = (arms, prop_oneof![4 => Just(Vec::new()), 1 => does()]).prop_map(|(arms, otherwise)| {
        ladder(arms.into_iter().map(|(condition, does)| arm(condition, does)).collect(), otherwise)
    });
    let nested = one
        .clone()
        .prop_flat_map(|inner| (conditions(), Just(inner)).prop_map(|(outer, inner)| when(outer, vec![inner])));
    // Every local is bound before it is read, as `check` sees to.
    let lets = (0..3).map(|id| statement(StatementKind::Let(LocalId(id), text("a")))).collect::<Vec<_>>();
    prop::collection::vec(prop_oneof![4 => one, 1 => nested], 0..40)
        .prop_map(move |ifs| lets.iter().cloned().chain(ifs).collect())
        .boxed()
}

fn statements(calls: std::ops::Range<u32>) -> BoxedStrategy<Vec<Statement>> {
    let leaf = prop_oneof![4 => act(calls), 1 => end(), 2 => long_ladder()];
    let nested = leaf.prop_recursive(4, 40, 5, |inner| {
        let block = prop::collection::vec(inner, 0..4);
        let arms = prop::collection::vec((conditions(), block.clone()), 1..4);
        (arms, block).prop_map(|(arms, otherwise)| {
            ladder(arms.into_iter().map(|(condition, does)| arm(condition, does)).collect(), otherwise)
        })
    });
    // Every local is bound before it is read, as `check` sees to.
    let lets = (0..3).map(|id| statement(StatementKind::Let(LocalId(id), text("a")))).collect::<Vec<_>>();
    prop::collection::vec(nested, 0..7)
        .prop_map(move |statements| lets.iter().cloned().chain(statements).collect())
        .boxed()
}

/// Policies with subs, acls, nested blocks and ladders.
pub fn policies() -> impl Strategy<Value = Hir> {
    let subs: Vec<_> = (0..SUBS).map(|sub| statements(sub + 1..SUBS).boxed()).collect();
    (statements(0..SUBS), subs, prop::option::of(end())).prop_map(|(mut statements, subs, last)| {
        statements.extend(last);
        let sub = |(at, statements)| Sub { name: format!("s{at}"), body: body(statements), span: nowhere() };
        let mut hir = Hir {
            acls: acls(),
            tables: vec![table()],
            subs: (0..).zip(subs).map(|(at, statements): (u32, _)| sub((at, statements))).collect(),
            steps: vec![StepBody { step: Step::Recv, body: body(statements) }],
            ..Hir::default()
        };
        place(&mut hir);
        hir
    })
}

fn lookup(key: Expression) -> Expression {
    expression(ExpressionKind::Lookup(TableId(0), Box::new(key)), Type::String)
}

/// A table of some of the texts.
fn table() -> Table {
    let entry = |key, value| (bytes(key), Datum::Text(bytes(value)));
    let entries = vec![entry("a", "/a"), entry("/", "b"), entry("", "/a.css"), entry("b", "")];
    Table { name: "t".to_owned(), ty: Type::String, entries, is_from_file: false, span: nowhere() }
}

/// Lists that overlap.
pub fn acls() -> Vec<Acl> {
    let lists: [&[(&str, bool)]; 3] =
        [&[("10.0.0.0/8", false), ("10.0.0.1/32", true)], &[("10.0.0.1/32", false)], &[("::/0", false)]];
    let acl = |(at, entries): (usize, &&[(&str, bool)])| Acl {
        name: format!("acl{at}"),
        entries: entries.iter().map(|(net, negated)| (net.parse().unwrap(), *negated)).collect(),
        hosts: Vec::new(),
        span: nowhere(),
    };
    lists.iter().enumerate().map(acl).collect()
}

/// Requests that such policies have something to say about.
pub fn requests() -> impl Strategy<Value = Request> {
    let query = select(&["", "?a=/a", "?b=%2fb&utm_a=1", "?utm_a&a=b", "?b&a&&b"][..]);
    let url = (prop_oneof![texts(), select(&["/a/bb", "/a/ab", "/b/b.js", "/a/b/a.css"][..])], query);
    let fields = prop::collection::vec((select(&["x-a", "x-b", "cookie"][..]), texts()), 0..4);
    let cookies = prop::option::of(select(&["a=/a; b=b", "utm_a=1", "b=ab;a"][..]));
    let said = select(&["max-age=1", "max-age=2, no-cache", "no-cache, max-age=x", "max-age"][..]);
    let accepted = select(&["a, b;q=0.5", "b", "c", "*;q=0"][..]);
    let fields =
        (fields, prop::option::of(said), prop::option::of(accepted)).prop_map(|(mut fields, said, accepted)| {
            fields.extend(said.map(|said| ("cache-control", said)));
            fields.extend(accepted.map(|accepted| ("accept-language", accepted)));
            fields
        });
    let address = select(&["10.0.0.1", "10.0.0.2", "11.0.0.1", "::1"][..]);
    (url, texts(), fields, cookies, address, 198_i64..207, any::<bool>()).prop_map(
        |((path, query), host, fields, cookies, address, status, flag)| {
            let mut request = Request::get(host, &format!("{path}{query}"));
            for (name, value) in fields.into_iter().chain(cookies.map(|cookies| ("cookie", cookies))) {
                request.headers.insert((Message::Req, name.to_owned()), value.into());
            }
            let facts = [
                (Variable::ClientIp, Value::Ip(address.parse().unwrap())),
                (Variable::BerespStatus, Value::Int(status)),
                (Variable::ReqHashAlwaysMiss, Value::Bool(flag)),
            ];
            request.variables.extend(facts);
            request
        },
    )
}
