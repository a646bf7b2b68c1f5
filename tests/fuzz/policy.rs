//! Policies that mostly have no mistakes: expressions of a wanted type, from all that the schema has.

use std::fmt::Write as _;

use warp_edge::lang::schema::function::{Parameter, Takes};
use warp_edge::lang::schema::{Action, ActionArguments, DirectiveView, Function, Message, Step, Type, Variable};

use super::dice::Dice;

/// What is declared in each of them.
const DECLARATIONS: &str = r#"warp 1;
backend web { .host = "192.0.2.1"; }
backend other none;
director turns = round_robin { web; other; }
acl office { "192.0.2.0"/24; !"192.0.2.7"; "10.0.0.0"/8; !"10.1.0.0"/16; "::1"; }
table plans: STRING -> INT { "a": 1, "/a": 2, "b": 300, }
table names { "a": "b", "/a": "/b", "": "none", }
table places { "a": web, "b": turns, }
table waits { "a": 10s, "b": 0s, }
const words = ["a", "b", "/a", "/a/b"];
const codes = [404, 410..420];
"#;

const TEXTS: &[&str] = &[
    "",
    "a",
    "b",
    "ab",
    "A",
    "/",
    "/a",
    "/a/",
    "/a/b",
    "/ab",
    "/a.css",
    "/a/b.CSS",
    "GET",
    "POST",
    "example.com",
    "a=b",
    "a=b; utm_a=c",
    "a, b",
    "1",
    "-7",
    "1.5",
    "10s",
    "64KB",
    "192.0.2.7",
    "::1",
    "%61",
    "%zz",
    "YWI=",
    "é",
    "gzip, br;q=0.5",
    "de-AT, en;q=0.1",
    "784111777",
    "Sun, 06 Nov 1994 08:49:37 GMT",
    "Basic YTpi",
    "a.b.c",
    "?a=1&b=2",
    "/a?a=1&b=2&a=3",
    "s3cret",
    "\\1\\0",
    "*",
];

const PATTERNS: &[&str] = &[
    "^/a",
    "^/a$",
    "^/(a|b)/",
    ".(css|js)$",
    "^/a/[a-z]+",
    "^/a/.*b",
    "^/a/b*",
    "a+b",
    "b$",
    "^$",
    "",
    "(?i)css",
    "[ab]{2}",
    "a.*b",
    "^/b[a-z]*b",
    "[0-9]",
    "^[ab]",
    "(a)(b)?",
    "^(?:/a|/b)",
    "a*",
    "\\\\bb",
    "^/a|b",
];

const FIELDS: &[&str] = &["X-A", "X-B", "Cookie", "Host", "Accept-Language", "Authorization", "Surrogate-Key"];

/// How deep expressions are at most.
const DEPTH: usize = 3;

/// Writes one.
pub struct Writer<'a> {
    dice: &'a mut Dice,
    step: Step,
    locals: Vec<(String, Type)>,
    functions: Vec<(String, Type)>,
    /// Subs that `recv` may call.
    subs: Vec<String>,
}

/// The text of a policy.
pub fn policy(dice: &mut Dice) -> String {
    let mut writer = Writer { dice, step: Step::Recv, locals: Vec::new(), functions: Vec::new(), subs: Vec::new() };
    let mut text = DECLARATIONS.to_owned();
    for at in 0..writer.dice.below(3) {
        let _ = writeln!(text, "{}", writer.function(at));
    }
    for at in 0..writer.dice.below(3) {
        let _ = writeln!(text, "{}", writer.called_sub(at));
    }
    if writer.dice.one_in(6) {
        let _ = writeln!(text, "{}", writer.key());
    }
    if writer.dice.one_in(3) {
        text.push_str("normalize req { path decode_unreserved, merge_slashes, resolve_dots, refuse_ambiguous; ");
        text.push_str("query drop [\"utm_*\"], sort; cookie keep [\"a\"]; host lower; }\n");
    }
    if writer.dice.one_in(3) {
        let _ = writeln!(text, "{}", writer.rules(true));
    }
    if writer.dice.one_in(3) {
        let _ = writeln!(text, "{}", writer.rules(false));
    }
    for _ in 0..=writer.dice.below(3) {
        let steps: Vec<Step> = Step::ALL.iter().copied().filter(|step| step.runs()).collect();
        let step = if writer.dice.one_in(2) { Step::Recv } else { *writer.dice.pick(&steps) };
        let _ = writeln!(text, "{}", writer.sub(step));
    }
    text
}

