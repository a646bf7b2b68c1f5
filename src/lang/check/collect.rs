//! Sorting declarations into [`Names`]: duplicates, reserved names, steps, pieces.

use std::collections::HashMap;

use super::assemble::Assembled;
use super::findings::Findings;
use super::names::{Names, Part, SubBody};
use super::{reserved, unknown};
use crate::lang::diagnostic::{Code, Diagnostic, Fix};
use crate::lang::schema::{RuleTable, Step};
use crate::lang::source::{FileId, Span};
use crate::lang::syntax::ast::{AttributeBlock, Declaration, Function, Key, Name, Sub};

/// How the names of the pieces of the built-in policy start.
pub(super) const PIECE_PREFIX: &str = "builtin.";

/// Names of one group exclude each other.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Group {
    /// Backends, directors, acls, tables and constants: they meet in expressions.
    Value,
    Probe,
    Function,
    Sub,
    Override,
    Invariant,
    Test,
}

struct Collector<'a, 'f> {
    names: Names<'a>,
    findings: &'f Findings,
    builtin: FileId,
    taken: HashMap<(Group, &'a str), (&'static str, Span)>,
    overrides: Vec<&'a Sub>,
    key: Option<&'a Key>,
}

/// Sorts the declarations of a policy. With `brings_default` the caller has an address for the
/// backend named `default`, so that there is one even if nobody declares it.
pub(super) fn collect<'a>(assembled: &'a Assembled, brings_default: bool, findings: &Findings) -> Names<'a> {
    let mut collector = Collector {
        names: Names::default(),
        findings,
        builtin: assembled.builtin,
        taken: HashMap::new(),
        overrides: Vec::new(),
        key: None,
    };
    assembled.declarations.iter().for_each(|declaration| collector.declaration(declaration));
    let names = &collector.names;
    if brings_default && names.backends.find("default").or(names.directors.find("default")).is_none() {
        let name = &assembled.default_name;
        collector.names.backends.declare(name, name.span, None);
    }
    collector.apply_overrides();
    collector.apply_key();
    collector.names
}

