//! Policies that are written otherwise, or changed in a few places: where nothing is said to change no request does, and where
//! all is said to be known each request that changes comes to a line that is told.

use std::collections::HashSet;
use std::fmt::Write;
use std::time::{Duration, SystemTime};

use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use proptest::prelude::*;
use warp_edge::decision::trace::Event;
use warp_edge::difference::{Difference, Policy, between, difference};
use warp_edge::files::MemoryFiles;
use warp_edge::lang::check::check;
use warp_edge::lang::source::SourceMap;
use warp_edge::simulate::{Answer, Case, Journey, Request, Simulator, Store, World};

const HEAD: &str = "warp 1;
backend a { .host = \"127.0.0.1\"; }
backend b { .host = \"127.0.0.2\"; }
acl l { \"10.0.0.0\"/8; }
table t: STRING -> STRING { \"/a\": \"1\", \"/b\": \"2\" }
";

/// A statement that is not made of others, or an `if`.
#[derive(Clone, Debug)]
enum Node {
    Line(String),
    If(Vec<(Condition, Vec<Node>)>, Vec<Node>),
}

#[derive(Clone, Debug)]
enum Condition {
    Is(String),
    Not(Box<Condition>),
    Both(&'static str, Box<Condition>, Box<Condition>),
}

/// Numbers that look as if they came by chance.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 16) % sides as u64).unwrap()
    }

    fn one<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.roll(texts.len())]
    }
}

const STEPS: [&str; 8] = ["recv", "hash", "hit", "miss", "backend_fetch", "backend_response", "deliver", "synth"];

fn conditions(step: &str) -> &'static [&'static str] {
    match step {
        "recv" | "hash" | "hit" | "miss" => &[
            "req.path under \"/a\"",
            "req.path == \"/a/b\"",
            "req.http.X",
            "req.http.X == \"1\"",
            "req.http.X == \"1\"",
            "req.http.Y ~ \"2\"",
            "req.http.X + req.http.Z ~ \"x$\"",
            "req.method == \"POST\"",
            "req.cookies has \"c\"",
            "req.restarts == 0",
            "std.strlen(req.http.X) > 2",
            "req.query[\"q\"] == \"1\"",
            "t[req.path] == \"1\"",
            "std.tolower(req.path) == \"/a\"",
            "regsub(req.path, \"^/a\", \"\") == \"/b\"",
            "client.ip ~ l",
            "ratelimit(key: req.http.X, limit: 5, per: 1m)",
            "randombool(1, 2)",
        ],
        "backend_fetch" => &["bereq.path under \"/a\"", "bereq.http.X == \"1\"", "bereq.http.Y", "bereq.is_bgfetch"],
        "backend_response" => &[
            "bereq.path under \"/a\"",
            "beresp.status == 404",
            "beresp.http.T",
            "beresp.http.T == \"one\"",
            "beresp.ttl > 30s",
            "bereq.http.X == \"1\"",
            "bereq.retries == 0",
        ],
        "deliver" => {
            &["obj.hits > 1", "req.http.X == \"1\"", "resp.status == 404", "resp.http.T", "req.path == \"/a\""]
        }
        _ => &["resp.status == 503", "req.http.X == \"1\"", "req.http.Y", "req.restarts == 0"],
    }
}

