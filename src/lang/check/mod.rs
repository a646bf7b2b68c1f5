//! Names, types, steps and control flow: from trees to the typed policy.
//!
//! The way through: `assemble` reads the files and puts their declarations in one line,
//! `names` tells what is declared, `calls` which step reaches which sub, then each body is
//! checked once into `hir` (`statement`, `rules`, `normalize`, `expression`
//! and what they call), and last `flow` and `unused` look at the whole. Nothing stops at the
//! first mistake; what is wrong is left out of the typed policy, and the typed policy is only
//! handed on when nothing was wrong. What `site` declares goes the same way, each file by itself. Reading files is the business of a [`Files`].

mod acl;
mod action;
mod alias;
mod amount;
mod argument;
mod assemble;
mod attribute;
mod backend;
mod ban;
mod calls;
mod chain;
mod collect;
mod constant;
mod context;
mod convert;
mod database_file;
mod director;
mod expression;
mod fallback;
mod field;
mod findings;
mod flow;
mod fold;
mod function;
mod greeting;
mod invariant;
mod joint;
mod key;
mod keys_file;
mod length;
mod list;
mod matching;
mod member;
mod membership;
mod names;
mod normalize;
mod operator;
mod overlap;
mod path;
mod pattern;
mod possible;
mod probe;
mod rate_limit;
mod reserved;
mod rules;
mod scope;
mod site;
mod spread;
mod statement;
mod table;
mod table_file;
mod tag;
mod target;
mod tls;
mod trial;
mod unknown;
mod unused;
mod users_file;
mod vcl;
mod words;
mod work;

pub use amount::{FILE_LIMIT_BYTES, FILES_LIMIT};
pub use findings::tell_once;

use super::diagnostic::Diagnostic;
use super::hir::{BackendAddress, Hir};
use super::source::SourceMap;
use findings::Findings;

/// What checking a policy yields.
#[derive(Debug)]
pub struct Checked {
    /// Every file that was read.
    pub sources: SourceMap,
    /// All findings of all files, in the order of their places.
    pub diagnostics: Vec<Diagnostic>,
    /// The policy, if no finding is an error.
    pub hir: Option<Hir>,
}

/// Where the text of included files comes from. The disk is one place, a map in a test another.
pub trait Files {
    /// The names of the files that `pattern`, written in the file `from`, stands for, sorted.
    /// Empty if there is none.
    ///
    /// # Errors
    /// What went wrong, in words for the user.
    fn expand(&self, from: &str, pattern: &str) -> Result<Vec<String>, String>;

    /// The bytes of the file of that name, unless it has more than so many.
    ///
    /// # Errors
    /// Why there are none.
    fn read(&self, name: &str, most_bytes: usize) -> Result<Vec<u8>, Unread>;
}

/// Why a file was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It has more bytes than were asked for.
    TooLarge,
    /// What went wrong, in words for the user.
    Failed(String),
}

/// What the caller brings along beside the policy.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the backend named `default` is, whatever the policy says of it (`--origin`).
    pub default_backend: Option<BackendAddress>,
    /// Whether a policy without any backend is an error.
    pub require_backend: bool,
    /// Whether the typed policy stays as it is written, for what compares. Otherwise it is put so that it is looked up
    /// fast, and does the same.
    pub as_written: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { default_backend: None, require_backend: true, as_written: false }
    }
}

/// Checks the policy that starts in the file `entry`, included files and all. Never fails.
#[must_use]
pub fn check(entry: &str, files: &dyn Files) -> Checked {
    check_with(entry, files, &Options::default())
}

/// [`check`], with what the caller brings along.
#[must_use]
pub fn check_with(entry: &str, files: &dyn Files, options: &Options) -> Checked {
    let mut sources = SourceMap::default();
    let findings = Findings::default();
    let assembled = assemble::assemble(entry, files, &mut sources, &findings);
    let mut hir = context::check_policy(&assembled, &sources, files, &findings, options);
    let mut diagnostics = findings.into_sorted();
    let (sites, found) = site::sites(&assembled, files, &mut sources);
    hir.sites = sites;
    assembled.discard();
    diagnostics.extend(found);
    findings::tell_once(&mut diagnostics, &sources);
    let hir = if diagnostics.iter().any(Diagnostic::is_error) { None } else { Some(hir) };
    Checked { sources, diagnostics, hir }
}
