//! What a policy does, read from it without types, places in a frame, trees or indexes.

use std::collections::BTreeMap;

use warp_edge::decision::{Value as Fact, Verdict};
use warp_edge::lang::schema::{Action, Message, Variable};

use super::super::facts::Request;
use super::policy::{Condition, FIELDS, Policy, Statement, Value};
use super::text::nth;

/// A STRING.
type Text = Option<String>;

/// What became of a request.
#[derive(Debug, PartialEq)]
pub struct Outcome {
    action: Action,
    status: Option<u16>,
    reason: Text,
    url: String,
    fields: BTreeMap<&'static str, String>,
}

impl Outcome {
    /// What a verdict and the request behind it say.
    pub fn of(verdict: &Verdict, request: &Request) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let url = match request.variables.get(&Variable::ReqUrl) {
            Some(Fact::Text(Some(url))) => text(url),
            _ => String::new(),
        };
        let field = |name: &&'static str| {
            let value = request.headers.get(&(Message::Req, name.to_ascii_lowercase()))?;
            Some((*name, text(value)))
        };
        let (action, status, reason) = (verdict.action, verdict.status, verdict.reason.as_deref().map(text));
        Self { action, status, reason, url, fields: FIELDS.iter().filter_map(field).collect() }
    }
}

pub fn outcome(policy: &Policy, request: &Request) -> Outcome {
    let mut state = Outcome::of(&Verdict { action: Action::Hash, ..nothing() }, request);
    for body in &policy.recv {
        let functions = policy.functions.len();
        let mut run = Run { policy, functions, subs: 0, locals: Vec::new(), state: &mut state };
        if let Flow::Ended | Flow::Left = run.block(body) {
            break;
        }
    }
    state
}

fn nothing() -> Verdict {
    Verdict { action: Action::Hash, status: None, reason: None, location: None, time_ms: None, soft: false, span: None }
}

#[derive(Clone)]
enum Local {
    Text(Text),
    Flag(bool),
}

enum Flow {
    On,
    Left,
    Ended,
    Value(Text),
}

struct Run<'a> {
    policy: &'a Policy,
    /// How many can be called.
    functions: usize,
    /// From which on they can be called.
    subs: usize,
    locals: Vec<Local>,
    state: &'a mut Outcome,
}