fn lines(step: &str) -> &'static [&'static str] {
    match step {
        "recv" => &[
            "set req.http.X = \"1\";",
            "set req.http.X = \"2\";",
            "set req.http.X = req.http.X;",
            "set req.http.X = req.http.Y ?? \"0\";",
            "set req.http.Y = req.http.X;",
            "set req.http.Y = \"2\";",
            "set req.http.Y = req.http.X + req.http.Z;",
            "set req.http.Z = t[req.path];",
            "set req.http.Z = uuid.v4();",
            "set req.http.Z = urldecode(req.url);",
            "unset req.http.X;",
            "unset req.http.Y;",
            "unset req.http.Cookie;",
            "set req.url = regsub(req.url, \"^/a\", \"\");",
            "set req.url = \"/b\";",
            "set req.url = std.tolower(req.url);",
            "set req.backend_hint = b;",
            "set req.grace = 1s;",
            "std.log(req.url);",
            "ban where obj.http.T == req.http.X;",
            "cookie.delete(\"c\");",
            "header.append(req.http.X, \"3\");",
            "return (pass);",
            "return (hash);",
            "return (synth(403));",
            "return (synth(404, req.http.X));",
            "if (req.restarts == 0) { return (restart); }",
        ],
        "hash" => &[
            "hash_data(req.http.X);",
            "hash_data(req.http.X ?? \"en\");",
            "hash_data(req.http.Y);",
            "hash_data(req.query[\"q\"]);",
            "hash_data(req.cookies[\"c\"]);",
            "hash_data(std.tolower(req.url));",
            "set req.http.Y = \"hashed\";",
        ],
        "hit" | "miss" => &["set req.http.X = \"late\";", "unset req.http.Y;", "return (pass);"],
        "backend_fetch" => &[
            "set bereq.http.X = \"1\";",
            "set bereq.http.Y = bereq.http.X;",
            "unset bereq.http.X;",
            "set bereq.url = \"/f\";",
            "set bereq.first_byte_timeout = 5s;",
            "set bereq.backend = b;",
        ],
        "backend_response" => &[
            "set beresp.ttl = 10s;",
            "set beresp.ttl = 20s;",
            "set beresp.grace = 10s;",
            "set beresp.ttl = beresp.ttl;",
            "set beresp.http.T = \"one\";",
            "set beresp.http.T = bereq.http.X;",
            "set beresp.http.T = \"two\";",
            "tag \"x\";",
            "tag header \"T\";",
            "unset beresp.http.Cache-Control;",
            "set beresp.uncacheable = true;",
            "return (pass(10s));",
            "if (bereq.retries == 0) { return (retry); }",
        ],
        "deliver" => &[
            "set resp.http.S = \"1\";",
            "set resp.http.S = \"2\";",
            "set resp.http.T = req.http.X;",
            "unset resp.http.T;",
            "set resp.status = 202;",
        ],
        _ => &[
            "set resp.http.S = req.http.X;",
            "set resp.http.S = req.http.Y;",
            "set resp.http.S = \"1\";",
            "set resp.status = 202;",
            "synthetic(\"page\");",
            "if (req.restarts == 0) { return (restart); }",
        ],
    }
}

fn condition(dice: &mut Dice, step: &str, depth: usize) -> Condition {
    let is = |dice: &mut Dice| Condition::Is(dice.one(conditions(step)).to_owned());
    match dice.roll(8) {
        0 if depth < 2 => Condition::Not(Box::new(condition(dice, step, depth + 1))),
        1 | 2 if depth < 2 => {
            let (one, other) = (condition(dice, step, depth + 1), condition(dice, step, depth + 1));
            Condition::Both(dice.one(&["and", "or"]), Box::new(one), Box::new(other))
        }
        _ => is(dice),
    }
}

fn block(dice: &mut Dice, step: &str, depth: usize) -> Vec<Node> {
    let count = 1 + dice.roll(if depth == 0 { 4 } else { 2 });
    let mut all = Vec::new();
    for _ in 0..count {
        let node = node(dice, step, depth);
        let ends = matches!(&node, Node::Line(line) if line.starts_with("return"));
        all.push(node);
        if ends {
            break;
        }
    }
    all
}

fn node(dice: &mut Dice, step: &str, depth: usize) -> Node {
    if depth < 2 && dice.roll(3) == 0 {
        let arms = (0..=dice.roll(2)).map(|_| (condition(dice, step, 0), block(dice, step, depth + 1))).collect();
        let otherwise = if dice.roll(4) == 0 { block(dice, step, depth + 1) } else { Vec::new() };
        return Node::If(arms, otherwise);
    }
    let line = loop {
        let line = dice.one(lines(step));
        // What ends a step stands in an `if`.
        if depth > 0 || !line.starts_with("return") {
            break line;
        }
    };
    Node::Line(line.to_owned())
}

