//! Where a statement stands: its step or sub, its table, the locals in sight.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Arguments;

use super::calls::{Caller, Link, name_of};
use super::collect::with_article;
use super::context::Context;
use super::{reserved, words};
use crate::lang::diagnostic::{Code, Diagnostic, Edit, Fix, Label, Safety};
use crate::lang::hir::{LocalId, Statement};
use crate::lang::schema::{RuleTable, Step, StepSet, Type, Variable};
use crate::lang::source::Span;
use crate::lang::syntax::ast::{Binding, Name};

/// At most this many calls of a way are shown.
const SHOWN_CALLS: usize = 4;

/// What a body belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Home {
    /// A step.
    Step(Step),
    /// The sub of that number.
    Sub(usize),
    /// A function of the policy, which is put in the place of its calls.
    Function,
    /// None: the value of a constant or of an attribute.
    Constant,
}

/// A `let` in sight.
#[derive(Clone, Copy)]
pub(super) struct Local<'a> {
    name: &'a Name,
    declaration: Span,
    /// Its place in the frame.
    pub(super) id: LocalId,
    /// Its type; `None` if its value was wrong.
    pub(super) ty: Option<Type>,
    used: bool,
}

impl Local<'_> {
    /// What it is called. The declaration of a parameter is its name.
    fn kind(&self) -> &'static str {
        if self.declaration == self.name.span { "parameter" } else { "let" }
    }
}

/// What is known while a body is checked.
pub(super) struct Scope<'c, 'a> {
    /// The policy around it.
    pub(super) cx: &'c Context<'a>,
    /// What the body belongs to.
    pub(super) home: Home,
    /// The rule table that is being checked, if any: its rows know short names.
    pub(super) table: Option<RuleTable>,
    /// Whether the condition of a `ban` is being checked: it may read `obj` in any step.
    pub(super) in_ban: bool,
    /// Whether an invariant is being checked: it may read what the client sends, what the backend answers and what came
    /// of it, and knows short names.
    pub(super) in_invariant: bool,
    /// Whether it is the expectation of a test, which knows what the client gets as well.
    pub(super) in_test: bool,
    steps: StepSet,
    locals: Vec<Local<'a>>,
    /// Which of the locals have a name, in their order.
    named: HashMap<&'a str, Vec<usize>>,
    frame: u32,
    /// Statements that belong before the one that is being checked.
    before: Vec<Statement>,
    /// What the function that is checked asks of the steps that it is called in.
    needs: RefCell<Vec<Need>>,
}

/// Something that has to be possible in the steps that call a function.
#[derive(Clone)]
pub(super) struct Need {
    /// Where it is.
    pub(super) allowed: StepSet,
    /// In words: it reads `beresp.ttl`.
    pub(super) what: String,
    /// Its place in the function.
    pub(super) span: Span,
}

impl<'c, 'a> Scope<'c, 'a> {
    /// An empty scope.
    pub(super) fn new(cx: &'c Context<'a>, home: Home) -> Self {
        let steps = match home {
            Home::Step(step) => StepSet::of(&[step]),
            Home::Sub(sub) => cx.calls.steps_of(sub),
            Home::Function | Home::Constant => StepSet::NONE,
        };
        Self {
            cx,
            home,
            table: None,
            in_ban: false,
            in_invariant: false,
            in_test: false,
            steps,
            locals: Vec::new(),
            named: HashMap::new(),
            frame: 0,
            before: Vec::new(),
            needs: RefCell::default(),
        }
    }

    /// Reports a finding.
    pub(super) fn report(&self, finding: Diagnostic) {
        self.cx.findings.report(finding);
    }

    /// How many locals the whole body has.
    pub(super) fn frame_size(&self) -> usize {
        self.frame as usize
    }

    /// The steps that reach this place.
    pub(super) fn steps(&self) -> StepSet {
        self.steps
    }

    /// How many locals are in sight: what [`Scope::forget`] goes back to.
    pub(super) fn visible(&self) -> usize {
        self.locals.len()
    }

