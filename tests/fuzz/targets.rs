//! What is tried: lexer, parser, checker, compiler and evaluator, and what has to hold of each for any text.

use std::collections::BTreeSet;

use serde_json::json;
use warp_edge::decision::graph::render;
use warp_edge::decision::{GraphFormat, Program, Verdict, naive};
use warp_edge::files::MemoryFiles;
use warp_edge::lang::check::{Checked, Options, check, check_with};
use warp_edge::lang::diagnostic::{self, Diagnostic};
use warp_edge::lang::hir::Hir;
use warp_edge::lang::lexer::tokenize;
use warp_edge::lang::schema::Action;
use warp_edge::lang::source::{FileId, SourceFile, SourceMap, Span};
use warp_edge::lang::syntax;

use super::mmdb::database;
use super::requests::Requests;
use super::work::bounded;

const NAME: &str = "policy.warp";
const USERS: &str = "alice:{SHA}X8fji//gDKRq3YkUVGSi6vdZ1cI=\n";
const JWKS: &str = r#"{"keys": [{"kty": "oct", "alg": "HS256", "k": "YSBzZWNyZXQgb2YgYXQgbGVhc3QgMzIgYnl0ZXMsIG9r"}]}"#;

/// Of longer policies no pictures are drawn, and their kinds of expressions are not looked at.
const SHORT_BYTES: usize = 20_000;

/// How many requests a policy decides.
const REQUESTS: usize = 6;

/// What became of an input.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What it is made of, as far as that tells inputs apart: codes of mistakes, neighbours in the typed policy.
    pub features: BTreeSet<u64>,
    /// Whether it parses.
    pub is_well_formed: bool,
    /// Where it has mistakes.
    pub mistakes: Vec<std::ops::Range<usize>>,
    /// How often tree and oracle were compared.
    pub compared: usize,
}

/// The files that policies may name.
pub struct Targets {
    files: MemoryFiles,
}

impl Targets {
    pub fn new() -> Self {
        let place = json!({ "country": { "iso_code": "NL" }, "city": { "names": { "en": "Haarlem" } } });
        let files = MemoryFiles::default().with("notice.txt", "Back soon.").with("users.htpasswd", USERS);
        Self { files: files.with("jwks.json", JWKS).with("geo.mmdb", database(&[("192.0.2.0/24", place)])) }
    }

    /// Tries all of them; panics if something does not hold.
    pub fn run(&self, text: &str) -> Outcome {
        bounded("lexer", text.len(), || lexer(text));
        let is_well_formed = bounded("parser", text.len(), || parser(text));
        let files = self.files.clone().with(NAME, text);
        let checked = bounded("checker", text.len(), || check(NAME, &files));
        let mut outcome = bounded("findings", text.len(), || findings(text, &checked));
        outcome.is_well_formed = is_well_formed;
        let Checked { hir: Some(hir), sources, .. } = checked else { return outcome };
        if text.len() <= SHORT_BYTES {
            neighbours(&format!("{:?}", hir.steps), &mut outcome.features);
        }
        let typed = hir.clone();
        let program = bounded("compiler", text.len(), || Program::new(typed));
        if text.len() <= SHORT_BYTES {
            pictures(&program, &sources);
        }
        assert_eq!(program.rules().count(), program.rule_count());
        let typed = bounded("checker", text.len(), || as_written(&files));
        outcome.compared = bounded("evaluator", text.len(), || evaluator(text, &typed.unwrap_or(hir), &program));
        outcome
    }
}

/// Every byte is in one token.
fn lexer(text: &str) {
    let end = tokenize(text).into_iter().fold(0, |end, token| {
        assert_eq!(token.range().start, end);
        assert!(text.get(token.range()).is_some_and(|token| !token.is_empty()));
        token.range().end
    });
    assert_eq!(end, text.len());
}

/// There are not too many mistakes, and each has its place in the text. Whether there is none.
fn parser(text: &str) -> bool {
    let (_, diagnostics) = syntax::parse(FileId(0), &SourceFile::new(NAME, text));
    assert!(diagnostics.len() <= 101);
    for diagnostic in &diagnostics {
        within(text, diagnostic);
    }
    diagnostics.is_empty()
}