/// What each step does, and further declarations.
#[derive(Clone, Debug)]
struct Written {
    steps: Vec<(&'static str, Vec<Node>)>,
    subs: Vec<Vec<Node>>,
    more: &'static str,
}

const MORE: [&str; 5] = [
    "",
    "normalize req { query sort; }",
    "rules request first {\nwhen path under \"/a\" -> pass;\nwhen path == \"/b\" -> deny 403;\n}",
    "override builtin.cookie {}",
    "rules response first {\nwhen status == 404 -> ttl 10s;\nelse -> ttl 1h;\n}",
];

impl Written {
    fn new(dice: &mut Dice) -> Self {
        let mut steps = Vec::new();
        for step in STEPS {
            if step == "recv" || dice.roll(3) == 0 {
                steps.push((step, block(dice, step, 0)));
            }
        }
        Self { steps, subs: Vec::new(), more: MORE[dice.roll(MORE.len())] }
    }

    fn text(&self) -> String {
        let mut text = format!("{HEAD}{}\n", self.more);
        for (number, body) in self.subs.iter().enumerate() {
            let _ = writeln!(text, "sub s{number} {{\n{}}}", said(body));
        }
        for (step, body) in &self.steps {
            let _ = writeln!(text, "sub {step} {{\n{}}}", said(body));
        }
        text
    }

    /// Writes something otherwise, or makes it something else.
    fn change(&mut self, dice: &mut Dice) {
        let at = dice.roll(self.steps.len());
        let step = self.steps[at].0;
        let mut subs = std::mem::take(&mut self.subs);
        change(&mut self.steps[at].1, dice, step, 0, &mut subs);
        self.subs = subs;
    }
}

fn change(body: &mut Vec<Node>, dice: &mut Dice, step: &str, depth: usize, subs: &mut Vec<Vec<Node>>) {
    if body.is_empty() {
        return;
    }
    let at = dice.roll(body.len());
    if let Node::If(arms, otherwise) = &mut body[at]
        && dice.roll(2) == 0
    {
        let arm = dice.roll(arms.len() + 1);
        let within = arms.get_mut(arm).map_or(otherwise, |(_, body)| body);
        return change(within, dice, step, depth + 1, subs);
    }
    let node_at = body[at].clone();
    let ends = |node: &Node| matches!(node, Node::Line(line) if line.starts_with("return"));
    match (dice.roll(12), node_at) {
        (0, node) if at + 1 < body.len() && !ends(&node) && !ends(&body[at + 1]) => body.swap(at, at + 1),
        (1, _) => _ = body.remove(at),
        (2, node) if !ends(&node) => body[at] = self::node(dice, step, depth.clamp(1, 2)),
        (3, _) => {
            let new = Node::Line(loop {
                let line = dice.one(lines(step));
                if !line.starts_with("return") {
                    break line.to_owned();
                }
            });
            body.insert(at, new);
        }
        (4, node) if step != "hash" => {
            body[at] = Node::Line(format!("call s{};", subs.len()));
            subs.push(vec![node]);
        }
        (5, Node::If(arms, otherwise)) if arms.len() == 1 && otherwise.is_empty() => {
            if let Condition::Both(word, one, other) = arms[0].0.clone() {
                let inside = arms[0].1.clone();
                body[at] = if word == "and" {
                    Node::If(vec![(*one, vec![Node::If(vec![(*other, inside)], Vec::new())])], Vec::new())
                } else {
                    Node::If(vec![(*one, inside.clone()), (*other, inside)], Vec::new())
                };
            }
        }
        (6, Node::If(arms, otherwise)) if arms.len() == 1 => {
            let not = Condition::Not(Box::new(arms[0].0.clone()));
            body[at] = Node::If(vec![(not, otherwise)], arms[0].1.clone());
        }
        (7, Node::If(mut arms, otherwise)) if arms.len() == 2 => {
            let second = arms.pop().unwrap();
            body[at] = Node::If(arms, vec![Node::If(vec![second], otherwise)]);
        }
        (8, Node::If(mut arms, otherwise)) => {
            if let Condition::Is(is) = arms[0].0.clone()
                // A field alone is a text, and no condition where it has a name.
                && is.contains([' ', '('])
            {
                arms[0].0 = Condition::Is("v0".to_owned());
                body[at] = Node::If(arms, otherwise);
                body.insert(at, Node::Line(format!("let v0 = {is};")));
            }
        }
        (9, Node::Line(line)) => {
            let value = line.strip_prefix("hash_data(").and_then(|rest| rest.strip_suffix(");"));
            let set = line.strip_prefix("set ").and_then(|rest| rest.strip_suffix(';')?.split_once(" = "));
            let (value, rest) = match (value, set) {
                (Some(value), _) => (value, "hash_data(v1);".to_owned()),
                (_, Some((target, value))) if target.contains("http") => (value, format!("set {target} = v1;")),
                _ => return,
            };
            body.insert(at, Node::Line(format!("let v1 = {value};")));
            body[at + 1] = Node::Line(rest);
        }
        (10, node) if !ends(&node) => body.insert(at, node),
        (11, Node::If(mut arms, otherwise)) => {
            let arm = dice.roll(arms.len());
            arms[arm].0 = condition(dice, step, 1);
            body[at] = Node::If(arms, otherwise);
        }
        _ => {}
    }
}

fn said(body: &[Node]) -> String {
    let mut text = String::new();
    for node in body {
        match node {
            Node::Line(line) => text.extend([line, "\n"]),
            Node::If(arms, otherwise) => {
                for (at, (condition, body)) in arms.iter().enumerate() {
                    let word = if at == 0 { "if" } else { " else if" };
                    let _ = write!(text, "{word} ({}) {{\n{}}}", written(condition), said(body));
                }
                if !otherwise.is_empty() {
                    let _ = write!(text, " else {{\n{}}}", said(otherwise));
                }
                text += "\n";
            }
        }
    }
    text
}

fn written(condition: &Condition) -> String {
    match condition {
        Condition::Is(is) => is.clone(),
        Condition::Not(inner) => format!("not ({})", written(inner)),
        Condition::Both(word, one, other) => format!("(({}) {word} ({}))", written(one), written(other)),
    }
}

fn answers() -> Vec<Option<Answer>> {
    let answer = |status: u16, said: &'static str, tags: &[&'static str]| {
        let answer = Answer::new(StatusCode::from_u16(status).unwrap());
        let answer = answer.with(header::CACHE_CONTROL, HeaderValue::from_static(said));
        let named = |answer: Answer, tag: &&'static str| {
            answer.with(HeaderName::from_static("t"), HeaderValue::from_static(tag))
        };
        Some(tags.iter().fold(answer, named))
    };
    vec![
        answer(200, "max-age=60", &[]),
        answer(200, "max-age=25, stale-while-revalidate=60", &["one", "three"]),
        answer(404, "max-age=60", &["one"]),
        None,
    ]
}

