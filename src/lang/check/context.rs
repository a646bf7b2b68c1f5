//! What all parts of the check look things up in, and the order in which they run.

use std::cell::RefCell;
use std::collections::HashMap;

use super::amount::{Amount, Kind};
use super::assemble::Assembled;
use super::calls::Calls;
use super::constant::Constants;
use super::findings::Findings;
use super::function::Functions;
use super::names::{Names, Part, SubBody};
use super::pattern::Patterns;
use super::scope::{Home, Scope};
use super::{Files, Options, Unread};
use super::{acl, alias, backend, collect, director, flow, table, trial, unused, work};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Acl, BackendId, Body, Database, FileText, Hir, Invariant, RateLimit, StepBody, Sub, Table};
use crate::lang::schema::Step;
use crate::lang::source::{FileId, SourceFile, SourceMap, Span};

/// The policy as far as it is known before bodies are checked.
pub(super) struct Context<'a> {
    /// The text, to look at how something is spelled.
    pub(super) sources: &'a SourceMap,
    /// Where files come from that are named in attributes.
    files: &'a dyn Files,
    /// What was read so far.
    pub(super) amount: &'a Amount,
    /// Where findings go.
    pub(super) findings: &'a Findings,
    /// What is declared.
    pub(super) names: Names<'a>,
    /// Who calls whom.
    pub(super) calls: Calls,
    /// The values of constants, as far as they were needed.
    pub(super) constants: Constants,
    /// What functions come to, as far as they were needed.
    pub(super) functions: Functions,
    /// What is known of regular expressions.
    pub(super) patterns: Patterns,
    /// The built-in policy's file: what is found there is not the user's to mend.
    pub(super) builtin: FileId,
    /// Whether nothing is put so that it is looked up faster than as it is written.
    pub(super) as_written: bool,
    /// The calls of `ratelimit` that were met.
    pub(super) rate_limits: RefCell<Vec<RateLimit>>,
    /// The databases of networks that were read, by where their paths are written and the paths.
    pub(super) databases: RefCell<HashMap<(String, String), Database>>,
    /// The tables in order of declaration; none before they are read.
    pub(super) tables: Vec<Table>,
    /// The acls in order of declaration.
    pub(super) acls: Vec<Acl>,
}

/// Checks the declarations of a policy; what is wrong is left out of the result.
pub(super) fn check_policy(
    assembled: &Assembled,
    sources: &SourceMap,
    files: &dyn Files,
    findings: &Findings,
    options: &Options,
) -> Hir {
    let names = collect::collect(assembled, options.default_backend.is_some(), findings);
    let calls = Calls::of(&names);
    let order = calls.report(&names, findings);
    let constants = Constants::new(&names);
    let functions = Functions::new(&names);
    let patterns = Patterns::default();
    let builtin = assembled.builtin;
    let mut cx = Context {
        sources,
        files,
        amount: &assembled.amount,
        findings,
        names,
        calls,
        constants,
        functions,
        patterns,
        builtin,
        as_written: options.as_written,
        rate_limits: RefCell::default(),
        databases: RefCell::default(),
        tables: Vec::new(),
        acls: Vec::new(),
    };
    cx.acls = cx.names.acls.iter().map(|entry| acl::acl(&cx, entry.item)).collect();
    cx.tables = table::tables(&cx, &assembled.data);
    // In a file that was not understood the backend may be just what was left out.
    if cx.names.backends.iter().next().is_none() && options.require_backend && !findings.any_error() {
        findings.report(no_backend(assembled));
    }
    cx.check_constants();
    cx.check_functions();
    let mut hir = Hir {
        backends: backend::backends(&cx, options),
        directors: director::directors(&cx),
        default_backend: default_backend(&cx),
        tables: cx.tables.clone(),
        acls: cx.acls.clone(),
        subs: subs(&cx),
        steps: steps(&cx),
        invariants: invariants(&cx),
        tests: trial::tests(&cx),
        // Each is checked by itself.
        sites: Vec::new(),
        // Behind all that is checked for it.
        rate_limits: cx.rate_limits.take(),
    };
    // Looking for what is never reached follows calls, which has to come to an end.
    if let Some(order) = order {
        flow::check(&cx, &hir, &order);
        work::check(&cx, &hir);
    }
    unused::check(&cx);
    if !options.as_written {
        alias::resolve(&mut hir);
    }
    hir
}