fn within(text: &str, diagnostic: &Diagnostic) {
    let edits = diagnostic.fix.iter().flat_map(|fix| &fix.edits).map(|edit| edit.span);
    let labels = diagnostic.context.iter().map(|label| label.span);
    for span in edits.chain(labels).chain([diagnostic.primary.span]).filter(|span| span.file == FileId(0)) {
        assert!(text.get(span.range()).is_some(), "{span:?} of {diagnostic:?}");
    }
}

/// What is wrong can be shown, and there is a policy where nothing is.
fn findings(text: &str, checked: &Checked) -> Outcome {
    for diagnostic in &checked.diagnostics {
        within(text, diagnostic);
    }
    let errors = || checked.diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
    assert_eq!(checked.hir.is_none(), errors().next().is_some());
    let shown: Vec<Diagnostic> = checked.diagnostics.iter().take(20).cloned().collect();
    assert_eq!(diagnostic::render::concise(&shown, &checked.sources).lines().count(), shown.len());
    let drawn = diagnostic::render::graphical(&shown, &checked.sources, true);
    assert_eq!(drawn.is_empty(), shown.is_empty());
    let places = errors().map(|error| error.primary.span).filter(|span| span.file == FileId(0));
    Outcome {
        features: checked.diagnostics.iter().map(|found| hash(found.code.id().as_bytes())).collect(),
        mistakes: places.map(Span::range).collect(),
        ..Outcome::default()
    }
}

fn pictures(program: &Program, sources: &SourceMap) {
    for format in [GraphFormat::Dot, GraphFormat::Json, GraphFormat::Mermaid] {
        assert!(!render(program, sources, format).is_empty());
    }
}

/// The policy before anything is put so that it is looked up faster; `None` where functions are too large like that, rows of
/// a unique table are not seen to be apart by what functions ask, or a ban asks what only a body of a function decides.
fn as_written(files: &MemoryFiles) -> Option<Hir> {
    let checked = check_with(NAME, files, &Options { as_written: true, ..Options::default() });
    let mut errors = checked.diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
    assert!(errors.all(|error| ["E0503", "E0540", "E0745"].contains(&error.code.id())), "{:?}", checked.diagnostics);
    checked.hir
}

/// Whether a step failed for how much text it works on: a name for a place is a copy of it in the policy as written.
fn is_too_much(verdict: &Verdict) -> bool {
    let reason = verdict.reason.as_deref().unwrap_or_default();
    verdict.action == Action::Fail
        && [&b"the text is too long"[..], b"the step works on too much"].iter().any(|why| reason.starts_with(why))
}

/// The tree decides as the policy as written does, and does the same to the request.
fn evaluator(text: &str, hir: &Hir, program: &Program) -> usize {
    let mut requests = Requests::new(text, hash(text.as_bytes()));
    let mut compared = 0;
    for request in (0..REQUESTS).map(|_| requests.next()) {
        for step in hir.steps.iter().map(|body| body.step) {
            let (mut by_tree, mut as_written) = (request.clone(), request.clone());
            let (tree, oracle) = (program.run(step, &mut by_tree), naive::run(hir, step, &mut as_written));
            if is_too_much(&tree) || is_too_much(&oracle) {
                continue;
            }
            assert_eq!(tree, oracle, "{} of {request:?}", step.name());
            assert_eq!(by_tree, as_written, "{} of {request:?}", step.name());
            compared += 1;
        }
    }
    compared
}

/// Names of kinds that stand beside each other in the typed policy.
fn neighbours(typed: &str, features: &mut BTreeSet<u64>) {
    let words = typed.split(|character: char| !character.is_ascii_alphabetic());
    let kinds = words.filter(|word| word.starts_with(|first: char| first.is_ascii_uppercase()) && *word != "Span");
    let mut before = ["", ""];
    for kind in kinds.filter(|word| !["FileId", "Expression", "Statement", "String"].contains(word)) {
        features.insert(hash(format!("{before:?} {kind}").as_bytes()));
        before = [before[1], kind];
    }
}

/// FNV-1a: the same in every build.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
