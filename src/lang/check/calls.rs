//! Which sub calls which, and which step reaches which sub.
//!
//! A sub is checked once, for all steps that reach it; this is where those steps come from, with
//! the calls that lead there. Also here: subs that call themselves, and calls that go too deep or
//! fan out too far, so that the work of a step is bounded.

use std::collections::HashMap;

use super::collect::PIECE_PREFIX;
use super::findings::Findings;
use super::names::{Names, Part, SubBody};
use super::words;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::schema::{Step, StepSet};
use crate::lang::source::Span;
use crate::lang::syntax::ast::{Block, Name, RuleRow, RuleStepKind, Rules, Statement, StatementKind};

/// How many calls may be under way at once.
pub(super) const CALL_DEPTH_LIMIT: usize = 32;

/// How many calls a step may make if it makes every one that is written.
pub(super) const CALL_COUNT_LIMIT: u64 = 100_000;

/// How many circles of calls are reported.
const MOST_CIRCLES: usize = 20;

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Caller {
    /// A step.
    Step(Step),
    /// The sub of that number.
    Sub(usize),
}

/// One call on the way from a step to a sub.
pub(super) struct Link {
    /// Who calls.
    pub(super) caller: Caller,
    /// The called name in the `call`.
    pub(super) span: Span,
}

/// A `call`: the number of the called sub and the place of its name.
type Edge = (usize, Span);

/// Who calls whom.
pub(super) struct Calls {
    from_steps: Vec<(Step, Vec<Edge>)>,
    from_subs: Vec<Vec<Edge>>,
    reached: Vec<StepSet>,
    /// The call by which a step reaches a sub on the shortest way.
    ways: HashMap<(usize, Step), (Caller, Span)>,
}

impl Calls {
    /// Reads all calls of a policy.
    pub(super) fn of(names: &Names) -> Self {
        let from_steps = Step::ALL.iter().map(|step| (*step, edges_of_step(names, *step))).collect();
        let from_subs: Vec<Vec<Edge>> = names.subs.iter().map(|sub| edges_of_sub(names, sub.item)).collect();
        let reached = vec![StepSet::NONE; from_subs.len()];
        let mut calls = Self { from_steps, from_subs, reached, ways: HashMap::new() };
        for step in Step::ALL {
            calls.reach(*step);
        }
        calls
    }

    /// The steps that reach the sub of that number.
    pub(super) fn steps_of(&self, sub: usize) -> StepSet {
        self.reached.get(sub).copied().unwrap_or(StepSet::NONE)
    }

    /// Whether a sub is called in more than one place.
    pub(super) fn are_repeated(&self) -> bool {
        let mut called = vec![false; self.from_subs.len()];
        let edges = self.from_steps.iter().map(|(_, edges)| edges).chain(&self.from_subs).flatten();
        edges.into_iter().any(|(sub, _)| called.get_mut(*sub).is_some_and(|called| std::mem::replace(called, true)))
    }

    /// The calls that lead from `step` to `sub`, the step's own first.
    pub(super) fn way(&self, step: Step, sub: usize) -> Vec<Link> {
        let mut links = Vec::new();
        let mut at = sub;
        while let Some((caller, span)) = self.ways.get(&(at, step)) {
            links.push(Link { caller: *caller, span: *span });
            match caller {
                Caller::Sub(by) => at = *by,
                Caller::Step(_) => break,
            }
        }
        links.reverse();
        links
    }

    /// Walks breadth first from a step, so that the shortest way to each sub is noted.
    fn reach(&mut self, step: Step) {
        let mut callers = vec![Caller::Step(step)];
        while !callers.is_empty() {
            let mut next = Vec::new();
            for caller in callers {
                for (sub, span) in self.edges(caller).to_vec() {
                    if self.note(step, sub, (caller, span)) {
                        next.push(Caller::Sub(sub));
                    }
                }
            }
            callers = next;
        }
    }

    /// Notes that `step` reaches `sub`; whether that is news.
    fn note(&mut self, step: Step, sub: usize, way: (Caller, Span)) -> bool {
        let Some(reached) = self.reached.get_mut(sub) else { return false };
        if reached.contains(step) {
            return false;
        }
        *reached = reached.and(StepSet::of(&[step]));
        self.ways.insert((sub, step), way);
        true
    }