    /// Takes the locals beyond the first `visible` out of sight, and says which were of no use.
    pub(super) fn forget(&mut self, visible: usize) {
        for local in self.locals.drain(visible.min(self.locals.len())..) {
            self.named.entry(&local.name.text).or_default().pop();
            if !local.used && local.ty.is_some() {
                self.cx.findings.advise(unused_local(&local));
            }
        }
    }

    /// The local of that name; it counts as used from now on.
    pub(super) fn local(&mut self, name: &str) -> Option<Local<'a>> {
        let local = self.named.get(name)?.last().and_then(|at| self.locals.get_mut(*at))?;
        local.used = true;
        Some(*local)
    }

    /// The names of the locals in sight.
    pub(super) fn local_names(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.locals.iter().map(|local| local.name.text.as_str())
    }

    /// Notes what the function that is checked asks of the steps that call it.
    pub(super) fn need(&self, need: Need) {
        self.needs.borrow_mut().push(need);
    }

    /// What the function asks for; nothing is left.
    pub(super) fn take_needs(&self) -> Vec<Need> {
        self.needs.take()
    }

    /// Brings the parameter of a function in sight; not to use it is no mistake.
    pub(super) fn declare_parameter(&mut self, name: &'a Name, ty: Option<Type>) -> LocalId {
        self.report_shadowing("parameter", name);
        let id = self.unnamed();
        self.bring(Local { name, declaration: name.span, id, ty, used: true });
        id
    }

    /// So many places in the frame, the first of which is returned.
    pub(super) fn reserve(&mut self, places: u32) -> u32 {
        let first = self.frame;
        self.frame = self.frame.saturating_add(places);
        first
    }

    /// A place in the frame for a value without a name.
    pub(super) fn unnamed(&mut self) -> LocalId {
        let id = LocalId(self.frame);
        self.frame = self.frame.saturating_add(1);
        id
    }

    /// Has a statement carried out before the one that is being checked.
    pub(super) fn put_before(&mut self, statement: Statement) {
        self.before.push(statement);
    }

    /// The statements that belong before the one that is being checked.
    pub(super) fn statements_before(&mut self) -> &mut Vec<Statement> {
        &mut self.before
    }

    /// A statement behind those that belong before it.
    pub(super) fn with_those_before(
        &mut self,
        statement: Option<Statement>,
    ) -> impl Iterator<Item = Statement> + use<> {
        std::mem::take(&mut self.before).into_iter().chain(statement)
    }

    /// Brings a `let` in sight.
    pub(super) fn declare(&mut self, binding: &'a Binding, ty: Option<Type>) -> LocalId {
        self.report_shadowing("let", &binding.name);
        let id = self.unnamed();
        self.bring(Local { name: &binding.name, declaration: binding.span, id, ty, used: false });
        id
    }

    fn bring(&mut self, local: Local<'a>) {
        self.named.entry(&local.name.text).or_default().push(self.locals.len());
        self.locals.push(local);
    }

    fn report_shadowing(&self, kind: &str, name: &Name) {
        let names = &self.cx.names;
        let local = self.named.get(name.text.as_str()).and_then(|all| self.locals.get(*all.first()?));
        let local = local.map(|local| (local.kind(), local.name.span));
        let find = |kind: &'static str, span: Option<Span>| span.map(|span| (kind, span));
        let text = name.text.as_str();
        let present = local
            .or_else(|| find("const", names.consts.find(text).and_then(|at| Some(names.consts.get(at)?.name.span))))
            .or_else(|| {
                find("backend", names.backends.find(text).and_then(|at| Some(names.backends.get(at)?.name.span)))
            })
            .or_else(|| {
                find("director", names.directors.find(text).and_then(|at| Some(names.directors.get(at)?.name.span)))
            })
            .or_else(|| find("acl", names.acls.find(text).and_then(|at| Some(names.acls.get(at)?.name.span))))
            .or_else(|| find("table", names.tables.find(text).and_then(|at| Some(names.tables.get(at)?.name.span))));
        if let Some((kind, span)) = present {
            let finding = Diagnostic::new(
                Code::E0213,
                name.span,
                format!("there is already {} `{text}` in sight", with_article(kind)),
            )
            .context(span, "declared here")
            .help("give this one another name");
            self.report(finding);
        } else if let Some(finding) = reserved::value(kind, name) {
            self.report(finding);
        }
    }

    /// Whether all steps that reach this place are `allowed`; reports the others.
    /// `what` and `verb` make the sentence: `req.url` cannot be `read` in these steps.
    pub(super) fn check_steps(&self, allowed: StepSet, code: Code, span: Span, what: Arguments, verb: &str) -> bool {
        if self.home == Home::Function {
            self.need(Need { allowed, what: format!("{what} is {verb}"), span });
        }
        let missing = self.missing_steps(allowed);
        if missing.is_empty() {
            return true;
        }
        let message = format!("{what} cannot be {verb} in {}", self.in_steps(&missing));
        let help = match backend_twin(&what.to_string()) {
            Some(twin) if missing.iter().all(|step| StepSet::BACKEND.contains(*step)) => {
                format!("towards the backend it is {twin}")
            }
            _ => format!("it can be {verb} in {}", words::running_steps(allowed)),
        };
        self.report_in_steps(Diagnostic::new(code, span, message).help(help), &missing);
        false
    }

    /// The steps that reach this place and are not `allowed`.
    pub(super) fn missing_steps(&self, allowed: StepSet) -> Vec<Step> {
        if self.steps.common(allowed) == self.steps {
            return Vec::new();
        }
        self.steps.iter().filter(|step| !allowed.contains(*step)).collect()
    }

    /// The steps in a sentence, with what they have to do with this place.
    pub(super) fn in_steps(&self, steps: &[Step]) -> String {
        let names = words::steps(steps.iter().copied(), "and");
        match self.home {
            Home::Sub(sub) => {
                let verb = if steps.len() == 1 { "runs" } else { "run" };
                format!("{names}, which {verb} `{}`", name_of(&self.cx.names, sub))
            }
            _ => names,
        }
    }

    /// Reports a finding about the steps `missing`, with the calls that lead here from the first one.
    /// What is found in the built-in policy is reported at the user's call.
    pub(super) fn report_in_steps(&self, mut finding: Diagnostic, missing: &[Step]) {
        let (Home::Sub(sub), Some(step)) = (self.home, missing.first()) else {
            self.report(finding);
            return;
        };
        let way = self.cx.calls.way(*step, sub);
        if finding.primary.span.file == self.cx.builtin
            && let Some(call) = way.iter().rfind(|link| link.span.file != self.cx.builtin)
        {
            finding.primary.span = call.span;
        }
        for link in way.iter().take(SHOWN_CALLS).filter(|link| link.span != finding.primary.span) {
            finding.context.push(self.label_of(link));
        }
        self.report(finding);
    }

    fn label_of(&self, link: &Link) -> Label {
        let caller = match link.caller {
            Caller::Step(step) => step.name(),
            Caller::Sub(sub) => name_of(&self.cx.names, sub),
        };
        Label { span: link.span, text: format!("called from `{caller}` here") }
    }
}

/// What stands for a part of the client's request in the backend's steps: `` `bereq.url` `` for `` `req.url` ``.
fn backend_twin(quoted: &str) -> Option<String> {
    let name = quoted.strip_prefix("`req.")?.strip_suffix('`')?;
    let twin = format!("bereq.{name}");
    let exists = Variable::find(&twin).is_some() || name.starts_with("http.") || name == "query" || name == "cookies";
    exists.then(|| format!("`{twin}`"))
}

fn unused_local(local: &Local) -> Diagnostic {
    let edits = vec![Edit { span: local.declaration, text: String::new() }];
    Diagnostic::new(Code::W0217, local.name.span, format!("`{}` is never used", local.name.text))
        .help("use it, or remove the `let`")
        .fix(Fix { title: "remove the `let`".to_owned(), edits, safety: Safety::NeedsReview })
}