fn cases() -> Vec<Case> {
    let long = "x".repeat(40_000);
    let fields: [&[(&str, &str)]; 11] = [
        &[],
        &[("x", "1")],
        &[("x", "2"), ("y", "2")],
        &[("x", "1"), ("x", "3")],
        &[("x", "1"), ("y", "2"), ("y", "4"), ("cookie", "c=1; d=2")],
        &[("cookie", "c=1; c=2")],
        &[("x", &long), ("z", &long)],
        &[("x", &long), ("y", &long), ("z", "x")],
        &[("z", "1"), ("y", "one")],
        &[("cookie", "d=1"), ("cookie", "c=3")],
        &[("x", "a%0Ab"), ("y", "2")],
    ];
    let mut all = Vec::new();
    for (method, target) in [
        (Method::GET, "/"),
        (Method::GET, "/a"),
        (Method::GET, "/a/b?q=1&q=2"),
        (Method::GET, "/A?z=1&a=2"),
        (Method::GET, "/a/b"),
        (Method::GET, "/b?q=2%0A"),
        (Method::POST, "/a"),
    ] {
        for fields in fields {
            let mut request = Request::get("a.test", target);
            request.method = method.clone();
            for (name, value) in fields {
                let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
                request = request.with(name, HeaderValue::from_str(value).unwrap());
            }
            if fields.len() == 2 {
                request.client = [10, 0, 0, 1].into();
            }
            all.extend(answers().into_iter().map(|answer| Case::new(request.clone(), answer)));
        }
    }
    all
}