impl Run<'_> {
    fn block(&mut self, statements: &[Statement]) -> Flow {
        let known = self.locals.len();
        let mut flow = Flow::On;
        for statement in statements {
            flow = self.statement(statement);
            if !matches!(flow, Flow::On) {
                break;
            }
        }
        self.locals.truncate(known);
        flow
    }

    fn statement(&mut self, statement: &Statement) -> Flow {
        match statement {
            Statement::Let(value) => {
                let value = self.value(value);
                self.locals.push(Local::Text(value));
            }
            Statement::LetFlag(condition) => {
                let flag = self.holds(condition);
                self.locals.push(Local::Flag(flag));
            }
            Statement::Set(field, value) => {
                let value = self.value(value);
                self.state.fields.remove(field);
                self.state.fields.extend(value.map(|value| (*field, value)));
            }
            Statement::SetUrl(url) => (*url).clone_into(&mut self.state.url),
            Statement::Unset(field) => drop(self.state.fields.remove(field)),
            Statement::If(arms, otherwise) => {
                for (condition, body) in arms {
                    if self.holds(condition) {
                        return self.block(body);
                    }
                }
                return otherwise.as_deref().map_or(Flow::On, |body| self.block(body));
            }
            Statement::Match(of, arms, otherwise) => {
                let of = self.value(of);
                let arm = arms.iter().find(|(texts, _)| is_one_of(of.as_deref(), texts)).map(|(_, body)| body);
                return arm.or(otherwise.as_ref()).map_or(Flow::On, |body| self.block(body));
            }
            Statement::Call(at) => return self.call(*at),
            Statement::Pass => return self.end(Action::Pass, None, None),
            Statement::Hash => return self.end(Action::Hash, None, None),
            Statement::Synth(status, reason) => {
                let reason = self.value(reason);
                return self.end(Action::Synth, Some(*status), reason);
            }
            Statement::Leave => return Flow::Left,
            Statement::Yield(value) => return Flow::Value(self.value(value)),
        }
        Flow::On
    }

    fn end(&mut self, action: Action, status: Option<u16>, reason: Text) -> Flow {
        (self.state.action, self.state.status, self.state.reason) = (action, status, reason);
        Flow::Ended
    }

    fn call(&mut self, at: usize) -> Flow {
        let Some(sub) = nth(self.subs..self.policy.subs.len(), at) else { return Flow::On };
        let (policy, functions) = (self.policy, self.functions);
        let mut run = Run { policy, functions, subs: sub + 1, locals: Vec::new(), state: self.state };
        match run.block(&policy.subs[sub]) {
            Flow::Ended => Flow::Ended,
            _ => Flow::On,
        }
    }

    fn texts(&self, at: usize) -> Option<Text> {
        let texts = self.locals.iter().filter_map(|local| match local {
            Local::Text(text) => Some(text.clone()),
            Local::Flag(_) => None,
        });
        let texts: Vec<Text> = texts.collect();
        nth(0..texts.len(), at).map(|at| texts[at].clone())
    }

    fn flags(&self, at: usize) -> Option<bool> {
        let flags = self.locals.iter().filter_map(|local| match local {
            Local::Flag(flag) => Some(*flag),
            Local::Text(_) => None,
        });
        let flags: Vec<bool> = flags.collect();
        nth(0..flags.len(), at).map(|at| flags[at])
    }

    fn value(&mut self, value: &Value) -> Text {
        match value {
            Value::Text(text) => Some((*text).to_owned()),
            Value::Field(name) => self.state.fields.get(name).cloned(),
            Value::Url => Some(self.state.url.clone()),
            Value::Local(at) => self.texts(*at).unwrap_or_else(|| self.state.fields.get("A").cloned()),
            Value::Joined(first, second) => {
                let (first, second) = (self.value(first), self.value(second));
                Some(first.unwrap_or_default() + &second.unwrap_or_default())
            }
            Value::Or(first, second) => self.value(first).or_else(|| self.value(second)),
            Value::Match(of, arms, otherwise) => {
                let of = self.value(of);
                let arm = arms.iter().find(|(texts, _)| is_one_of(of.as_deref(), texts)).map(|(_, then)| then);
                self.value(arm.unwrap_or(otherwise))
            }
            Value::Own(at, given) => {
                let given = self.value(given);
                let Some(function) = nth(0..self.functions, *at) else { return given };
                let policy = self.policy;
                let locals = vec![Local::Text(given)];
                let mut run = Run { policy, functions: function, subs: policy.subs.len(), locals, state: self.state };
                match run.block(&policy.functions[function]) {
                    Flow::Value(value) => value,
                    _ => None,
                }
            }
        }
    }

    fn holds(&mut self, condition: &Condition) -> bool {
        match condition {
            Condition::Is(value, text) => self.value(value).as_deref() == Some(text),
            Condition::IsNot(value, text) => self.value(value).as_deref() != Some(text),
            Condition::In(value, texts) => is_one_of(self.value(value).as_deref(), texts),
            Condition::Under(path) => is_under(&self.state.url, path.trim_end_matches('/')),
            Condition::Set(field) => self.state.fields.contains_key(field),
            Condition::Flag(at) => self.flags(*at).unwrap_or_else(|| self.state.fields.contains_key("B")),
            Condition::Not(inner) => !self.holds(inner),
            Condition::And(left, right) => self.holds(left) && self.holds(right),
            Condition::Or(left, right) => self.holds(left) || self.holds(right),
        }
    }
}

fn is_one_of(value: Option<&str>, texts: &[&str]) -> bool {
    value.is_some_and(|value| texts.contains(&value))
}

fn is_under(url: &str, path: &str) -> bool {
    url.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