impl<'a> Collector<'a, '_> {
    fn declaration(&mut self, declaration: &'a Declaration) {
        match declaration {
            Declaration::Include(_) | Declaration::Site(_) => {}
            Declaration::Backend(block) => self.backend(block),
            Declaration::Probe(block) => {
                if self.claim(Group::Probe, "probe", &block.name) {
                    self.names.probes.declare(&block.name, block.span, block);
                }
            }
            Declaration::Director(director) => {
                if self.claim_value("director", &director.name) {
                    self.names.directors.declare(&director.name, director.span, director);
                }
            }
            Declaration::Acl(acl) => {
                if self.claim_value("acl", &acl.name) {
                    self.names.acls.declare(&acl.name, acl.span, acl);
                }
            }
            Declaration::Table(table) => {
                if self.claim_value("table", &table.name) {
                    self.names.tables.declare(&table.name, table.span, table);
                }
            }
            Declaration::Const(binding) => {
                if self.claim_value("const", &binding.name) {
                    self.names.consts.declare(&binding.name, binding.span, binding);
                }
            }
            Declaration::Function(function) => self.function(function),
            Declaration::Sub(sub) => self.sub(sub),
            Declaration::Override(sub) => {
                if self.claim(Group::Override, "override", &sub.name) {
                    self.overrides.push(sub);
                }
            }
            Declaration::Rules(rules) => {
                let step = match rules.table {
                    RuleTable::Request => Step::Recv,
                    RuleTable::Response => Step::BackendResponse,
                };
                self.names.parts.push((step, Part::Rules(rules)));
            }
            Declaration::Key(key) => self.key(key),
            Declaration::Invariant(invariant) => {
                if self.claim(Group::Invariant, "invariant", &invariant.name) {
                    self.names.invariants.declare(&invariant.name, invariant.span, invariant);
                }
            }
            Declaration::Test(test) => {
                if self.claim(Group::Test, "test", &test.name) {
                    self.names.tests.declare(&test.name, test.span, test);
                }
            }
            Declaration::Normalize(normalize) => self.names.parts.push((Step::Recv, Part::Normalize(normalize))),
        }
    }

    fn backend(&mut self, block: &'a AttributeBlock) {
        if self.claim_value("backend", &block.name) {
            self.names.backends.declare(&block.name, block.span, Some(block));
        }
    }

    fn function(&mut self, function: &'a Function) {
        let name = &function.name;
        if let Some(finding) = reserved::function(name) {
            self.findings.report(finding);
        } else if self.claim(Group::Function, "function", name) {
            self.names.functions.declare(name, function.span, function);
        }
    }

    /// Takes a name that expressions may use, unless it is taken or has a meaning already.
    fn claim_value(&mut self, kind: &'static str, name: &'a Name) -> bool {
        if let Some(finding) = reserved::declared_value(kind, name) {
            self.findings.report(finding);
        }
        self.claim(Group::Value, kind, name)
    }

    /// Takes a name, or reports that it is taken.
    fn claim(&mut self, group: Group, kind: &'static str, name: &'a Name) -> bool {
        let Some((present, first)) = self.taken.insert((group, &name.text), (kind, name.span)) else { return true };
        self.taken.insert((group, &name.text), (present, first));
        let is_key = group == Group::Override && "key" == kind.min(present);
        let message = if is_key {
            "the policy says already what the key is made of".to_owned()
        } else if present == kind {
            format!("there is already {} `{}`", with_article(kind), name.text)
        } else {
            format!("`{}` is already the name of {}", name.text, with_article(present))
        };
        let finding = Diagnostic::new(Code::E0210, name.span, message)
            .label("declared again")
            .context(first, "declared here first")
            .help(match (is_key, group) {
                (true, _) => "put what it is made of into one of them",
                (false, Group::Override) => "remove one of them",
                (false, _) => "give one of them another name, or remove it",
            });
        self.findings.report(finding);
        false
    }

    fn sub(&mut self, sub: &'a Sub) {
        let name = sub.name.text.as_str();
        if let Some(step) = Step::find(name) {
            self.step(step, sub);
        } else if let Some(rest) = name.strip_prefix("vcl_") {
            self.vcl_sub(rest, sub);
        } else if name.contains('.') && sub.span.file != self.builtin {
            self.findings.report(reserved_sub(&sub.name));
        } else if self.claim(Group::Sub, "sub", &sub.name) {
            self.names.subs.declare(&sub.name, sub.span, SubBody::Block(&sub.body));
        }
    }

    fn step(&mut self, step: Step, sub: &'a Sub) {
        if !step.runs() {
            let message = format!("this version of warp does not run the step `{}`", step.name());
            let finding = Diagnostic::new(Code::E0406, sub.name.span, message)
                .help("remove it: directors are declared, `director NAME = random { A; B; }`");
            self.findings.report(finding);
            return;
        }
        self.names.parts.push((step, Part::Sub(sub)));
    }

    /// `sub vcl_recv`: Varnish's spelling.
    fn vcl_sub(&mut self, rest: &str, sub: &'a Sub) {
        let span = sub.name.span;
        let message = format!("`{}` is Varnish's spelling", sub.name.text);
        let finding = Diagnostic::new(Code::E0211, span, message);
        let Some(step) = Step::find(rest) else {
            let steps = Step::ALL.iter().filter(|step| step.runs()).map(|step| step.name());
            let finding = Diagnostic::new(Code::E0211, span, format!("there is no step `{rest}`"));
            self.findings.report(match rest {
                "fetch" => finding.help("it is called `backend_response`"),
                "error" => {
                    finding.help("write `synth` for what the policy answers itself, `backend_error` for failures")
                }
                _ => unknown::suggest(self.findings, finding, rest, "the steps", steps),
            });
            return;
        };
        if !step.runs() {
            return self.step(step, sub);
        }
        let finding = finding.help(format!("here the sub of this step is called `{}`", step.name())).fix(Fix::replace(
            format!("write `{}`", step.name()),
            span,
            step.name(),
        ));
        self.findings.report(finding);
        self.step(step, sub);
    }

    /// A `key` takes the place of the piece that makes the key; only one of them can.
    fn key(&mut self, key: &'a Key) {
        if self.claim(Group::Override, "key", &key.piece) {
            self.key = Some(key);
        }
    }

    fn apply_key(&mut self) {
        if let Some(key) = self.key {
            self.names.subs.declare(&key.piece, key.span, SubBody::Key(key));
        }
    }

    /// Puts the user's bodies in the place of the pieces that they override.
    fn apply_overrides(&mut self) {
        for sub in std::mem::take(&mut self.overrides) {
            let piece = self.names.subs.find(&sub.name.text).filter(|_| sub.name.text.starts_with(PIECE_PREFIX));
            match piece {
                Some(_) => self.names.subs.declare(&sub.name, sub.span, SubBody::Block(&sub.body)),
                None => self.report_unknown_piece(&sub.name),
            }
        }
    }

    fn report_unknown_piece(&self, name: &Name) {
        let pieces: Vec<&str> = self.names.subs.names().filter(|name| name.starts_with(PIECE_PREFIX)).collect();
        let finding =
            Diagnostic::new(Code::E0209, name.span, format!("the built-in policy has no piece `{}`", name.text));
        let bare = name.text.strip_prefix(PIECE_PREFIX).unwrap_or(&name.text);
        let wanted = format!("{PIECE_PREFIX}{bare}");
        self.findings.report(unknown::suggest(self.findings, finding, &wanted, "its pieces", pieces.into_iter()));
    }
}

pub(super) fn with_article(kind: &str) -> String {
    let article = if kind.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
    format!("{article} {kind}")
}

fn reserved_sub(name: &Name) -> Diagnostic {
    if name.text.starts_with(PIECE_PREFIX) {
        let message = format!("`{}` is a piece of the built-in policy", name.text);
        return Diagnostic::new(Code::E0212, name.span, message)
            .help(format!("to replace it, write `override {} {{ … }}`", name.text));
    }
    Diagnostic::new(Code::E0212, name.span, format!("the name `{}` has a dot", name.text))
        .help("only pieces of the built-in policy have dots in their names; use `_` instead")
}