/// Two policies, and what is said of them.
struct Compared {
    found: Difference,
    sources: [SourceMap; 2],
    simulators: [Simulator; 2],
}

impl Compared {
    fn of(texts: [&str; 2]) -> Option<Self> {
        let [old, new] = texts.map(|text| check("site.warp", &MemoryFiles::new("site.warp", text)));
        let (before, after) = (old.hir?, new.hir?);
        let found =
            difference(Policy { hir: &before, sources: &old.sources }, Policy { hir: &after, sources: &new.sources });
        let simulators = [Simulator::new(before), Simulator::new(after)];
        Some(Self { found, sources: [old.sources, new.sources], simulators })
    }

    /// The lines that are told.
    fn told(&self) -> HashSet<(usize, String)> {
        let of = |side: usize, rules: &[warp_edge::difference::Fired]| -> Vec<(usize, String)> {
            rules.iter().map(|rule| (side, rule.place.clone())).collect()
        };
        self.found
            .classes
            .iter()
            .flat_map(|class| [of(0, &class.old_rules), of(1, &class.new_rules)])
            .flatten()
            .collect()
    }

    /// The lines that a journey came to.
    fn come_to(&self, side: usize, journey: &Journey) -> Vec<(usize, String)> {
        let program = self.simulators[side].program_of(None);
        let rules: Vec<_> = program.rules().collect();
        let ran = journey.and_behind().flat_map(|journey| &journey.steps);
        let spans = ran.flat_map(|ran| {
            let events = ran.explanation.course.iter().filter_map(|event| match event {
                Event::Decided(rule) => rules.get(rule.0 as usize)?.place,
                Event::Acted(span) | Event::Normalized(span) => Some(*span),
                Event::Called(_) => None,
            });
            events.chain(ran.explanation.verdict.span)
        });
        let sources = &self.sources[side];
        let place = |span| Some((side, format!("site.warp:{}", sources.locate(span)?.line)));
        spans.filter_map(place).collect()
    }

    fn is_true(&self, cases: &[Case]) -> Result<(), String> {
        if !self.found.gave_up.is_empty() {
            return Ok(());
        }
        let told = self.told();
        for (is_over_limits, random_bits) in [(false, 0), (true, u128::MAX)] {
            for case in cases {
                let mut stores = [Store::default(), Store::default()];
                for at in [0, 0, 0, 11_000, 26_000, 61_001] {
                    let now = SystemTime::UNIX_EPOCH + Duration::from_hours(24) + Duration::from_millis(at);
                    let world = World { is_over_limits, random_bits, ..World::at(now) };
                    let ([old, new], [old_store, new_store]) = (&self.simulators, &mut stores);
                    let (old, new) = (old.run(case, old_store, &world), new.run(case, new_store, &world));
                    let Some(change) = between(&old, &new) else { continue };
                    let lines = [self.come_to(0, &old), self.come_to(1, &new)].concat();
                    if !lines.iter().any(|line| told.contains(line)) {
                        let request = case.request.to_string();
                        let request = request.get(..200).unwrap_or(&request);
                        return Err(format!("{request} {:?} at {at}: {change}\n{lines:?}\n{told:?}", case.answer));
                    }
                    // What is stored is not the same any more.
                    break;
                }
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, max_shrink_iters: 0, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_changes_is_hidden(seed in 1_u64..u64::MAX, changes in 1..4_usize) {
        let mut dice = Dice(seed);
        let old = Written::new(&mut dice);
        let mut new = old.clone();
        (0..changes).for_each(|_| new.change(&mut dice));
        let (old, new) = (old.text(), new.text());
        if let Some(compared) = Compared::of([&old, &new]) {
            compared.is_true(&cases()).map_err(|error| TestCaseError::fail(format!("{error}\n{old}\n=====\n{new}")))?;
        }
    }
}
