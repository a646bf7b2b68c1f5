//! A policy as its author writes it.

use std::fmt::Write as _;

use super::policy::{Condition, Policy, Statement, Value};

pub fn written(policy: &Policy) -> String {
    let mut text = "warp 1;\n".to_owned();
    for (at, body) in policy.functions.iter().enumerate() {
        let body = Writer { functions: at, subs: 0..0, in_step: false, locals: vec![Local::Text] }.block(body);
        let _ = write!(text, "fn own{at}(text0: STRING) -> STRING {{\n{body}}}\n");
    }
    let (functions, subs) = (policy.functions.len(), policy.subs.len());
    for (at, body) in policy.subs.iter().enumerate() {
        let body = Writer { functions, subs: at + 1..subs, in_step: false, locals: Vec::new() }.block(body);
        let _ = write!(text, "sub called{at} {{\n{body}}}\n");
    }
    for body in &policy.recv {
        let body = Writer { functions, subs: 0..subs, in_step: true, locals: Vec::new() }.block(body);
        let _ = write!(text, "sub recv {{\n{body}}}\n");
    }
    text
}

/// What a name stands for.
#[derive(Clone, Copy, PartialEq)]
enum Local {
    Text,
    Flag,
}

struct Writer {
    /// How many can be called.
    functions: usize,
    /// Those that can be called.
    subs: std::ops::Range<usize>,
    in_step: bool,
    /// Those in sight. A name is of its place among them, so that blocks side by side have the same ones.
    locals: Vec<Local>,
}

impl Writer {
    fn block(&mut self, statements: &[Statement]) -> String {
        let known = self.locals.len();
        let text = statements.iter().map(|statement| self.statement(statement)).collect();
        self.locals.truncate(known);
        text
    }

    fn statement(&mut self, statement: &Statement) -> String {
        match statement {
            Statement::Let(value) => self.binding(Local::Text, &self.value(value)),
            Statement::LetFlag(condition) => self.binding(Local::Flag, &self.condition(condition)),
            Statement::Set(field, value) => format!("set req.http.{field} = {};\n", self.value(value)),
            Statement::SetUrl(url) => format!("set req.url = {url:?};\n"),
            Statement::Unset(field) => format!("unset req.http.{field};\n"),
            Statement::If(arms, otherwise) => self.ladder(arms, otherwise.as_deref()),
            Statement::Match(of, arms, otherwise) => {
                let mut text = format!("match {} {{\n", self.value(of));
                for (texts, body) in arms {
                    let _ = writeln!(text, "{} -> {{\n{}}}", alternatives(texts), self.block(body));
                }
                if let Some(body) = otherwise {
                    let _ = writeln!(text, "else -> {{\n{}}}", self.block(body));
                }
                text + "}\n"
            }
            Statement::Call(at) => match nth(self.subs.clone(), *at) {
                Some(sub) => format!("call called{sub};\n"),
                None => String::new(),
            },
            Statement::Pass => "return (pass);\n".to_owned(),
            Statement::Hash => "return (hash);\n".to_owned(),
            Statement::Synth(status, reason) => format!("return (synth({status}, {}));\n", self.value(reason)),
            Statement::Leave if self.in_step => "return (hash);\n".to_owned(),
            Statement::Leave => "return;\n".to_owned(),
            Statement::Yield(value) => format!("return {};\n", self.value(value)),
        }
    }

    fn ladder(&mut self, arms: &[(Condition, Vec<Statement>)], otherwise: Option<&[Statement]>) -> String {
        let mut text = String::new();
        for (at, (condition, body)) in arms.iter().enumerate() {
            let word = ["if", "elsif", "else if"][at.min(2)];
            let _ = writeln!(text, "{word} ({}) {{\n{}}}", self.condition(condition), self.block(body));
        }
        if let Some(body) = otherwise {
            let _ = writeln!(text, "else {{\n{}}}", self.block(body));
        }
        text
    }

    fn binding(&mut self, kind: Local, value: &str) -> String {
        self.locals.push(kind);
        format!("let {} = {value};\n", self.name(self.locals.len() - 1))
    }

    fn name(&self, place: usize) -> String {
        match self.locals[place] {
            Local::Text => format!("text{place}"),
            Local::Flag => format!("flag{place}"),
        }
    }

    fn local(&self, kind: Local, at: usize) -> Option<String> {
        nth((0..self.locals.len()).filter(|place| self.locals[*place] == kind), at).map(|place| self.name(place))
    }

    fn value(&self, value: &Value) -> String {
        match value {
            Value::Text(text) => format!("{text:?}"),
            Value::Field(name) => format!("req.http.{name}"),
            Value::Url => "req.url".to_owned(),
            Value::Local(at) => self.local(Local::Text, *at).unwrap_or_else(|| "req.http.A".to_owned()),
            Value::Joined(first, second) => format!("({} + {})", self.value(first), self.value(second)),
            Value::Or(first, second) => format!("({} ?? {})", self.value(first), self.value(second)),
            Value::Match(of, arms, otherwise) => {
                let mut text = format!("(match {} {{ ", self.value(of));
                for (texts, then) in arms {
                    let _ = write!(text, "{} -> {}; ", alternatives(texts), self.value(then));
                }
                text + &format!("else -> {}; }})", self.value(otherwise))
            }
            Value::Own(at, given) => match nth(0..self.functions, *at) {
                Some(function) => format!("own{function}({})", self.value(given)),
                None => self.value(given),
            },
        }
    }

    fn condition(&self, condition: &Condition) -> String {
        match condition {
            Condition::Is(value, text) => format!("{} == {text:?}", self.value(value)),
            Condition::IsNot(value, text) => format!("{} != {text:?}", self.value(value)),
            Condition::In(value, texts) => format!("{} in {texts:?}", self.value(value)),
            Condition::Under(path) => format!("req.path under {path:?}"),
            Condition::Set(field) => format!("req.http.{field}"),
            Condition::Flag(at) => self.local(Local::Flag, *at).unwrap_or_else(|| "req.http.B".to_owned()),
            Condition::Not(inner) => format!("!({})", self.condition(inner)),
            Condition::And(left, right) => format!("({} && {})", self.condition(left), self.condition(right)),
            Condition::Or(left, right) => format!("({} or {})", self.condition(left), self.condition(right)),
        }
    }
}

/// One of those there are, if there is any.
pub fn nth(mut all: impl Iterator<Item = usize> + Clone, at: usize) -> Option<usize> {
    let count = all.clone().count();
    all.nth(at.checked_rem(count)?)
}

fn alternatives(texts: &[&str]) -> String {
    texts.iter().map(|text| format!("{text:?}")).collect::<Vec<_>>().join(" or ")
}