impl Writer<'_> {
    fn function(&mut self, at: usize) -> String {
        let types = [Type::String, Type::Int, Type::Bool, Type::Duration];
        let ty = *self.dice.pick(&types);
        self.step = Step::Recv;
        self.locals = vec![("text".to_owned(), Type::String), ("number".to_owned(), Type::Int)];
        // No variable may be read in all steps, so a body is made of its parameters alone.
        self.step = Step::Init;
        let name = format!("own{at}");
        let mut body = String::new();
        for _ in 0..=self.dice.below(3) {
            if self.dice.one_in(2) {
                let _ = writeln!(body, "{}", self.binding());
            }
            let _ = writeln!(body, "{}", self.choice(ty));
        }
        let (last, result) = (self.value(ty, 3), ty.name());
        let text = format!("fn {name}(text: STRING, number: INT) -> {result} {{\n{body}    return {last};\n}}");
        self.functions.push((name, ty));
        text
    }

    /// A statement of a function that returns on some ways.
    fn choice(&mut self, ty: Type) -> String {
        let (condition, value) = (self.value(Type::Bool, 2), self.value(ty, 2));
        match self.dice.below(4) {
            0 => format!("    if ({condition}) {{ if (text) {{ return {value}; }} }}"),
            1 => format!(
                "    if ({condition}) {{ return {value}; }} elsif (number > 1) {{ return {}; }}",
                self.value(ty, 2)
            ),
            2 => format!("    match {} {{ {} -> {{ return {value}; }} }}", self.value(Type::String, 1), self.arm()),
            _ => format!("    if ({condition}) {{ return {value}; }}"),
        }
    }

    fn rules(&mut self, request: bool) -> String {
        self.step = if request { Step::Recv } else { Step::BackendResponse };
        self.locals.clear();
        let mut rows = String::new();
        for _ in 0..self.dice.mostly_small(12) {
            let condition = self.value(Type::Bool, 2);
            let action = if request { self.request_action() } else { self.response_action() };
            let _ = writeln!(rows, "    when {condition} -> {action};");
        }
        format!("rules {} first {{\n{rows}}}", if request { "request" } else { "response" })
    }

    fn request_action(&mut self) -> String {
        match self.dice.below(8) {
            0 => "cache".to_owned(),
            1 => "pass".to_owned(),
            2 => "purge soft".to_owned(),
            3 => format!("deny 403 {}", self.value(Type::String, 1)),
            4 => format!("redirect 301 {}", self.value(Type::String, 1)),
            5 => "backend turns".to_owned(),
            6 => "strip Cookie, pass".to_owned(),
            _ => format!("set req.http.X-A = {}", self.value(Type::String, 1)),
        }
    }

    fn response_action(&mut self) -> String {
        match self.dice.below(5) {
            0 => format!("ttl {}, grace {}", self.value(Type::Duration, 1), self.value(Type::Duration, 1)),
            1 => "pass".to_owned(),
            2 => format!("tag {}", self.value(Type::String, 1)),
            3 => "uncacheable, strip X-A".to_owned(),
            _ => format!("keep {}", self.value(Type::Duration, 1)),
        }
    }

    fn sub(&mut self, step: Step) -> String {
        self.step = step;
        self.locals.clear();
        let count = self.dice.mostly_small(5);
        format!("sub {} {{\n{}}}", step.name(), self.block(count, 0))
    }

    /// A sub that only `recv` calls, and perhaps those before it.
    fn called_sub(&mut self, at: usize) -> String {
        self.step = Step::Recv;
        self.locals.clear();
        let count = self.dice.mostly_small(4);
        let name = format!("called{at}");
        let text = format!("sub {name} {{\n{}}}", self.block(count, 1));
        self.subs.push(name);
        text
    }

    fn key(&mut self) -> String {
        self.step = Step::Hash;
        self.locals.clear();
        format!("key {{ req.url; req.host; {}; req.query sorted; }}", self.value(Type::String, 2))
    }

    /// What only statements of their own kind do.
    fn special(&mut self) -> String {
        match self.dice.below(4) {
            0 if self.step == Step::BackendResponse => format!("    tag {};", self.value(Type::String, 2)),
            1 if self.step == Step::BackendResponse => "    tag header \"Surrogate-Key\";".to_owned(),
            2 if self.step == Step::Recv && !self.subs.is_empty() => {
                format!("    call {};", self.dice.pick(&self.subs))
            }
            _ => format!("    ban where {};", self.ban_condition()),
        }
    }

    fn ban_condition(&mut self) -> String {
        let field = *self.dice.pick(FIELDS);
        let test = match self.dice.below(5) {
            0 => format!("obj.http.{field} ~ {}", self.pattern()),
            3 => format!("obj.url ~ {} or obj.host == {}", self.pattern(), self.value(Type::String, 1)),
            1 => format!("obj.status == {}", self.literal(Type::Int)),
            2 => format!("obj.age > {}", self.value(Type::Duration, 1)),
            _ => format!("obj.http.{field} == {}", self.value(Type::String, 2)),
        };
        if self.dice.one_in(2) { format!("({test}) and {}", self.value(Type::Bool, 1)) } else { test }
    }

    fn block(&mut self, count: usize, depth: usize) -> String {
        let known = self.locals.len();
        let mut lines = String::new();
        for _ in 0..count {
            let line = self.statement(depth);
            let _ = writeln!(lines, "{line}");
        }
        self.locals.truncate(known);
        lines
    }

    fn statement(&mut self, depth: usize) -> String {
        match self.dice.below(if depth < 3 { 12 } else { 8 }) {
            0 => self.binding(),
            1 if self.dice.one_in(3) => self.special(),
            1 | 2 => self.setting(),
            3 => self.header_setting(),
            4 | 5 => self.effect(),
            6 if depth > 0 => self.ending(),
            6 | 7 => format!("    std.log({});", self.any_value()),
            8..=10 => self.ladder(depth),
            _ => self.matching(depth),
        }
    }

    fn binding(&mut self) -> String {
        let ty = self.a_type();
        let name = format!("local{}", self.locals.len());
        let line = format!("    let {name} = {};", self.value(ty, DEPTH));
        self.locals.push((name, ty));
        line
    }

    fn setting(&mut self) -> String {
        let step = self.step;
        let may: Vec<Variable> =
            Variable::ALL.iter().copied().filter(|variable| variable.access().set.contains(step)).collect();
        if may.is_empty() {
            return self.header_setting();
        }
        let variable = *self.dice.pick(&may);
        let operator = if variable.ty() == Type::Duration { *self.dice.pick(&["=", "+=", "-="]) } else { "=" };
        format!("    set {} {operator} {};", variable.name(), self.value(variable.ty(), DEPTH))
    }

    fn message(&mut self, set: bool) -> Option<Message> {
        let step = self.step;
        let allowed = |message: &Message| if set { message.access().set } else { message.access().read }.contains(step);
        let may: Vec<Message> = Message::ALL.iter().copied().filter(allowed).collect();
        may.get(self.dice.below(may.len())).copied()
    }

    fn header_setting(&mut self) -> String {
        let Some(message) = self.message(true) else { return String::new() };
        let (message, field) = (message.name(), *self.dice.pick(FIELDS));
        match self.dice.below(5) {
            0 => format!("    unset {message}.http.{field};"),
            1 => format!("    set {message}.http.{field} += {};", self.any_value()),
            _ => format!("    set {message}.http.{field} = {};", self.any_value()),
        }
    }

    fn effect(&mut self) -> String {
        let step = self.step;
        let may: Vec<Function> = Function::all()
            .filter(|function| function.result() == Type::Void && function.steps().contains(step))
            .collect();
        let function = *self.dice.pick(&may);
        format!("    {};", self.call(function, DEPTH))
    }

    fn ending(&mut self) -> String {
        let step = self.step;
        let may: Vec<Action> = Action::ALL.iter().copied().filter(|action| action.runs().contains(step)).collect();
        let Some(action) = may.get(self.dice.below(may.len())).copied() else { return String::new() };
        let arguments = match action.arguments() {
            ActionArguments::StatusAndReason | ActionArguments::OptionalStatusAndReason => {
                format!("({}, {})", self.dice.pick(&["404", "503", "10404"]), self.value(Type::String, 2))
            }
            ActionArguments::OptionalReason => format!("({})", self.value(Type::String, 2)),
            ActionArguments::OptionalSoft => "(soft)".to_owned(),
            ActionArguments::OptionalTime if step == Step::BackendResponse => "(5s)".to_owned(),
            ActionArguments::OptionalTime | ActionArguments::None => String::new(),
        };
        format!("    return ({}{arguments});", action.name())
    }

    fn ladder(&mut self, depth: usize) -> String {
        let mut text = String::from("    if");
        for at in 0..=self.dice.mostly_small(4) {
            let word = if at == 0 { "" } else { *self.dice.pick(&[" else if", " elsif"]) };
            let condition = self.value(Type::Bool, 3);
            let _ = write!(text, "{word} ({condition}) {{\n{}}}", self.branch(depth));
        }
        if self.dice.one_in(2) {
            let _ = write!(text, " else {{\n{}}}", self.branch(depth));
        }
        text
    }

    /// What an arm does; many end.
    fn branch(&mut self, depth: usize) -> String {
        let count = self.dice.below(4);
        let block = self.block(count, depth + 1);
        if self.dice.one_in(2) { block + &self.ending() + "\n" } else { block }
    }

    fn matching(&mut self, depth: usize) -> String {
        let mut text = format!("    match {} {{\n", self.value(Type::String, 2));
        for _ in 0..=self.dice.mostly_small(8) {
            let (arm, count) = (self.arm(), self.dice.below(3));
            let _ = write!(text, "{arm} -> {{\n{}}}\n", self.block(count, depth + 1));
        }
        text.push('}');
        text
    }

    /// What a text is matched with.
    fn arm(&mut self) -> String {
        match self.dice.below(5) {
            0 => format!("under {}", self.path()),
            1 => "ext [\"css\", \"js\"]".to_owned(),
            2 => format!("~ {}", self.pattern()),
            3 => format!("{} or {}", self.text(), self.text()),
            _ => self.text(),
        }
    }

    fn a_type(&mut self) -> Type {
        *self.dice.pick(&[
            Type::String,
            Type::String,
            Type::Int,
            Type::Real,
            Type::Bool,
            Type::Duration,
            Type::Bytes,
            Type::Ip,
            Type::Time,
            Type::Backend,
        ])
    }

    fn any_value(&mut self) -> String {
        let ty = self.a_type();
        self.value(ty, DEPTH)
    }

    fn text(&mut self) -> String {
        format!("{:?}", self.dice.pick(TEXTS))
    }

    fn path(&mut self) -> String {
        (*self.dice.pick(&["\"/\"", "\"/a\"", "\"/a/\"", "\"/a/b\"", "\"/b\""])).to_owned()
    }

    fn pattern(&mut self) -> String {
        format!("\"{}\"", self.dice.pick(PATTERNS))
    }

    fn literal(&mut self, ty: Type) -> String {
        match ty {
            Type::Int => {
                (*self.dice.pick(&["0", "1", "-1", "404", "7", "9223372036854775807", "300", "70000"])).to_owned()
            }
            Type::Real => (*self.dice.pick(&["0.0", "0.5", "-2.5", "1000000.0"])).to_owned(),
            Type::Bool => (*self.dice.pick(&["true", "false"])).to_owned(),
            Type::Duration => (*self.dice.pick(&["0s", "1s", "10ms", "1.5h", "365d"])).to_owned(),
            Type::Bytes => (*self.dice.pick(&["0B", "1KB", "64KB", "1GB"])).to_owned(),
            Type::Ip => format!("std.ip({}, \"::\")", self.text()),
            Type::Time => "now".to_owned(),
            Type::Backend => (*self.dice.pick(&["web", "other", "turns"])).to_owned(),
            Type::Acl => "office".to_owned(),
            Type::Regex => self.pattern(),
            Type::List => (*self.dice.pick(&["words", "[\"a\", \"b\"]", "[]"])).to_owned(),
            Type::String | Type::Void => self.text(),
        }
    }

    /// An expression of that type.
    fn value(&mut self, ty: Type, depth: usize) -> String {
        if depth == 0 || self.dice.one_in(4) {
            return self.leaf(ty);
        }
        match self.dice.below(10) {
            0 => self.leaf(ty),
            1 => format!(
                "(match {} {{ {} -> {}; else -> {}; }})",
                self.value(Type::String, depth - 1),
                self.arm(),
                self.value(ty, depth - 1),
                self.value(ty, depth - 1)
            ),
            2..=4 => self.calling(ty, depth - 1),
            _ => self.operation(ty, depth - 1),
        }
    }

    fn leaf(&mut self, ty: Type) -> String {
        let step = self.step;
        if let Some((name, _)) = self.locals.iter().rev().find(|(_, local)| *local == ty)
            && self.dice.one_in(3)
        {
            return name.clone();
        }
        let may: Vec<Variable> = Variable::ALL
            .iter()
            .copied()
            .filter(|variable| variable.ty() == ty && variable.access().read.contains(step))
            .collect();
        if !may.is_empty() && self.dice.one_in(2) {
            return self.dice.pick(&may).name().to_owned();
        }
        let may: Vec<&DirectiveView> = DirectiveView::all()
            .iter()
            .filter(|view| view.directive.ty() == ty && view.message.access().read.contains(step))
            .collect();
        if !may.is_empty() && self.dice.one_in(3) {
            let name = &self.dice.pick(&may).name;
            return if ty == Type::Bool { name.clone() } else { format!("({name} ?? 1m)") };
        }
        if ty == Type::String
            && self.dice.one_in(2)
            && let Some(message) = self.message(false)
        {
            let field = *self.dice.pick(FIELDS);
            return match self.dice.below(3) {
                1 if message.is_request() => format!("{}.query[{}]", message.name(), self.text()),
                2 if message.is_request() => format!("{}.cookies[{}]", message.name(), self.text()),
                _ => format!("{}.http.{field}", message.name()),
            };
        }
        self.literal(ty)
    }

    fn calling(&mut self, ty: Type, depth: usize) -> String {
        let step = self.step;
        let own: Vec<String> =
            self.functions.iter().filter(|(_, result)| *result == ty).map(|(name, _)| name.clone()).collect();
        if !own.is_empty() && self.dice.one_in(2) {
            let (text, number) = (self.value(Type::String, depth), self.value(Type::Int, depth));
            return format!("{}({text}, number: {number})", self.dice.pick(&own));
        }
        let may: Vec<Function> =
            Function::all().filter(|function| function.result() == ty && function.steps().contains(step)).collect();
        if may.is_empty() {
            return self.leaf(ty);
        }
        let function = *self.dice.pick(&may);
        self.call(function, depth)
    }

    fn call(&mut self, function: Function, depth: usize) -> String {
        let mut given = Vec::new();
        let mut by_name = false;
        for parameter in function.parameters() {
            let needed = parameter.takes == Takes::Secret && function.name().starts_with("jwt.");
            if parameter.default.is_some() && !needed && self.dice.one_in(2) {
                by_name = true;
                continue;
            }
            let value = match function.name() {
                "req.accept.media" => "[\"text/html\", \"a/b\"]".to_owned(),
                "req.accept.language" | "req.accept.encoding" => "[\"de\", \"br\", \"a-b\"]".to_owned(),
                _ => self.argument(parameter, depth),
            };
            given.push(if by_name { format!("{}: {value}", parameter.name) } else { value });
        }
        format!("{}({})", function.name(), given.join(", "))
    }

    fn argument(&mut self, parameter: &Parameter, depth: usize) -> String {
        match parameter.takes {
            Takes::Value(ty @ (Type::Regex | Type::Acl | Type::List)) => self.literal(ty),
            Takes::Value(Type::String) if self.dice.one_in(3) => self.text(),
            Takes::Value(ty) if self.dice.one_in(3) => self.literal(ty),
            Takes::Value(ty) => self.value(ty, depth.saturating_sub(1)),
            Takes::Words(words) => (*self.dice.pick(words)).to_owned(),
            Takes::Secret => "\"a secret of at least 32 bytes, ok\"".to_owned(),
            Takes::Header => {
                let message = self.message(true).or_else(|| self.message(false)).map_or("req", Message::name);
                format!("{message}.http.{}", self.dice.pick(FIELDS))
            }
            Takes::File | Takes::Presence => "\"notice.txt\"".to_owned(),
            Takes::Users => "\"users.htpasswd\"".to_owned(),
            Takes::Keys => "\"jwks.json\"".to_owned(),
            Takes::Database => "\"geo.mmdb\"".to_owned(),
        }
    }

    fn operation(&mut self, ty: Type, depth: usize) -> String {
        match ty {
            Type::Bool => format!("({})", self.condition(depth)),
            Type::String => match self.dice.below(4) {
                0 => format!("(names[{}] ?? {})", self.value(ty, depth), self.value(ty, depth)),
                1 => format!("names[{}]", self.value(ty, depth)),
                2 => format!("({} + {})", self.value(ty, depth), self.any_leaf()),
                _ => format!("{} + {}", self.value(ty, depth), self.value(ty, depth)),
            },
            Type::Int if self.dice.one_in(4) => format!("(plans[{}] ?? 7)", self.value(Type::String, depth)),
            Type::Duration if self.dice.one_in(4) => format!("(waits[{}] ?? 7s)", self.value(Type::String, depth)),
            Type::Backend => format!("(places[{}] ?? web)", self.value(Type::String, depth)),
            Type::Duration | Type::Bytes if self.dice.one_in(3) => {
                let (operator, by) = (*self.dice.pick(&["*", "/"]), *self.dice.pick(&[Type::Int, Type::Real]));
                format!("({} {operator} {})", self.value(ty, depth), self.value(by, depth))
            }
            Type::Int | Type::Real => {
                let operators: &[&str] =
                    if ty == Type::Int { &["+", "-", "*", "/", "%"] } else { &["+", "-", "*", "/"] };
                let operator = *self.dice.pick(operators);
                format!("({} {operator} {})", self.value(ty, depth), self.value(ty, depth))
            }
            Type::Duration | Type::Bytes => {
                format!("({} {} {})", self.value(ty, depth), self.dice.pick(&["+", "-"]), self.value(ty, depth))
            }
            Type::Time => format!(
                "({} {} {})",
                self.value(ty, depth),
                self.dice.pick(&["+", "-"]),
                self.value(Type::Duration, depth)
            ),
            _ => self.leaf(ty),
        }
    }

    fn any_leaf(&mut self) -> String {
        let ty = self.a_type();
        self.leaf(ty)
    }

    fn condition(&mut self, depth: usize) -> String {
        let (ty, comparison) = (self.a_type(), *self.dice.pick(&["==", "!=", "<", "<=", ">", ">="]));
        match self.dice.below(16) {
            0 => format!("({} and {})", self.value(Type::Bool, depth), self.value(Type::Bool, depth)),
            1 => format!("({} or {})", self.value(Type::Bool, depth), self.value(Type::Bool, depth)),
            2 => format!("!({})", self.value(Type::Bool, depth)),
            3 => format!("{} == {}", self.value(Type::String, depth), self.text()),
            4 => format!("{} in words", self.value(Type::String, depth)),
            5 => format!("{} in codes", self.value(Type::Int, depth)),
            6 => format!("{} under [\"/a\", {}]", self.value(Type::String, depth), self.path()),
            7 => format!("{} ext [\"css\", \"js\"]", self.value(Type::String, depth)),
            8 | 9 => format!("{} {} {}", self.value(Type::String, depth), self.dice.pick(&["~", "!~"]), self.pattern()),
            10 => format!("{} ~ office", self.leaf(Type::Ip)),
            11 => format!("plans has {}", self.value(Type::String, depth)),
            12 => match self.message(false).filter(|message| message.is_request()) {
                Some(message) => {
                    let (what, how) = (*self.dice.pick(&["query", "cookies"]), *self.dice.pick(&["has", "any"]));
                    format!("{}.{what} {how} {}", message.name(), self.dice.pick(&["\"a\"", "\"utm_*\"", "words"]))
                }
                None => self.leaf(Type::Bool),
            },
            13 => self.leaf(Type::String),
            _ if matches!(ty, Type::Bool | Type::Ip | Type::Backend | Type::String) => {
                format!("{} {} {}", self.value(ty, depth), self.dice.pick(&["==", "!="]), self.value(ty, depth))
            }
            _ => format!("{} {comparison} {}", self.value(ty, depth), self.value(ty, depth)),
        }
    }
}