    fn edges(&self, caller: Caller) -> &[Edge] {
        let edges = match caller {
            Caller::Step(step) => self.from_steps.iter().find(|(of, _)| *of == step).map(|(_, edges)| edges),
            Caller::Sub(sub) => self.from_subs.get(sub),
        };
        edges.map(Vec::as_slice).unwrap_or_default()
    }

    /// Reports subs that call themselves and calls without bounds. If all is well, the numbers of the subs, each behind
    /// those that it calls: what no step reaches may call as deep as it likes.
    pub(super) fn report(&self, names: &Names, findings: &Findings) -> Option<Vec<usize>> {
        let mut search = Search::new(self, names, findings);
        (0..self.from_subs.len()).for_each(|sub| search.visit(sub));
        if search.found > 0 {
            return None;
        }
        let Search { depth, count, finished, .. } = search;
        let measured = |sub: usize| (depth.get(sub).copied().unwrap_or(0), count.get(sub).copied().unwrap_or(0));
        let mut fine = true;
        for (step, edges) in &self.from_steps {
            fine &= check_bounds(*step, edges, measured, findings);
        }
        fine.then_some(finished)
    }
}

fn check_bounds(step: Step, edges: &[Edge], measured: impl Fn(usize) -> (usize, u64), findings: &Findings) -> bool {
    if let Some((_, span)) = edges.iter().find(|(sub, _)| measured(*sub).0 > CALL_DEPTH_LIMIT) {
        let message = format!("in {} this leads to more than {CALL_DEPTH_LIMIT} calls within each other", step.name());
        findings.report(Diagnostic::new(Code::E0503, *span, message).help("put the statements of some subs in place"));
        return false;
    }
    let total = edges.iter().fold(0, |total: u64, (sub, _)| total.saturating_add(1 + measured(*sub).1));
    let Some((_, span)) = edges.first().filter(|_| total > CALL_COUNT_LIMIT) else { return true };
    let message = format!("{} may make more than {CALL_COUNT_LIMIT} calls", step.name());
    let help = "a sub that calls another one twice doubles its work; call it once, or use conditions";
    findings.report(Diagnostic::new(Code::E0503, *span, message).help(help));
    false
}

/// A walk over the subs that looks for circles and measures depth and number of calls. Iterative:
/// the number of subs is the user's.
struct Search<'s, 'a> {
    calls: &'s Calls,
    names: &'s Names<'a>,
    findings: &'s Findings,
    /// The subs under way, with the number of their next edge.
    path: Vec<(usize, usize)>,
    on_path: Vec<bool>,
    done: Vec<bool>,
    /// The subs that have been measured, in order.
    finished: Vec<usize>,
    depth: Vec<usize>,
    count: Vec<u64>,
    /// How many circles there are.
    found: usize,
}

impl<'s, 'a> Search<'s, 'a> {
    fn new(calls: &'s Calls, names: &'s Names<'a>, findings: &'s Findings) -> Self {
        let size = calls.from_subs.len();
        Self {
            calls,
            names,
            findings,
            path: Vec::new(),
            on_path: vec![false; size],
            done: vec![false; size],
            finished: Vec::with_capacity(size),
            depth: vec![0; size],
            count: vec![0; size],
            found: 0,
        }
    }

    fn visit(&mut self, start: usize) {
        self.enter(start);
        while let Some((sub, next)) = self.path.last_mut() {
            let sub = *sub;
            let edge = self.calls.from_subs.get(sub).and_then(|edges| edges.get(*next)).copied();
            *next += 1;
            match edge {
                Some((callee, span)) if is_set(&self.on_path, callee) => self.report_circle(callee, span),
                Some((callee, _)) => self.enter(callee),
                None => self.finish(sub),
            }
        }
    }

    fn enter(&mut self, sub: usize) {
        if !is_set(&self.done, sub) {
            set(&mut self.on_path, sub, true);
            self.path.push((sub, 0));
        }
    }