impl Context<'_> {
    /// Whether there is a file of that path, which is written in the file `from`.
    pub(super) fn has_file(&self, from: &str, path: &str) -> bool {
        self.files.expand(from, path).is_ok_and(|names| !names.is_empty())
    }

    /// The bytes of the file of that path, which is written at `span`; reports why it cannot be read.
    pub(super) fn read(&self, path: &str, span: Span, kind: Kind) -> Option<FileText> {
        let from = self.sources.get(span.file).map_or("", SourceFile::name);
        let finding = match self.read_file(from, path, kind) {
            Ok(bytes) => return Some(FileText { bytes, span }),
            Err(Unread::TooLarge) => self.amount.too_large(kind, path, span),
            Err(Unread::Failed(reason)) => {
                Diagnostic::new(Code::E0222, span, format!("cannot read `{path}`: {reason}"))
                    .help("the path counts from the folder of the file that this line stands in")
            }
        };
        self.findings.report(finding);
        None
    }

    /// The bytes of the file that `path`, written in the file `from`, stands for.
    fn read_file(&self, from: &str, path: &str, kind: Kind) -> Result<Vec<u8>, Unread> {
        match self.files.expand(from, path).map_err(Unread::Failed)?.as_slice() {
            [] => Err(Unread::Failed("there is no such file".to_owned())),
            [name] => self.amount.read(kind, |most_bytes| self.files.read(name, most_bytes)),
            _ => Err(Unread::Failed("more than one file is like it".to_owned())),
        }
    }
}

/// The backend or director named `default`, else the first backend. It counts as used.
fn default_backend(cx: &Context) -> Option<BackendId> {
    cx.names.refer_backend("default").or_else(|| {
        cx.names.backends.get(0)?.mark_used();
        Some(BackendId(0))
    })
}

fn subs(cx: &Context) -> Vec<Sub> {
    let bodies = cx.names.subs.iter().enumerate().map(|(at, entry)| {
        let mut scope = Scope::new(cx, Home::Sub(at));
        let statements = match entry.item {
            SubBody::Block(block) => scope.block(block),
            SubBody::Key(key) => scope.key(key),
        };
        let body = Body { statements, locals: scope.frame_size() };
        Sub { name: entry.name.text.to_string(), body, span: entry.name.span }
    });
    bodies.collect()
}

fn steps(cx: &Context) -> Vec<StepBody> {
    let written = Step::ALL.iter().filter(|step| cx.names.parts_of(**step).next().is_some());
    written.map(|step| StepBody { step: *step, body: step_body(cx, *step) }).collect()
}

fn invariants(cx: &Context) -> Vec<Invariant> {
    let entries = cx.names.invariants.iter();
    entries.filter_map(|entry| Scope::new(cx, Home::Step(Step::Recv)).invariant(entry.item)).collect()
}

/// The parts of a step in source order, in one frame.
fn step_body(cx: &Context, step: Step) -> Body {
    let mut scope = Scope::new(cx, Home::Step(step));
    let mut statements = Vec::new();
    for part in cx.names.parts_of(step) {
        match part {
            Part::Sub(sub) => statements.extend(scope.block(&sub.body)),
            Part::Rules(rules) => statements.push(scope.rules(rules)),
            Part::Normalize(normalize) => statements.extend(scope.normalize(normalize)),
        }
    }
    Body { statements, locals: scope.frame_size() }
}

fn no_backend(assembled: &Assembled) -> Diagnostic {
    let help = if assembled.sites.is_empty() {
        "declare one: `backend default { .host = \"127.0.0.1\"; .port = \"8080\"; }`"
    } else {
        "declare one for hosts without a site, or write `backend default none;`"
    };
    Diagnostic::new(Code::E0605, assembled.head, "the policy has no backend to fetch from").help(help)
}

/// A number of a thing as the typed policy counts them; the memory ends long before `u32` does.
pub(super) fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