    /// All that `sub` calls has been measured.
    fn finish(&mut self, sub: usize) {
        self.path.pop();
        set(&mut self.on_path, sub, false);
        set(&mut self.done, sub, true);
        self.finished.push(sub);
        let edges = self.calls.edges(Caller::Sub(sub));
        let depth = |callee: usize| self.depth.get(callee).copied().unwrap_or(0);
        let count = |callee: usize| self.count.get(callee).copied().unwrap_or(0);
        let deepest = edges.iter().map(|(callee, _)| depth(*callee)).max().unwrap_or(0) + 1;
        let total = edges.iter().fold(0, |total: u64, (callee, _)| total.saturating_add(count(*callee) + 1));
        set(&mut self.depth, sub, deepest);
        set(&mut self.count, sub, total.min(u64::MAX >> 1));
    }

    fn report_circle(&mut self, callee: usize, span: Span) {
        self.found += 1;
        if self.found > MOST_CIRCLES {
            return;
        }
        let start = self.path.iter().position(|(sub, _)| *sub == callee).unwrap_or(0);
        let subs = self.path.get(start..).unwrap_or_default().iter().map(|(sub, _)| *sub);
        let chain: Vec<&str> = subs.chain([callee]).map(|sub| name_of(self.names, sub)).collect();
        let message = format!("`{}` calls itself: {}", name_of(self.names, callee), words::chain(&chain));
        let finding = Diagnostic::new(Code::E0502, span, message)
            .label("closes the circle")
            .help("a policy has to come to an end: subs cannot call themselves, not by way of others either");
        let finding = match self.names.subs.get(callee) {
            Some(entry) => finding.context(entry.name.span, "the sub that is called again"),
            None => finding,
        };
        self.findings.report(finding);
    }
}

fn is_set(flags: &[bool], at: usize) -> bool {
    flags.get(at).copied().unwrap_or(true)
}

fn set<T>(values: &mut [T], at: usize, value: T) {
    if let Some(slot) = values.get_mut(at) {
        *slot = value;
    }
}

/// The name of the sub of that number.
pub(super) fn name_of<'a>(names: &Names<'a>, sub: usize) -> &'a str {
    names.subs.get(sub).map_or(PIECE_PREFIX, |entry| entry.name.text.as_str())
}

fn edges_of_step(names: &Names, step: Step) -> Vec<Edge> {
    let mut edges = Vec::new();
    for part in names.parts_of(step) {
        match part {
            Part::Sub(sub) => collect_block(names, &sub.body, &mut edges),
            Part::Rules(rules) => collect_rules(names, rules, &mut edges),
            Part::Normalize(_) => {}
        }
    }
    edges
}

fn edges_of_sub(names: &Names, body: SubBody) -> Vec<Edge> {
    let mut edges = Vec::new();
    if let SubBody::Block(block) = body {
        collect_block(names, block, &mut edges);
    }
    edges
}

fn collect_block(names: &Names, block: &Block, edges: &mut Vec<Edge>) {
    block.statements.iter().for_each(|statement| collect_statement(names, statement, edges));
}

fn collect_statement(names: &Names, statement: &Statement, edges: &mut Vec<Edge>) {
    match &statement.kind {
        StatementKind::Call { name } => collect_call(names, name, edges),
        StatementKind::If(ladder) => {
            let blocks = ladder.arms.iter().map(|arm| &arm.block).chain(&ladder.otherwise);
            blocks.for_each(|block| collect_block(names, block, edges));
        }
        StatementKind::Match(found) => {
            let blocks = found.arms.iter().map(|arm| &arm.then).chain(&found.otherwise);
            blocks.for_each(|block| collect_block(names, block, edges));
        }
        _ => {}
    }
}

fn collect_call(names: &Names, name: &Name, edges: &mut Vec<Edge>) {
    edges.extend(names.subs.find(&name.text).map(|sub| (sub, name.span)));
}

fn collect_rules(names: &Names, rules: &Rules, edges: &mut Vec<Edge>) {
    for row in rules.rows.iter().chain(&rules.otherwise) {
        collect_row(names, row, edges);
    }
}

fn collect_row(names: &Names, row: &RuleRow, edges: &mut Vec<Edge>) {
    for action in &row.actions {
        if let RuleStepKind::Statement(statement) = &action.kind {
            collect_statement(names, statement, edges);
        }
    }
}
